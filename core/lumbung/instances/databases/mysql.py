"""Databases of instances in MariaDB or MySQL: the functions of `lumbung.instances.databases.Engine`.

Each instance has a database, a user with all rights on it and on nothing else, and where it has a data adapter a
second user who may do very little. A dump is loaded by the instance's own user, through MariaDB's command-line
client, whose own commands (a shell among them) are switched off: nothing in it reaches beyond that database.

The embedded server's ``sql_mode`` is that of the years in which old applications were written (neither STRICT nor
ONLY_FULL_GROUP_BY). On a server of the setting ``mysql_url`` it is what its operator set, but for loading a dump.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import pymysql

from lumbung.errors import LumbungError, Sentence
from lumbung.instances.databases import DumpRefused, Facts, Tell, adapter_of, name_of, own_database
from lumbung.instances.databases.dump_files import open_dump
from lumbung.instances.databases.dump_rewriting import Rewriter
from lumbung.instances.databases.mysql_cluster import find_program
from lumbung.instances.databases.mysql_server import EmbeddedMaria, ServerAddress, ServerAway, ensure, said
from lumbung.instances.instance import Instance
from lumbung.instances.rows import facts_of
from lumbung.kernel import Kernel

LONGEST_USER = 32 - len("_adapter")  # letters, in MySQL; MariaDB takes more
LONGEST_NAME = 59  # of 64, since a trial's name is longer
TRIAL = "_next"
COLLATIONS = {"utf8mb4": "utf8mb4_unicode_ci", "latin1": "latin1_swedish_ci"}
MODES = "SET SESSION autocommit=0, foreign_key_checks=0, unique_checks=0, sql_mode='NO_ENGINE_SUBSTITUTION'"
SECONDS_BETWEEN_WORDS = 2.0
LONGEST_REASON = 300
_COMPLAINT = re.compile(r"ERROR (?:\d+ \(\w+\) )?at line (\d+)(?: in file: '.*?')?: (.*)", re.DOTALL)


def create(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> Facts:
    """Make database and user unless they are there, set the user's password, and return what is to be known."""
    server = ensure(kernel.settings)
    name, user = _name(kernel, instance), _user(kernel, instance)
    with _administrator(server) as cursor:
        _create_database(cursor, name, instance)
        _create_user(cursor, server, user, secret["database_password"])
        for database in (name, name + TRIAL):
            cursor.execute(f"GRANT ALL PRIVILEGES ON {_pattern(database)}.* TO %s@%s", (user, server.users_come_from))
        cursor.execute("SELECT VERSION()")
        version = cursor.fetchone()[0]
    facts = {"engine": "mysql", "name": name, "user": user, "host": server.host, "port": str(server.port)}
    return facts | ({"socket": str(server.socket)} if server.socket else {}) | {"version": version}


def load(kernel: Kernel, instance: Instance, secret: Mapping[str, str], dump: Path, tell: Tell) -> None:
    """Load a dump into the database; raises `DumpRefused` naming file, line and what the server said.

    An empty database is empty again after a failure. One with tables is replaced only after all of the dump went well
    in a database beside it, so that a broken statement leaves what was there.
    """
    server = ensure(kernel.settings)
    name = _name(kernel, instance)
    loading = _Loading(server, _user(kernel, instance), secret["database_password"], dump, tell)
    loading.old_bytes = own_database(instance).charset == "latin1"
    if _tables_in(server, name):
        tell(Sentence("The database is not empty: %(file)s is tried beside it first.", file=dump.name))
        try:
            _make_anew(server, name + TRIAL, instance)
            loading.into(name + TRIAL)
        finally:
            _drop_database(server, name + TRIAL)
        _make_anew(server, name, instance)
    try:
        for finding in loading.into(name):
            tell(finding)
    except BaseException:
        _make_anew(server, name, instance)
        raise


