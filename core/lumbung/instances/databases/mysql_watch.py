"""The program that runs the embedded MariaDB and ends it when nobody uses it any more, however its users ended.

Run on its own, without the house: ``python -I -S mysql_watch.py USERS GUARD UID GID DATA COMMAND``. ``USERS`` is a file
of which every user holds a shared lock, ``GUARD`` one that is locked while somebody starts or stops the server; both
are numbers of open files. A killed user lets go too, so the server never outlives the site.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from types import FrameType

PR_SET_PDEATHSIG = 1
PATIENCE = 60  # seconds that a server has for writing down what it has in memory


def main(arguments: list[str]) -> None:
    """Start the server in the background and watch it: returns when it is up as a process, long before it answers."""
    users, guard, uid, gid = map(int, arguments[:4])
    hear, tell = os.pipe()
    if os.fork():
        os.close(tell)
        os.read(hear, 1)  # nothing comes: it ends when the other side is closed
        return
    os.setsid()
    server = _started(arguments[5:], arguments[4], uid, gid)
    os.close(tell)
    signal.signal(signal.SIGCHLD, _ended)
    if server.poll() is not None:
        os._exit(1)
    while True:
        fcntl.flock(users, fcntl.LOCK_EX)  # waits until nobody uses the server
        fcntl.flock(users, fcntl.LOCK_UN)
        fcntl.flock(guard, fcntl.LOCK_EX)  # in this order everywhere: guard, then users
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # somebody came meanwhile
            fcntl.flock(guard, fcntl.LOCK_UN)
            continue
        _stop(server)


def _started(command: list[str], data: str, uid: int, gid: int) -> subprocess.Popen[bytes]:
    libc, me = ctypes.CDLL(None), os.getpid()

    def die_with_us() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != me:
            os._exit(1)

    other = os.geteuid() == 0 and uid != 0
    return subprocess.Popen(
        command,
        cwd=data,  # from its first moment on: that is what it is known by
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=uid if other else None,
        group=gid if other else None,
        extra_groups=[] if other else None,
        preexec_fn=die_with_us,  # safe: this program has no threads
    )


def _ended(_number: int, _frame: FrameType | None) -> None:
    os.waitpid(-1, os.WNOHANG)
    os._exit(0)


def _stop(server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE  # its end ends us, by `_ended`
    while time.monotonic() < deadline:
        server.terminate()  # again and again: one that is just starting does not hear it
        time.sleep(0.5)
    server.kill()
    time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
