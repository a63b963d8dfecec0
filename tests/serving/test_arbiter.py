"""Our arbiter: a worker that leaves has its successor first, does not count, and is not waited for."""

from __future__ import annotations

import os
import signal
import time
from types import SimpleNamespace
from typing import Any

import pytest

from lumbung.presence import START_ANEW
from lumbung.serving import arbiter, children
from lumbung.serving.arbiter import HouseArbiter
from lumbung.serving.children import Child


class Fake(HouseArbiter):
    """An arbiter that forks nobody; ``done`` tells in which order it acted."""

    def __init__(self, workers: int) -> None:
        self._num_workers = workers
        self.cfg = SimpleNamespace(nworkers_changed=lambda *_: None)
        self.WORKERS: dict[int, Any] = {}
        self._stats = {"workers_killed": 0}
        self.done: list[str] = []

    def spawn_worker(self) -> int:
        pid = 100 + len(self.done)
        worker = SimpleNamespace(pid=pid, age=pid, ppid=os.getpid())
        arbiter.prepare(worker)
        self.WORKERS[pid] = worker
        self.done.append(f"start {pid}")
        return pid


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake(2)
    monkeypatch.setattr(
        "gunicorn.arbiter.os.kill", lambda pid, number: fake.done.append(f"{signal.Signals(number).name} {pid}")
    )
    fake.manage_workers()
    assert fake.done == ["start 100", "start 101"]
    fake.done = ["", ""]
    return fake


def test_each_worker_has_its_successor_before_it_is_sent_away(house: Fake) -> None:
    house.reload()
    assert house.done[2:] == ["start 102", "SIGTERM 100", "start 104", "SIGTERM 101"]
    house.manage_workers()
    assert len(house.done) == 6


def test_one_that_leaves_does_not_count_so_one_that_dies_meanwhile_is_replaced(house: Fake) -> None:
    house.reload()
    del house.WORKERS[102]
    house.manage_workers()
    assert house.done[6:] == ["start 106"]


def test_too_many_are_sent_away_the_oldest_first(house: Fake) -> None:
    house._num_workers = 1
    house.manage_workers()
    assert house.done[2:] == ["SIGTERM 100"]


def test_a_wish_is_granted_but_not_to_the_young(house: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(arbiter.os, "kill", lambda pid, number: sent.append(number))
    arbiter.wish_to_leave(house.WORKERS[101])
    assert sent == [signal.SIGCHLD]
    house.manage_workers()
    assert "start 102" not in house.done
    house.WORKERS[101].born = time.monotonic() - arbiter.SHORTEST_LIFE
    house.manage_workers()
    assert house.done[2] == "start 102"
    assert arbiter.is_leaving(house.WORKERS[101])
    assert not arbiter.is_leaving(house.WORKERS[100])


def test_a_process_that_asks_for_it_is_started_anew_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    child = Child("It", ["/bin/true"], {})
    child._started = time.monotonic() - 2 * children.FIRST_PAUSE
    child._mourn(1, START_ANEW)
    assert child.due is not None
    assert child.due <= time.monotonic()
    child._started = time.monotonic()
    child._mourn(1, START_ANEW)  # one that asks at once is held back like one that dies
    assert child.due > time.monotonic()