def drop(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> None:
    """Remove database, user and the adapter's user; what is not there is not missed."""
    if not kernel.settings.mysql_url and not (kernel.settings.home / "mysql").exists():
        return
    server = ensure(kernel.settings)
    name = _name(kernel, instance)
    with _administrator(server) as cursor:
        for user in (_user(kernel, instance), adapter_of(_user(kernel, instance))):
            cursor.execute("DROP USER IF EXISTS %s@%s", (user, server.users_come_from))
    for database in (name, name + TRIAL):
        _drop_database(server, database)


def dump(kernel: Kernel, instance: Instance, secret: Mapping[str, str], to: Path) -> Path:
    """Write the whole database into the folder ``to``, as one moment saw it, and return the file."""
    server = ensure(kernel.settings)
    name = _name(kernel, instance)
    whole, part = to / f"{name}.sql", to / f".{name}.sql.part"
    command = [
        str(find_program("mariadb-dump", "mysqldump")), *server.options(server.user), "--single-transaction",
        "--routines", "--triggers", "--events", "--hex-blob", "--no-tablespaces", f"--result-file={part}", name,
    ]  # fmt: skip
    try:
        part.touch(mode=0o600)
        done = subprocess.run(
            command, env=_environment(server.password), stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if done.returncode != 0:
            raise LumbungError(
                "The database of %(instance)s cannot be written out: %(reason)s",
                instance=instance.label,
                reason=_short(done.stderr.decode(errors="replace")),
            )
        part.rename(whole)
    finally:
        part.unlink(missing_ok=True)
    return whole


def tables(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> int:
    """Return how many tables there are; 0 too where there is no database."""
    return _tables_in(ensure(kernel.settings), _name(kernel, instance))


def allow_adapter(kernel: Kernel, instance: Instance, secret: Mapping[str, str], tables: Sequence[str]) -> None:
    """Make the adapter's user, who may SELECT, UPDATE and DELETE in these tables and nothing else."""
    server = ensure(kernel.settings)
    name, adapter = _name(kernel, instance), adapter_of(_user(kernel, instance))
    with _administrator(server) as cursor:
        cursor.execute("DROP USER IF EXISTS %s@%s", (adapter, server.users_come_from))
        _create_user(cursor, server, adapter, secret["adapter_password"])
        for table in tables:
            cursor.execute(
                "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = %s AND table_name = %s",
                (name, table),
            )
            if not cursor.fetchone()[0]:
                raise LumbungError(
                    "Plugin %(plugin)s lets its adapter into tables that are not in its database: %(tables)s.",
                    plugin=instance.name,
                    tables=[table],
                )
            cursor.execute(
                f"GRANT SELECT, UPDATE, DELETE ON {_quoted(name)}.{_quoted(table)} TO %s@%s",
                (adapter, server.users_come_from),
            )


@contextmanager
def connect_as_app(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> Iterator[Any]:
    """Yield a DB-API connection of the application's own user; committed when the block ends well."""
    with _connected(kernel, instance, _user(kernel, instance), secret["database_password"]) as connection:
        yield connection


@contextmanager
def connect_as_adapter(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> Iterator[Any]:
    """Yield a DB-API connection of the adapter's user; committed when the block ends well."""
    with _connected(kernel, instance, adapter_of(_user(kernel, instance)), secret["adapter_password"]) as connection:
        yield connection


class _Loading:
    """One dump on its way into a database."""

    def __init__(self, server: ServerAddress, user: str, password: str, dump: Path, tell: Tell) -> None:
        self.server = server
        self.user = user
        self.password = password
        self.dump = dump
        self.tell = tell
        self.old_bytes = False
        with _administrator(server) as cursor:
            cursor.execute("SELECT collation_name FROM information_schema.collations")
            self.known = frozenset(str(name).lower() for (name,) in cursor.fetchall())

    def into(self, database: str) -> list[Sentence]:
        """Load it all, and return what had to be done to it; raises `DumpRefused`."""
        rewriter = Rewriter(self.dump.name, self.known, self.old_bytes)
        command = [
            str(find_program("mariadb", "mysql")), *self.server.options(self.user), "--batch", "--binary-mode",
            "--loose-sandbox", "--local-infile=0", "--max-allowed-packet=64M", f"--init-command={MODES}", database,
        ]  # fmt: skip
        with tempfile.TemporaryFile() as complaints:
            client = subprocess.Popen(
                command,
                env=_environment(self.password),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
            )
            try:
                with suppress(BrokenPipeError), client:  # it has ended: below is why
                    self._feed(client, rewriter)
            except DumpRefused:
                raise
            except LumbungError as error:
                template = error.sentence
                raise DumpRefused(template) from error
            finally:
                client.kill()
            if client.returncode != 0:
                raise self._refused(complaints)
        return list(rewriter.findings())

    def _feed(self, client: subprocess.Popen[bytes], rewriter: Rewriter) -> None:
        assert client.stdin is not None  # noqa: S101  (we asked for it)
        told = time.monotonic()
        try:
            with open_dump(self.dump) as file:
                for part in rewriter.rewritten(file.lines()):
                    client.stdin.write(part)
                    if time.monotonic() - told > SECONDS_BETWEEN_WORDS:
                        told = time.monotonic()
                        share = min(100, 100 * file.done // max(1, file.total))
                        self.tell(
                            Sentence("%(file)s: %(share)s of 100 parts are loaded.", file=self.dump.name, share=share)
                        )
            client.stdin.write(b"\nDELIMITER ;\nCOMMIT;\n")
            client.stdin.close()
        except BrokenPipeError:
            raise
        except BaseException:
            client.kill()  # else it would take what it has for the whole
            raise

    def _refused(self, complaints: IO[bytes]) -> DumpRefused:
        complaints.seek(0)
        words = complaints.read().decode(errors="replace")
        found = _COMPLAINT.search(words)
        if found is None:
            return DumpRefused("%(file)s was not loaded: %(reason)s.", file=self.dump.name, reason=_short(words))
        return DumpRefused(
            "%(file)s, line %(line)s: the database says: %(reason)s",
            file=self.dump.name,
            line=found[1],
            reason=_short(found[2]),
        )


def _create_database(cursor: Any, name: str, instance: Instance) -> None:
    charset = own_database(instance).charset
    cursor.execute(
        f"CREATE DATABASE IF NOT EXISTS {_quoted(name)} CHARACTER SET {charset} COLLATE {COLLATIONS[charset]}"
    )


def _create_user(cursor: Any, server: ServerAddress, user: str, password: str) -> None:
    whom = (user, server.users_come_from)
    cursor.execute("CREATE USER IF NOT EXISTS %s@%s IDENTIFIED BY %s", (*whom, password))
    cursor.execute("ALTER USER %s@%s IDENTIFIED BY %s", (*whom, password))


def _make_anew(server: ServerAddress, name: str, instance: Instance) -> None:
    _drop_database(server, name)
    with _administrator(server) as cursor:
        _create_database(cursor, name, instance)


def _drop_database(server: ServerAddress, name: str) -> None:
    with _administrator(server) as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {_quoted(name)}")


def _tables_in(server: ServerAddress, name: str) -> int:
    with _administrator(server) as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = %s AND table_type = 'BASE TABLE'",
            (name,),
        )
        return int(cursor.fetchone()[0])


@contextmanager
def _administrator(server: ServerAddress) -> Iterator[Any]:
    with closing(server.connect()) as connection, _sentences(), connection.cursor() as cursor:
        yield cursor
        connection.commit()


@contextmanager
def _connected(kernel: Kernel, instance: Instance, user: str, password: str) -> Iterator[Any]:
    with closing(_line(kernel, instance, user, password)) as connection:
        yield connection  # closing it without a commit rolls back
        connection.commit()


def _line(kernel: Kernel, instance: Instance, user: str, password: str) -> Any:
    """Return a connection for an ordinary user. Web processes know no ``mysql_url``: what `create` found says where."""
    name = _name(kernel, instance)
    if kernel.settings.mysql_url:
        return ensure(kernel.settings).connect(user, password, name)
    facts: Mapping[str, str] = facts_of(kernel, instance).get("database") or {}
    own = EmbeddedMaria(kernel.settings.home).cluster.socket
    place = Path(facts["socket"]) if facts.get("socket") else (None if facts.get("host") else own)
    address = ServerAddress(facts.get("host") or "localhost", int(facts.get("port") or 3306), place, user, password)
    try:
        return address.connect(database=name)
    except ServerAway:
        if place != own:
            raise
    return ensure(kernel.settings).connect(user, password, name)


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except pymysql.Error as error:
        raise LumbungError("The MySQL server refuses: %(reason)s.", reason=said(error)) from error


def _name(kernel: Kernel, instance: Instance) -> str:
    return name_of(kernel, instance, longest=LONGEST_NAME)


def _user(kernel: Kernel, instance: Instance) -> str:
    return name_of(kernel, instance, longest=LONGEST_USER)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _pattern(name: str) -> str:
    """Return a name where the server expects a pattern of names: ``_`` and ``%`` stand for themselves."""
    return _quoted(re.sub(r"([\\_%])", r"\\\1", name)).replace("%", "%%")


def _environment(password: str) -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "MYSQL_PWD": password}


def _short(words: str) -> str:
    return " ".join(words.split()).rstrip(".")[:LONGEST_REASON] or "it gives no reason"
