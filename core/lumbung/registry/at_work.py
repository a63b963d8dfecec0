"""Whose code each thread of this process runs: written down where it outlives the process, to name who ended it.

A plugin may end its process (`os._exit`, a segmentation fault, the machine's memory): no code of ours runs then. So
each thread writes a number into a page of a file that the kernel keeps, and whoever finds the file of a process that
is gone reads who was being served. That costs a request less than a microsecond and no system call.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import mmap
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lumbung.context import Scope

PORTAL = "-"  # the platform's own pages
MOST_THREADS = 512
MOST_PLUGINS = 1024
WAIT_FOR_STATUS = 3.0  # seconds for the process above to say how it ended
_NAME = 40
_COUNTS_AT = MOST_PLUGINS * _NAME
_SLOTS_AT = _COUNTS_AT + MOST_PLUGINS * 8
_SIZE = _SLOTS_AT + MOST_THREADS * 2


class Slot:
    """What one thread is doing. ``since`` is the monotonic moment it began, None when it is not timed.

    ``waiting_since`` is set while the visitor's own upload is awaited; that is nobody's fault.
    """

    __slots__ = ("number", "plugin", "reported", "scope", "since", "thread", "waiting_since")

    def __init__(self, number: int) -> None:
        self.number = number
        self.thread = threading.get_ident()
        self.plugin: str | None = None
        self.since: float | None = None
        self.waiting_since: float | None = None
        self.scope: Scope | None = None
        self.reported = False

    def age(self, now: float) -> float:
        """Return how long it has been at it; none of the time that the visitor took."""
        if self.since is None or self.plugin is None or self.waiting_since is not None:
            return 0.0
        return now - self.since


class Board:
    """The slots of one process. Without a file it is known to this process alone."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self._use(bytearray(_SIZE))
        self._lock = threading.Lock()
        self._index: dict[str, int] = {}
        self._local = threading.local()
        self._slots: dict[int, Slot] = {}

    def _use(self, memory: bytearray | mmap.mmap) -> None:
        whole = memoryview(memory)
        self._names = whole[:_COUNTS_AT]
        self._counts = whole[_COUNTS_AT:_SLOTS_AT].cast("Q")
        self._marks = whole[_SLOTS_AT:].cast("H")

    def keep_in(self, folder: Path, kind: str) -> None:
        """Write from now on into a file of this process in ``folder``; ``kind`` is ``web`` or ``jobs``."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{kind}-{socket.gethostname()}-{os.getpid()}"
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "r+b") as file:
            file.truncate(_SIZE)
            memory = mmap.mmap(file.fileno(), _SIZE)
        with self._lock:
            self._index.clear()
            self._use(memory)
            self.path = path

    def leave(self) -> None:
        """Take the file away: this process ends as it should."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def slot(self) -> Slot:
        """Return the slot of this thread."""
        try:
            holder: _Holder = self._local.holder
        except AttributeError:
            holder = self._local.holder = _Holder(self)
        return holder.slot

    def begin(self, plugin: str, scope: Scope | None = None) -> Slot:
        """Note that this thread begins to serve ``plugin``."""
        slot = self.slot()
        slot.plugin, slot.scope = plugin, scope
        slot.reported, slot.waiting_since = False, None
        slot.since = time.monotonic()
        self._mark(slot, plugin)
        return slot

    def turn_to(self, slot: Slot, plugin: str) -> None:
        """Note that the request at hand goes on in the code of ``plugin``."""
        slot.plugin = plugin
        self._mark(slot, plugin)

    def end(self, slot: Slot) -> None:
        """Note that it is done."""
        slot.plugin = slot.since = slot.scope = None
        self._marks[slot.number] = 0

    @contextmanager
    def inside(self, plugin: str, scope: Scope | None = None) -> Iterator[Slot]:
        """Note a stretch of a plugin's code within other work: a hook, a job. A page's clock runs on."""
        slot = self.slot()
        before, scope_before, since = slot.plugin, slot.scope, slot.since
        if before is None:
            self.begin(plugin, scope)
        else:
            self.turn_to(slot, plugin)
        try:
            yield slot
        finally:
            if before is None:
                self.end(slot)
            else:
                self.turn_to(slot, before)
                slot.scope, slot.since = scope_before, since

    def busy(self) -> list[Slot]:
        """Return the slots of threads that are at work."""
        with self._lock:
            return [slot for slot in self._slots.values() if slot.plugin is not None]

    def _mark(self, slot: Slot, plugin: str) -> None:
        number = self._index.get(plugin) or self._number(plugin)
        self._counts[number] += 1
        self._marks[slot.number] = number

    def _number(self, plugin: str) -> int:
        with self._lock:
            number = self._index.get(plugin, 0)
            if not number:
                number = min(len(self._index) + 1, MOST_PLUGINS - 1)
                self._names[number * _NAME : (number + 1) * _NAME] = plugin.encode()[:_NAME].ljust(_NAME, b"\0")
                self._index[plugin] = number
            return number

    def _take_place(self) -> Slot:
        with self._lock:
            # past the last place threads share one: it names a plugin too many, never none
            number = next((n for n in range(MOST_THREADS - 1) if n not in self._slots), MOST_THREADS - 1)
            slot = self._slots[number] = Slot(number)
            return slot

    def _give_place(self, slot: Slot) -> None:
        if self._slots.get(slot.number) is slot:
            self._marks[slot.number] = 0
            self._slots.pop(slot.number, None)


