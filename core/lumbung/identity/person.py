"""A person as the rest of the house sees them: who they are and what they may do, read once per request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from lumbung.registry.state import Snapshot

ADMIN = "admin"
OFFICER = "officer"
EDITOR = "editor"

# What the core itself guards. A plugin's permissions stand in its manifest.
TENANT_PERMISSIONS = ("core.plugins", "core.people", "core.units", "core.tenant", "core.audit", "core.announce")
PLATFORM_PERMISSIONS = ("platform.plugins", "platform.tenants")
OF_NO_UNIT = frozenset(TENANT_PERMISSIONS + PLATFORM_PERMISSIONS)

Powers = Mapping[str, frozenset[UUID] | None]


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in. ``powers`` maps a permission to units, or to None: the whole tenant.

    ``unread`` counts the notifications they have not opened. It is what Flask-Login calls a user.
    """

    id: UUID
    tenant_id: int
    name: str
    email: str
    phone: str | None = None
    is_operator: bool = False
    is_admin: bool = False
    is_officer: bool = False
    powers: Powers = field(default_factory=dict)
    session_id: UUID | None = None
    unread: int = 0

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Return the id as text, for Flask-Login."""
        return str(self.id)

    @property
    def is_staff(self) -> bool:
        """Whether the person has a desk: anyone with a role."""
        return self.is_operator or self.is_admin or self.is_officer or bool(self.powers)

    @property
    def units(self) -> frozenset[UUID] | None:
        """The units this person works in: where they hold a permission of any application. None means all.

        The core's own permissions are for the whole tenant by nature and say nothing about units.
        """
        held = [units for name, units in self.powers.items() if name not in OF_NO_UNIT]
        return None if None in held else frozenset().union(*(units for units in held if units))

    def can(self, permission: str, unit_id: UUID | None = None) -> bool:
        """Whether the person may do this: in ``unit_id``, or (None) anywhere at all."""
        if permission not in self.powers:
            return False
        units = self.powers[permission]
        return units is None or unit_id is None or unit_id in units

    def units_with(self, permission: str) -> frozenset[UUID] | None:
        """Return the units in which the person may do this; None means every unit of the tenant."""
        return self.powers.get(permission, frozenset())


def powers_of(
    grants: Iterable[tuple[str, frozenset[UUID] | None]],
    snapshot: Snapshot,
    tenant_id: int,
    *,
    operator: bool,
) -> Powers:
    """Work out what roles allow.

    ``grants`` pairs a role with the units it covers, None for the whole tenant. A tenant administrator has every
    permission of every enabled plugin; a role of a plugin that is not enabled gives nothing.
    """
    powers: dict[str, frozenset[UUID] | None] = {}
    manifests = [plugin.manifest for plugin in snapshot.enabled_for(tenant_id)]
    of_role = {f"{m.name}.{role.name}": role.permissions for m in manifests for role in m.roles}
    of_role[EDITOR] = ("core.announce",)
    of_role[ADMIN] = (*TENANT_PERMISSIONS, *(p.name for m in manifests for p in m.permissions))
    for role, units in grants:
        for permission in of_role.get(role, ()):
            known = powers.get(permission, frozenset())
            powers[permission] = None if units is None or known is None else known | units
    if operator:
        powers.update(dict.fromkeys(PLATFORM_PERMISSIONS))
    return powers
