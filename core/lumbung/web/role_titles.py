"""What roles there are for a tenant, and what they are called. Being an operator is not among them."""

from __future__ import annotations

from dataclasses import dataclass

from lumbung.bilingual import Bilingual, Catalogue
from lumbung.identity.person import ADMIN, EDITOR, OFFICER
from lumbung.registry.state import Snapshot

both = Catalogue("lumbung").both

_CORE = {
    ADMIN: both("Pengelola daerah"),
    OFFICER: both("Petugas"),
    EDITOR: both("Penulis pengumuman"),
}


@dataclass(frozen=True)
class RoleTitle:
    """A role that can be given. ``of`` is the plugin's title, empty for a role of the core."""

    role: str
    title: str
    of: str = ""
    tenant_wide: bool = False
    available: bool = True


def offered(snapshot: Snapshot, tenant_id: int, language: str) -> list[RoleTitle]:
    """Return the roles that may be given in a tenant: the core's and those of its enabled plugins."""
    roles = list(_of_the_core(language).values())
    for plugin in snapshot.enabled_for(tenant_id):
        manifest = plugin.manifest
        roles += [
            RoleTitle(f"{manifest.name}.{role.name}", role.title(language), manifest.title(language))
            for role in manifest.roles
        ]
    return roles


def title_of(role: str, snapshot: Snapshot, tenant_id: int, language: str) -> RoleTitle:
    """Return what a role is called; one whose plugin is off or gone is named but not available."""
    core = _of_the_core(language).get(role)
    if core is not None:
        return core
    name, _dot, short = role.partition(".")
    plugin = snapshot.plugins.get(name)
    for declared in plugin.manifest.roles if plugin else ():
        if plugin and declared.name == short:
            title = plugin.manifest.title(language)
            on = snapshot.is_enabled(name, tenant_id)
            return RoleTitle(role, declared.title(language), title, available=on)
    return RoleTitle(role, role, available=False)


def in_both(role: str, snapshot: Snapshot) -> Bilingual:
    """Return what a role is called in both languages, for a message to whoever holds it."""
    if role in _CORE:
        return _CORE[role]
    name, _dot, short = role.partition(".")
    plugin = snapshot.plugins.get(name)
    declared = next((one for one in plugin.manifest.roles if one.name == short), None) if plugin else None
    return Bilingual(declared.title.id, declared.title.en) if declared else Bilingual(role, role)


def _of_the_core(language: str) -> dict[str, RoleTitle]:
    return {role: RoleTitle(role, title(language), tenant_wide=role != OFFICER) for role, title in _CORE.items()}
