"""An inline plugin that was moved out: the same code in a process of its own, which nothing it does can leave.

The process serves the whole gate for that one plugin, with the pages' database role and no other key, and is kept like
a foreign application. It answers at the same address as before; only the way there is one process longer.
"""

from __future__ import annotations

import sys
from pathlib import Path

import lumbung
from lumbung.instances.instance import Instance
from lumbung.instances.starting import Start
from lumbung.kernel import Kernel
from lumbung.registry.foreign import Health, Limits

NAME = "LUMBUNG_ISOLATED"  # tells the process whose it is; no setting, since nobody may choose it
LIMITS = Limits(memory_mb=2048)
HEALTH = Health(path="/_health/ready")


def start_of(kernel: Kernel, instance: Instance, port: int) -> Start:
    """Return how the process of an isolated plugin is started on ``port``."""
    settings = kernel.settings
    environment = settings.web_environment() | {
        "LUMBUNG_HOME": str(settings.home),
        "LUMBUNG_BIND": "127.0.0.1",
        "LUMBUNG_PORT": str(port),
        "LUMBUNG_PUBLIC_PORT": str(settings.public_port or settings.port),
        "LUMBUNG_WORKERS": "1",
        "LUMBUNG_TRUSTED_PROXIES": "1",  # our own gate
        "LUMBUNG_DATABASE_APP_URL": kernel.database.url,
        NAME: instance.name,
    }
    argv = (
        *(sys.executable, "-m", "gunicorn", "-c", "python:lumbung.serving.gunicorn_conf"),
        *("--bind", f"127.0.0.1:{port}", "lumbung.serving.isolated:application"),
    )
    return Start(argv, Path(lumbung.__file__).parent, environment, LIMITS, HEALTH)


def make(kernel: Kernel, instance: Instance) -> None:
    """Make what an isolated plugin needs beside its package: a folder for its log."""
    for folder in (instance.folder, instance.log.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
