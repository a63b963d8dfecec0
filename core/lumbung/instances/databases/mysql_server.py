"""The MariaDB or MySQL in which applications have their databases: the setting ``mysql_url``, or one of our own.

The embedded one is Debian's ``mariadbd`` with its data in ``home/mysql``. As the embedded PostgreSQL it listens on a
socket only, asks for a password there too, is shared by the processes of a site, and survives ``kill -9``. Whoever
calls `ensure` holds on to it until `stop`, or until the process ends however it ends: the last one's end stops the
server, which `mysql_watch` sees to.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket as network
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pymysql

from lumbung.database.server_account import can_enter, make_shelter
from lumbung.errors import ConfigurationError, LumbungError
from lumbung.instances.databases import mysql_watch
from lumbung.instances.databases.mysql_cluster import MariaCluster, find_program, maria_account
from lumbung.settings import Settings, keep_secrets

ADMINISTRATOR = "root"
CONNECT_SECONDS = 10
ANSWER_SECONDS = 600  # dropping a large database takes a while


class ServerAway(LumbungError):
    """Nobody listens where the server should."""


@dataclass(frozen=True)
class ServerAddress:
    """How the server is reached, and its administrator's key. ``socket`` is None for one on the network."""

    host: str
    port: int
    socket: Path | None
    user: str
    password: str = field(repr=False)
    embedded: bool = False

    @property
    def users_come_from(self) -> str:
        """The host part of an account that is made there."""
        return "localhost" if self.socket else "%"

    def connect(self, user: str | None = None, password: str | None = None, database: str | None = None) -> Any:
        """Return a DB-API connection, as the administrator unless a user is named; raises `LumbungError`.

        Its character set is utf8mb4 and old applications' sloppy SQL is let through, as the embedded server does.
        """
        connection: Any = pymysql.connect(
            host=self.host,
            port=self.port,
            user=self.user if user is None else user,
            password=self.password if user is None else password or "",
            database=database,
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=ANSWER_SECONDS,
            sql_mode="NO_ENGINE_SUBSTITUTION",
            defer_connect=True,
        )
        line = self._line()
        try:
            connection.connect(line)
        except BaseException as error:
            line.close()
            if not isinstance(error, pymysql.Error):
                raise
            raise LumbungError("The MySQL server does not let us in: %(reason)s.", reason=said(error)) from error
        return connection

    def _line(self) -> network.socket:
        """Return the way to the server. PyMySQL would make one too, but does not close it when nobody listens."""
        try:
            if self.socket is None:
                return network.create_connection((self.host, self.port), CONNECT_SECONDS)
            line = network.socket(network.AF_UNIX, network.SOCK_STREAM)
            try:
                line.connect(str(self.socket))
            except BaseException:
                line.close()
                raise
            return line
        except OSError as error:
            reason = error.strerror or str(error)
            raise ServerAway("The MySQL server does not answer: %(reason)s.", reason=reason) from error

    def options(self, user: str) -> list[str]:
        """Return the options of a command-line program of MariaDB; its password goes into ``MYSQL_PWD``."""
        where = [f"--socket={self.socket}"] if self.socket else [f"--host={self.host}", f"--port={self.port}"]
        return ["--no-defaults", *where, f"--user={user}", "--default-character-set=utf8mb4"]


