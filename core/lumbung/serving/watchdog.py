"""Watching over one web worker: requests that never end, memory that is not given back, threads and files left behind.

gunicorn sees whether a worker's main thread lives, not what its request threads do. A loop in one of them takes that
thread for good. So a thread of ours looks once a second: a request that is too old is written down as a fault of the
plugin whose code it runs, and a worker that gets short of threads, memory or files is replaced. Its successor is there
before it leaves, and what it can still finish it finishes; the threads that are stuck end with it.
"""

from __future__ import annotations

import logging
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from lumbung.kernel import Kernel
from lumbung.registry.at_work import PORTAL, Board, Slot
from lumbung.registry.faults import Fault, record_deaths, source_of, write

logger = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds
SCARCE = 4  # replaced when this part of the threads, 1/4, is stuck
LONGEST = 5  # or one of them has been for so many times the limit
MOST_MEMORY = 0.75  # of its limit that a worker may keep
MOST_SPACE = 0.9  # the same of addresses: a thread reserves far more than it needs
MOST_FILES = 0.8  # of what the system lets a process open
MOST_THREADS_MORE = 50  # than it needs itself
QUIET = 1.0  # seconds without any request that could still end, before stuck threads are cut off
PLUGIN_PREFIX = "lumbung_"


@dataclass(frozen=True)
class Usage:
    """What a process holds, and may."""

    memory: int
    address_space: int
    memory_limit: int
    files: int
    files_limit: int
    threads: int

    @classmethod
    def now(cls, memory_limit_mb: int) -> Usage:
        """Look at this process; without ``/proc`` nothing is known and nothing is too much."""
        try:
            reserved, pages = (int(one) for one in Path("/proc/self/statm").read_text().split()[:2])
            files = sum(1 for _ in Path("/proc/self/fd").iterdir())
        except OSError:
            reserved = pages = files = 0
        return cls(
            memory=pages * resource.getpagesize(),
            address_space=reserved * resource.getpagesize(),
            memory_limit=memory_limit_mb * 1024 * 1024,
            files=files,
            files_limit=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
            threads=threading.active_count(),
        )


