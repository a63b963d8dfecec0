"""A person as the rest of the house sees them: who they are and what they may do, read once per request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from lumbung.registry.state import Snapshot

ADMIN = "admin"
OFFICER = "officer"
EDITOR = "editor"

# What the core itself guards. A plugin's permissions stand in its manifest.
TENANT_PERMISSIONS = (
    "core.plugins",
    "core.people",
    "core.units",
    "core.tenant",
    "core.audit",
    "core.announce",
    "core.privacy",
)
PLATFORM_PERMISSIONS = ("platform.plugins", "platform.tenants")
OF_NO_UNIT = frozenset(TENANT_PERMISSIONS + PLATFORM_PERMISSIONS)

# No part of a composed role: whoever moves a unit below their own would give themself what they hold there.
KEPT_BY_ADMINS = frozenset(["core.units"])

Powers = Mapping[str, frozenset[UUID] | None]
ComposedRoles = Mapping[str, frozenset[str]]  # the permissions of "tenant.<code>"


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in. ``powers`` maps a permission to units, or to None: the whole tenant.

    ``unread`` counts the notifications they have not opened. It is what Flask-Login calls a user. ``owes_factor``: a
    role of theirs wants a second factor that this session did not show; until then the gate opens nothing for them.
    ``proven_at`` is when they last proved who they are; ``renews`` asks for another token at the next page.
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
    owes_factor: bool = False
    proven_at: datetime | None = None
    renews: bool = False

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
    composed: ComposedRoles | None = None,
) -> Powers:
    """Work out what roles allow.

    ``grants`` pairs a role with the units it covers, None for the whole tenant; those that ended are left out
    before. ``composed`` are the tenant's own roles, needed where a grant is of one. A permission of the core is for
    the whole tenant by nature: a grant for a unit does not give it.
    """
    powers: dict[str, frozenset[UUID] | None] = {}
    allowed = what_roles_allow(snapshot, tenant_id, composed or {})
    for role, units in grants:
        for permission in allowed.get(role, ()):
            if units is not None and permission in OF_NO_UNIT:
                continue
            known = powers.get(permission, frozenset())
            powers[permission] = None if units is None or known is None else known | units
    if operator:
        powers.update(dict.fromkeys(PLATFORM_PERMISSIONS))
    return MappingProxyType(powers)  # several requests may hold it


def what_roles_allow(snapshot: Snapshot, tenant_id: int, composed: ComposedRoles) -> Mapping[str, frozenset[str]]:
    """Return what each role of a tenant allows now.

    A tenant administrator has every permission of the tenant and of every enabled plugin. A role of a plugin that is
    not enabled is missing; a composed role gives what it holds of those that an administrator has, but for
    `KEPT_BY_ADMINS`.
    """
    return snapshot.remember(
        ("roles allow", tenant_id, bool(composed)), lambda: _allowed(snapshot, tenant_id, composed)
    )


def _allowed(snapshot: Snapshot, tenant_id: int, composed: ComposedRoles) -> dict[str, frozenset[str]]:
    manifests = [plugin.manifest for plugin in snapshot.enabled_for(tenant_id)]
    of_role = {f"{m.name}.{role.name}": frozenset(role.permissions) for m in manifests for role in m.roles}
    everything = frozenset((*TENANT_PERMISSIONS, *(p.name for m in manifests for p in m.permissions)))
    of_role |= {OFFICER: frozenset(), EDITOR: frozenset(["core.announce"]), ADMIN: everything}
    for role, permissions in composed.items():
        of_role[role] = permissions & everything - KEPT_BY_ADMINS
    return of_role