class _Holder:
    """Keeps a slot for as long as its thread lives."""

    def __init__(self, board: Board) -> None:
        self.slot = board._take_place()
        self._board = board

    def __del__(self) -> None:
        self._board._give_place(self.slot)


board = Board()
_seen: dict[str, float] = {}


@dataclass(frozen=True)
class Death:
    """A process that ended without taking its file away: ``served`` counts, by plugin, what it did in its life."""

    path: Path
    kind: str
    status: str
    serving: tuple[str, ...]
    served: Mapping[str, int]

    @property
    def suspects(self) -> tuple[str, ...]:
        """Who may have ended it: the plugin being served; of several, those that were served least often before.

        One that is open in every thread all day is also open whenever another one ends the process.
        """
        plugins = [name for name in self.serving if name != PORTAL]
        least = min((self.served.get(name, 0) for name in plugins), default=0)
        return tuple(name for name in plugins if self.served.get(name, 0) == least)


def note_death(folder: Path, pid: int, status: str) -> None:
    """Note how a child ended, for whoever writes it down. For the process above, which has no database."""
    for kind in ("web", "jobs"):
        path = folder / f"{kind}-{socket.gethostname()}-{pid}"
        with contextlib.suppress(OSError):
            path.with_name(f"{path.name}.ended").write_text(json.dumps({"status": status}))
            if not path.exists():  # it went in good order
                path.with_name(f"{path.name}.ended").unlink(missing_ok=True)


def deaths(folder: Path) -> Iterator[Death]:
    """Take up the files of processes of this machine that are gone, each by one asker at a time.

    Whoever takes one up holds a lock of it, which goes with the holder: it may be the next to die. `forget` it once
    what it tells was written down; otherwise it is there for the next who asks.
    """
    host = socket.gethostname()
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return
    for name in names:
        kind, _, rest = name.partition("-")
        pid = rest.removeprefix(f"{host}-")
        if kind not in ("web", "jobs") or not pid.isdecimal() or rest == pid or _lives(int(pid)):
            continue
        ended = folder / f"{name}.ended"
        if not ended.exists() and time.monotonic() - _seen.setdefault(name, time.monotonic()) < WAIT_FOR_STATUS:
            continue
        _seen.pop(name, None)
        with contextlib.suppress(OSError, ValueError), (folder / name).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if (folder / name).exists():
                yield _read(folder / name, kind, ended)


def forget(death: Death) -> None:
    """Throw a file away, once what it told was written down."""
    death.path.unlink(missing_ok=True)
    death.path.with_name(f"{death.path.name}.ended").unlink(missing_ok=True)


def _read(path: Path, kind: str, ended: Path) -> Death:
    data = path.read_bytes()
    counts = memoryview(data)[_COUNTS_AT:_SLOTS_AT].cast("Q")
    marks = memoryview(data)[_SLOTS_AT:].cast("H")

    def name(number: int) -> str:
        return data[number * _NAME : (number + 1) * _NAME].rstrip(b"\0").decode("utf-8", "replace")

    served = {name(number): counts[number] for number in range(1, MOST_PLUGINS) if counts[number]}
    serving = tuple(sorted({name(mark) for mark in marks if mark}))
    try:
        status = str(json.loads(ended.read_text())["status"])
    except (OSError, ValueError, KeyError):
        status = "?"
    return Death(path, kind, status, serving, served)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
