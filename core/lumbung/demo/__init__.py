"""The demo regency: what ``lumbung demo`` fills in, and what a plugin's ``load_demo`` hook is given."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from lumbung.context import current_scope
from lumbung.errors import LumbungError
from lumbung.identity import people
from lumbung.identity.models import PersonRow
from lumbung.lifecycle.enable import set_run_by
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
        """Give a sample person a role of the plugin (``antrean.operator``), for a unit or the whole tenant.

        Harmless to repeat. Raises `LumbungError` for a role that the plugin's manifest does not declare.
        """
        scope = current_scope()
        plugin = scope.kernel.snapshot().plugins.get(scope.plugin or "")
        if plugin and role not in {f"{plugin.name}.{one.name}" for one in plugin.manifest.roles}:
            raise LumbungError(f"{plugin.name} has no role {role!r}.")
        session = scope.session
        unit = find_unit(session, unit_code) if unit_code else None
        people.grant(session, self._person(email), role, unit)

    def run_by(self, unit_code: str) -> None:
        """Name the unit that runs the plugin, unless one was named already."""
        scope = current_scope()
        assert scope.tenant is not None and scope.plugin is not None  # noqa: S101  (load_demo is asked inside both)
        if (scope.tenant.id, scope.plugin) not in scope.kernel.snapshot().run_by:
            set_run_by(scope.kernel, scope.plugin, scope.tenant, unit_code, by=scope.memory.get("actor", "demo"))

    def _person(self, email: str) -> PersonRow:
        person = current_scope().session.scalar(select(PersonRow).where(PersonRow.email == email))
        if person is None:
            raise LumbungError(f"The demo has no person {email!r}.")
        return person
