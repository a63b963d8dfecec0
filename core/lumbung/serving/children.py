"""A process that the supervisor keeps alive: start, restart with growing pauses, stop in time."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from lumbung.presence import START_ANEW

logger = logging.getLogger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
HEALTHY_AFTER = 30.0  # seconds of life after which a death counts as the first again

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Child:
    """One supervised process. ``keep_open`` are file descriptors that it inherits.

    ``on_death`` is told its process id and how it ended, when it ended by itself.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        keep_open: Sequence[int] = (),
        on_death: Callable[[int, str], None] | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.environment = dict(environment)
        self.keep_open = tuple(keep_open)
        self._on_death = on_death
        self.due: float | None = 0.0  # when to start next, in monotonic time; None: it runs
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._renewing = False
        self._pause = FIRST_PAUSE

    @property
    def pid(self) -> int | None:
        """The process id, while it runs."""
        return self._process.pid if self._process else None

    def tend(self) -> None:
        """Notice a death, and start the process when that is due. Called whenever anything happens."""
        if self._process and (status := self._process.poll()) is not None:
            pid, self._process = self._process.pid, None
            self._mourn(pid, status)
        if self.due is not None and time.monotonic() >= self.due:
            self._start()

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if the process runs."""
        if self._process:
            self._process.send_signal(number)

    def renew(self) -> None:
        """Have the process end when it has done what it is doing, and start it anew at once."""
        if self._process:
            self._renewing = True
            self._process.send_signal(signal.SIGTERM)

    def stop(self, *steps: tuple[signal.Signals, float]) -> None:
        """Stop for good: send each signal and give it so many seconds; then kill it with all it started."""
        self.due = None
        process, self._process = self._process, None
        if process is None:
            return
        for number, seconds in steps:
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
                return
        logger.warning("%s does not stop and is killed.", self.name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _start(self) -> None:
        parent = os.getpid()
        self.due = None
        self._started = time.monotonic()
        try:
            self._process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                pass_fds=self.keep_open,
                process_group=0,  # Ctrl-C in the terminal is for the supervisor, which stops us in order
                preexec_fn=lambda: _die_with(parent),  # safe: the supervisor has no threads
            )
        except OSError as error:
            self._pause_after(f"cannot be started ({error})")

    def _mourn(self, pid: int, status: int) -> None:
        asks_for_it = status == START_ANEW and time.monotonic() - self._started > FIRST_PAUSE
        if self._renewing or asks_for_it:
            self._renewing, self.due = False, time.monotonic()
            return
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        if self._on_death:
            self._on_death(pid, signal.Signals(-status).name if status < 0 else f"status {status}")
        if time.monotonic() - self._started >= HEALTHY_AFTER:
            self._pause = FIRST_PAUSE
        self._pause_after(how)

    def _pause_after(self, what_happened: str) -> None:
        logger.error("%s %s; it is started again in %.1f seconds.", self.name, what_happened, self._pause)
        self.due = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)


def _die_with(parent: int) -> None:
    """In the child: ask the kernel for a SIGTERM when the supervisor dies, however it dies."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
