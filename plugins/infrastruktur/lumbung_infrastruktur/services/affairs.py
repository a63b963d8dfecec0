"""A citizen's own reports, as their home page shows them: those that go on, and those that wait for their word."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from lumbung.sdk import Affair, Person, session

from ..models import Report
from ..rules import states
from ..rules.states import OPEN, State
from ..words import _, on
from . import ending, places, telling

MOST = 20


def affairs_of(person: Person) -> list[Affair]:
    """One affair for each report that is open, or finished and not rated yet."""
    query = (
        select(Report)
        .where(Report.person_id == person.id, Report.state.in_([*sorted(OPEN), State.DONE]))
        .order_by(Report.reported_at.desc())
        .limit(MOST)
        .options(selectinload(Report.category))
    )
    return [_affair(report) for report in session.scalars(query)]


def _affair(report: Report) -> Affair:
    place = places.place_words(report)
    return Affair(
        title=f"{report.number} · {report.category.title}",
        text=" ".join(part for part in (f"{place}." if place else "", _next(report)) if part),
        url=telling.own_page(report),
        status=states.title(report.state),
        tone=states.tone(report.state),
    )


def _next(report: Report) -> str:
    if ending.may_rate(report):
        return _("Sudah diperbaiki? Beri nilai.")
    if report.state == State.POSTPONED:
        return _("Menunggu anggaran.")
    return _("Paling lambat %(date)s.", date=on(report.due_on)) if report.due_on else ""
