"""The keeper as a process: until it is told to stop, or until there is nothing to keep."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

from lumbung.instances import isolated
from lumbung.instances.instance import Instance
from lumbung.instances.making import make
from lumbung.instances.starting import Start, command_of
from lumbung.keeper.keeper import Keeper
from lumbung.keeper.questions import DOOR
from lumbung.kernel import Kernel

logger = logging.getLogger(__name__)


def _start_of(kernel: Kernel, instance: Instance, port: int) -> Start:
    if instance.plugin.isolated:
        return isolated.start_of(kernel, instance, port)
    return command_of(kernel, instance, port)


def _make(kernel: Kernel, instance: Instance, tell: Callable[[object], None]) -> None:
    if instance.plugin.isolated:
        isolated.make(kernel, instance)
    else:
        make(kernel, instance, tell=tell)


def doze(door: int, database: str) -> NoReturn:
    """Become the small process that waits until there is something to keep, listening on ``door`` meanwhile."""
    told = {
        "database": database.replace("postgresql+psycopg://", "postgresql://", 1),
        "keeper": ["-m", "lumbung.cli", "keeper"],
        "door": DOOR,
    }
    hear, tell = os.pipe()
    os.write(tell, json.dumps(told).encode())
    os.close(tell)
    os.dup2(hear, 0)
    os.set_inheritable(door, True)
    logger.info("There is nothing to keep.")
    os.execv(sys.executable, [sys.executable, "-P", str(Path(__file__).with_name("doze.py")), str(door)])  # noqa: S606


def run_keeper(kernel: Kernel, *, may_doze: bool = False) -> int | None:
    """Keep the instances of this site until SIGTERM or SIGINT; raises `LumbungError` when somebody else does.

    With ``may_doze`` it also ends when there is nothing to keep, and returns what `doze` is to be called with.
    """

    async def main() -> int | None:
        keeper = Keeper(
            kernel,
            may_doze=may_doze,
            start_of=partial(_start_of, kernel),
            make=partial(_make, kernel),
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, keeper.stop)
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
            loop.add_signal_handler(number, lambda: None)  # ignored here, and by default in what we start
        return await keeper.run()

    return asyncio.run(main())