class EmbeddedMaria:
    """One process's hold on the server of a home: `start` takes it, `release` lets go."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home.absolute()
        self.durable = durable
        self._account = maria_account()
        self._users: int | None = None

    @property
    def cluster(self) -> MariaCluster:
        """The data in ``home/mysql``, or where that link leads."""
        return MariaCluster((self.home / "mysql").resolve(), self._account, durable=self.durable)

    @property
    def address(self) -> ServerAddress:
        """Where the server of this home listens; it need not run."""
        key = keep_secrets(
            self.home / "secrets" / "mysql.json",
            lambda: {"user": ADMINISTRATOR, "password": secrets.token_urlsafe(32)},
        )
        return ServerAddress("localhost", 3306, self.cluster.socket, key["user"], key["password"], embedded=True)

    def start(self) -> ServerAddress:
        """Make sure that the server runs, hold on to it, and return its address; may be called again at any time."""
        try:
            self._prepare_home()
            guard = _lock(self.home / "run" / "mysql.lock", fcntl.LOCK_EX)
            try:
                if self._users is None:
                    self._users = _lock(self.home / "run" / "mysql.users", fcntl.LOCK_SH)
                cluster = self.cluster
                if not cluster.data.exists():
                    cluster.initialise(self.address.password, guard)
                if cluster.pid() is None or not self._answers(cluster):
                    self._launch(cluster)
                    self._answers(cluster, launched=True)
                if not cluster.is_up_to_date():
                    self._upgrade(cluster)
                return self.address
            except BaseException:
                self._stop_if_last()
                raise
            finally:
                os.close(guard)
        except OSError as error:
            raise LumbungError(
                "The embedded MariaDB in %(home)s cannot be used: %(reason)s (%(file)s).",
                home=self.home,
                reason=error.strerror or str(error),
                file=error.filename or self.home,
            ) from error

    def release(self) -> None:
        """Let go of the server; the last one to do so stops it."""
        if self._users is not None:
            guard = _lock(self.home / "run" / "mysql.lock", fcntl.LOCK_EX)
            try:
                self._stop_if_last()
            finally:
                os.close(guard)

    def _prepare_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.home / "secrets").mkdir(exist_ok=True, mode=0o700)
        run, data = self.home / "run", self.home / "mysql"
        run.mkdir(exist_ok=True)
        run.chmod(0o711)
        if self._account is None or data.exists() or data.is_symlink():
            return
        if can_enter(self._account, self.home.parent):
            self.home.chmod(self.home.stat().st_mode | 0o111)
        else:
            for_now = not self.durable or self.home.is_relative_to(tempfile.gettempdir())
            data.symlink_to(make_shelter(self.home, throwaway=for_now) / "mysql")

    def _launch(self, cluster: MariaCluster) -> None:
        """Start `mysql_watch`, which starts the server. It opens both lock files anew: a lock is the opening's."""
        cluster.prepare()
        run = self.home / "run"
        users, guard = (os.open(run / name, os.O_RDWR) for name in ("mysql.users", "mysql.lock"))
        account = self._account
        ids = (account.pw_uid, account.pw_gid) if account else (os.geteuid(), os.getegid())
        try:
            subprocess.run(
                [sys.executable, "-I", "-S", mysql_watch.__file__, str(users), str(guard), *map(str, ids),
                 str(cluster.data), *cluster.command()],
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(users, guard),
                check=False,
            )  # fmt: skip
        finally:
            os.close(users)
            os.close(guard)

    def _answers(self, cluster: MariaCluster, *, launched: bool = False) -> bool:
        """Wait until the server answers. One that ends instead: False, an error if it is we who have launched it."""
        deadline = time.monotonic() + cluster.patience
        address = self.address
        while True:
            try:
                address.connect().close()
                return True
            except ServerAway as error:
                reason = error.sentence.values["reason"]
            ended = cluster.pid() is None
            if ended and not launched:
                return False
            if ended or time.monotonic() > deadline:
                raise LumbungError(
                    "MariaDB does not start: %(reason)s; see %(log)s.",
                    reason=cluster.complaint() if ended else reason,
                    log=cluster.log,
                )
            time.sleep(0.05)

    def _upgrade(self, cluster: MariaCluster) -> None:
        """Bring the system tables of an older MariaDB to what the one that runs now expects."""
        address = self.address
        done = subprocess.run(
            [str(find_program("mariadb-upgrade", "mysql_upgrade")), *address.options(address.user), "--silent"],
            env={"PATH": os.defpath, "LC_ALL": "C", "MYSQL_PWD": address.password},
            cwd=cluster.data,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            raise LumbungError(
                "The data of the embedded MariaDB cannot be brought up to date: %(reason)s.",
                reason=" ".join((done.stderr or done.stdout).split())[-300:],
            )
        cluster.note_version()

    def _stop_if_last(self) -> None:
        users, self._users = self._users, None
        if users is None:
            return
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.cluster.stop()
        except BlockingIOError:
            pass  # somebody else still uses the server
        finally:
            fcntl.flock(users, fcntl.LOCK_UN)
            os.close(users)


_held: dict[Path, EmbeddedMaria] = {}
_one_at_a_time = threading.Lock()


def ensure(settings: Settings) -> ServerAddress:
    """Return how the site's MySQL server is reached; the embedded one is started unless it runs, and held.

    Cheap when it runs: call it before each use. Safe for several processes and threads at once. Raises `LumbungError`
    when there is no MariaDB on this machine and no ``mysql_url``, or it does not start.
    """
    if settings.mysql_url:
        return address_in(settings.mysql_url)
    with _one_at_a_time:
        server = _held.setdefault(settings.home, EmbeddedMaria(settings.home))
        return server.start()


def stop(settings: Settings) -> None:
    """Let go of the embedded server; when nobody else in the site uses it, it has ended when this returns."""
    with _one_at_a_time:
        server = _held.pop(settings.home, None)
        if server is not None:
            server.release()


def address_in(url: str) -> ServerAddress:
    """Return what a ``mysql_url`` says; raises `ConfigurationError` for one that cannot be."""
    try:
        parts = urlsplit(url)
        place = parse_qs(parts.query).get("unix_socket", [None])[0]
        port = parts.port or 3306
    except ValueError:
        parts, place, port = urlsplit(""), None, 0
    if parts.scheme not in ("mysql", "mariadb") or not parts.username or not (parts.hostname or place):
        raise ConfigurationError(
            "Setting mysql_url cannot be used: write mysql://user:password@host:3306, or "
            "mysql://user:password@localhost/?unix_socket=/run/mysqld/mysqld.sock."
        )
    return ServerAddress(
        parts.hostname or "localhost",
        port,
        Path(place) if place else None,
        unquote(parts.username),
        unquote(parts.password or ""),
    )


def said(error: BaseException) -> str:
    """Return what the server said of an error, without number and full stop."""
    words = error.args[1] if len(error.args) > 1 else str(error)
    return str(words).rstrip(".")


def _lock(path: Path, kind: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
