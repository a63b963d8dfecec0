"""The clock of a report (SLA), in working days of the region: Monday to Friday without holidays and joint leave.

It starts on the day of the report and ends on ``due_on``, the category's ``sla_days`` working days later: five after
17 March 2026 is the 31st, as Nyepi, Lebaran and the joint leave around them lie between. It stands still while a report
is postponed (``due_on`` is empty then) and when it is forwarded. Whatever comes back, postponed, reopened or split off,
gets the category's whole time anew, from the day on which it came back.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select

from lumbung.sdk import add_working_days, current_tenant, session, setting, today, working_days_between

from ..models import Category, LogEntry, Report
from ..rules.states import ON_THE_CLOCK, State

ON_CLOCK = tuple(sorted(ON_THE_CLOCK))


def due_on(category: Category, day: date) -> date:
    """The last day to mend what was reported on ``day``."""
    return add_working_days(day, category.sla_days)


def first_answer_due(report: Report) -> date:
    """The last day for the first answer."""
    return add_working_days(local_day(report.reported_at), int(setting("first_answer_days")))


def days_left(report: Report) -> int | None:
    """Working days until the report is due: 0 on the last day, negative when it is late, None off the clock."""
    if report.due_on is None or not is_on_the_clock(report):
        return None
    return working_days_between(today(), report.due_on)


def is_on_the_clock(report: Report) -> bool:
    """Whether time passes for a report."""
    return report.state in ON_THE_CLOCK


def is_late(report: Report) -> bool:
    """Whether its last day is over and it is still on the clock."""
    return report.due_on is not None and is_on_the_clock(report) and report.due_on < today()


def is_unanswered(report: Report) -> bool:
    """Whether the first answer is overdue."""
    return report.answered_at is None and is_on_the_clock(report) and first_answer_due(report) < today()


def late_condition(today: date) -> ColumnElement[bool]:
    """The condition of a query for reports that are late on a day."""
    return and_(Report.state.in_(ON_CLOCK), Report.due_on < today)


def unanswered_condition(today: date) -> ColumnElement[bool]:
    """The condition of a query for reports whose first answer is overdue on a day."""
    since = last_day_before(today, int(setting("first_answer_days"))) + timedelta(days=1)
    begins = datetime.combine(since, datetime.min.time(), current_tenant().now().tzinfo)
    return and_(Report.state.in_(ON_CLOCK), Report.answered_at.is_(None), Report.reported_at < begins)


def last_day_before(day: date, working_days: int) -> date:
    """The last day that lies more than so many working days before ``day``: what ran for so long from it is overdue."""
    found = day - timedelta(days=1)
    while add_working_days(found, working_days) >= day:
        found -= timedelta(days=1)
    return found


def restart(report: Report) -> None:
    """Start the clock anew today, with the whole time of the category; what was escalated begins again as well."""
    report.due_on = due_on(report.category, today())
    report.escalation = 0


def stop(report: Report) -> None:
    """Take a report off the clock: nothing is promised any more."""
    report.due_on = None
    report.escalation = 0


def started_on(report: Report) -> date:
    """The day on which the clock of a report started: when it came back last, or when it was made."""
    came_back = session.scalar(
        select(LogEntry.at)
        .where(
            LogEntry.report_id == report.id,
            or_(
                LogEntry.to_state == State.REOPENED,
                and_(LogEntry.from_state == State.POSTPONED, LogEntry.to_state.in_(ON_CLOCK)),
            ),
        )
        .order_by(LogEntry.at.desc())
        .limit(1)
    )
    return local_day(came_back or report.reported_at)


def local_day(moment: datetime) -> date:
    """The date of a moment where the tenant is."""
    return moment.astimezone(current_tenant().now().tzinfo).date()
