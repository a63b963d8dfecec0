"""A process apart for donated code: limits, no network where the kernel allows it, nothing of it left afterwards.

No security boundary (`docs/decisions/0024-probe.md`): it is the same user on the same files. It keeps mistakes from
reaching the portal: loops, hogs, crashes, processes left behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import traceback
from collections.abc import Callable
from pathlib import Path

from lumbung.lifecycle.probing import Limits
from lumbung.probe.speech import Speech

_PR_SET_PDEATHSIG = 1
_NEW_USER, _NEW_NETWORK, _NEW_PROCESSES, _NEW_MESSAGES = 0x10000000, 0x40000000, 0x20000000, 0x08000000


def die_with_parent() -> None:
    """Have this process end when the one that made it does: a killed operation leaves none behind."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def run_apart(work: Callable[[], None], speech: Speech, limits: Limits) -> None:
    """Do ``work`` in a process apart, say how that process ended, and wait until nothing of it runs any more."""
    guard = os.fork()
    if guard == 0:
        _in_child(lambda: _guard(work, speech, limits))
    os.waitpid(guard, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(guard, signal.SIGKILL)  # whoever it left in its group


def _guard(work: Callable[[], None], speech: Speech, limits: Limits) -> None:
    """Set the limits up, and be the parent of the first process in a space of its own, where there may be one."""
    die_with_parent()
    os.setsid()
    apart = _leave_the_others()
    speech.say("started", group=os.getpid(), apart=apart)
    _limit(limits)
    if not apart:
        _keep(work, speech)
        return
    keeper = os.fork()  # process 1 of its own space: when it ends the kernel ends all the others there
    if keeper == 0:
        _in_child(lambda: _keep(work, speech))
    os.waitpid(keeper, 0)


def _keep(work: Callable[[], None], speech: Speech) -> None:
    """Have the work done by a child, and say how that ended."""
    die_with_parent()
    child = os.fork()
    if child == 0:
        _in_child(lambda: _do(work, speech))
    ended, status, used = os.wait4(child, 0)
    while ended != child:
        ended, status, used = os.wait4(-1, 0)
    code = os.waitstatus_to_exitcode(status)
    speech.say("ended", exit=max(code, 0), signal=max(-code, 0), memory=used.ru_maxrss * 1024)


def _do(work: Callable[[], None], speech: Speech) -> None:
    die_with_parent()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for number in _open_files():
        if number > 2 and number != speech.pipe:
            with contextlib.suppress(OSError):
                os.close(number)
    work()


def _open_files() -> list[int]:
    return [int(name) for name in os.listdir("/proc/self/fd")]  # noqa: PTH208  (a Path would be made for each)


def _in_child(work: Callable[[], None]) -> None:
    """Do what a forked process is for, and end it there: nothing of its parent's goes on in it."""
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(70)
    os._exit(0)


def _leave_the_others() -> bool:
    """Go where there are no other processes and no network; False where the kernel does not let us."""
    user, group = os.getuid(), os.getgid()
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_NEW_USER | _NEW_NETWORK | _NEW_PROCESSES | _NEW_MESSAGES) != 0:
            return False
    except (OSError, AttributeError):
        return False
    with contextlib.suppress(OSError):  # be called as before; the right to this ends with the space
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def _limit(limits: Limits) -> None:
    megabyte = 2**20
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory_mb * megabyte),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_FSIZE, limits.file_mb * megabyte),
        (resource.RLIMIT_NPROC, _processes_of_this_user() + limits.processes),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (allowed, allowed))


def _processes_of_this_user() -> int:
    """Return how many threads run as this user: that is what the kernel counts against the limit."""
    count = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if folder.stat().st_uid == os.getuid():
                    count += len(list((folder / "task").iterdir()))
    return count
