"""What the audit trail tells of one thing, ready to be shown at the foot of that thing's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from lumbung.audit import AuditRow
from lumbung.context import current_scope
from lumbung.web.action_titles import action_title, detail_words
from lumbung.web.erased import thing_of, who_did


@dataclass(frozen=True)
class TrailEntry:
    """One change, as `ui.timeline` shows it: when, by whom, what, and the details. No network address is in it."""

    at: datetime
    who: str
    title: str
    text: str


def trail_of(row_id: UUID, limit: int = 20) -> list[TrailEntry]:
    """Return the latest entries about the row with this id, the newest first.

    Whoever may open the page of the thing may read them: the page's own access rule is the check.
    """
    query = select(AuditRow).where(AuditRow.about == row_id).order_by(AuditRow.at.desc(), AuditRow.id).limit(limit)
    rows = current_scope().session.scalars(query).all()
    told = len({row.thing for row in rows}) > 1  # the page's own name in every line would be noise
    return [
        TrailEntry(
            at=row.at,
            who=who_did(row),
            title=action_title(row.action),
            text=" · ".join(filter(None, (thing_of(row) if told else "", detail_words(row.detail)))),
        )
        for row in rows
    ]
