"""Who did what to which thing, in the tenant's own append-only trail. The app role can add and read, never alter."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, String, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lumbung.clock import utc_now
from lumbung.context import current_scope
from lumbung.database.core_model import CoreModel


class AuditRow(CoreModel):
    """One entry of the trail. ``person_name`` is kept as it was at that moment."""

    __tablename__ = "lumbung_audit"

    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    plugin: Mapped[str | None] = mapped_column(String(40))
    person_id: Mapped[UUID | None] = mapped_column(Uuid)
    person_name: Mapped[str] = mapped_column(String(160))
    action: Mapped[str] = mapped_column(String(80))
    thing: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    address: Mapped[str | None] = mapped_column(String(45))
    about: Mapped[UUID | None] = mapped_column(Uuid)


def record(action: str, thing: object, *, about: UUID | None = None, **detail: Any) -> None:
    """Write one entry in the current transaction: it stands exactly when the change it tells of stands.

    ``action`` is a verb with its room (``tenant.unit.add``); ``thing`` is shown to readers; ``about`` is the id of
    the row it tells of, so that the thing's own page can show its trail; ``detail`` is plain JSON data and must
    hold no password, token or identity number.
    """
    scope = current_scope()
    person = scope.person
    scope.session.add(
        AuditRow(
            at=utc_now(),
            plugin=scope.plugin,
            person_id=person.id if person else None,
            person_name=person.name if person else scope.memory.get("actor", "-"),
            action=action,
            thing=str(thing)[:200],
            detail=detail,
            address=scope.address,
            about=about,
        )
    )
