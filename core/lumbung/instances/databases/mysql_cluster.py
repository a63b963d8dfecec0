"""One MariaDB data folder: make it, prepare and describe its server, tell whether that runs, stop it.

Knows nothing of homes and who shares them; that is `mysql_server`'s part, which calls this under its lock.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from lumbung.database.server_account import Account, give_to, run_as
from lumbung.errors import LumbungError, Sentence

ACCOUNTS = ("mysql", "postgres", "nobody")  # who runs it when we are root, the first that there is
SERVERS = ("mariadbd", "mysqld")
PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/usr/bin")
SOCKET = "mysql.sock"
LONGEST_SOCKET_PATH = 100  # bytes; the kernel allows 107, and clients such as PHP's need a plain path
PATIENCE = 120  # seconds: replaying the log after a crash on a slow disk takes a while
LARGEST_LOG = 10_000_000
MODEST = (
    "--skip-networking",
    "--skip-name-resolve",
    "--skip-symbolic-links",
    "--performance-schema=OFF",
    "--local-infile=0",
    "--sql-mode=NO_ENGINE_SUBSTITUTION",  # as servers were when old applications were written
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_unicode_ci",
    "--default-time-zone=+00:00",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=32M",
    "--key-buffer-size=8M",
    "--aria-pagecache-buffer-size=8M",
    "--max-allowed-packet=64M",
    "--max-connections=100",
    "--table-open-cache=400",
)
THROWAWAY = ("--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--skip-sync-frm")


def maria_account() -> Account | None:
    """Return the system user to run the server as; None: we are not root and run it ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise LumbungError("MariaDB does not run as root here: make a system user named mysql.")


def find_program(*names: str) -> Path:
    """Return the path of the first of these programs that is installed; raises `LumbungError` in one sentence."""
    places = os.pathsep.join((os.environ.get("PATH", os.defpath), *PLACES))
    for name in names:
        found = shutil.which(name, path=places)
        if found:
            return Path(found)
    raise LumbungError(
        "There is no %(program)s on this machine: install it with 'apt-get install mariadb-server mariadb-client', or "
        "name a MySQL server in the setting mysql_url.",
        program=names[0],
    )


@functools.cache
def installed_version() -> str:
    """Return what the installed server says of its version: ``mariadbd  Ver 10.11.19-MariaDB ...``."""
    asked = subprocess.run([str(find_program(*SERVERS)), "--no-defaults", "--version"], capture_output=True, text=True)
    return asked.stdout.strip()


def _series(version: str) -> str:
    found = re.search(r"\b\d+\.\d+", version)
    return found[0] if found else version


