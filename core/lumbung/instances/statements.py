"""The small files of SQL that come with a foreign application: taken apart, and their values bound by the driver.

A text is read once, letter by letter as far as quotes and comments go: what stands in them is neither the end of a
statement nor a value. No value ever becomes part of a statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lumbung.errors import LumbungError

LARGEST = 256 * 1024  # characters of a file

_PIECE = re.compile(
    r"""
      (?P<comment>--[^\n]*|/\*.*?\*/)
    | (?P<dollar>\$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?P=tag)?\$)
    | (?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`)
    | (?P<open>['"`]|/\*)
    | (?<![:\w]):(?P<value>[A-Za-z_]\w*)(?!\w*:)
    | (?P<end>;)
    | (?P<other>[^-/$'"`:;]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
# MySQL reads \' as a quote inside of a text and knows comments that begin with #.
_OF_MYSQL = re.compile(
    _PIECE.pattern.replace(r"'(?:[^']|'')*'", r"'(?:[^'\\]|''|\\.)*'")
    .replace(r'"(?:[^"]|"")*"', r'"(?:[^"\\]|""|\\.)*"')
    .replace(r"(?P<comment>--[^\n]*|", r"(?P<comment>--[^\n]*|\#[^\n]*|")
    .replace(r"[^-/$'", r"[^-/#$'"),
    re.VERBOSE | re.DOTALL,
)


class BadStatement(LumbungError):
    """A file of SQL that came with an application cannot be used; the message names the file and the line."""


@dataclass(frozen=True)
class Statement:
    """One statement: its ``pieces``, text and names of values by turns, and the comment lines that stood before it."""

    pieces: tuple[str, ...]
    comments: tuple[str, ...]
    line: int
    verb: str

    @property
    def names(self) -> tuple[str, ...]:
        """The values that the statement asks for, in its order."""
        return self.pieces[1::2]

    def bound(self, values: Mapping[str, Any], *, engine: str) -> tuple[str, tuple[Any, ...]]:
        """Return the statement as the driver of ``engine`` wants it, and its values in the order of its marks.

        Each place has a mark of its own: PostgreSQL finds out the type of each.
        """
        given = tuple(values[name] for name in self.names)
        if engine == "sqlite":
            return "?".join(self.pieces[::2]), given
        return "%s".join(text.replace("%", "%%") for text in self.pieces[::2]), given


def read_statements(path: Path, *, engine: str, known: frozenset[str]) -> list[Statement]:
    """Return the statements of a file; raises `BadStatement`, also for a value that is not ``known``."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadStatement("%(file)s is missing in the package of the application.", file=path.name) from None
    except (OSError, UnicodeDecodeError):
        raise BadStatement("%(file)s is not UTF-8 text.", file=path.name) from None
    if len(text) > LARGEST:
        raise BadStatement("%(file)s is too long for a file of statements.", file=path.name)
    found = list(_taken_apart(text, path.name, engine))
    if not found:
        raise BadStatement("%(file)s holds no statement.", file=path.name)
    for statement in found:
        for name in statement.names:
            if name not in known:
                raise BadStatement(
                    "%(file)s, line %(line)s: there is no value %(name)s; there are: %(known)s.",
                    file=path.name,
                    line=statement.line,
                    name=f":{name}",
                    known=[f":{one}" for one in sorted(known)],
                )
    return found


class _Reading:
    """A statement while it is read."""

    def __init__(self, line: int) -> None:
        self.pieces = [""]
        self.comments: list[str] = []
        self.line = line

    @property
    def is_empty(self) -> bool:
        return len(self.pieces) == 1 and not self.pieces[0].strip()

    def made(self) -> Statement:
        head = re.match(r"\W*(\w+)", self.pieces[0])
        whole = (*self.pieces[:-1], self.pieces[-1].rstrip())
        return Statement(whole, tuple(self.comments), self.line, head[1].upper() if head else "")


def _taken_apart(text: str, file: str, engine: str) -> Iterator[Statement]:
    line, now = 1, _Reading(1)
    for found in (_OF_MYSQL if engine == "mysql" else _PIECE).finditer(text):
        piece = found[0]
        if found["open"]:
            raise BadStatement("%(file)s, line %(line)s: a quote or a comment is not closed.", file=file, line=line)
        if found["end"]:
            if not now.is_empty:
                yield now.made()
            now = _Reading(line)
        elif found["comment"]:
            if now.is_empty:  # before a statement a comment says what it is for, inside of one it is left out
                now.comments += _words_of(piece)
            now.pieces[-1] += " "
        elif found["value"]:
            now.pieces += [found["value"], ""]
        else:
            if now.is_empty and piece.strip():
                now.line = line + piece[: len(piece) - len(piece.lstrip())].count("\n")
                now.pieces[-1], piece = "", piece.lstrip()
            now.pieces[-1] += piece
        line += found[0].count("\n")
    if not now.is_empty:
        yield now.made()


def _words_of(comment: str) -> Iterator[str]:
    inner = comment[2:-2] if comment.startswith("/*") else comment.lstrip("-#")
    for line in inner.splitlines():
        if words := line.strip(" \t*-="):
            yield words
