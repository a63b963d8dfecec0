"""The recap of a month (rekap bulanan), by unit, by district and by category: what came, what ended, what is left.

The books close: open at the beginning + new + reopened - ended = open at the end. The end is counted from the states as
they are, and the beginning is worked back from the log, so that a month that is over stays as it was.
Reports that moved between units or districts are counted where they are now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, and_, case, cast, func, select, text, tuple_

from lumbung.sdk import current_tenant, current_units, find_region, month_of, session, units, within

from ..models import Category, LogEntry, Report, WorkOrder
from ..rules.states import ENDED, OPEN, State
from ..words import _
from .browsing import begins

RECAP = "infrastruktur.recap"
MENDED = (State.DONE, State.CLOSED)


@dataclass
class Row:
    """The figures of a unit, a district or a category. ``cost`` is Rupiah, of work orders finished in the month."""

    title: str
    opening: int = 0
    new: int = 0
    reopened: int = 0
    ended: int = 0
    closing: int = 0
    mended: int = 0
    in_time: int = 0
    refused: int = 0
    elsewhere: int = 0
    duplicates: int = 0
    late: int = 0
    days: float | None = None
    rating: float | None = None
    ratings: int = 0
    cost: int = 0

    @property
    def moved(self) -> bool:
        """Whether there is anything to tell."""
        return any((self.opening, self.new, self.ended, self.closing, self.mended, self.cost))

    @property
    def balanced(self) -> bool:
        """Whether the books close."""
        return self.opening + self.new + self.reopened - self.ended == self.closing

    @property
    def in_time_share(self) -> float | None:
        """The part of what was mended that was in time."""
        return self.in_time / self.mended if self.mended else None


@dataclass
class Recap:
    """A month in figures. ``total`` is counted by itself, not by adding up."""

    year: int
    month: int
    total: Row
    units: list[Row] = field(default_factory=list)
    districts: list[Row] = field(default_factory=list)
    categories: list[Row] = field(default_factory=list)

    @property
    def first(self) -> date:
        """The first day of the month."""
        return date(self.year, self.month, 1)

    @property
    def after(self) -> date:
        """The first day of the next month."""
        return date(self.year + self.month // 12, self.month % 12 + 1, 1)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was open, came or ended."""
        return not (self.total.opening or self.total.new or self.total.ended or self.total.closing)


def recap(asked: str) -> Recap:
    """Return the recap of a month such as ``2026-11``, of the units the person answers for and works in now."""
    year, month = month_of(asked, current_tenant().today())
    found = Recap(year, month, Row(_("Jumlah")))
    names = {row.id: row.title for row in session.scalars(select(Category))}
    titles = (_unit, _district, lambda key: names.get(key, "?"), lambda _key: _("Jumlah"))
    rows = _Rows(titles)
    _count_month(rows, begins(found.first), begins(found.after))
    for row in rows.all:
        row.opening = row.closing - row.new - row.reopened + row.ended
    found.units, found.districts, found.categories = (rows.of(way) for way in range(3))
    found.total = next(iter(rows.by_way[3].values()), found.total)
    return found


def mine() -> list[ColumnElement[bool]]:
    """The condition of reports that the person may count, in the unit they work in now."""
    found = [within(RECAP, Report.unit_id)]
    if (chosen := current_units()) is not None:
        found.append(Report.unit_id.in_(chosen))
    return found


class _Rows:
    """The rows of the three ways and of all together, filled in question by question."""

    def __init__(self, titles: Sequence[Callable[[Any], str]]) -> None:
        self._titles = titles
        self.by_way: list[dict[Any, Row]] = [{} for _title in titles]

    @property
    def all(self) -> Iterator[Row]:
        """Every row."""
        for rows in self.by_way:
            yield from rows.values()

    def of(self, way: int) -> list[Row]:
        """The rows of a way that have something to tell, the ones with most new reports first."""
        return sorted((row for row in self.by_way[way].values() if row.moved), key=lambda row: (-row.new, row.title))

    def asked(self, columns: Sequence[Any], source: Any) -> Iterator[tuple[Row, Sequence[Any]]]:
        """Ask for columns in all four ways at once; each answer comes with the row that it is about."""
        query = source.add_columns(func.grouping(*WAYS), *WAYS, *columns)
        query = query.where(*mine()).group_by(func.grouping_sets(*(tuple_(way) for way in WAYS), text("()")))
        for which, unit, district, category, *values in session.execute(query):
            way = {0b011: 0, 0b101: 1, 0b110: 2, 0b111: 3}[which]
            key = (unit, district, category, None)[way]
            yield self.by_way[way].setdefault(key, Row(self._titles[way](key))), values

    def fill(self, names: Sequence[str], columns: Sequence[Any], source: Any) -> None:
        """Put the answers into the fields of these names."""
        for row, values in self.asked(columns, source):
            for name, value in zip(names, values, strict=True):
                setattr(row, name, _plain(name, value))


