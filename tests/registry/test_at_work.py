"""Who was being served when a process died is read from what it left; what it costs each request is next to nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lumbung.registry import at_work
from lumbung.registry.at_work import PORTAL, Board, note_death

VICTIM = """
import sys, threading, time, os, ctypes
from pathlib import Path
from lumbung.registry.at_work import board
board.keep_in(Path(sys.argv[1]), "web")
for _ in range(50):
    board.end(board.begin("rajin"))
def serve(plugin):
    slot = board.begin("-")
    board.turn_to(slot, plugin)
    time.sleep(60)
for plugin in ("rajin", "buruk"):
    threading.Thread(target=serve, args=(plugin,), daemon=True).start()
board.end(board.begin("tadi"))
while len(board.busy()) < 2:
    time.sleep(0.01)
{end}
"""
ENDS = {
    "os._exit(3)": "os._exit(3)",
    "a segmentation fault": "ctypes.string_at(0)",
    "SIGKILL": "os.kill(os.getpid(), 9)",
}


def killed(folder: Path, end: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", VICTIM.replace("{end}", end), str(folder)], timeout=60)


@pytest.mark.parametrize("end", ENDS)
def test_of_several_that_were_served_the_rarest_is_suspected(tmp_path: Path, end: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", VICTIM.replace("{end}", ENDS[end]), str(tmp_path)])
    process.wait(60)
    note_death(tmp_path, process.pid, f"status {process.returncode}")
    [death] = at_work.deaths(tmp_path)
    assert death.serving == ("buruk", "rajin")
    assert death.suspects == ("buruk",)
    assert death.served["rajin"] == 51
    assert death.status == f"status {process.returncode}"
    assert [again.serving for again in at_work.deaths(tmp_path)] == [death.serving], "until it was written down"
    at_work.forget(death)
    assert list(tmp_path.iterdir()) == []


def test_whoever_goes_in_order_leaves_nothing_and_the_living_are_left_alone(tmp_path: Path) -> None:
    board = Board()
    board.keep_in(tmp_path, "web")
    board.begin("contoh")
    assert list(at_work.deaths(tmp_path)) == []
    assert oct(next(tmp_path.iterdir()).stat().st_mode)[-3:] == "600"
    board.leave()
    note_death(tmp_path, os.getpid(), "status 0")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_machine_or_of_nothing_we_know_is_left_alone(tmp_path: Path) -> None:
    for name in ("web-lain-1", "serve.pid", "web-", "x-y-1"):
        (tmp_path / name).write_bytes(b"")
    assert list(at_work.deaths(tmp_path)) == []
    assert len(list(tmp_path.iterdir())) == 4


def test_without_a_word_from_above_it_waits_a_moment_and_then_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(tmp_path, "os._exit(3)")
    assert list(at_work.deaths(tmp_path)) == []
    monkeypatch.setattr(at_work, "WAIT_FOR_STATUS", 0.0)
    assert [death.status for death in at_work.deaths(tmp_path)] == ["?"]


def test_a_hook_within_a_page_is_seen_and_the_page_goes_on() -> None:
    board = Board()
    slot = board.begin(PORTAL)
    with board.inside("contoh"):
        assert slot.plugin == "contoh"
        with board.inside("lain"):
            assert slot.plugin == "lain"
        assert slot.plugin == "contoh"
    assert (slot.plugin, slot.since is not None) == (PORTAL, True)
    board.end(slot)
    assert board.busy() == []


def test_threads_give_their_places_back() -> None:
    board = Board()
    for _ in range(at_work.MOST_THREADS + 10):
        thread = threading.Thread(target=lambda: board.end(board.begin("contoh")))
        thread.start()
        thread.join()
    assert board.slot().number < 3


def test_it_costs_a_request_less_than_five_microseconds(tmp_path: Path) -> None:
    board, best = Board(), 1.0
    board.keep_in(tmp_path, "web")
    for _ in range(20):
        begun = time.perf_counter()
        for _ in range(1000):
            slot = board.begin(PORTAL)
            board.turn_to(board.slot(), "contoh")
            board.end(slot)
        best = min(best, (time.perf_counter() - begun) / 1000)
    board.leave()
    assert best < 5e-6
