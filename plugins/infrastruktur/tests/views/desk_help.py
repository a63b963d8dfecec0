"""What the tests of the desk share: a report's page, a press on it as it is now, what became of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from lumbung_infrastruktur.models import LogEntry, Report
from lumbung_infrastruktur.services import inbox
from sqlalchemy import select

from lumbung.sdk import find_or_404, session

HERE = "/infrastruktur/petugas/laporan"


def page_of(report_id: UUID) -> str:
    return f"{HERE}/{report_id}"


def act(works: Any, who: str, report_id: UUID, word: str, data: dict[str, Any] | None = None, **given: Any) -> Any:
    """Press a button on a report's page, as it is now; returns the answer itself."""
    client = works.client(who)
    seen = given.pop("seen", None) or stamp(works, report_id)
    return client.post_form(f"{page_of(report_id)}/{word}", {"seen": seen, **(data or {})}, page=page_of(report_id))


def stamp(works: Any, report_id: UUID) -> str:
    with works.inside():
        return inbox.stamp(find_or_404(Report, report_id))


def now_is(works: Any, report_id: UUID) -> tuple[str, UUID | None]:
    with works.inside():
        report = find_or_404(Report, report_id)
        return report.state, report.unit_id


def change(works: Any, report_id: UUID, **values: Any) -> None:
    with works.inside():
        report = find_or_404(Report, report_id)
        for name, value in values.items():
            setattr(report, name, value)


def log(works: Any, report_id: UUID) -> list[LogEntry]:
    with works.inside():
        query = select(LogEntry).where(LogEntry.report_id == report_id).order_by(LogEntry.at)
        return list(session.scalars(query))
