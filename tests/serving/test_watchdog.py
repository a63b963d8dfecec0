"""The watchdog names who holds a thread for good and has the worker replaced before it runs out of any."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from lumbung.registry.at_work import PORTAL, Board
from lumbung.serving import watchdog
from lumbung.serving.watchdog import Usage, Watchdog
from lumbung.testing import TestHouse

LIMIT, SLOW = 60.0, 5.0
WELL = Usage(memory=1, address_space=1, memory_limit=0, files=1, files_limit=100, threads=1)


class Worker:
    """A worker with four threads, whose requests are as old as a test says."""

    def __init__(self, house: TestHouse, monkeypatch: pytest.MonkeyPatch) -> None:
        self.board, self.done = Board(), threading.Event()
        self.replaced = self.left = 0
        self.leaving, self.accepts = False, True
        self.written: list[Any] = []
        self._threads: list[threading.Thread] = []
        settings = house.settings.model_copy(
            update={"threads": 4, "request_limit_seconds": LIMIT, "slow_request_seconds": SLOW}
        )
        kernel: Any = SimpleNamespace(settings=settings)
        monkeypatch.setattr(watchdog, "write", lambda _kernel, fault: self.written.append(fault) or True)
        monkeypatch.setattr(watchdog, "record_deaths", lambda _kernel: 0)
        self.usage = WELL
        monkeypatch.setattr(watchdog.Usage, "now", classmethod(lambda cls, limit: self.usage))
        self.dog = Watchdog(
            kernel,
            self.board,
            replace=lambda: setattr(self, "replaced", self.replaced + 1),
            is_leaving=lambda: self.leaving,
            leave=lambda: setattr(self, "left", self.left + 1),
            accept=lambda willing: setattr(self, "accepts", willing),
        )

    def request(self, plugin: str, age: float) -> None:
        begun = threading.Event()

        def serve() -> None:
            slot = self.board.begin(plugin)
            slot.since = time.monotonic() - age
            begun.set()
            self.done.wait(20)
            self.board.end(slot)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        self._threads.append(thread)
        assert begun.wait(10)

    def end_all(self) -> None:
        self.done.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def worker(house: TestHouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    worker = Worker(house, monkeypatch)
    yield worker
    worker.end_all()


def test_nothing_is_done_while_requests_end_in_time(worker: Worker) -> None:
    for plugin in ("contoh", "contoh", PORTAL):
        worker.request(plugin, SLOW - 1)
    worker.dog.look()
    assert (worker.replaced, worker.written, worker.accepts) == (0, [], True)


def test_one_that_is_stuck_is_written_down_once_and_its_worker_replaced(worker: Worker) -> None:
    worker.request("buruk", LIMIT + 1)
    worker.dog.look()
    worker.dog.look()
    [fault] = worker.written
    assert (fault.plugin, fault.kind) == ("buruk", "stuck")
    assert worker.replaced == 2, "a wish that the arbiter did not grant yet is said again"


def test_the_platforms_own_long_answers_are_no_plugins_fault(worker: Worker) -> None:
    worker.request(PORTAL, LIMIT * 10)
    worker.dog.look()
    assert (worker.replaced, worker.written) == (0, [])


def test_a_worker_without_a_free_thread_takes_nobody_in_and_is_replaced_before_the_limit(worker: Worker) -> None:
    for _ in range(4):
        worker.request("buruk", SLOW + 1)
    worker.dog.look()
    assert not worker.accepts
    assert worker.replaced == 1
    assert {fault.plugin for fault in worker.written} == {"buruk"}


def test_one_that_leaves_waits_for_all_that_may_still_end_and_for_nothing_else(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "QUIET", 0.0)
    worker.leaving = True
    worker.request("buruk", LIMIT + 1)
    worker.request("contoh", 0.0)
    for _ in range(3):
        worker.dog.look()
    assert worker.left == 0
    for slot in worker.board.busy():
        if slot.plugin == "contoh":
            worker.board.end(slot)
    for _ in range(2):
        worker.dog.look()
    assert worker.left == 1


@pytest.mark.parametrize(
    ("usage", "looks"),
    [
        (Usage(80, 90, 100, 1, 100, 1), 2),
        (Usage(10, 95, 100, 1, 100, 1), 2),
        (Usage(1, 1, 0, 81, 100, 1), 1),
        (Usage(1, 1, 0, 1, 100, 200), 1),
    ],
)
def test_memory_files_and_threads_that_do_not_come_back_have_it_replaced(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, usage: Usage, looks: int
) -> None:
    monkeypatch.setattr(watchdog, "LOOK_EVERY", 0.0)
    for _ in range(3):
        worker.dog.look()
    assert worker.replaced == 0
    worker.usage = usage
    for _ in range(looks):
        worker.dog.look()
    assert worker.replaced >= 1


def test_memory_that_is_needed_for_a_moment_is_granted(worker: Worker) -> None:
    worker.usage = Usage(80, 80, 100, 1, 100, 1)
    worker.dog.look()
    worker.usage = WELL
    worker.dog.look()
    assert worker.replaced == 0
