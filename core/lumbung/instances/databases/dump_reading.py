"""What a dump is, without a server: whose it is, how old, which tables it holds, and what one should know first.

A dump is read once, in pieces: a gigabyte takes a minute or two and no memory to speak of.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from lumbung.errors import LumbungError
from lumbung.instances.databases.dump_contents import Contents, Found, Gathered, is_password, personal_columns
from lumbung.instances.databases.dump_files import DumpFile, open_dump
from lumbung.instances.databases.dump_header import EngineName, Header, engine_in
from lumbung.instances.databases.dump_rewriting import Rewriter, database_of, is_left_out
from lumbung.instances.databases.dump_statements import Statement, statements

ENDINGS = (".sql", ".sql.gz", ".zip", ".sqlite", ".sqlite3", ".db")
SKIPPED_FOLDERS = frozenset(["vendor", "node_modules", ".git", ".venv", "venv", "site-packages", "__pycache__"])
LOOKED_AT = 200  # rows of a table of accounts in a SQLite file
MOST_LEFT_OUT = 100
_SAY_EVERY = 4 * 1024 * 1024
_MAKES = re.compile(rb"CREATE\b[^(;]{0,400}?\b(TRIGGER|PROCEDURE|FUNCTION|VIEW|EVENT)\b", re.IGNORECASE | re.DOTALL)
_COPY = re.compile(rb"COPY\s+([^\s(]+)\s*\(([^)]*)\)\s+FROM\s+stdin", re.IGNORECASE)


@dataclass(frozen=True)
class DumpTable:
    """A table of a dump. ``rows`` is counted from its INSERTs (close, not exact); ``storage`` is "MyISAM", "InnoDB"."""

    name: str
    columns: tuple[str, ...]
    rows: int
    storage: str | None = None
    personal: tuple[str, ...] = ()  # columns that hold data of people: nik, nama, telepon, password ...


KnownAccount = Found  # table, name, line, kind of password, well_known (anyone can guess it), administrator


@dataclass(frozen=True)
class DumpReport:
    """What `read_dump` found. Lines are counted from 1, in the unpacked file."""

    path: Path
    engine: EngineName
    server_version: str | None = None  # "8.0.30", as its first lines say
    charset: str | None = None  # as SET NAMES or the tables say: "utf8mb4", "latin1"
    database: str | None = None  # the name it had where it was made
    written_at: datetime | None = None  # its own words, else the time inside an archive; never the file's own
    size: int = 0  # bytes, unpacked
    tables: tuple[DumpTable, ...] = ()
    accounts: tuple[KnownAccount, ...] = ()
    foreign_collations: tuple[str, ...] = ()  # of MySQL 8, which MariaDB does not know; replaced when it is loaded
    definers: int = 0  # DEFINER clauses, taken off when it is loaded
    triggers: int = 0
    routines: int = 0
    views: int = 0
    left_out: tuple[tuple[int, str], ...] = ()  # line and statement (CREATE DATABASE, GRANT, USE ...), not loaded
    not_utf8_lines: tuple[int, ...] = ()  # the first ten
    not_utf8: int = 0  # how many there are
    databases: tuple[str, ...] = ()  # that it uses; one with several cannot be loaded, one of them is to be exported
    complete: bool = True  # False: it ends in the middle of a statement, or without the last line it promises

    @property
    def old_storage(self) -> tuple[str, ...]:
        """Names of the tables that are MyISAM: a crash may damage them, and they know no transactions."""
        return tuple(table.name for table in self.tables if (table.storage or "").lower() in ("myisam", "aria"))

    @property
    def personal(self) -> dict[str, tuple[str, ...]]:
        """The columns with data of people, by table."""
        return {table.name: table.personal for table in self.tables if table.personal}

    @property
    def rows(self) -> int:
        """Rows of all tables together, about."""
        return sum(table.rows for table in self.tables)


Told = Callable[[int, int], None]


def _nobody(_done: int, _total: int) -> None:
    """Hear nothing."""


def read_dump(path: Path, tell: Told = _nobody) -> DumpReport:
    """Read a dump: ``.sql``, ``.sql.gz``, ``.zip`` with one ``.sql`` in it, or the file of a SQLite database.

    ``tell`` is called with bytes of the file read so far, and in all. Raises `LumbungError` in one sentence when the
    file cannot be read, or is none of these.
    """
    with open_dump(path) as file:
        start = file.start()
        if start.startswith(b"SQLite format 3\0"):
            return _read_sqlite(path)
        if start.startswith(b"PGDMP"):
            return DumpReport(path, "postgresql", size=file.total)
        reading = _Reading(file, Header(engine_in(start)))
        if reading.header.engine in ("postgresql", "sqlite"):
            reading.by_lines(_told(file, tell))
        else:
            reading.by_statements(_told(file, tell))
    report = reading.report()
    if report.engine == "unknown" and not report.tables:
        raise LumbungError("%(file)s is no dump of a database.", file=path.name)
    return report


def dumps_in(folder: Path) -> list[DumpReport]:
    """Return what is known of every dump in a tree, the newest first (those without a date last, the longest first).

    A file that cannot be read is left out, as are folders of libraries; links are not followed.
    """
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for path in (Path(place, name) for name in sorted(names) if name.lower().endswith(ENDINGS)):
            if path.is_file() and not path.is_symlink():
                with suppress(LumbungError):
                    found.append(read_dump(path))
    return sorted(found, key=lambda one: (one.written_at or datetime.min, one.size), reverse=True)  # noqa: DTZ901


@dataclass
class _Reading:
    """What has been read of a text so far."""

    file: DumpFile
    header: Header
    contents: Contents = field(default_factory=Contents)
    size: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    left_out: list[tuple[int, str]] = field(default_factory=list)
    whole: bool = True

    def __post_init__(self) -> None:
        self.rewriter = Rewriter(self.file.name, old_bytes=True)

    def _heard(self, lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        for number, line in lines:
            self.size += len(line)
            self.header.hear(line)
            yield number, line

    def by_statements(self, lines: Iterable[tuple[int, bytes]]) -> None:
        """Read a dump for MySQL or MariaDB."""
        statement = None
        for statement in statements(self.rewriter.readable(self._heard(lines)), self.file.name):
            self._take(statement)
        if statement is not None and not statement.ended and statement.code:
            self.whole = False

    def _take(self, statement: Statement) -> None:
        if what := is_left_out(statement):
            if len(self.left_out) < MOST_LEFT_OUT:
                self.left_out.append((statement.at, what))
            named = database_of(statement)
            self.header.database = self.header.database or named
            self.rewriter.taken(statement)
            return
        head = statement.head
        if head.startswith((b"INSERT", b"REPLACE")):
            self.contents.insert(statement.code, statement.at)
            return
        if head.startswith(b"CREATE"):
            made = _MAKES.match(statement.code)
            if made is not None:
                what = made[1].decode().upper()
                self.counts[what] = self.counts.get(what, 0) + 1
            elif not statement.data.lstrip().startswith(b"/*!50001"):  # that one stands for a view
                self.contents.create(statement.code)
        self.rewriter.taken(statement)

    def by_lines(self, lines: Iterable[tuple[int, bytes]]) -> None:
        """Read a dump of PostgreSQL or SQLite, which their programs write a statement at a time."""
        table: list[bytes] = []
        copied: tuple[str, tuple[str, ...]] | None = None
        for number, line in self.rewriter.readable(self._heard(lines)):
            if copied is not None:
                copied = self._copied(copied, line, number)
            elif table or re.match(rb"CREATE\s+(?:UNLOGGED\s+)?TABLE\b", line, re.IGNORECASE):
                table.append(line)
                if line.rstrip().endswith(b";"):
                    self.contents.create(b"".join(table))
                    table = []
            elif found := _COPY.match(line):
                name = found[1].rpartition(b".")[2].strip(b'"').decode(errors="replace")
                columns = tuple(one.strip(b' "').decode(errors="replace") for one in found[2].split(b","))
                self.contents.tables.setdefault(name, Gathered(columns))
                copied = (name, columns)
            elif line.startswith(b"INSERT"):
                self.contents.insert(line, number)
            elif made := _MAKES.match(line):
                what = made[1].decode().upper()
                self.counts[what] = self.counts.get(what, 0) + 1
        self.whole = not table and copied is None

    def _copied(
        self, into: tuple[str, tuple[str, ...]], line: bytes, number: int
    ) -> tuple[str, tuple[str, ...]] | None:
        name, columns = into
        if line.rstrip(b"\r\n") == b"\\.":
            return None
        table = self.contents.tables[name]
        table.rows += 1
        if table.rows <= LOOKED_AT and any(is_password(column) for column in columns):
            row = line.rstrip(b"\r\n").decode(errors="replace").split("\t")
            self.contents.row(name, columns, row, number)
        return into

    def report(self) -> DumpReport:
        """Return all of it."""
        header, rewriter, tables = self.header, self.rewriter, self.contents.tables
        charsets = {table.charset for table in tables.values() if table.charset}
        engine = header.engine
        if engine == "unknown" and any(table.storage for table in tables.values()):
            engine = "mysql"
        return DumpReport(
            self.file.path,
            engine,
            server_version=header.version,
            charset=rewriter.said or (charsets.pop() if len(charsets) == 1 else None),
            database=header.database,
            written_at=header.written_at or self.file.packed_at,
            size=self.size,
            tables=_tables(self.contents),
            accounts=tuple(self.contents.accounts),
            foreign_collations=tuple(sorted(rewriter.replaced)),
            definers=rewriter.definers,
            triggers=self.counts.get("TRIGGER", 0),
            routines=self.counts.get("PROCEDURE", 0) + self.counts.get("FUNCTION", 0),
            views=self.counts.get("VIEW", 0),
            left_out=tuple(self.left_out),
            not_utf8_lines=tuple(rewriter.old_lines),
            not_utf8=rewriter.old_lines_in_all,
            databases=tuple(rewriter.databases),
            complete=self.whole and (header.has_an_end or not header.promises_an_end),
        )


def _read_sqlite(path: Path) -> DumpReport:
    """Read the file of a SQLite database; nothing is written, not even beside it."""
    contents = Contents()
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in names:
                quoted = '"' + name.replace('"', '""') + '"'
                columns = tuple(str(row[1]) for row in database.execute(f"PRAGMA table_info({quoted})"))
                (rows,) = database.execute(f"SELECT count(*) FROM {quoted}").fetchone()  # noqa: S608  (quoted)
                contents.tables[name] = Gathered(columns, rows)
                if any(is_password(column) for column in columns):
                    rows = database.execute(f"SELECT * FROM {quoted} LIMIT {LOOKED_AT}")  # noqa: S608  (quoted)
                    for row in rows:
                        contents.row(name, columns, ["" if value is None else str(value) for value in row], 0)
    except sqlite3.Error as error:
        raise LumbungError("%(file)s cannot be read: %(reason)s.", file=path.name, reason=str(error)) from None
    return DumpReport(
        path,
        "sqlite",
        size=path.stat().st_size,
        tables=_tables(contents),
        accounts=tuple(contents.accounts),
    )


def _tables(contents: Contents) -> tuple[DumpTable, ...]:
    return tuple(
        DumpTable(name, table.columns, table.rows, table.storage, personal_columns(name, table.columns))
        for name, table in contents.tables.items()
    )


def _told(file: DumpFile, tell: Told) -> Iterator[tuple[int, bytes]]:
    said = 0
    for number, line in file.lines():
        if file.done - said > _SAY_EVERY:
            said = file.done
            tell(said, file.total)
        yield number, line
    tell(file.total, file.total)
