"""Which roles there are in a tenant, what they allow, and who may give them.

Roles of the core, roles suggested by plugins, and roles composed by the tenant's administrators. The last are rows
of the tenant, read once per generation: every change of one calls `lumbung.registry.state.bump`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, and_, select, true

from lumbung.context import current_scope, current_tenant
from lumbung.database.engine import TenantSession
from lumbung.identity.models import ComposedRole, Grant, PersonRow
from lumbung.identity.person import (
    ADMIN,
    KEPT_BY_ADMINS,
    OF_NO_UNIT,
    PLATFORM_PERMISSIONS,
    TENANT_PERMISSIONS,
    ComposedRoles,
    Person,
    what_roles_allow,
)
from lumbung.registry.state import Snapshot

COMPOSED = "tenant."  # how the name of a composed role begins; no plugin can be called "tenant"


@dataclass(frozen=True)
class Composed:
    """A role that the tenant's administrators composed, as every worker knows it."""

    role: str
    title: Mapping[str, str]
    permissions: frozenset[str]


def composed(snapshot: Snapshot, tenant_id: int, bind: Engine | Connection) -> Mapping[str, Composed]:
    """Return the composed roles of a tenant by their name in grants, asking the database once per generation.

    They are read in a session of their own: a change that is not committed yet is nobody's but the changer's.
    """

    def read() -> dict[str, Composed]:
        with TenantSession(bind, info={"tenant": tenant_id}) as aside:
            rows = aside.scalars(select(ComposedRole).order_by(ComposedRole.code)).all()
            return {
                COMPOSED + row.code: Composed(COMPOSED + row.code, row.title, frozenset(row.permissions))
                for row in rows
            }

    return snapshot.remember(("composed roles", tenant_id), read)


def of_grants(
    granted: Iterable[str], snapshot: Snapshot, tenant_id: int, bind: Engine | Connection
) -> ComposedRoles | None:
    """Return the tenant's composed roles for `lumbung.identity.person.powers_of`; None where no grant is of one."""
    if not any(role.startswith(COMPOSED) for role in granted):
        return None
    return {role: one.permissions for role, one in composed(snapshot, tenant_id, bind).items()}


def composed_here() -> Mapping[str, Composed]:
    """Return the composed roles of the current tenant."""
    scope = current_scope()
    return composed(scope.kernel.snapshot(), current_tenant().id, scope.database.engine)


def allowed_here() -> Mapping[str, frozenset[str]]:
    """Return what each role of the current tenant allows now."""
    permissions = {role: one.permissions for role, one in composed_here().items()}
    return what_roles_allow(current_scope().kernel.snapshot(), current_tenant().id, permissions)


def roles_with(permission: str) -> frozenset[str]:
    """Return the roles that give a permission now, by their names in grants."""
    return frozenset(role for role, permissions in allowed_here().items() if permission in permissions)


def giving(permission: str) -> ColumnElement[bool]:
    """Return the condition of a grant that gives a permission now."""
    whole = Grant.unit_id.is_(None) if permission in OF_NO_UNIT else true()
    return and_(Grant.role.in_(roles_with(permission)), Grant.live(), whole)


def may(permission: str) -> ColumnElement[bool]:
    """Return the condition of a person (`PersonRow`) who holds a permission now, in some unit at least."""
    if permission in PLATFORM_PERMISSIONS:
        return PersonRow.operator.is_(True)
    return PersonRow.grants.any(giving(permission))


def permissions_of(role: str) -> frozenset[str] | None:
    """Return what a role would allow with every plugin on; None for a role that nobody declares."""
    own = composed_here().get(role)
    if own is not None:
        return own.permissions
    allowed = allowed_here().get(role)
    if allowed is not None:
        return allowed
    name, _dot, short = role.partition(".")
    plugin = current_scope().kernel.snapshot().plugins.get(name)
    if plugin is None or not plugin.usable:
        return None
    return next((frozenset(one.permissions) for one in plugin.manifest.roles if one.name == short), None)


def is_tenant_wide(role: str) -> bool:
    """Whether a role can be given for the whole tenant only: it holds a permission that knows no units."""
    return bool((permissions_of(role) or frozenset()) & OF_NO_UNIT)


def composable_here() -> frozenset[str]:
    """Return the permissions that a composed role of the current tenant may be given: the core's and the plugins'."""
    return everything_here() - KEPT_BY_ADMINS


def everything_here() -> frozenset[str]:
    """Return every permission of the current tenant: the core's, and those of the enabled plugins."""
    return allowed_here()[ADMIN]


def may_give(actor: Person, role: str, unit_id: UUID | None = None) -> bool:
    """Whether ``actor`` may give (or take back) a role, in ``unit_id`` or (None) in the whole tenant.

    An administrator gives every role there is. Anybody else gives what they hold themself, where they hold it; so
    never ``admin``, nor a role that nobody declares, nor one with a permission that sleeps because its plugin is off.
    """
    permissions = permissions_of(role)
    if permissions is None:
        return False
    if actor.is_admin:
        return True
    return role != ADMIN and all(_holds(actor, permission, unit_id) for permission in permissions)


def may_give_somewhere(actor: Person, role: str) -> bool:
    """Whether ``actor`` may give a role in some unit at least: what a form offers them."""
    permissions = permissions_of(role)
    if permissions is None or actor.is_admin:
        return permissions is not None
    return role != ADMIN and all(actor.can(permission) for permission in permissions)


def is_below(actor: Person, grants: Iterable[Grant]) -> bool:
    """Whether somebody with these grants may nothing that ``actor`` may not: only then may ``actor`` change them.

    Whoever makes a new password for an account can do all that the account can.
    """
    return actor.is_admin or all(may_give(actor, one.role, one.unit_id) for one in grants if one.is_live)


def may_compose(actor: Person, permissions: Iterable[str]) -> bool:
    """Whether ``actor`` may put these permissions into a role: an administrator any, others what they hold everywhere.

    A role may be granted anywhere later, so holding a permission in one unit is not enough.
    """
    wanted = frozenset(permissions)
    if wanted & (KEPT_BY_ADMINS | frozenset(PLATFORM_PERMISSIONS)):
        return False
    return actor.is_admin or all(actor.units_with(permission) is None for permission in wanted)


def is_of_the_core(permission: str) -> bool:
    """Whether the core itself guards a permission."""
    return permission in TENANT_PERMISSIONS or permission in PLATFORM_PERMISSIONS


def _holds(actor: Person, permission: str, unit_id: UUID | None) -> bool:
    units = actor.units_with(permission)
    return units is None or (unit_id is not None and unit_id in units)