class Watchdog:
    """Looks after the worker of this process.

    ``replace`` asks for a successor, ``leave`` ends the process at once, ``accept`` says whether to take visitors in.
    """

    def __init__(
        self,
        kernel: Kernel,
        board: Board,
        *,
        replace: Callable[[], None],
        is_leaving: Callable[[], bool],
        leave: Callable[[], None],
        accept: Callable[[bool], None] = lambda willing: None,
    ) -> None:
        self._kernel = kernel
        self._board = board
        self._replace = replace
        self._is_leaving = is_leaving
        self._leave = leave
        self._accept = accept
        self._full_since: float | None = None
        self._told: set[str] = set()
        self._quiet_since: float | None = None

    def start(self) -> threading.Thread:
        """Look once a second from now on, until the process ends."""
        thread = threading.Thread(target=self._run, name="lumbung-watchdog", daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        while True:
            time.sleep(LOOK_EVERY)
            try:
                self.look()
            except Exception:
                logger.exception("the watchdog stumbled")

    def look(self) -> None:
        """Look once."""
        now = time.monotonic()
        busy = self._board.busy()
        limit = self._kernel.settings.request_limit_seconds
        stuck = [slot for slot in busy if slot.plugin != PORTAL and slot.age(now) > limit]
        # whoever is taken in while no thread is free goes down with this worker; outside they wait for another
        self._accept(sum(slot.age(now) > LOOK_EVERY for slot in busy) < self._kernel.settings.threads)
        for slot in stuck:
            self._write_down(slot, now)
        record_deaths(self._kernel)
        if self._is_leaving():
            self._cut_off(now, busy, limit)
        elif reason := self._why_replace(now, busy, stuck):
            if reason not in self._told:
                self._told.add(reason)
                logger.warning("this worker is replaced: %s", reason)
            self._replace()

    def _write_down(self, slot: Slot, now: float) -> None:
        plugin, scope = slot.plugin, slot.scope
        if slot.reported or plugin is None:
            return
        slot.reported = True
        place, line = place_in(sys._current_frames().get(slot.thread))
        message = f"Not done after {slot.age(now):.0f} s; at {line}."
        tenant_id = scope.tenant.id if scope and scope.tenant else None
        source = source_of(scope) if scope else None
        logger.error("plugin %s does not come to an end: %s", plugin, line)
        write(self._kernel, Fault(plugin, place, message, "stuck", tenant_id, source))

    def _why_replace(self, now: float, busy: list[Slot], stuck: list[Slot]) -> str | None:
        """Return why this worker must go, None while it is well."""
        settings = self._kernel.settings
        if len(stuck) * SCARCE >= settings.threads:
            return f"{len(stuck)} of {settings.threads} threads are stuck"
        if any(slot.age(now) > LONGEST * settings.request_limit_seconds for slot in stuck):
            return "a thread has been stuck for too long"
        held = [s for s in busy if s.plugin != PORTAL and s.age(now) > settings.slow_request_seconds]
        if len(held) >= settings.threads:
            for slot in held:
                self._write_down(slot, now)
            return "no thread is left: all are held by requests that take too long"
        return self._too_much(Usage.now(settings.memory_limit_mb), now)

    def _too_much(self, usage: Usage, now: float) -> str | None:
        full = usage.memory_limit and (
            usage.memory > MOST_MEMORY * usage.memory_limit or usage.address_space > MOST_SPACE * usage.memory_limit
        )
        self._full_since = (self._full_since or now) if full else None
        if self._full_since is not None and now - self._full_since >= 2 * LOOK_EVERY:
            self._blame_for_threads("memory")
            return "it does not give memory back"  # a page that needs much for a moment may have it
        if usage.files > MOST_FILES * usage.files_limit:
            self._blame_for_threads("files")
            return "it has too many files open"
        if usage.threads > self._kernel.settings.threads + MOST_THREADS_MORE:
            self._blame_for_threads("threads")
            return "it has too many threads"
        return None

    def _blame_for_threads(self, what: str) -> None:
        """Name the plugin whose code runs in most of the threads left behind; without any, nobody is named."""
        if what in self._told:
            return
        self._told.add(what)
        serving = {slot.thread for slot in self._board.busy()}
        frames = sys._current_frames()
        found = Counter(owner_of(frame) for thread, frame in frames.items() if thread not in serving)
        found.pop(None, None)
        plugin, count = found.most_common(1)[0] if found else (PORTAL, 0)
        words = f"{count} threads of it still run" if count else f"The worker ran out of {what}."
        write(self._kernel, Fault(plugin or PORTAL, what, words, "leak"))

    def _cut_off(self, now: float, busy: list[Slot], limit: float) -> None:
        """Once nothing is left but requests that do not end, end the process: Python would wait for them for ever."""
        slow = min(limit, self._kernel.settings.slow_request_seconds)
        hopeful = [s for s in busy if s.plugin == PORTAL or s.since is None or s.age(now) <= slow]
        if hopeful or not busy:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = now
        elif now - self._quiet_since >= QUIET:
            logger.warning("%s requests that do not end are cut off", len(busy))
            self._leave()


def place_in(frame: FrameType | None) -> tuple[str, str]:
    """Return where a thread is, as the innermost frame of a plugin's own code tells: its function, and its line."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(PLUGIN_PREFIX):
            function = f"{module}.{frame.f_code.co_qualname}"
            return function, f"{function}, line {frame.f_lineno}"
        frame = frame.f_back
    return "request", "no code of its own"


def owner_of(frame: FrameType | None) -> str | None:
    """Return the plugin whose code a thread runs, None when it is nobody's."""
    module = place_in(frame)[0].partition(".")[0]
    return module.removeprefix(PLUGIN_PREFIX) if module.startswith(PLUGIN_PREFIX) else None
