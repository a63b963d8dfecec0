"""What stands between the keeper and an application: a small process that lets nothing of the application outlive it.

It is run as a file by a bare interpreter and imports nothing of the platform. It reads from its standard input what is
to be run, limits itself to what the application may use, starts it, and waits. As a subreaper it becomes the parent
of whatever the application leaves behind, also of what went into a session of its own: so it finds all of them.

SIGTERM: the application is asked to end. SIGQUIT: all of it is killed at once. SIGINT, which the kernel sends when
the keeper dies: the one, and a second later the other. When the application ends, the guard ends what is left of it,
and then itself in the same way.
"""

# ruff: noqa: PTH116, PTH123, PTH208, SIM105  (a module more is memory more, for each application)
from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Mapping
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
LAST_MOMENT = 1.0  # seconds for what an application left behind, or for all of it when the keeper is dead
CANNOT_START = 127
LISTENED_TO = (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT, signal.SIGCHLD)


def main() -> None:
    """Run what the keeper says on standard input."""
    signal.pthread_sigmask(signal.SIG_BLOCK, LISTENED_TO)
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with os.fdopen(0, "rb", closefd=False) as line:
        what = json.loads(line.read() or b"{}")
    if os.getppid() != what.get("keeper"):
        sys.exit(CANNOT_START)  # it died before we could ask to be told
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    child = os.fork()
    if not child:
        _become(libc, what)
    _end_as(_watch(child))


def descendants(ancestor: int) -> set[int]:
    """Return every living process that was started by ``ancestor``, by one of those, and so on."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal() and (fields := _stat(name)) and fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(int(name))
    found: set[int] = set()
    ahead = [ancestor]
    while ahead:
        mine = [pid for pid in children.get(ahead.pop(), []) if pid not in found]
        found.update(mine)
        ahead += mine
    return found


def kill_descendants(ancestor: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to all that ``ancestor`` started."""
    for pid in descendants(ancestor):
        try:
            os.kill(pid, number)
        except OSError:
            pass  # gone, or not ours any more


def _stat(pid: str) -> list[str] | None:
    """Return the fields of a process from its state on: state, parent, group, session."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().decode("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return None


def _become(libc: ctypes.CDLL, what: Mapping[str, Any]) -> None:
    """In the child: take the limits and become the application."""
    try:
        os.setsid()
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        os.umask(0o077)
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        os.chdir(what["cwd"])
        _limit(what["limits"])
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execvpe(what["argv"][0], what["argv"], what["environment"])  # noqa: S606  (no shell: that is the point)
    except OSError as error:
        os.write(2, f"{what['argv'][0]} cannot be started: {error.strerror} ({error.filename})\n".encode())
    except BaseException as error:
        os.write(2, f"the application cannot be started: {type(error).__name__}: {error}\n".encode())
    os._exit(CANNOT_START)


def _limit(limits: Mapping[str, int | None]) -> None:
    """Set the limits of this process, never above what it has already."""
    _at_most(resource.RLIMIT_CORE, 0)  # what stood in its memory does not belong on disk
    if memory := limits.get("memory_mb"):
        _at_most(resource.RLIMIT_DATA, memory * 1024 * 1024)
    if seconds := limits.get("cpu_seconds"):
        _at_most(resource.RLIMIT_CPU, seconds)
    if files := limits.get("open_files"):
        _at_most(resource.RLIMIT_NOFILE, files)
    if (processes := limits.get("processes")) and os.getuid():
        _at_most(resource.RLIMIT_NPROC, processes + _tasks_of_this_user())
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("500")  # before the database, when the machine has no memory left
    except OSError:
        pass


def _at_most(kind: int, value: int) -> None:
    _soft, hard = resource.getrlimit(kind)
    least = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (least, least))


def _tasks_of_this_user() -> int:
    """Return how many tasks run already: the kernel counts all of a user's together, also the platform's own."""
    count = 0
    for name in os.listdir("/proc"):
        try:
            if name.isdecimal() and os.stat(f"/proc/{name}").st_uid == os.getuid():
                count += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            continue
    return count


def _watch(child: int) -> int:
    """Pass on what the keeper asks until the application has ended; return how, with nothing left of it."""
    deadline: float | None = None
    while True:
        wait = 3600.0 if deadline is None else max(0.05, deadline - time.monotonic())
        told = signal.sigtimedwait(LISTENED_TO, wait)
        number = told.si_signo if told else signal.SIGQUIT
        if number in (signal.SIGTERM, signal.SIGINT):
            _to_group(child, signal.SIGTERM)
        if number == signal.SIGINT:
            deadline = time.monotonic() + LAST_MOMENT
        if number == signal.SIGQUIT and (told or deadline is not None):
            kill_descendants(os.getpid())
        status = _reap(child)
        if status is not None:
            kill_descendants(os.getpid(), signal.SIGTERM)
            _end_the_rest()
            return status


def _reap(child: int) -> int | None:
    """Bury whoever is dead; return how the application ended, None while it lives."""
    status = None
    while True:
        try:
            pid, how = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if not pid:
            return status
        if pid == child:
            status = how


def _end_the_rest() -> None:
    """End what the application left behind: a moment after it was asked, by force."""
    asked = time.monotonic()
    while descendants(os.getpid()):
        _reap(0)
        if time.monotonic() - asked > LAST_MOMENT:
            kill_descendants(os.getpid())
        if time.monotonic() - asked > 5 * LAST_MOMENT:
            return  # stuck in the kernel; the keeper sees that its port is taken
        time.sleep(0.02)


def _to_group(leader: int, number: signal.Signals) -> None:
    try:
        os.killpg(leader, number)
    except OSError:
        pass


def _end_as(status: int) -> None:
    """End in the way the application did, so that the keeper can say how."""
    if not os.WIFSIGNALED(status):
        sys.exit(os.WEXITSTATUS(status))
    number = os.WTERMSIG(status)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (number,))
    os.kill(os.getpid(), number)
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
