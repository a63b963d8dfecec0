"""Who serves a home: at most one supervisor, which other commands can find and ask to take in new code."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from lumbung.errors import LumbungError

Whom = Literal["all", "pages", "jobs"]
RENEWED_BY: dict[Whom, signal.Signals] = {"all": signal.SIGHUP, "pages": signal.SIGUSR1, "jobs": signal.SIGUSR2}

START_ANEW = 75  # how a process ends that is to be started again at once: EX_TEMPFAIL of sysexits.h


@contextmanager
def claim_home(home: Path, address: str = "", port: int = 0) -> Iterator[None]:
    """Be the one process that serves ``home``, for the length of a block; ``address`` and ``port`` say where."""
    note = _note(home)
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        note.parent.mkdir(mode=0o711, exist_ok=True)
        descriptor = os.open(note, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise LumbungError(f"The data folder {home} cannot be used: {error.strerror}.") from error
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LumbungError(
                f"{home} is served already, by process {file.readline().strip() or '?'}; stop that one first."
            ) from None
        file.truncate()
        file.write(f"{os.getpid()}\n{address}\n{port}\n")
        file.flush()
        yield


def renew_code(home: Path, whom: Whom = "all") -> bool:
    """Ask the supervisor of ``home`` to renew its web workers, its job worker or both; tell whether it was asked.

    What they have imported stays as it was until then, and an import at call time would already be the new.
    """
    told = _told_by_the_supervisor(home)
    if told:
        with suppress(OSError, ValueError):
            os.kill(int(told[0]), RENEWED_BY[whom])
            return True
    return False


def is_served(home: Path) -> bool:
    """Tell whether somebody serves ``home`` now: whoever changes something then waits for others to follow."""
    return _told_by_the_supervisor(home) is not None


def served_at(home: Path) -> tuple[str, int] | None:
    """Return where ``home`` is served now, None when it is not: a command may have been told of another port."""
    told = _told_by_the_supervisor(home)
    if told is not None and len(told) == 3 and told[1] and told[2].isdecimal():
        return told[1], int(told[2])
    return None


def _told_by_the_supervisor(home: Path) -> list[str] | None:
    """Return the lines that whoever serves ``home`` wrote down, None when nobody does: a note without its lock."""
    with suppress(OSError), _note(home).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return file.read().splitlines()
    return None


def _note(home: Path) -> Path:
    return home / "run" / "serve.pid"
