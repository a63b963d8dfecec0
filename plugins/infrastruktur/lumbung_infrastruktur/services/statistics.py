"""What everybody may know about all reports together: in one question, so that the parts make up the whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Integer, cast, func, select, text, tuple_
from sqlalchemy.sql.elements import ColumnElement

from lumbung.sdk import current_tenant, session

from ..models import Category, Report
from ..rules.kinds import GROUPS
from ..rules.shares import difference, shares
from ..rules.states import ENDED, ORDER, State
from .browsing import Filter

MENDED = (State.DONE, State.CLOSED)


@dataclass
class Line:
    """How many reports there are of one kind; of those that are mended, how many in time, and how long it took."""

    total: int = 0
    open: int = 0
    mended: int = 0
    in_time: int = 0
    days: float | None = None

    @property
    def in_time_share(self) -> float | None:
        """The part of the mended ones that was in time, None without any."""
        return self.in_time / self.mended if self.mended else None


@dataclass
class Statistics:
    """The figures of a filter. ``states`` has every state, in the order of their way; together they are ``total``."""

    total: int = 0
    states: dict[str, int] = field(default_factory=lambda: {str(state): 0 for state in ORDER})
    groups: dict[str, Line] = field(default_factory=dict)
    categories: dict[UUID, Line] = field(default_factory=dict)
    districts: dict[str, Line] = field(default_factory=dict)
    months: dict[date, Line] = field(default_factory=dict)
    all: Line = field(default_factory=Line)

    @property
    def difference(self) -> int:
        """By how much the states are more than the total: 0, or the books are wrong."""
        return difference(self.states, self.total)

    @property
    def shares(self) -> dict[str, Any]:
        """Per cent of each state, together exactly 100."""
        return shares(self.states)


def statistics(asked: Filter, *, everything: bool = False) -> Statistics:
    """Count the reports that a filter asks for; ``everything`` counts also those that are held or hidden.

    One statement reads the table once and groups it in five ways: what is counted by state, by category, by district,
    by month and altogether is the same moment's rows.
    """
    month = cast(func.date_trunc("month", func.timezone(_zone(), Report.reported_at)), Date).label("month")
    ended, mended = Report.state.in_(sorted(ENDED)), Report.state.in_(sorted(MENDED))
    in_time = mended & (cast(func.timezone(_zone(), Report.finished_at), Date) <= Report.due_on)
    took = func.extract("epoch", Report.finished_at - Report.reported_at) / 86400
    rows = (
        select(
            Report.state,
            Report.category_id,
            Report.district_code,
            month,
            _one_if(~ended).label("open"),
            _one_if(mended).label("mended"),
            _one_if(in_time).label("in_time"),
            _value_if(mended, took).label("days"),
        )
        .where(*([] if everything else [Report.visibility == "public"]), *asked.conditions)
        .subquery()
    )
    ways = (rows.c.state, rows.c.category_id, rows.c.district_code, rows.c.month)
    query = select(
        func.grouping(*ways),
        *ways,
        func.count(),
        func.sum(rows.c.open),
        func.sum(rows.c.mended),
        func.sum(rows.c.in_time),
        func.avg(rows.c.days),
    ).group_by(func.grouping_sets(*(tuple_(way) for way in ways), text("()")))
    return _gathered(session.execute(query).all())


def _gathered(rows: Any) -> Statistics:
    found = Statistics()
    kinds: dict[int, dict[Any, Line]] = {0b1011: found.categories, 0b1101: found.districts, 0b1110: found.months}
    for which, state, category, district, month, count, *more in rows:
        if which == 0b0111:
            found.states[state] = count
            continue
        line = Line(count, int(more[0] or 0), int(more[1] or 0), int(more[2] or 0), _float(more[3]))
        if which == 0b1111:
            found.all, found.total = line, count
        else:
            kinds[which][category or district or month or ""] = line
    _group(found)
    found.months = dict(sorted(found.months.items()))
    return found


def _group(found: Statistics) -> None:
    """Put the categories together into their groups."""
    names = {category.id: category.group for category in session.scalars(select(Category))}
    for category, line in found.categories.items():
        into = found.groups.setdefault(names.get(category, "lain"), Line())
        spent = (into.days or 0) * into.mended + (line.days or 0) * line.mended
        into.total, into.open = into.total + line.total, into.open + line.open
        into.mended, into.in_time = into.mended + line.mended, into.in_time + line.in_time
        into.days = spent / into.mended if into.mended else None
    order = list(GROUPS)
    found.groups = dict(sorted(found.groups.items(), key=lambda one: order.index(one[0]) if one[0] in order else 99))


def _zone() -> str:
    return current_tenant().time_zone


def _one_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return cast(condition, Integer)


def _value_if(condition: ColumnElement[bool], value: Any) -> Any:
    return func.nullif(cast(condition, Integer), 0) * value


def _float(value: Any) -> float | None:
    return float(value) if value is not None else None
