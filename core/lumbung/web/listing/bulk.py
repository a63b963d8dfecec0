"""What is done with several rows of a list at once."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import request

FIELD = "pilih"
MOST_SELECTED = 500


@dataclass(frozen=True)
class BulkAction:
    """A button below a list for the rows that are ticked. ``url`` is a view that takes a POST.

    That view reads `selected_ids`, says in one sentence what it did and what it left out, and leads back to
    ``local_path(request.form.get("kembali"), ...)``. ``confirm`` is a question asked first, where scripts run.
    """

    label: str
    url: str
    icon: str | None = None
    tone: str = "muted"
    confirm: str | None = None


def selected_ids() -> list[UUID]:
    """Return the ids of the rows that were ticked, each once, at most 500; what is no id is left out.

    They come from outside: find the rows through the session, which shows the tenant's own, and check that the
    person at work may touch each.
    """
    found: dict[UUID, None] = {}
    for text in request.form.getlist(FIELD):
        try:
            found[UUID(text)] = None
        except ValueError:
            continue
        if len(found) == MOST_SELECTED:
            break
    return list(found)
