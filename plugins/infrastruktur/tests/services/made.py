"""Reports as the tests of the office's rules want them, put into the table without the rules of the form."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from lumbung_infrastruktur.models import Category, LogEntry, Report, Support
from lumbung_infrastruktur.rules.contacts import email_key
from lumbung_infrastruktur.services import clock
from sqlalchemy import select, text

from lumbung.sdk import find_or_404, now, session
from lumbung.testing import AuditRow, EventRow, Notification

NUMBERS = count(1)
IN_ORDER = text("ctid")  # rows of one stopped moment, as they were written


def made(works: Any, **given: Any) -> UUID:
    """Add a report (a pothole of the roads unit, new, on the clock unless said otherwise) and return its id."""
    number = next(NUMBERS)
    with works.inside():
        category = find_or_404(Category, given.pop("category", works.pothole))
        at = given.pop("at", now())
        values: dict[str, Any] = {
            "category_id": category.id,
            "unit_id": category.unit_id,
            "number": f"L26-{number:06}",
            "token": f"token{number}",
            "authority": "kabupaten",
            "lat": -8.4936,
            "lon": 117.4207,
            "district_code": "52.04.08",
            "village_code": "52.04.08.1004",
            "description": "Lubang dalam",
            "reported_at": at,
            "updated_at": at,
            "due_on": clock.due_on(category, clock.local_day(at)),
        }
        email = given.get("reporter_email")
        if email:
            values["email_key"] = email_key(email)
        report = Report(**{**values, **given})
        session.add(report)
        session.flush()
        return report.id


def supported(works: Any, report_id: UUID, *emails: str, **given: Any) -> None:
    """Let people with these addresses support a report."""
    from lumbung_infrastruktur.services.supports import support

    with works.inside():
        report = find_or_404(Report, report_id)
        for email in emails:
            support(report, email=email, **given)


def read(works: Any, report_id: UUID) -> Report:
    """A report as it stands in the table now, readable after its scope."""
    with works.inside():
        report = find_or_404(Report, report_id)
        session.refresh(report)
        session.expunge(report)
        return report


def log(works: Any, report_id: UUID) -> list[LogEntry]:
    """The lines of a report's log, the oldest first."""
    with works.inside():
        lines = session.scalars(
            select(LogEntry).where(LogEntry.report_id == report_id).order_by(LogEntry.at, IN_ORDER)
        ).all()
        session.expunge_all()
        return list(lines)


def steps(works: Any, report_id: UUID) -> list[tuple[str, str]]:
    """From which state to which a report went."""
    return [(line.from_state, line.to_state) for line in log(works, report_id) if line.to_state]


def followers(works: Any, report_id: UUID) -> set[str]:
    """The addresses of who supports a report."""
    with works.inside():
        return {str(one) for one in session.scalars(select(Support.email).where(Support.report_id == report_id))}


def events(works: Any) -> list[tuple[str, dict[str, Any]]]:
    """What the house was told, in its order."""
    with works.house.scope():
        rows = session.scalars(select(EventRow).order_by(EventRow.at, IN_ORDER)).all()
        return [(row.name.removeprefix("infrastruktur."), dict(row.data)) for row in rows]


def told(works: Any, person: Any) -> list[tuple[str, str]]:
    """What somebody was told in the portal: titles and paths."""
    with works.house.scope():
        query = select(Notification).where(Notification.person_id == person.id).order_by(Notification.at, IN_ORDER)
        return [(row.title["id"], row.url) for row in session.scalars(query)]


def audited(works: Any, action: str) -> int:
    """How many lines of the trail have this action."""
    with works.house.scope():
        return len(session.scalars(select(AuditRow.id).where(AuditRow.action == action)).all())


def at(moment: str) -> datetime:
    """A moment in Sumbawa: ``2026-11-24T08:00``."""
    return datetime.fromisoformat(f"{moment}+08:00")
