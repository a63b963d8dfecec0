"""A plugin that is being upgraded, seen from the gate: who reads is let in, who writes waits a little.

While its tables change, what is written could be lost or land in the wrong shape. And a process that has imported the
version before must not serve the next one: it hands its visitors on to its successor.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Literal

from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.registry.state import InstalledPlugin

READING = frozenset(("GET", "HEAD", "OPTIONS"))
WAIT = 5.0  # seconds a request waits for the end of an upgrade
LOOK_EVERY = 0.05
RETRY_AFTER = 10  # seconds, said to whoever could not be let in

Way = Literal["in", "elsewhere", "later"]


class PutOff(LumbungError):
    """What was to be done waits until a plugin's upgrade is over; ``seconds`` says when to look again."""

    def __init__(self, plugin: str, seconds: int = RETRY_AFTER) -> None:
        super().__init__("%(plugin)s is being upgraded; try again in a moment.", plugin=plugin)
        self.seconds = seconds


def put_off_while_renewing(kernel: Kernel, plugin: str) -> None:
    """Raise `PutOff` while nothing of a plugin may be written, or when this process imported another version of it."""
    installed = kernel.snapshot().plugins.get(plugin)
    if installed is None:
        return
    if installed.held:
        raise PutOff(plugin)
    if kernel.code.is_old(installed):
        raise PutOff(plugin, seconds=2)  # this process is about to be replaced


@dataclass(frozen=True)
class Verdict:
    """What becomes of a request: ``in`` to ``plugin``, ``elsewhere`` (another process), or asked to come ``later``."""

    way: Way
    plugin: InstalledPlugin


class Renewals:
    """Decides on the requests for plugins that are being upgraded or were.

    At most a quarter of the threads wait at once; the others are needed for all else. One per process.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._room = threading.Semaphore(kernel.settings.threads // 4)

    def concerns(self, plugin: InstalledPlugin) -> bool:
        """Whether `judge` has to be asked about this plugin; almost always it has not."""
        return plugin.held or self._kernel.code.is_old(plugin)

    def judge(self, plugin: InstalledPlugin, method: str) -> Verdict:
        """Return what becomes of a request, after a wait where that is worth its while."""
        verdict = self._look(plugin, method)
        if verdict is not None:
            return verdict
        if not self._room.acquire(blocking=False):
            return Verdict("later", plugin)
        try:
            return self._wait(plugin, method)
        finally:
            self._room.release()

    def _wait(self, plugin: InstalledPlugin, method: str) -> Verdict:
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            time.sleep(LOOK_EVERY)
            verdict = self._look(plugin, method)
            if verdict is not None:
                return verdict
        return Verdict("later", plugin)

    def _look(self, known: InstalledPlugin, method: str) -> Verdict | None:
        """Return what becomes of a request as things stand now, None while it is worth waiting."""
        code, snapshot = self._kernel.code, self._kernel.snapshot()
        plugin = snapshot.plugins.get(known.name)
        if plugin is None:
            return Verdict("later", known)
        if plugin.held:
            return Verdict("in", plugin) if method in READING else None
        if not code.is_old(plugin):
            return Verdict("in", plugin)
        if code.is_leaving:
            return Verdict("elsewhere", plugin)
        code.follow(snapshot)
        return None if code.can_be_replaced else Verdict("later", plugin)