class MariaCluster:
    """The data folder ``data``, whose server runs as ``account``. Its socket and log lie beside it."""

    patience = PATIENCE

    def __init__(self, data: Path, account: Account | None, *, durable: bool = True) -> None:
        self.data = data
        self.log = data.parent / "logs" / "mysql.log"
        self.account = account
        self.durable = durable
        self._said_before = 0

    @property
    def socket(self) -> Path:
        """Where the server listens: in a folder of its own, in that of temporary files when the home lies too deep."""
        folder = self.data.parent / "run" / "mysql"
        if len(os.fsencode(folder / SOCKET)) > LONGEST_SOCKET_PATH:
            mark = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
            folder = Path(tempfile.gettempdir()) / f"lumbung-{mark}"
        return folder / SOCKET

    def command(self) -> list[str]:
        """Return the server's command line. Applications that run as other users may reach the socket."""
        return [
            str(find_program(*SERVERS)),
            "--no-defaults",
            f"--datadir={self.data}",
            f"--socket={self.socket}",
            f"--pid-file={self.socket.with_suffix('.pid')}",
            f"--log-error={self.log}",
            f"--tmpdir={self._temporary}",
            *MODEST,
            *(() if self.durable else THROWAWAY),
        ]

    def initialise(self, password: str, guard: int) -> None:
        """Make the data folder with one account, the administrator's; it gets its name only when it is complete."""
        program = find_program("mariadb-install-db", "mysql_install_db")
        draft, key = self.data.with_name("mysql.new"), self.data.with_name("mysql.key")
        shutil.rmtree(draft, ignore_errors=True)
        key.unlink(missing_ok=True)
        draft.mkdir(mode=0o700)
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(
                "FLUSH PRIVILEGES;\n"
                "DELETE FROM mysql.global_priv WHERE User IN ('root', '') AND Host <> 'localhost';\n"
                "DELETE FROM mysql.global_priv WHERE User = '';\n"
                "FLUSH PRIVILEGES;\n"
                f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';\n"  # letters of a URL, by secrets
            )
        give_to(self.account, draft)
        give_to(self.account, key)
        self._make_temporary()
        try:
            done = run_as(
                self.account, program, "--no-defaults", f"--datadir={draft}", "--skip-test-db", "--skip-name-resolve",
                "--auth-root-authentication-method=normal", "--innodb-log-file-size=32M", f"--extra-file={key}",
                f"--tmpdir={self._temporary}",
                keep_open=guard,  # should we be killed, the next start waits until this is gone
            )  # fmt: skip
        finally:
            key.unlink()
        if done.returncode != 0 or not (draft / "mysql").is_dir():
            raise LumbungError(
                "%(program)s failed: %(reason)s.", program=program.name, reason=_last_complaint(done.stderr)
            )
        self.note_version()
        draft.rename(self.data)

    def prepare(self) -> None:
        """Make what the server needs beside its data: the folder of its socket, its log."""
        folder = self.socket.parent
        with suppress(FileExistsError):
            folder.parent.mkdir(mode=0o711)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o711)
        found = folder.lstat()
        ours = {os.geteuid(), self.account.pw_uid if self.account else os.geteuid()}
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
            raise LumbungError(
                "%(folder)s belongs to another user; remove it, the database needs that place.", folder=folder
            )
        folder.chmod(0o711)
        give_to(self.account, folder)
        with suppress(FileExistsError):
            self.log.parent.mkdir(mode=0o711)
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.rename(self.log.with_suffix(".log.1"))
        self.log.touch(mode=0o600)
        give_to(self.account, self.log)
        self._make_temporary()
        self.socket.unlink(missing_ok=True)
        self._said_before = self.log.stat().st_size

    @property
    def _temporary(self) -> Path:
        return self.data.with_name("mysql.tmp")

    def _make_temporary(self) -> None:
        """Make a folder for temporary tables: a server that starts removes those of all others in the same one."""
        self._temporary.mkdir(mode=0o700, exist_ok=True)
        give_to(self.account, self._temporary)

    def is_up_to_date(self) -> bool:
        """Whether the data were made, or brought up to date, by the MariaDB that is installed now."""
        with suppress(OSError):
            return _series(self.version_note.read_text()) == _series(installed_version())
        return False

    def note_version(self) -> None:
        """Note that the data are what the MariaDB that is installed now expects."""
        self.version_note.write_text(installed_version())

    @property
    def version_note(self) -> Path:
        """The file that says which MariaDB the data were made by."""
        return self.data.with_name("mysql.version")

    def pid(self) -> int | None:
        """Return the process id of the server, if it runs: it is the one that works in our data folder."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (process / "cwd").readlink() == self.data and (process / "comm").read_text().strip() in SERVERS:
                    return int(process.name)
        return None

    def stop(self) -> None:
        """Stop the server, if it runs; what is open is rolled back. One that does not end in time is killed."""
        pid = self.pid()
        if pid is None:
            return
        begun = told = time.monotonic()
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
            while self.pid() == pid:
                now = time.monotonic()
                if now - told > 0.5:  # again and again: one that is just starting does not hear it
                    told = now
                    os.kill(pid, signal.SIGKILL if now - begun > PATIENCE else signal.SIGTERM)
                time.sleep(0.05)

    def complaint(self) -> str | Sentence:
        """Return what the server logged last, since `prepare`, as an error."""
        with suppress(OSError):
            return _last_complaint(self.log.read_bytes()[self._said_before :].decode(errors="replace"))
        return Sentence("it gives no reason")


def _last_complaint(words: str) -> str | Sentence:
    if "No space left on device" in words or "Disk is full" in words:
        return Sentence("the disk is full")
    found = re.findall(r"\[ERROR\] +(.+)|^(?:ERROR|FATAL ERROR): +(.+)", words, re.MULTILINE)
    lines = ["".join(one) for one in found if "Aborting" not in one[0]] or words.strip().splitlines()[-1:]
    return lines[0].rstrip(".") if lines else Sentence("it gives no reason")
