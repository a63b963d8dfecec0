"""A month as a grid of weeks, Monday first, with what stands on each day. `ui.calendar` draws it."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

EARLIEST, LATEST = 1970, 2100  # years a reader may leaf to


@dataclass(frozen=True)
class Day:
    """What a calendar shows on one day: a few words, where they lead, and their tone."""

    text: str
    url: str | None = None
    tone: str = "laut"


@dataclass(frozen=True)
class Cell:
    """One day of the grid."""

    date: date
    entries: tuple[Day, ...] = ()
    holiday: str | None = None
    today: bool = False
    outside: bool = False

    @property
    def plain(self) -> bool:
        """Whether nothing is to be said about this day."""
        return not (self.entries or self.holiday or self.today)


@dataclass(frozen=True)
class Month:
    """A month in whole weeks. ``previous`` and ``next`` are (year, month), None at the ends of the calendar."""

    first: date
    weeks: tuple[tuple[Cell, ...], ...]
    previous: tuple[int, int] | None = field(default=None)
    next: tuple[int, int] | None = field(default=None)

    @property
    def empty(self) -> bool:
        """Whether no day of the month has anything to say."""
        return all(cell.plain for week in self.weeks for cell in week if not cell.outside)


def month(
    year: int,
    number: int,
    days: Mapping[date, Day | list[Day] | tuple[Day, ...]] | None = None,
    *,
    holidays: Mapping[date, str] | None = None,
    today: date | None = None,
) -> Month:
    """Return the grid of a month; days of its neighbours fill the first and the last week and stay empty.

    ``days`` says what stands on a day, ``holidays`` names the free ones. Raises `ValueError` for a month that no
    calendar has: years go from 1970 to 2100.
    """
    if not EARLIEST <= year <= LATEST:
        raise ValueError(f"no calendar for the year {year}")
    first = date(year, number, 1)
    weeks = tuple(
        tuple(_cell(day, first, days or {}, holidays or {}, today) for day in week)
        for week in calendar.Calendar(firstweekday=calendar.MONDAY).monthdatescalendar(year, number)
    )
    return Month(first, weeks, _neighbour(first - timedelta(days=1)), _neighbour(first + timedelta(days=31)))


def month_of(text: str | None, default: date) -> tuple[int, int]:
    """Return (year, month) from a part of an address such as ``2026-11``; those of ``default`` when it is none."""
    try:
        found = date.fromisoformat(f"{text or ''}-01")
    except ValueError:
        found = default
    return (found.year, found.month) if EARLIEST <= found.year <= LATEST else (default.year, default.month)


def _cell(
    day: date,
    first: date,
    days: Mapping[date, Day | list[Day] | tuple[Day, ...]],
    holidays: Mapping[date, str],
    today: date | None,
) -> Cell:
    if day.month != first.month:
        return Cell(day, outside=True)
    entry = days.get(day, ())
    entries = (entry,) if isinstance(entry, Day) else tuple(entry)
    return Cell(day, entries, holidays.get(day), day == today)


def _neighbour(day: date) -> tuple[int, int] | None:
    return (day.year, day.month) if EARLIEST <= day.year <= LATEST else None
