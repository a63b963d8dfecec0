"""What an office does with its days off: look at a year, add, rename, take away, give back, take a year over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.errors import LumbungError
from lumbung.working_days.models import Holiday
from lumbung.working_days.national import KINDS, LOCAL, Free, national_days
from lumbung.working_days.working import forget

FIRST_YEAR, LAST_YEAR = 2000, 2100
LONGEST_NAME = 120
LISTED, CHANGED, OWN, WORKED = "listed", "changed", "own", "worked"


class CalendarError(LumbungError):
    """A day off that cannot be. ``field`` names what is wrong, for the form."""

    field = "day"


class UnusableName(CalendarError):
    """What a day off is to be called cannot be."""

    field = "name"


class UnusableList(CalendarError):
    """A list of days off cannot be read; it says in which line."""

    field = "lines"


@dataclass(frozen=True)
class Line:
    """A day of the list as the office sees it, with the name that the national list has for it.

    ``state``: `LISTED` as the national list says, `CHANGED` renamed here, `OWN` added here, `WORKED` taken away here.
    """

    day: date
    name: str
    kind: str
    state: str
    listed_as: str | None = None


def days_of(session: Session, year: int) -> list[Line]:
    """Return the days off of a year in their order, those among them that were taken away."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    listed = {day: free for day, free in national_days().items() if day.year == year}
    rows = session.scalars(select(Holiday).where(Holiday.day.between(first, last)))
    lines = {day: Line(day, free.name, free.kind, LISTED, free.name) for day, free in listed.items()}
    for row in rows:
        known = listed.get(row.day)
        state = WORKED if row.works else CHANGED if known else OWN
        lines[row.day] = Line(row.day, row.name, row.kind, state, known.name if known else None)
    return [lines[day] for day in sorted(lines)]


def line_of(session: Session, day: date) -> Line | None:
    """Return one day of the list; None when it is not off and never was."""
    return next((line for line in days_of(session, day.year) if line.day == day), None)


def add(session: Session, day: date, name: str, kind: str = LOCAL, *, by: str) -> Line:
    """Make a day a day off; raises `CalendarError` for one that is off already, or a name that says nothing."""
    name = _checked(day, name, kind)
    known = line_of(session, day)
    if known is not None and known.state != WORKED:
        raise CalendarError("%(day)s is off already: %(name)s.", day=day.isoformat(), name=known.name)
    _keep(session, Free(day, name, kind), by)
    audit.record("holiday.add", name, date=day.isoformat(), kind=kind)
    return _line(session, day)


def rename(session: Session, day: date, name: str, kind: str, *, by: str) -> Line:
    """Give a day off another name or kind; raises `CalendarError` for a day that is none."""
    name = _checked(day, name, kind)
    known = line_of(session, day)
    if known is None or known.state == WORKED:
        raise CalendarError("%(day)s is not a day off.", day=day.isoformat())
    if (known.name, known.kind) == (name, kind):
        return known
    _keep(session, Free(day, name, kind), by)
    audit.record("holiday.change", name, date=day.isoformat(), before=known.name, kind=kind)
    return _line(session, day)


def remove(session: Session, day: date, *, by: str) -> Line | None:
    """Make a day off a working day again. One of the national list is kept as such; returns None when it is gone."""
    known = line_of(session, day)
    if known is None or known.state == WORKED:
        raise CalendarError("%(day)s is not a day off.", day=day.isoformat())
    row = _row(session, day)
    if known.listed_as is not None:
        _keep(session, national_days()[day], by, works=True)
    elif row is not None:
        session.delete(row)
    session.flush()
    forget()
    audit.record("holiday.remove", known.name, date=day.isoformat())
    return line_of(session, day)


def restore(session: Session, day: date) -> Line:
    """Let the national list decide about a day again; raises `CalendarError` for a day it does not have."""
    row = _row(session, day)
    if day not in national_days() or row is None:
        raise CalendarError("%(day)s is as the national list has it, or not in it.", day=day.isoformat())
    session.delete(row)
    session.flush()
    forget()
    audit.record("holiday.restore", national_days()[day].name, date=day.isoformat())
    return _line(session, day)


def take_over(session: Session, days: Sequence[Free], *, by: str) -> int:
    """Add the days of a list that are not off yet; return how many. Days that are off, or were taken away, stay so."""
    known = {line.day for year in {one.day.year for one in days} for line in days_of(session, year)}
    fresh = {one.day: one for one in days if one.day not in known}
    for one in fresh.values():
        _keep(session, Free(one.day, _checked(one.day, one.name, one.kind), one.kind), by)
    audit.record("holiday.import", _years(one.day.year for one in days), count=len(fresh))
    return len(fresh)


def _years(years: Iterable[int]) -> str:
    return ", ".join(str(year) for year in sorted(set(years)))


def _checked(day: date, name: str, kind: str) -> str:
    name = " ".join(name.split())
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise CalendarError("A day off lies between 2000 and 2100.")
    if not 2 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise UnusableName("The name of a day off has 2 to 120 letters.")
    if kind not in KINDS:
        raise CalendarError("A day off is national, joint or local, not %(kind)s.", kind=kind)
    return name


def _keep(session: Session, free: Free, by: str, *, works: bool = False) -> None:
    row = _row(session, free.day) or Holiday(day=free.day)
    row.name, row.kind, row.works = free.name, free.kind, works
    row.changed_at, row.changed_by = utc_now(), by[:160]
    session.add(row)
    session.flush()
    forget()


def _row(session: Session, day: date) -> Holiday | None:
    return session.scalar(select(Holiday).where(Holiday.day == day).with_for_update())


def _line(session: Session, day: date) -> Line:
    found = line_of(session, day)
    assert found is not None  # noqa: S101  (it was just kept)
    return found
