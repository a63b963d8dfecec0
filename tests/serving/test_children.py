"""One supervised process, without a supervisor around it."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from lumbung.serving.children import FIRST_PAUSE, LONGEST_PAUSE, Child


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_process_that_cannot_start_is_tried_again_ever_more_slowly(
    clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    child = Child("The web server", ["/no/such/program"], {})
    pauses = []
    for _ in range(9):
        child.tend()
        assert child.due is not None
        pauses.append(child.due - clock[0])
        clock[0] = child.due
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE
    assert "The web server cannot be started ([Errno 2] No such file" in caplog.text


def test_process_is_left_alone_while_it_runs_and_until_its_restart_is_due() -> None:
    child = Child("The web server", [sys.executable, "-c", "import signal; signal.pause()"], {})
    child.tend()
    first = child.pid
    child.tend()
    assert child.pid == first
    assert first
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    child.tend()
    assert child.pid is None
    child.tend()
    assert child.pid is None
    child.stop()
    assert child.due is None


DEAF = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pipe = int(sys.argv[1])
subprocess.Popen(["sleep", "60"], pass_fds=[pipe])
os.write(pipe, b"!")
signal.pause()
"""


def test_process_deaf_to_signals_is_killed_with_all_it_started() -> None:
    read, write = os.pipe()
    child = Child("The job worker", [sys.executable, "-c", DEAF, str(write)], {}, keep_open=[write])
    child.tend()
    os.close(write)
    assert os.read(read, 1) == b"!"
    child.stop((signal.SIGTERM, 0.1))
    assert os.read(read, 1) == b"", "somebody still holds the other end"
    os.close(read)
