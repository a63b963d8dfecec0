"""SQLite: a file in the instance's folder of data, a copy of the donated one or made of a dump."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from lumbung.errors import LumbungError, Sentence
from lumbung.instances.databases import DumpRefused, Facts, Tell, own_database
from lumbung.instances.instance import Instance
from lumbung.instances.rows import facts_of
from lumbung.instances.tree import donated_folder
from lumbung.kernel import Kernel

_HEAD = b"SQLite format 3\0"
_SAY_EVERY = 4 * 1024 * 1024  # bytes of a dump
_TABLES = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
_REACHES_OUT = frozenset((sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH))
_MAY_ALWAYS = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_FUNCTION))
_MAY_IN_TABLES = frozenset((sqlite3.SQLITE_READ, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE))


def create(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> Facts:
    """Put the donated file into the folder of data, an empty one where there is none or a dump makes it."""
    own = own_database(instance)
    place = instance.data / Path(own.file or "database.sqlite").name
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        donated = donated_folder(instance) / (own.file or "")
        with _in_one_piece(place) as draft:
            if own.dump is None and donated.is_file():
                shutil.copyfile(donated, draft)
            with closing(_opened(draft)) as connection:
                connection.execute("PRAGMA user_version").fetchone()
    return {"engine": "sqlite", "name": place.name, "file": str(place), "version": sqlite3.sqlite_version}


def load(kernel: Kernel, instance: Instance, secret: Mapping[str, str], dump: Path, tell: Tell) -> None:
    """Make the database of a dump; what was there before stays until the whole of it is loaded.

    What `dump` wrote is taken back too, which is no text but a file of SQLite.
    """
    if _is_sqlite(dump):
        _take_back(_file(kernel, instance), dump)
        return
    with _in_one_piece(_file(kernel, instance)) as draft, closing(_opened(draft)) as connection:
        connection.set_authorizer(_nothing_outside)
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN")
        for line, statement in _statements(dump, tell):
            try:
                connection.execute(statement)
            except sqlite3.Error as error:
                raise DumpRefused(
                    "%(file)s, line %(line)s: the database says: %(reason)s",
                    file=dump.name,
                    line=line,
                    reason=str(error),
                ) from None
        connection.commit()


def drop(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> None:
    """Remove the file, with what SQLite keeps beside it."""
    place = Path(str(_facts(kernel, instance).get("file") or ""))
    if place.is_relative_to(instance.data):
        for ending in ("", "-wal", "-shm", "-journal"):
            place.with_name(place.name + ending).unlink(missing_ok=True)


def dump(kernel: Kernel, instance: Instance, secret: Mapping[str, str], to: Path) -> Path:
    """Write a copy of the database as of one moment; it is a SQLite file again."""
    made = to / f"{instance.name}.sqlite"
    with closing(_opened(_file(kernel, instance))) as source, closing(_opened(made)) as copy:
        source.backup(copy)
    made.chmod(0o600)
    return made


def tables(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> int:
    """Return how many tables the file holds; 0 where there is no file."""
    place = _facts(kernel, instance).get("file")
    if not place or not Path(place).exists():
        return 0
    with closing(_opened(Path(place))) as connection:
        try:
            return int(connection.execute(_TABLES).fetchone()[0])
        except sqlite3.DatabaseError as error:
            raise LumbungError(
                "%(file)s is not a SQLite database: %(reason)s", file=Path(place).name, reason=str(error)
            ) from None


def allow_adapter(kernel: Kernel, instance: Instance, secret: Mapping[str, str], tables: Sequence[str]) -> None:
    """Refuse tables that are not there; SQLite has no users, `connect_as_adapter` sees to their rights."""
    with closing(_opened(_file(kernel, instance))) as connection:
        known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    missing = [name for name in tables if name not in known]
    if missing:
        raise LumbungError(
            "Plugin %(plugin)s lets its adapter into tables that are not in its database: %(tables)s.",
            plugin=instance.name,
            tables=missing,
        )


@contextmanager
def connect_as_app(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> Iterator[sqlite3.Connection]:
    """Yield a connection that may do what the application may, within its own file."""
    with closing(_opened(_file(kernel, instance))) as connection:
        connection.set_authorizer(_nothing_outside)
        with connection:
            yield connection


@contextmanager
def connect_as_adapter(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> Iterator[sqlite3.Connection]:
    """Yield a connection that may read, change and delete rows of the adapter's tables and nothing else."""
    adapter = instance.plugin.manifest.data_adapter
    allowed = frozenset(adapter.tables if adapter else ())

    def judge(action: int, first: str | None, _second: str | None, _file: str | None, _by: str | None) -> int:
        fits = action in _MAY_ALWAYS or (action in _MAY_IN_TABLES and first in allowed)
        return sqlite3.SQLITE_OK if fits else sqlite3.SQLITE_DENY

    with closing(_opened(_file(kernel, instance))) as connection:
        connection.set_authorizer(judge)
        with connection:
            yield connection


