"""What a dump says of itself in comments at its beginning and end: by which server, from when, whether it is whole."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

EngineName = Literal["mysql", "mariadb", "postgresql", "sqlite", "unknown"]
LONGEST = 300  # bytes of such a line
MONTHS = ("jan", "feb", "mar", "apr", "mei may", "jun", "jul", "agu aug ags", "sep", "okt oct", "nov nop", "des dec")
_COMMENT = (b"--", b"#", b"/*", b" ", b"Date")
_VERSION = re.compile(
    r"(?:server version|versi server|database version|source server version|adminer \S+ \w+)\s*:?\s+([\w.+~-]+)", re.I
)
_DATABASE = re.compile(r"(?:database|basis data|source schema)\s*:\s*`?([\w$-]+)", re.I)
_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)[ T]+(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?")
_DAY_FIRST = re.compile(r"\b(\d\d)/(\d\d)/(\d{4})\s+(\d\d):(\d\d)(?::(\d\d))?")
_WORDS = re.compile(
    r"(?:generation time|waktu pembuatan)\s*:\s*(?:(\d{1,2})\s+)?([a-z]{3})[a-z]*\s*(?:(\d{1,2}),)?\s*(\d{4})"
    r"\s*(?:at|pada)?\s*(\d{1,2})[:.](\d\d)\s*(am|pm)?",
    re.IGNORECASE,
)


@dataclass
class Header:
    """What has been read so far; `hear` is given every line."""

    engine: EngineName = "unknown"
    version: str | None = None
    database: str | None = None
    written_at: datetime | None = None
    promises_an_end: bool = False
    has_an_end: bool = False

    def hear(self, line: bytes) -> None:
        """Take what a line says, if it is a comment."""
        if len(line) > LONGEST or not line.startswith(_COMMENT):
            return
        said = line.decode(errors="replace")
        lower = said.lower()
        if self.engine == "mysql" and "mariadb" in lower:
            self.engine = "mariadb"
        self.promises_an_end = self.promises_an_end or bool(re.match(r"-- (?:mysql|mariadb) dump ", lower))
        if "dump completed" in lower or "database dump complete" in lower:
            self.has_an_end = True
        if self.version is None and (version := _VERSION.search(said)):
            self.version = version[1]
        if self.database is None and (database := _DATABASE.search(said)):
            self.database = database[1]
        self.written_at = _date_in(said) or self.written_at


def engine_in(start: bytes) -> EngineName:
    """Return whose dump begins like this."""
    if start.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if start.startswith(b"PGDMP") or re.search(rb"PostgreSQL database|^SET standard_conforming_strings", start, re.M):
        return "postgresql"
    if re.search(rb"^PRAGMA |^BEGIN TRANSACTION;", start, re.MULTILINE):
        return "sqlite"
    if b"mariadb" in start.lower():
        return "mariadb"
    if re.search(rb"MySQL|phpMyAdmin|HeidiSQL|ENGINE\s*=|`|/\*!\d|SET NAMES", start, re.IGNORECASE):
        return "mysql"
    if re.search(rb"^COPY .* FROM stdin;", start, re.MULTILINE):
        return "postgresql"
    return "unknown"


def _date_in(said: str) -> datetime | None:
    with suppress(ValueError):
        if found := _ISO.search(said):
            return _made(*found.groups())
        if found := _DAY_FIRST.search(said):
            day, month, year, *time = found.groups()
            return _made(year, month, day, *time)
        if found := _WORDS.search(said):
            before, name, after, year, hour, minute, half = found.groups()
            number = next((n for n, names in enumerate(MONTHS, 1) if name.lower() in names.split()), 0)
            hours = int(hour) % 12 + (12 if half.lower() == "pm" else 0) if half else int(hour)
            return _made(year, str(number), before or after or "0", str(hours), minute, None)
    return None


def _made(*parts: str | None) -> datetime:
    numbers = [int(part or 0) for part in parts]
    return datetime(*numbers)  # type: ignore[arg-type]  # noqa: DTZ001  (dumps do not say their time zone)
