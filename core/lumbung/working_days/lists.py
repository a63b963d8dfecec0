"""Reading a list of days off as people have it: copied out of a decree, a sheet, a letter. One day a line."""

from __future__ import annotations

import re
from datetime import date

from lumbung.working_days.national import JOINT, LOCAL, NATIONAL, Free
from lumbung.working_days.services import LONGEST_NAME, UnusableList

MOST_LINES = 200
EXAMPLE = ("1 Januari; Tahun Baru Masehi", "27 Maret; Cuti bersama Nyepi", "22 Januari; Hari Jadi; daerah")
MONTHS = (
    "januari", "februari", "maret", "april", "mei", "juni",
    "juli", "agustus", "september", "oktober", "november", "desember",
)  # fmt: skip
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_FIGURES = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_WORDS = re.compile(r"(\d{1,2})\s+([A-Za-z]+)(?:\s+(\d{4}))?")
_KINDS = (
    (JOINT, ("bersama", "joint")),
    (NATIONAL, ("nasional", "national")),
    (LOCAL, ("daerah", "lokal", "local")),
)
_WEEKDAYS = re.compile(r"^(senin|selasa|rabu|kamis|jumat|jum'at|sabtu|minggu|ahad)\s*,\s*", re.IGNORECASE)


def read_list(text: str, year: int) -> list[Free]:
    """Return the days of a list, such as ``1 Januari; Tahun Baru`` or ``2028-03-27; Cuti bersama Nyepi; bersama``.

    A date without a year is of ``year``, and so must the others be. Between date, name and kind stands a semicolon
    or a tab. Without a kind it is cuti bersama when the name begins so, else a national day. Raises `UnusableList`
    that names the line.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise UnusableList("The list is empty; write one day a line.")
    if len(lines) > MOST_LINES:
        raise UnusableList("The list has more than 200 lines; a year has fewer days off.")
    found: dict[date, Free] = {}
    for number, line in lines:
        free = _day_of(number, line, year)
        if free.day in found:
            raise UnusableList(
                "Line %(line)s: %(day)s stands in the list twice.", line=number, day=free.day.isoformat()
            )
        found[free.day] = free
    return [found[day] for day in sorted(found)]


def _day_of(number: int, line: str, year: int) -> Free:
    parts = [" ".join(part.split()) for part in re.split(r"[;\t]", line)]
    if len(parts) not in (2, 3):
        raise UnusableList(
            "Line %(line)s: write the date, a semicolon and the name, such as 1 Januari; Tahun Baru.",
            line=number,
        )
    day = _date_of(parts[0], year)
    if day is None:
        raise UnusableList(
            "Line %(line)s: %(text)s is no date; write 17 Agustus or 2028-08-17.",
            line=number,
            text=parts[0][:40] or "–",
        )
    if day.year != year:
        raise UnusableList("Line %(line)s: %(day)s is not in %(year)s.", line=number, day=day.isoformat(), year=year)
    if not 2 <= len(parts[1]) <= LONGEST_NAME:
        raise UnusableList("Line %(line)s: the name of a day off has 2 to 120 letters.", line=number)
    return Free(day, parts[1], _kind_of(number, parts[1], parts[2] if len(parts) == 3 else ""))


def _date_of(text: str, year: int) -> date | None:
    text = _WEEKDAYS.sub("", text)
    try:
        if found := _ISO.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _FIGURES.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
        if found := _WORDS.fullmatch(text):
            return date(int(found[3] or year), MONTHS.index(found[2].lower()) + 1, int(found[1]))
    except ValueError:
        return None
    return None


def _kind_of(number: int, name: str, said: str) -> str:
    words = said.lower()
    if not words:
        return JOINT if name.lower().startswith("cuti bersama") else NATIONAL
    for kind, marks in _KINDS:
        if any(mark in words for mark in marks):
            return kind
    raise UnusableList(
        "Line %(line)s: %(text)s is no kind; write nasional, bersama or daerah.", line=number, text=said[:40]
    )
