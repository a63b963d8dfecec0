"""A keeper in a thread of its own, and applications of a few lines that behave as real ones do."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lumbung.instances.asking import KeeperAway, ask
from lumbung.instances.instance import Instance
from lumbung.instances.models import InstanceRow
from lumbung.instances.starting import Start
from lumbung.keeper import keeper as keeper_room
from lumbung.keeper.keeper import Keeper
from lumbung.registry.models import FaultRow
from lumbung.settings import Settings
from lumbung.testing import TestHouse

APP = Path(__file__).with_name("small_app.py")
PROCESS = """
[process]
stack = "command"
command = ["serve"]
{more}
[process.health]
expect = "ready"
within_seconds = {within}
[process.limits]
memory_mb = 200
[[access]]
path = "/"
rule = "public"
"""


@dataclass
class Site:
    """A house with foreign applications, and a keeper that keeps them. ``ways`` says how each behaves."""

    house: TestHouse
    give: Callable[..., Path]
    notes: Path
    ways: dict[str, str] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    making: Callable[[Instance], None] = lambda instance: None

    def app(self, name: str, way: str = "serves", *, more: str = "", within: int = 20, **given: Any) -> None:
        """Install an application and switch it on for sumbawa."""
        self.ways[name] = way
        self.give(name, hooks=(), plain='runtime = "process"', more=PROCESS.format(more=more, within=within), **given)

    def start_of(self, instance: Instance, port: int) -> Start:
        environment = {"LANG": "C.UTF-8", "PATH": os.defpath, "NOTES": str(self.notes), "NAME": instance.name}
        environment["PASSWORD"] = "rahasia-sekali"
        argv = (sys.executable, str(APP), str(port), self.ways[instance.name])
        process = instance.process
        return Start(argv, self.notes, environment, process.limits, process.health)

    def make(self, instance: Instance, _tell: Callable[[object], None]) -> None:
        self.made.append(f"{instance.label} {instance.plugin.version}")
        self.making(instance)

    @contextmanager
    def kept(self) -> Iterator[Keeper]:
        """Keep for the length of a block."""
        made: list[Keeper] = []
        ready, ended = threading.Event(), []

        async def main() -> None:
            made.append(Keeper(self.house.kernel, start_of=self.start_of, make=self.make, minute=0.5))
            loop = asyncio.get_running_loop()
            stops.append(lambda: loop.call_soon_threadsafe(made[0].stop))
            await made[0].run(on_ready=ready.set)

        def run() -> None:
            try:
                asyncio.run(main())
            except BaseException as error:
                ended.append(error)
                ready.set()

        stops: list[Callable[[], object]] = []
        thread = threading.Thread(target=run)
        thread.start()
        try:
            assert ready.wait(10)
            if ended:
                raise ended[0]
            yield made[0]
        finally:
            with suppress(RuntimeError):  # it has ended already
                stops[0]()
            thread.join(15)
            assert not thread.is_alive()
        assert not ended, ended

    def ask(self, do: str, plugin: str = "", *, wait: float = 15.0, **more: Any) -> dict[str, Any]:
        return ask(self.house.settings, timeout=20.0, do=do, plugin=plugin, tenant="sumbawa", wait=wait, **more)

    def state(self) -> str | None:
        """Return the state of the only instance, None while there is none."""
        return next((line["state"] for line in self.ask("status")["instances"]), None)

    def row(self, plugin: str) -> InstanceRow:
        with self.house.kernel.database.new_session(None) as session:
            found = session.scalar(select(InstanceRow).where(InstanceRow.plugin == plugin))
            assert found is not None
            return found

    def faults(self, plugin: str) -> list[tuple[str, str]]:
        with self.house.kernel.database.new_session(None) as session:
            rows = session.scalars(select(FaultRow).where(FaultRow.plugin == plugin).order_by(FaultRow.id))
            return [(row.kind, row.message) for row in rows]

    def pids(self, name: str, what: str = "app") -> list[int]:
        """Return the processes that an application noted, the oldest first."""
        note = self.notes / f"{name}.{what}"
        return [int(line) for line in note.read_text().split()] if note.exists() else []


def alive(pid: int) -> bool:
    """Tell whether the process runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def notes() -> Iterator[Path]:
    """Where applications note their process ids; nothing of them is left at the end of a test."""
    with tempfile.TemporaryDirectory(prefix="keeper-") as folder:
        yield Path(folder)
        for note in Path(folder).glob("*.*"):
            for pid in note.read_text().split():
                assert not alive(int(pid)), f"{note.name} is left behind"


@pytest.fixture
def site(house: TestHouse, gift: Callable[..., Path], notes: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(keeper_room, "FOLLOW_EVERY", 0.1)
    return Site(house, gift, notes)


def is_away(settings: Settings) -> bool:
    try:
        ask(settings, do="status")
    except KeeperAway:
        return True
    return False
