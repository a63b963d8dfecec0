"""gunicorn's arbiter, which replaces workers one at a time: one that leaves has a successor before it goes.

gunicorn counts a worker that was asked to leave as one that works, until it is gone: while it finishes its requests
nobody takes its place, and while it reloads it waits for all of them, deaf to everything else. Here a leaving worker
does not count.
"""

from __future__ import annotations

import mmap
import os
import signal
import time
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

SHORTEST_LIFE = 5.0  # seconds; a younger worker is not replaced at its own wish: a bad state must not be a storm


class HouseArbiter(Arbiter):
    """Keeps as many workers as are wanted, those that are leaving not counted."""

    def kill_worker(self, pid: int, sig: int) -> None:
        """Send a worker a signal; the one to leave is remembered, and sent once."""
        worker = self.WORKERS.get(pid)
        if worker is not None and sig == signal.SIGTERM:
            if is_leaving(worker):
                return
            worker.leaving = True
        super().kill_worker(pid, sig)

    def reload(self) -> None:
        """Have every worker replaced. Settings are read when the server starts, and only then."""
        for worker in self.WORKERS.values():
            worker.due = True
        self.manage_workers()

    def manage_workers(self) -> None:
        """Replace the workers that are due, start those that are missing, send those away that are too many."""
        for worker in self._staying():
            if getattr(worker, "due", False) or (wishes_to_leave(worker) and _age(worker) >= SHORTEST_LIFE):
                self.spawn_worker()
                self.kill_worker(worker.pid, signal.SIGTERM)
        while len(self._staying()) < self.num_workers:
            self.spawn_worker()
        for worker in self._staying()[: -self.num_workers]:
            self.kill_worker(worker.pid, signal.SIGTERM)

    def _staying(self) -> list[Any]:
        """Return the workers that are not leaving, the oldest first."""
        return sorted((one for one in self.WORKERS.values() if not is_leaving(one)), key=lambda one: one.age)


def prepare(worker: Worker) -> None:
    """Before a worker is forked: give it a place for its wish, which the arbiter can see."""
    worker.born = time.monotonic()
    worker.wish = mmap.mmap(-1, 1)


def wish_to_leave(worker: Worker) -> None:
    """In a worker: ask the arbiter for a successor, soon."""
    worker.wish[0] = 1
    os.kill(worker.ppid, signal.SIGCHLD)  # it looks around at once


def wishes_to_leave(worker: Worker) -> bool:
    """In the arbiter: whether a worker asked for a successor."""
    return bool(worker.wish[0])


def is_leaving(worker: Worker) -> bool:
    """In the arbiter: whether a worker was told to finish what it does and go."""
    return bool(getattr(worker, "leaving", False))


def _age(worker: Worker) -> float:
    return time.monotonic() - float(worker.born)
