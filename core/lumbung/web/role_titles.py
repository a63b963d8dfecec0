"""What roles there are for a tenant, and what they are called. Being an operator is not among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lumbung.bilingual import Catalogue
from lumbung.context import current_scope
from lumbung.identity import role_names, roles
from lumbung.identity.person import OF_NO_UNIT, OFFICER, Person, what_roles_allow
from lumbung.identity.role_names import CORE_ROLES
from lumbung.registry.state import Snapshot

both = Catalogue("lumbung").both

in_both = role_names.in_both
_OWN = both("Disusun daerah ini")


@dataclass(frozen=True)
class RoleTitle:
    """A role that can be given. ``of`` is the plugin's title, empty for a role of the core."""

    role: str
    title: str
    of: str = ""
    tenant_wide: bool = False
    available: bool = True


def offered(snapshot: Snapshot, tenant_id: int, language: str, *, actor: Person | None = None) -> list[RoleTitle]:
    """Return the roles that may be given in a tenant: the core's, its own, and those of its enabled plugins.

    With an ``actor``, only those that they may give in some unit at least.
    """
    found = list(_of_the_core(language).values())
    found += [_composed(one, snapshot, tenant_id, language) for one in _own(snapshot, tenant_id).values()]
    for plugin in snapshot.enabled_for(tenant_id):
        manifest = plugin.manifest
        found += [
            RoleTitle(f"{manifest.name}.{role.name}", role.title(language), manifest.title(language))
            for role in manifest.roles
        ]
    return found if actor is None else [one for one in found if roles.may_give_somewhere(actor, one.role)]


def title_of(role: str, snapshot: Snapshot, tenant_id: int, language: str) -> RoleTitle:
    """Return what a role is called; one whose plugin is off or gone is named but not available."""
    core = _of_the_core(language).get(role)
    if core is not None:
        return core
    own = _own(snapshot, tenant_id).get(role) if role.startswith(roles.COMPOSED) else None
    if own is not None:
        return _composed(own, snapshot, tenant_id, language)
    name, _dot, short = role.partition(".")
    plugin = snapshot.plugins.get(name)
    for declared in plugin.manifest.roles if plugin else ():
        if plugin and declared.name == short:
            title = plugin.manifest.title(language)
            on = snapshot.is_enabled(name, tenant_id)
            return RoleTitle(role, declared.title(language), title, available=on)
    return RoleTitle(role, role, available=False)


def _of_the_core(language: str) -> dict[str, RoleTitle]:
    return {role: RoleTitle(role, title(language), tenant_wide=role != OFFICER) for role, title in CORE_ROLES.items()}


def _own(snapshot: Snapshot, tenant_id: int) -> Mapping[str, roles.Composed]:
    return roles.composed(snapshot, tenant_id, current_scope().database.engine)


def _composed(one: roles.Composed, snapshot: Snapshot, tenant_id: int, language: str) -> RoleTitle:
    own = {role: other.permissions for role, other in _own(snapshot, tenant_id).items()}
    return RoleTitle(
        one.role,
        one.title["en" if language == "en" else "id"],
        _OWN(language),
        tenant_wide=bool(one.permissions & OF_NO_UNIT),
        available=bool(what_roles_allow(snapshot, tenant_id, own)[one.role]),
    )
