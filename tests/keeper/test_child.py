"""What an application may do to the platform, and the death of the keeper."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.keeper.conftest import APP, alive, until

KEEPER = """
import asyncio, sys
from pathlib import Path
from lumbung.instances.starting import Start
from lumbung.keeper.child import Child, free_port
from lumbung.keeper.printed import Printed
from lumbung.registry.foreign import Health, Limits
notes = Path(sys.argv[1])
environment = {"PATH": "/usr/bin:/bin", "NOTES": str(notes), "NAME": "contoh"}
argv = (sys.executable, sys.argv[2], str(free_port(set())), "deaf")
async def main():
    child = Child(Start(argv, notes, environment, Limits(), Health()), Printed(notes / "log"))
    await child.start()
    await child.ended()
asyncio.run(main())
"""


def test_when_the_keeper_is_killed_nothing_of_an_application_goes_on(notes: Path) -> None:
    keeper = subprocess.Popen([sys.executable, "-c", KEEPER, str(notes), str(APP)])
    try:
        until(lambda: (notes / "contoh.worker").exists() and (notes / "contoh.worker").read_text().strip())
        pids = [int((notes / f"contoh.{what}").read_text()) for what in ("app", "worker")]
        assert all(map(alive, pids))
    finally:
        keeper.kill()
        keeper.wait()
    begun = time.monotonic()
    until(lambda: not any(map(alive, pids)))
    assert time.monotonic() - begun < 5


def test_when_its_guard_is_killed_the_application_dies(notes: Path) -> None:
    keeper = subprocess.Popen([sys.executable, "-c", KEEPER, str(notes), str(APP)])
    until(lambda: (notes / "contoh.app").exists() and (notes / "contoh.app").read_text().strip())
    until(lambda: (notes / "contoh.worker").exists() and (notes / "contoh.worker").read_text().strip())
    app, worker = (int((notes / f"contoh.{what}").read_text()) for what in ("app", "worker"))
    guard = int(Path(f"/proc/{app}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(guard, signal.SIGKILL)
    until(lambda: not alive(app))
    assert keeper.wait(10) == 0
    os.kill(worker, signal.SIGKILL)  # of another session, and nobody knows it any more
    until(lambda: not alive(worker))
