"""Who did what to which thing, in the tenant's own append-only trail; and who read whose personal data.

The app role can add and read, never alter. The database chains the entries (`lumbung.audit.chain` checks that),
and each night signs where the chain stands (`lumbung.audit.anchor`).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from lumbung.audit.models import AccessRow, AuditRow
from lumbung.audit.reading import note_reading, readings_of
from lumbung.clock import utc_now
from lumbung.context import current_scope

__all__ = ["AccessRow", "AuditRow", "note_reading", "readings_of", "record"]


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
