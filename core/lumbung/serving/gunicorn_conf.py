"""The configuration of gunicorn, read by ``gunicorn -c python:lumbung.serving.gunicorn_conf``.

The names in lower case are gunicorn's own settings; its documentation explains each.
"""

from __future__ import annotations

import gc
import os
import resource
import time
from typing import Any
from urllib.parse import quote

from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

from lumbung.serving.logs import configure_logging
from lumbung.settings import load_settings

# A worker that ends with one of these stops the whole server, and donated code may call os._exit(3).
# A process can only end with 0 to 255, so that these cannot happen; `pre_fork` brakes instead.
Arbiter.WORKER_BOOT_ERROR = 1003
Arbiter.APP_LOAD_ERROR = 1004

SHORT_LIFE = 5.0  # seconds; a worker that dies younger than this is replaced ever more slowly
LONGEST_BRAKE = 2.0


class HouseLogger(Logger):
    """Hands gunicorn's lines to the log of the house. Addresses are logged without their query string."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self._access_log_enabled = True
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        return found | {"U": quote(environ.get("PATH_INFO", ""))}  # a line feed must not start a new line


settings = load_settings()
configure_logging(settings)

bind = f"{settings.bind}:{settings.port}"
worker_class = "gthread"
workers = settings.workers
threads = settings.threads
preload_app = False  # an upgraded plugin is read anew by every new worker
max_requests = 0
timeout = 60
graceful_timeout = 20
keepalive = 5
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 a slow disk looks like a dead worker
control_socket_disable = True
forwarded_allow_ips = "*" if settings.trusted_proxies else ""
limit_request_line = 4094
limit_request_fields = 100
limit_request_field_size = 8190
logger_class = HouseLogger
accesslog = "-"
access_log_format = "%(h)s %({host}i)s %(m)s %(U)s %(s)s %(B)s bytes %(M)s ms"
proc_name = "lumbung"

_short_lives = 0


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """Wait a little before replacing a worker when the last ones died at once, or we would spin."""
    if _short_lives:
        time.sleep(min(0.1 * 2.0**_short_lives, LONGEST_BRAKE))
    worker.born = time.monotonic()


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Count the workers that died young, one after the other."""
    global _short_lives
    _short_lives = _short_lives + 1 if time.monotonic() - worker.born < SHORT_LIFE else 0


def post_fork(server: Arbiter, worker: Worker) -> None:
    """Limit the memory of a worker, so that a greedy page meets a MemoryError and not the whole machine."""
    if settings.memory_limit_mb:
        limit = settings.memory_limit_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def post_worker_init(worker: Worker) -> None:
    """Spare requests the long garbage collections: what is loaded by now stays anyway."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
