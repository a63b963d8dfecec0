"""What permissions are called: the core's own, and those that plugins declare."""

from __future__ import annotations

from dataclasses import dataclass

from lumbung.bilingual import Catalogue
from lumbung.registry.state import InstalledPlugin, Snapshot

both = Catalogue("lumbung").both

CORE_PERMISSIONS = {
    "core.plugins": both("Menyalakan dan mematikan aplikasi"),
    "core.people": both("Mengelola orang dan perannya"),
    "core.units": both("Mengelola perangkat daerah"),
    "core.tenant": both("Mengubah identitas daerah"),
    "core.audit": both("Membaca jejak audit"),
    "core.announce": both("Menulis dan menerbitkan pengumuman"),
    "core.privacy": both("Menjawab permintaan data pribadi dan mengatur teks persetujuan"),
    "platform.plugins": both("Memasang dan mencopot aplikasi"),
    "platform.tenants": both("Mendaftarkan daerah"),
}
OF_CORE = both("Portal dan pengelolaan")


@dataclass(frozen=True)
class PermissionTitle:
    """A permission in words. ``of`` is its application; not ``available`` while that is off or gone."""

    permission: str
    title: str
    of: str
    available: bool = True


def permission_title(permission: str, snapshot: Snapshot, tenant_id: int, language: str) -> PermissionTitle:
    """Return what a permission is called; one whose plugin is gone stays the code it is."""
    core = CORE_PERMISSIONS.get(permission)
    if core is not None:
        return PermissionTitle(permission, core(language), OF_CORE(language))
    name = permission.partition(".")[0]
    plugin = snapshot.plugins.get(name)
    if plugin is not None and plugin.usable:
        for one in plugin.manifest.permissions:
            if one.name == permission:
                return _of_plugin(
                    plugin, one.title(language), permission, snapshot.is_enabled(name, tenant_id), language
                )
    return PermissionTitle(permission, permission, name, available=False)


def by_application(
    permissions: frozenset[str], snapshot: Snapshot, tenant_id: int, language: str
) -> list[tuple[str, list[PermissionTitle]]]:
    """Return permissions in words, grouped by application: the core's first, in the order of its list."""
    order = {name: place for place, name in enumerate(CORE_PERMISSIONS)}
    groups: dict[tuple[bool, str], list[PermissionTitle]] = {}
    for name in sorted(permissions, key=lambda one: (order.get(one, len(order)), one)):
        title = permission_title(name, snapshot, tenant_id, language)
        groups.setdefault((name not in CORE_PERMISSIONS, title.of), []).append(title)
    return [(of, groups[plugin, of]) for plugin, of in sorted(groups)]


def _of_plugin(plugin: InstalledPlugin, title: str, permission: str, on: bool, language: str) -> PermissionTitle:
    return PermissionTitle(permission, title, plugin.manifest.title(language), available=on)
