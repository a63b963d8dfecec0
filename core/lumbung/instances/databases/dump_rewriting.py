"""A dump made fit for the server here: what it must not do is left out, what it cannot know is replaced.

Line numbers stay as they are: what the server says of a line is true of the file that was given.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from lumbung.errors import LumbungError, Sentence
from lumbung.instances.databases.dump_statements import NAME, STRING, Statement, statements

MOST_LINES_TOLD = 10
_WINDOWS = "lumbung-windows-1252"
_USER = rb"(?:%s|'[^']*'|\"[^\"]*\")" % NAME
_DEFINER = rb"DEFINER\s*=\s*(?:%s\s*@\s*(?:%s|[\w.%%-]+)|CURRENT_USER(?:\s*\(\s*\))?|%s)" % (_USER, _USER, _USER)
COLLATION = re.compile(rb"\butf8(?:mb[34])?_[a-z0-9_]+\b", re.IGNORECASE)
_REMARK = rb"--[ \t][^\n]*+|#[^\n]*+|/\*(?!M?!).*?\*/|`[^`]*+`"  # and names: what stands there is left alone
_PARTS = re.compile(
    rb"(?P<remark>%s)|(?P<text>%s)|(?P<definer>\b%s)|(?P<collation>%s)"
    % (_REMARK, STRING, _DEFINER, COLLATION.pattern),
    re.IGNORECASE | re.DOTALL,
)
_OF_MYSQL_8 = re.compile(rb"utf8mb4_(?:[a-z]+_)*0900_\w+", re.IGNORECASE)
_BINARY = re.compile(rb"(_binary\s*(?:%s))" % STRING, re.IGNORECASE | re.DOTALL)
_SET_NAMES = re.compile(rb"^\s*(?:/\*!\d*\s*)?SET\s+NAMES\s+['\"]?(\w+)", re.IGNORECASE)
_IF = rb"(?:/\*!\d*\s*)?(?:IF\s+(?:NOT\s+)?EXISTS\s*)?(?:\*/\s*)?"
DATABASE = re.compile(rb"(?:USE|(?:CREATE|DROP|ALTER)\s+(?:DATABASE|SCHEMA))\s+%s(%s)" % (_IF, NAME), re.IGNORECASE)
_LEFT_OUT = re.compile(
    rb"(?P<database>(?:CREATE|DROP|ALTER)\s+(?:OR\s+REPLACE\s+)?(?:DATABASE|SCHEMA)\b|USE\b)"
    rb"|(?P<account>(?:CREATE|ALTER|DROP|RENAME)\s+(?:OR\s+REPLACE\s+)?(?:USER|ROLE)\b|GRANT\b|REVOKE\b"
    rb"|SET\s+(?:PASSWORD|DEFAULT\s+ROLE|ROLE)\b)"
    rb"|(?P<server>SET\s+(?:GLOBAL|PERSIST)\b|SET\s+@@(?:GLOBAL|PERSIST)\b"
    rb"|SET\s+(?:@@)?(?:SESSION[\s.]\s*)?SQL_LOG_BIN\b|CHANGE\s+(?:MASTER|REPLICATION)\b|INSTALL\b|UNINSTALL\b|FLUSH\b|RESET\b"
    rb"|PURGE\b|KILL\b|SHUTDOWN\b|LOAD\s+DATA\b|(?:START|STOP)\s+(?:SLAVE|REPLICA)\b)"
)
_MYISAM = re.compile(rb"\b(?:ENGINE|TYPE)\s*=\s*MyISAM\b", re.IGNORECASE)
DATA = (b"INSERT", b"REPLACE", b"UPDATE", b"DELETE")


def is_left_out(statement: Statement) -> str | None:
    """Return the words of a statement that is never loaded (``CREATE DATABASE``), None for all others."""
    found = _LEFT_OUT.match(statement.head)
    return " ".join(found[0].decode(errors="replace").split()) if found else None


def database_of(statement: Statement) -> str | None:
    """Return the database that a statement such as ``USE`` names."""
    found = DATABASE.match(statement.code)
    return found[1].strip(b"`").decode(errors="replace") if found else None


def charset_in(line: bytes) -> str | None:
    """Return the character set that a line says it and the following are in (``SET NAMES utf8mb4``)."""
    found = _SET_NAMES.match(line) if len(line) < 300 else None
    return found[1].decode().lower() if found else None


def is_utf8(line: bytes) -> bool:
    """Whether a line is UTF-8, but for texts that say they are none (``_binary '...'``)."""
    if line.isascii() or _decodes(line):
        return True
    return b"_binary" in line.lower() and _decodes(_BINARY.sub(b"", line))


@dataclass
class Rewriter:
    """Makes a dump fit. ``known`` are the server's collations; with ``old_bytes`` a line that is not UTF-8 is
    Windows-1252, as it was in the office's old programs, else it stops the loading.
    """

    file: str
    known: Collection[str] = ()
    old_bytes: bool = False
    left_out: Counter[str] = field(default_factory=Counter)
    replaced: Counter[str] = field(default_factory=Counter)
    definers: int = 0
    old_lines: list[int] = field(default_factory=list)
    old_lines_in_all: int = 0
    old_storage: int = 0
    databases: list[str] = field(default_factory=list)
    said: str | None = None  # the character set it says it is in

    def rewritten(self, lines: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
        """Yield the dump as it is to be loaded, as many lines as there were.

        Raises `LumbungError` for one that ends in the middle, holds several databases or a line that is not UTF-8.
        """
        for statement in statements(self.readable(lines), self.file):
            yield self.taken(statement)
            if len(self.databases) > 1:
                raise LumbungError(
                    "%(file)s holds several databases (%(names)s): export the one that the application uses.",
                    file=self.file,
                    names=self.databases,
                )

    def taken(self, statement: Statement) -> bytes:
        """Return a statement as it is to be loaded, and note what was done to it."""
        what = is_left_out(statement)
        if what is not None:
            self.left_out[what] += 1
            named = database_of(statement) if what == "USE" else None
            if named and named not in self.databases:
                self.databases.append(named)
            return b"\n" * statement.data.count(b"\n")
        if statement.head.startswith(DATA):
            return statement.data
        if statement.head.startswith(b"CREATE") and _MYISAM.search(statement.data):
            self.old_storage += 1
        return _PARTS.sub(self._part, statement.data)

    def findings(self) -> Iterator[Sentence]:
        """Yield what was done to the dump, a sentence each."""
        if self.left_out:
            what = [f"{words} ({count})" for words, count in self.left_out.most_common()]
            yield Sentence("%(file)s: left out, the platform's business: %(what)s.", file=self.file, what=what)
        if self.replaced:
            yield Sentence(
                "%(file)s: collations that this server does not know were replaced: %(what)s.",
                file=self.file,
                what=sorted(self.replaced),
            )
        if self.definers:
            yield Sentence(
                "%(file)s: DEFINER clauses taken off: %(count)s; views and triggers run as the application's user.",
                file=self.file,
                count=self.definers,
            )
        if self.old_storage:
            yield Sentence(
                "%(file)s: tables of the kind MyISAM, which a power cut may damage: %(count)s.",
                file=self.file,
                count=self.old_storage,
            )
        if self.old_lines:
            yield Sentence(
                "%(file)s: lines that are not UTF-8 and were read as Windows-1252: %(count)s; "
                "the first of them: %(lines)s.",
                file=self.file,
                count=self.old_lines_in_all,
                lines=self.old_lines,
            )

    def readable(self, lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        """Yield the lines as UTF-8, unless the dump says that they are in something else."""
        for number, line in lines:
            self.said = charset_in(line) or self.said
            if not (self.said or "utf8").startswith(("utf8", "binary")) or is_utf8(line):
                yield number, line
                continue
            self.old_lines_in_all += 1
            if len(self.old_lines) < MOST_LINES_TOLD:
                self.old_lines.append(number)
            if not self.old_bytes:
                raise LumbungError(
                    '%(file)s: line %(line)s is not UTF-8; if it is Windows text, set charset = "latin1" under '
                    "[process.database]; if it is pictures or files, export with --hex-blob.",
                    file=self.file,
                    line=number,
                )
            yield number, b"".join(_from_windows(part) for part in _BINARY.split(line))

    def _part(self, found: re.Match[bytes]) -> bytes:
        if found["remark"] is not None:
            return found[0]
        text = found["text"]
        if text is not None:
            inside = text[1:-1]
            return text[:1] + self._collation(inside) + text[-1:] if COLLATION.fullmatch(inside) else text
        if found["definer"] is not None:
            self.definers += 1
            return b"\n" * found[0].count(b"\n")
        return self._collation(found[0])

    def _collation(self, name: bytes) -> bytes:
        written = name.decode().lower()
        if written in self.known if self.known else not _OF_MYSQL_8.fullmatch(name):
            return name
        if not _OF_MYSQL_8.fullmatch(name) and "uca1400" not in written:
            return name  # a name of theirs that only looks like a collation: utf8_nama
        self.replaced[written] += 1
        return b"utf8mb4_bin" if written.endswith(("_bin", "_cs")) else b"utf8mb4_unicode_ci"


def _decodes(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _from_windows(part: bytes) -> bytes:
    """Return a part of a line as UTF-8: what already was stays, bytes that cannot be are Windows-1252."""
    return part if _BINARY.fullmatch(part) else part.decode(errors=_WINDOWS).encode()


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101  (it is used for decoding only)
    meant = error.object[error.start : error.end].decode("cp1252", errors="replace")
    return meant.replace("\N{REPLACEMENT CHARACTER}", "?"), error.end


codecs.register_error(_WINDOWS, _as_windows)
