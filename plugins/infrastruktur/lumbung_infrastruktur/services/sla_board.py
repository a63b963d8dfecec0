"""The SLA board: per unit what is open, due and late; and the reports that are worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import selectinload

from lumbung.sdk import add_working_days, session, setting, today, units

from ..models import Report
from ..rules.states import ON_THE_CLOCK
from ..words import _
from .browsing import begins
from .recap import mine

WORST = 20


@dataclass
class Standing:
    """How a unit stands: reports on the clock, by how much time they have left. Together they are ``open``."""

    unit_id: UUID | None
    title: str
    open: int
    late: int
    today: int
    week: int
    later: int
    unanswered: int
    escalated: int
    oldest: date | None

    @property
    def late_share(self) -> float:
        """The part that is late."""
        return self.late / self.open if self.open else 0.0


def board() -> list[Standing]:
    """Return every unit with reports on the clock, the one with most late ones first."""
    day, week = today(), today() + timedelta(days=7)
    answer_by = begins(_answered_since(day))
    on_clock = Report.state.in_(sorted(ON_THE_CLOCK))
    late, now = Report.due_on < day, Report.due_on == day
    soon = and_(Report.due_on > day, Report.due_on <= week)
    rest = or_(Report.due_on > week, Report.due_on.is_(None))
    query = (
        select(
            Report.unit_id,
            func.count(),
            *(func.count().filter(one) for one in (late, now, soon, rest)),
            func.count().filter(and_(Report.answered_at.is_(None), Report.reported_at < answer_by)),
            func.count().filter(Report.escalation > 0),
            func.min(Report.due_on),
        )
        .where(on_clock, *mine())
        .group_by(Report.unit_id)
    )
    names = {unit.id: unit.name for unit in units.all()}
    found = [
        Standing(unit_id, names.get(unit_id) or _("Belum didisposisi"), *figures)
        for unit_id, *figures in session.execute(query)
    ]
    return sorted(found, key=lambda one: (-one.late, -one.open, one.title))


def worst(limit: int = WORST) -> Sequence[Report]:
    """Return the reports that have been late for longest."""
    query = select(Report).where(Report.state.in_(sorted(ON_THE_CLOCK)), Report.due_on < today(), *mine())
    query = query.options(selectinload(Report.category)).order_by(Report.due_on, Report.reported_at)
    return session.scalars(query.limit(limit)).all()


def _answered_since(day: date) -> date:
    """The first day on which a report may have come in that still has time for its first answer."""
    found, days = day, int(setting("first_answer_days"))
    while add_working_days(found, days) >= day and (day - found).days < 60:
        found -= timedelta(days=1)
    return found + timedelta(days=1)