def _is_sqlite(dump: Path) -> bool:
    with dump.open("rb") as file:
        return file.read(len(_HEAD)) == _HEAD


def _take_back(place: Path, copy: Path) -> None:
    with _in_one_piece(place) as draft:
        shutil.copyfile(copy, draft)
        with closing(_opened(draft)) as connection:
            try:
                said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            except sqlite3.DatabaseError as error:
                said = str(error)
        if said != "ok":
            raise DumpRefused("%(file)s is damaged: the database says: %(reason)s", file=copy.name, reason=said)


def _statements(dump: Path, tell: Tell) -> Iterator[tuple[int, str]]:
    """Yield the statements of a dump, each with the line it begins in; transactions of its own are left out."""
    began, gathered, read, said = 1, "", 0, 0
    try:
        with dump.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                read += len(line)
                if read - said > _SAY_EVERY:
                    said = read
                    tell(Sentence("%(file)s: %(size)s MB are loaded.", file=dump.name, size=read // 1024**2))
                if not gathered.strip():
                    began, gathered = number, ""
                gathered += line
                if line.rstrip().endswith(";") and sqlite3.complete_statement(gathered):
                    if not _begins_or_ends(gathered):
                        yield began, gathered
                    gathered = ""
    except UnicodeDecodeError:
        raise DumpRefused("%(file)s is not UTF-8 text.", file=dump.name) from None
    if gathered.strip():
        yield began, gathered


def _begins_or_ends(statement: str) -> bool:
    word = statement.strip(" \t\r\n;").split(maxsplit=1)
    return bool(word) and word[0].upper() in ("BEGIN", "COMMIT", "END", "PRAGMA", "ROLLBACK")


def _nothing_outside(action: int, *_about: str | None) -> int:
    """Keep a donated statement from opening other files of this machine."""
    return sqlite3.SQLITE_DENY if action in _REACHES_OUT else sqlite3.SQLITE_OK


def _opened(place: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(place, timeout=10, check_same_thread=False)
    except sqlite3.Error as error:
        raise LumbungError("%(file)s cannot be opened: %(reason)s", file=place.name, reason=str(error)) from None


@contextmanager
def _in_one_piece(place: Path) -> Iterator[Path]:
    """Yield a file beside ``place`` that takes its place when the block ends well."""
    draft = place.with_name(f".{secrets.token_hex(6)}.lumbung")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield draft
        draft.replace(place)
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            draft.with_name(draft.name + ending).unlink(missing_ok=True)


def _facts(kernel: Kernel, instance: Instance) -> Facts:
    return dict(facts_of(kernel, instance).get("database") or {})


def _file(kernel: Kernel, instance: Instance) -> Path:
    place = _facts(kernel, instance).get("file")
    if not place:
        raise LumbungError("%(instance)s has no database yet.", instance=instance.label)
    return Path(place)
