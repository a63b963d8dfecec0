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

from gunicorn.app import base
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

from lumbung.registry.at_work import board, note_death
from lumbung.registry.code import follow_while_idle
from lumbung.serving import arbiter
from lumbung.serving.logs import configure_logging
from lumbung.serving.watchdog import Watchdog
from lumbung.settings import load_settings

# A worker that ends with one of these stops the whole server, and donated code may call os._exit(3).
# A process can only end with 0 to 255, so that these cannot happen; `pre_fork` brakes instead.
Arbiter.WORKER_BOOT_ERROR = 1003
Arbiter.APP_LOAD_ERROR = 1004
base.Arbiter = arbiter.HouseArbiter  # it is looked up there when the server runs

SHORT_LIFE = 5.0  # seconds; a worker that dies younger than this is replaced ever more slowly
LONGEST_BRAKE = 2.0


class HouseLogger(Logger):
    """Hands gunicorn's lines to the log of the house. Addresses are logged without their query string."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.last_words: dict[int, str] = {}
        self._access_log_enabled = True
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True

    def error(self, msg: str, *args: Any, **kwargs: Any) -> None:
        self._hear(msg, args)
        super().error(msg, *args, **kwargs)

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        self._hear(msg, args)
        super().warning(msg, *args, **kwargs)

    def _hear(self, msg: str, args: tuple[Any, ...]) -> None:
        """Remember how a worker ended; gunicorn tells it to the log and to nobody else."""
        if msg.startswith("Worker (pid:%s) ") and len(args) == 2:
            self.last_words[args[0]] = f"status {args[1]}" if "exited" in msg else str(args[1])

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        return found | {"U": quote(environ.get("PATH_INFO", ""))}  # a line feed must not start a new line


settings = load_settings()
configure_logging(settings)

bind = f"{settings.bind}:{settings.port}"
worker_class = "gthread"
workers = settings.workers
threads = settings.threads
preload_app = True  # the core, which is forked in no time; a plugin is imported by workers only, each anew
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
    arbiter.prepare(worker)


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Count the workers that died young, one after the other; not those that were sent away."""
    global _short_lives
    note_death(settings.home / "run", worker.pid, server.log.last_words.pop(worker.pid, "status 0"))
    if arbiter.is_leaving(worker):
        return
    _short_lives = _short_lives + 1 if time.monotonic() - worker.born < SHORT_LIFE else 0


def post_fork(server: Arbiter, worker: Worker) -> None:
    """Limit the memory of a worker, so that a greedy page meets a MemoryError and not the whole machine."""
    if settings.memory_limit_mb:
        limit = settings.memory_limit_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def when_ready(server: Arbiter) -> None:
    """Spare requests the long garbage collections: what is loaded by now stays anyway, and is shared by all workers."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def post_worker_init(worker: Worker) -> None:
    """Have a worker that imported a plugin replaced once another version of it is installed."""
    kernel = getattr(worker.wsgi, "kernel", None)
    if kernel is not None:
        kernel.code.replaceable(lambda: arbiter.wish_to_leave(worker), is_leaving=lambda: not worker.alive)
        follow_while_idle(kernel.code, kernel.snapshot)
        board.keep_in(settings.home / "run", "web")
        Watchdog(
            kernel,
            board,
            replace=lambda: arbiter.wish_to_leave(worker),
            is_leaving=lambda: not worker.alive,
            leave=lambda: _leave(worker),
            accept=lambda willing: _accept(worker, willing),
        ).start()


def worker_abort(worker: Worker) -> None:
    """Leave the note of what was being served: the worker hung, and is ended for it."""
    board.path = None


def worker_exit(server: Arbiter, worker: Worker) -> None:
    """Take the note away: this worker ends in good order."""
    board.leave()


def _accept(worker: Worker, willing: bool) -> None:
    """Take connections in or leave them to others; the worker looks at this number before each."""
    worker.worker_connections = worker.cfg.worker_connections if willing else 0


def _leave(worker: Worker) -> None:
    """End a worker that was told to go; what still runs in it never ends, and Python would wait for it."""
    board.leave()
    os._exit(0)
