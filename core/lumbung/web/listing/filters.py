"""What narrows a list: a choice among a few values, or a day. A value that makes no sense narrows nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, DateTime

from lumbung.context import current_tenant
from lumbung.web.i18n import core_domain, format_date

_ = core_domain.gettext

EARLIEST, LATEST = date(1970, 1, 1), date(9000, 1, 1)


class Filter(ABC):
    """One way to narrow a list. ``name`` is its argument in the address, ``title`` its label.

    ``control`` says what it is in the toolbar: a select or a date. ``tabs`` are for a choice that stands above it.
    """

    name: str
    title: str
    tabs = False
    control = "select"

    @abstractmethod
    def read(self, argument: str) -> str:
        """Return the argument of the address as it is kept, an empty text when it makes no sense."""

    @abstractmethod
    def condition(self, value: str) -> ColumnElement[bool]:
        """Return what rows must fulfil, for a value that `read` returned."""

    @abstractmethod
    def words(self, value: str) -> str:
        """Return a value as readers know it."""


@dataclass(frozen=True)
class ChoiceFilter(Filter):
    """A choice among values: ``choices`` are pairs of value and title, ``where`` makes a condition of a value.

    It is a select, or with ``tabs=True`` a row of tabs above the list, with a figure for each value in ``counts``.
    ``every`` is what no choice is called.
    """

    name: str
    title: str
    choices: Sequence[tuple[str, str]]
    where: Callable[[str], ColumnElement[bool]]
    every: str = ""
    tabs: bool = False
    counts: Mapping[str, int] | None = None

    @property
    def all_title(self) -> str:
        """What it is called when nothing is chosen."""
        return self.every or _("Semua")

    def read(self, argument: str) -> str:
        """Return the argument when it is one of the choices."""
        return argument if argument in {value for value, _title in self.choices} else ""

    def condition(self, value: str) -> ColumnElement[bool]:
        """Return the condition of a choice."""
        return self.where(value)

    def words(self, value: str) -> str:
        """Return the title of a choice."""
        return dict(self.choices)[value]


@dataclass(frozen=True)
class DateFilter(Filter):
    """A day typed or picked; ``where`` makes a condition of it. `since` and `until` know the usual two."""

    name: str
    title: str
    where: Callable[[date], ColumnElement[bool]]

    control = "date"

    @classmethod
    def since(cls, name: str, title: str, column: Any) -> DateFilter:
        """Return a filter for rows of that day or later. ``column`` holds dates, or moments: the tenant's days."""
        return cls(name, title, lambda day: column >= _beginning(column, day))

    @classmethod
    def until(cls, name: str, title: str, column: Any) -> DateFilter:
        """Return a filter for rows of that day or earlier."""
        return cls(name, title, lambda day: column < _beginning(column, day + timedelta(days=1)))

    def read(self, argument: str) -> str:
        """Return the argument when it is a date such as 2026-11-24."""
        try:
            day = date.fromisoformat(argument)
        except ValueError:
            return ""
        return day.isoformat() if EARLIEST <= day <= LATEST else ""

    def condition(self, value: str) -> ColumnElement[bool]:
        """Return the condition of a day."""
        return self.where(date.fromisoformat(value))

    def words(self, value: str) -> str:
        """Return the day in words."""
        return format_date(date.fromisoformat(value))


def _beginning(column: Any, day: date) -> date:
    """Return when a day begins: for a column of moments, midnight where the tenant is."""
    if isinstance(column.type, DateTime):
        return datetime.combine(day, time(), ZoneInfo(current_tenant().time_zone))
    return day