WAYS = (Report.unit_id, Report.district_code, Report.category_id)


def _count_month(rows: _Rows, first: datetime, after: datetime) -> None:
    """Five questions, each over all four ways."""
    logged = select().select_from(LogEntry).join(Report, Report.id == LogEntry.report_id).where(LogEntry.to_state != "")
    rows.fill(*_standing(first, after), select().select_from(Report))
    rows.fill(*_moves(), logged.where(LogEntry.at >= first, LogEntry.at < after))
    # ``closing`` is as of now: take back what came since, and what ended since is open again.
    for row, (came,) in rows.asked([func.count()], select().select_from(Report).where(Report.reported_at >= after)):
        row.closing -= came
    for row, (ended, reopened) in rows.asked(
        [_count(_ending()), _count(_reopening())], logged.where(LogEntry.at >= after)
    ):
        row.closing += ended - reopened
    spent = select().select_from(WorkOrder).join(Report, Report.id == WorkOrder.report_id)
    done = (WorkOrder.finished_at >= first, WorkOrder.finished_at < after, WorkOrder.state == "done")
    rows.fill(["cost"], [func.sum(WorkOrder.total)], spent.where(*done))


def _standing(first: datetime, after: datetime) -> tuple[list[str], list[Any]]:
    """What is read from the reports themselves."""
    zone = current_tenant().time_zone
    still = Report.state.in_(sorted(OPEN))
    done = and_(Report.finished_at >= first, Report.finished_at < after, Report.state.in_(sorted(MENDED)))
    finished = cast(func.timezone(zone, Report.finished_at), Date)
    rated = and_(done, Report.rating.is_not(None))
    columns = {
        "closing": _count(still),
        "new": _count(and_(Report.reported_at >= first, Report.reported_at < after)),
        "late": _count(and_(still, Report.due_on < after.date(), Report.due_on.is_not(None))),
        "mended": _count(done),
        "in_time": _count(and_(done, finished <= Report.due_on)),
        "days": func.avg(case((done, func.extract("epoch", Report.finished_at - Report.reported_at) / 86400))),
        "rating": func.avg(case((rated, Report.rating))),
        "ratings": _count(rated),
    }
    return list(columns), list(columns.values())


def _moves() -> tuple[list[str], list[Any]]:
    """What the log tells of a stretch of time."""
    ended = _ending()
    columns = {"ended": _count(ended), "reopened": _count(_reopening())}
    for name, state in (("refused", State.REFUSED), ("elsewhere", State.ELSEWHERE), ("duplicates", State.DUPLICATE)):
        columns[name] = _count(and_(ended, LogEntry.to_state == str(state)))
    return list(columns), list(columns.values())


def _ending() -> ColumnElement[bool]:
    return and_(LogEntry.from_state.in_(sorted(OPEN)), LogEntry.to_state.in_(sorted(ENDED)))


def _reopening() -> ColumnElement[bool]:
    return and_(LogEntry.from_state.in_(sorted(ENDED)), LogEntry.to_state.in_(sorted(OPEN)))


def _count(condition: ColumnElement[bool]) -> Any:
    return func.count().filter(condition)


def _plain(name: str, value: Any) -> Any:
    if name in ("days", "rating"):
        return None if value is None else float(value)
    return int(value or 0)


def _unit(unit_id: UUID | None) -> str:
    found = units.get(unit_id) if unit_id else None
    return found.name if found else _("Belum didisposisi")


def _district(code: str) -> str:
    found = find_region(code) if code else None
    return found.name if found else _("Kecamatan tidak diketahui")
