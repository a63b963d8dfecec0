"""The demo regency: what ``lumbung demo`` fills in, and what a plugin's ``load_demo`` hook is given."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from lumbung.context import current_scope
from lumbung.errors import LumbungError
from lumbung.identity import people
from lumbung.identity.models import PersonRow
from lumbung.tenancy.services import find_unit


@dataclass(frozen=True)
class Demo:
    """Finds the sample people and units of the current tenant, for a plugin's sample data."""

    def person(self, email: str) -> UUID:
        """Return the id of a sample person, such as ``loket1@sumbawa.example``."""
        return self._person(email).id

    def unit(self, code: str) -> UUID:
        """Return the id of a sample unit, such as ``DISDUKCAPIL``."""
        unit = find_unit(current_scope().session, code)
        if unit is None:
            raise LumbungError(f"The demo has no unit {code!r}.")
        return unit.id

    def grant(self, email: str, role: str, unit_code: str | None = None) -> None:
        """Give a sample person a role of the plugin, for a unit or the whole tenant. Harmless to repeat."""
        session = current_scope().session
        unit = find_unit(session, unit_code) if unit_code else None
        people.grant(session, self._person(email), role, unit)

    def _person(self, email: str) -> PersonRow:
        person = current_scope().session.scalar(select(PersonRow).where(PersonRow.email == email))
        if person is None:
            raise LumbungError(f"The demo has no person {email!r}.")
        return person
