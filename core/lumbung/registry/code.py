"""Which version of each plugin this process has imported, and being replaced once another one is installed.

Python cannot take an import back: a process that has imported a plugin serves that version until it ends. So it
remembers what it imported, compares it with the snapshot, and asks to be replaced when the two differ. It asks only
when the other version can be imported here, so that its successor will not be in the same place.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from lumbung.errors import DatabaseUnavailable
from lumbung.registry.discovery import find_plugins
from lumbung.registry.state import InstalledPlugin, Snapshot

logger = logging.getLogger(__name__)

ASK_EVERY = 1.0  # seconds between two looks at the packages, or two wishes to be replaced
LOOK_EVERY = 0.5  # seconds between two looks of an idle process at the database
LOOK_AGAIN = 5.0  # seconds, while the database does not answer


class Code:
    """What one process has imported. ``replaceable`` says how it is replaced; until then it is not."""

    def __init__(self) -> None:
        self._versions: dict[str, str] = {}
        self._ask: Callable[[], None] | None = None
        self._is_leaving: Callable[[], bool] = lambda: False
        self._lock = threading.Lock()
        self._asked_at = -ASK_EVERY
        self._told: set[tuple[str, str]] = set()

    def note(self, plugin: str, version: str) -> None:
        """Remember which version of a plugin was imported first: nothing that comes later takes its place."""
        self._versions.setdefault(plugin, version)

    def version_of(self, plugin: str) -> str | None:
        """Return the version of a plugin that was imported, None when none was."""
        return self._versions.get(plugin)

    def is_old(self, plugin: InstalledPlugin) -> bool:
        """Whether another version of this plugin was imported than the one that is installed."""
        imported = self._versions.get(plugin.name)
        return imported is not None and imported != plugin.version

    def replaceable(self, ask: Callable[[], None], *, is_leaving: Callable[[], bool] = lambda: False) -> None:
        """Say how this process asks to be replaced, and how it knows that it takes no more visitors."""
        self._ask, self._is_leaving = ask, is_leaving

    @property
    def can_be_replaced(self) -> bool:
        """Whether somebody stands by who would replace this process."""
        return self._ask is not None

    @property
    def is_leaving(self) -> bool:
        """Whether this process takes no more visitors: what is sent to the site now reaches another."""
        return self._is_leaving()

    def follow(self, snapshot: Snapshot) -> bool:
        """Ask to be replaced when code was imported that is not what is installed; return whether it was asked for.

        Nothing is asked while a plugin is being upgraded, nor for a version that is not on the import path here (a
        second machine may be given its package later): the log says so, once.
        """
        old = [plugin for name in self._versions if (plugin := snapshot.plugins.get(name)) and self.is_old(plugin)]
        if not old or self._ask is None:
            return False
        with self._lock:
            if self.is_leaving or time.monotonic() - self._asked_at < ASK_EVERY:
                return False
            self._asked_at = time.monotonic()
        found = find_plugins()
        here = [plugin for plugin in old if plugin.name in found and found[plugin.name].version == plugin.version]
        for plugin in old:
            self._tell(plugin, missing=plugin not in here)
        if not any(not plugin.held for plugin in here):
            return False
        self._ask()
        return True

    def _tell(self, plugin: InstalledPlugin, *, missing: bool) -> None:
        if plugin.held or (plugin.name, plugin.version) in self._told:
            return
        self._told.add((plugin.name, plugin.version))
        if missing:
            logger.error(
                "plugin %s %s is installed, but this machine has only %s; install its package here too",
                plugin.name,
                plugin.version,
                self._versions[plugin.name],
            )
        else:
            logger.info("plugin %s is now %s; this process is replaced", plugin.name, plugin.version)


def follow_while_idle(
    code: Code, snapshot: Callable[[], Snapshot], stop: threading.Event | None = None
) -> threading.Thread:
    """Look twice a second whether this process must be replaced, also while nobody asks it for anything.

    Returns the thread, a daemon, which has begun; ``stop`` ends it. It costs one query of one row each time, and
    none where requests have just asked.
    """
    stop = stop or threading.Event()

    def look() -> None:
        pause = 0.0
        while not stop.wait(pause):
            pause = LOOK_EVERY
            try:
                code.follow(snapshot())
            except DatabaseUnavailable:
                pause = LOOK_AGAIN
            except Exception:
                logger.exception("this process could not look whether its code is old")
                pause = LOOK_AGAIN

    thread = threading.Thread(target=look, name="lumbung-follow", daemon=True)
    thread.start()
    return thread
