"""What a role is called, in both languages at once: for a message to whoever holds it."""

from __future__ import annotations

from lumbung.bilingual import Bilingual, Catalogue
from lumbung.context import current_scope, current_tenant
from lumbung.identity import roles
from lumbung.identity.person import ADMIN, EDITOR, OFFICER
from lumbung.registry.state import Snapshot

both = Catalogue("lumbung").both

CORE_ROLES = {
    ADMIN: both("Pengelola daerah"),
    OFFICER: both("Petugas"),
    EDITOR: both("Penulis pengumuman"),
}


def in_both(role: str, snapshot: Snapshot) -> Bilingual:
    """Return what a role of the current tenant is called in both languages; one that is gone stays the code it is."""
    if role in CORE_ROLES:
        return CORE_ROLES[role]
    if role.startswith(roles.COMPOSED):
        own = roles.composed(snapshot, current_tenant().id, current_scope().database.engine).get(role)
        return Bilingual(own.title["id"], own.title["en"]) if own else Bilingual(role, role)
    name, _dot, short = role.partition(".")
    plugin = snapshot.plugins.get(name)
    declared = plugin.manifest.roles if plugin and plugin.usable else ()
    title = next((one.title for one in declared if one.name == short), None)
    return Bilingual(title.id, title.en) if title else Bilingual(role, role)
