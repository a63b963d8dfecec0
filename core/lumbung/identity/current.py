"""Who is asking, for everybody who needs to know. The web loads them once per request."""

from __future__ import annotations

from lumbung.context import scope_or_none
from lumbung.identity.person import Person


def current_person() -> Person | None:
    """Return who is signed in, None for a visitor, a job or a command."""
    scope = scope_or_none()
    return scope.person if scope else None
