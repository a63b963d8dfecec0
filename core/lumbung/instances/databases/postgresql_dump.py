"""A plain dump of PostgreSQL, loaded without ``psql``: that program does more than SQL, up to starting others.

What belongs to the server or to another owner is left out: the one who loads it owns all of it.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import psycopg

from lumbung.database.engine import first_line
from lumbung.errors import LumbungError, Sentence
from lumbung.instances.databases import DumpRefused, Tell

LONGEST_STATEMENT = 512 * 1024**2  # bytes
_SAY_EVERY = 4 * 1024 * 1024
_PIECE = re.compile(
    rb"'(?:[^'])*'|\"[^\"]*\"|--[^\n]*|/\*|\*/|\$(?:[A-Za-z_]\w*)?\$|[';\"]|\bE'(?:[^'\\]|\\.|'')*'|[^-'\"$;/*E]+|.",
    re.DOTALL,
)
_COPY = re.compile(rb"\s*COPY\s.+\sFROM\s+stdin\b", re.IGNORECASE | re.DOTALL)
_LEFT_OUT = re.compile(
    rb"\s*(?:ALTER\s+[^;]*\sOWNER\s+TO\s|GRANT\s|REVOKE\s|ALTER\s+DEFAULT\s+PRIVILEGES|COMMENT\s+ON\s+(?:EXTENSION|SCHEMA|"
    rb"DATABASE)\b|CREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?plpgsql\b|(?:CREATE|DROP|ALTER)\s+SCHEMA\s+"
    rb"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?public\b|(?:CREATE|DROP|ALTER)\s+(?:DATABASE|ROLE|USER)\b|"
    rb"SET\s+(?:SESSION\s+AUTHORIZATION|ROLE|transaction_timeout|default_with_oids)\b|"
    rb"(?:BEGIN|COMMIT|END|ROLLBACK|START\s+TRANSACTION)\b)",
    re.IGNORECASE,
)
_COMMENTS = re.compile(rb"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)+", re.DOTALL)


@dataclass
class _Gathering:
    """A statement while its lines are gathered. ``within`` is what ends the quote or comment that is open."""

    line: int = 1
    text: bytearray = field(default_factory=bytearray)
    within: bytes = b""

    def add(self, piece: bytes, number: int) -> None:
        """Take in the next piece; white space before a statement is not part of it."""
        if not self.text:
            piece, self.line = piece.lstrip(), number
        self.text += piece


def load_into(connection: psycopg.Connection[Any], dump: Path, tell: Tell) -> None:
    """Load a dump through a connection and commit; roll back and raise `DumpRefused` with file and line."""
    size = dump.stat().st_size
    with _opened(dump) as (file, raw):
        lines = _Lines(file, raw, dump, size, tell)
        for line, statement in _statements(lines):
            try:
                with connection.cursor() as cursor:
                    if _COPY.match(statement):
                        _copy(cursor, statement, lines)
                    else:
                        cursor.execute(statement, prepare=False)
            except psycopg.Error as error:
                connection.rollback()
                raise _refused(dump, line, lines, statement, error) from None
            except DumpRefused:
                connection.rollback()
                raise
    connection.commit()


class _Lines:
    """The lines of a dump, counted, with a word now and then about how far it is."""

    def __init__(self, file: IO[bytes], raw: IO[bytes], dump: Path, size: int, tell: Tell) -> None:
        self.number = 0
        self._file, self._raw, self._dump, self._size, self._tell = file, raw, dump, size, tell
        self._said = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            line = self._file.readline()
        except (OSError, EOFError):
            raise DumpRefused("%(file)s is damaged: it cannot be unpacked.", file=self._dump.name) from None
        if not line:
            raise StopIteration
        self.number += 1
        read = self._raw.tell()
        if read - self._said > _SAY_EVERY:
            self._said = read
            share = min(100, 100 * read // max(1, self._size))
            self._tell(Sentence("%(file)s: %(share)s of 100 parts are loaded.", file=self._dump.name, share=share))
        return line


@contextmanager
def _opened(dump: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Yield a dump as lines of SQL, and the file as it lies there, which says how far one has read."""
    try:
        raw = dump.open("rb")
    except OSError as error:
        raise LumbungError(
            "%(file)s cannot be read: %(reason)s", file=dump.name, reason=error.strerror or error
        ) from None
    with raw:
        if raw.peek(5)[:5] == b"PGDMP":
            raise DumpRefused(
                "%(file)s is a dump in PostgreSQL's own form; write it as plain SQL: pg_restore --file=dump.sql.",
                file=dump.name,
            )
        yield (cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if dump.suffix == ".gz" else raw), raw


def _statements(lines: _Lines) -> Iterator[tuple[int, bytes]]:
    """Yield each statement with the line it begins in. After a COPY its rows are the taker's to read."""
    now = _Gathering()
    for line in lines:
        if not now.within and line.startswith(b"\\"):
            continue  # a command to psql
        rest = line
        while rest:
            length, ended = _scanned(rest, now)
            now.add(rest[:length], lines.number)
            rest = rest[length:]
            if len(now.text) > LONGEST_STATEMENT:
                raise DumpRefused("Line %(line)s begins a statement that does not end.", line=now.line)
            if ended:
                statement = bytes(_COMMENTS.sub(b"", now.text))
                started = now.line + bytes(now.text[: len(now.text) - len(statement)]).count(b"\n")
                now = _Gathering()
                if statement.strip(b"; \t\r\n") and not _LEFT_OUT.match(statement):
                    yield started, statement
    if _COMMENTS.sub(b"", now.text).strip():
        yield now.line, bytes(now.text)


def _scanned(text: bytes, now: _Gathering) -> tuple[int, bool]:
    """Return up to where ``text`` belongs to the statement, and whether that ends there."""
    at = 0
    while at < len(text):
        if now.within:
            end = text.find(now.within, at)
            if end < 0:
                return len(text), False
            at, now.within = end + len(now.within), b""
            continue
        found = _PIECE.match(text, at)
        assert found is not None  # noqa: S101  (its last alternative fits any byte)
        piece, at = found[0], found.end()
        if piece == b";":
            return at, True
        if piece in (b"'", b'"'):
            now.within = piece
        elif piece == b"/*":
            now.within = b"*/"
        elif piece.startswith(b"$") and piece.endswith(b"$") and len(piece) > 1:
            now.within = piece
    return len(text), False


def _copy(cursor: psycopg.Cursor[Any], statement: bytes, lines: _Lines) -> None:
    with cursor.copy(statement.rstrip(b"; \t\r\n")) as rows:
        for line in lines:
            if line.rstrip(b"\r\n") == b"\\.":
                return
            rows.write(line)


def _refused(dump: Path, line: int, lines: _Lines, statement: bytes, error: psycopg.Error) -> DumpRefused:
    """Say where: for a row of a COPY the server counts from its beginning, in a statement it counts letters."""
    context = error.diag.context or ""
    if _COPY.match(statement) and (row := re.search(r"line (\d+)", context)):
        line += int(row[1])
    elif error.diag.statement_position:
        head = statement.decode("utf-8", "replace")[: int(error.diag.statement_position) - 1]
        line += head.count("\n")
    return DumpRefused(
        "%(file)s, line %(line)s: the database says: %(reason)s", file=dump.name, line=line, reason=first_line(error)
    )
