"""Counting working days: Monday to Friday, less the days off of the tenant. In the SDK.

The tenant's days are read once in a scope. A count is then two look-ups in a sorted list, however long the span.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from lumbung.context import current_scope
from lumbung.working_days.models import Holiday
from lumbung.working_days.national import KINDS, Free, national_days

_REMEMBERED = "working_calendar"


@dataclass(frozen=True)
class WorkingCalendar:
    """The days off of one tenant. ``_off`` are those on a weekday, as ordinals in their order."""

    free: dict[date, Free]
    _off: tuple[int, ...]

    @classmethod
    def of(cls, free: dict[date, Free]) -> WorkingCalendar:
        """Return the calendar in which these days are off."""
        return cls(free, tuple(sorted(day.toordinal() for day in free if day.weekday() < 5)))

    def works(self, day: date) -> bool:
        """Whether a day is worked."""
        return day.weekday() < 5 and day not in self.free

    def between(self, first: date, last: date) -> int:
        """Return how many working days lie after ``first``, up to and including ``last``."""
        return self._up_to(last.toordinal()) - self._up_to(first.toordinal())

    def add(self, day: date, count: int) -> date:
        """Return the working day that is the ``count``-th after ``day``, or before it; ``day`` itself for 0."""
        if count == 0:
            return day
        before = self._up_to(day.toordinal() - (1 if count < 0 else 0))
        return date.fromordinal(self._nth(before + count + (1 if count < 0 else 0)))

    def _up_to(self, ordinal: int) -> int:
        weeks, rest = divmod(ordinal, 7)  # day 1 of all is a Monday
        return weeks * 5 + min(rest, 5) - bisect_right(self._off, ordinal)

    def _nth(self, number: int) -> int:
        """Return the first day up to which there are ``number`` working days: climb past the days off on the way."""
        passed, ordinal = -1, 0
        found = 0
        while found != passed:
            passed = found
            weeks, rest = divmod(number + passed - 1, 5)
            ordinal = weeks * 7 + rest + 1
            found = bisect_right(self._off, ordinal)
        return ordinal


def holidays(first: date, last: date, *, kinds: Collection[str] = KINDS) -> dict[date, str]:
    """Return the tenant's days off from ``first`` to ``last``, both included, with their names, in their order.

    ``kinds`` narrows them: ``national``, ``joint`` (cuti bersama), ``local``.
    """
    free = working_calendar().free
    return {day: free[day].name for day in free if first <= day <= last and free[day].kind in kinds}


def is_working_day(day: date) -> bool:
    """Whether the tenant's offices work on a day: Monday to Friday, and not a day off."""
    return working_calendar().works(day)


def add_working_days(day: date, count: int) -> date:
    """Return the day ``count`` working days after ``day`` (before it, when negative).

    ``day`` itself never counts, whether it is worked or not: the first working day is the next one.
    """
    return working_calendar().add(day, count)


def working_days_between(first: date, last: date) -> int:
    """Return how many working days lie after ``first`` up to and including ``last``; negative when it is before."""
    return working_calendar().between(first, last)


def working_calendar() -> WorkingCalendar:
    """Return the current tenant's calendar: read once in a scope."""
    memory = current_scope().memory
    known = memory.get(_REMEMBERED)
    if not isinstance(known, WorkingCalendar):
        known = memory[_REMEMBERED] = WorkingCalendar.of(_free_days())
    return known


def forget() -> None:
    """Have the tenant's days read again in this scope, after a change."""
    current_scope().memory.pop(_REMEMBERED, None)


def _free_days() -> dict[date, Free]:
    free = dict(national_days())
    said = select(Holiday.day, Holiday.name, Holiday.kind, Holiday.works)
    for day, name, kind, works in current_scope().session.execute(said):
        if works:
            free.pop(day, None)
        else:
            free[day] = Free(day, name, kind)
    return dict(sorted(free.items()))
