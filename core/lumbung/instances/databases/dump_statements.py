"""The statements of a dump for MySQL or MariaDB, found as their command-line client finds them.

It knows quotes, comments and ``DELIMITER``; a ``;`` or the word ``USE`` in a text is a text.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lumbung.errors import LumbungError

LONGEST_STATEMENT = 64 * 1024 * 1024  # bytes, as the embedded server's max_allowed_packet
STRING = rb"""'[^'\\]*+(?:\\.[^'\\]*+)*+'|"[^"\\]*+(?:\\.[^"\\]*+)*+\""""
NAME = rb"(?:`(?:[^`]|``)+`|[\w$\x80-\xff]+)"
_LEAD = re.compile(
    rb"(?:\s+|--(?=\s|\Z)[^\n]*+\n?|#[^\n]*+\n?|/\*(?!M?!).*?\*/|/\*M?!\d*\s*+)*+", re.DOTALL | re.IGNORECASE
)
_DELIMITER = re.compile(rb"\s*DELIMITER\s+(\S+)", re.IGNORECASE)
_ENDS = {
    b"'": re.compile(rb"[^'\\]*+(?:\\.[^'\\]*+)*+'", re.DOTALL),
    b'"': re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL),
    b"`": re.compile(rb"[^`]*+`"),
    b"/*": re.compile(rb".*?\*/", re.DOTALL),
}


@dataclass(frozen=True)
class Statement:
    """One statement: ``data`` is all of it, comments in front and the delimiter behind; it begins in line ``line``."""

    line: int
    data: bytes
    delimiter: bytes = b";"
    ended: bool = True

    @functools.cached_property
    def _lead(self) -> int:
        found = _LEAD.match(self.data)
        return found.end() if found else 0

    @property
    def code(self) -> bytes:
        """What is behind the comments, without the delimiter; empty for comments alone."""
        return self.data[self._lead :].rstrip().removesuffix(self.delimiter)

    @property
    def head(self) -> bytes:
        """Its first words, upper case: enough to tell what it is."""
        return self.data[self._lead : self._lead + 200].upper()

    @property
    def at(self) -> int:
        """The line where its first word stands."""
        return self.line + self.data.count(b"\n", 0, self._lead)


def statements(lines: Iterable[tuple[int, bytes]], file: str) -> Iterator[Statement]:
    """Yield every statement of the dump ``file``, and what is left at the end; joined they are the dump again.

    Raises `LumbungError` for a statement that is longer than any server takes.
    """
    splitter = _Splitter(file)
    for number, line in lines:
        yield from splitter.feed(number, line)
    yield from splitter.rest()


class _Splitter:
    def __init__(self, file: str) -> None:
        self._file = file
        self._open = b""  # the quote or comment that we are in
        self._held: list[bytes] = []
        self._size = 0
        self._first = 1
        self._use(b";")

    def _use(self, delimiter: bytes) -> None:
        self._delimiter = delimiter
        self._ordinary = _ordinary(delimiter)

    def feed(self, number: int, line: bytes) -> Iterator[Statement]:
        if not self._open and line[:20].lstrip()[:9].upper() == b"DELIMITER" and self._is_blank():
            found = _DELIMITER.match(line)
            if found:
                yield from self.rest()
                yield Statement(number, line, b"")
                self._use(found[1])
                return
        start = 0
        for end in self._ends_in(line):
            yield self._taken(number, line[start:end], ended=True)
            start = end
        self._hold(number, line[start:])

    def rest(self) -> Iterator[Statement]:
        if self._held:
            yield self._taken(self._first, b"", ended=False)

    def _is_blank(self) -> bool:
        held = b"".join(self._held)
        found = _LEAD.match(held)
        return found is not None and found.end() == len(held)

    def _hold(self, number: int, part: bytes) -> None:
        if not self._held:
            self._first = number
        if part:
            self._held.append(part)
            self._size += len(part)
        if self._size > LONGEST_STATEMENT:
            raise LumbungError(
                "%(file)s: the statement of line %(line)s is longer than %(most)s MB; export with several rows a "
                "statement.",
                file=self._file,
                line=self._first,
                most=LONGEST_STATEMENT // 1024 // 1024,
            )

    def _taken(self, number: int, part: bytes, *, ended: bool) -> Statement:
        self._hold(number, part)
        made = Statement(self._first, b"".join(self._held), self._delimiter, ended)
        self._held, self._size = [], 0
        return made

    def _ends_in(self, line: bytes) -> Iterator[int]:
        """Yield where statements end in a line, and remember in which quote or comment it leaves off."""
        at = 0
        while at < len(line):
            if self._open:
                closed = _ENDS[self._open].match(line, at)
                if closed is None:
                    return
                at, self._open = closed.end(), b""
                continue
            run = self._ordinary.match(line, at)
            at = run.end() if run else at
            if line.startswith(self._delimiter, at):
                at += len(self._delimiter)
                yield at
            elif line.startswith(b"/*", at):
                executed = line.startswith((b"/*!", b"/*M!"), at)
                at, self._open = at + 2, b"" if executed else b"/*"
            elif line.startswith(b"#", at) or (line.startswith(b"--", at) and line[at + 2 : at + 3] in _SPACES):
                return
            elif line[at : at + 1] in (b"'", b'"', b"`"):
                at, self._open = at + 1, line[at : at + 1]
            else:
                at += 1


_SPACES = (b"", b" ", b"\t", b"\r", b"\n")


@functools.cache
def _ordinary(delimiter: bytes) -> re.Pattern[bytes]:
    """Return what matches as far as nothing can end or begin: whole texts and names, all but a few letters."""
    first = delimiter[:1]
    pauses = {b"'", b'"', b"`", b"#", b"/", b"-", first}
    letters = b"".join(re.escape(letter) for letter in sorted(pauses))
    parts = [b"[^%s]++" % letters, STRING, rb"`[^`]*+`"]
    parts += [part for letter, part in ((b"-", rb"-(?!-)"), (b"/", rb"/(?!\*)")) if letter != first]
    return re.compile(b"(?:%s)*+" % b"|".join(parts), re.DOTALL)
