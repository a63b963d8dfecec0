"""What plugins need of one another: by name and version range in their manifests, never by import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle.inspection import InspectedWheel
from lumbung.registry.manifest import Manifest
from lumbung.registry.state import InstalledPlugin, Snapshot


@dataclass(frozen=True)
class Need:
    """Something that a plugin needs, itself or through another: who asks, for which versions, and how it stands.

    ``state`` is ``on`` or ``off`` for the tenant, ``missing`` when it is not installed, ``wrong`` when its version
    lies outside of the range.
    """

    name: str
    wanted: str
    asked_by: str
    state: Literal["on", "off", "missing", "wrong"]
    version: str | None = None


def needs_of(snapshot: Snapshot, plugin: str, tenant_id: int) -> list[Need]:
    """Return all that a plugin needs to be on for a tenant, in the order in which to switch it on."""
    found: dict[str, Need] = {}
    _collect(snapshot, plugin, tenant_id, found, {plugin})
    return list(found.values())


def _collect(snapshot: Snapshot, plugin: str, tenant_id: int, found: dict[str, Need], above: set[str]) -> None:
    for name, wanted in _dependencies(snapshot.plugins.get(plugin)).items():
        if name in above:
            continue
        _collect(snapshot, name, tenant_id, found, above | {name})
        known = found.get(name)
        if known is None or known.state not in ("missing", "wrong"):
            found[name] = _need(snapshot, name, wanted, plugin, tenant_id)


def _need(snapshot: Snapshot, name: str, wanted: str, asked_by: str, tenant_id: int) -> Need:
    here = snapshot.plugins.get(name)
    if here is None:
        return Need(name, wanted, asked_by, "missing")
    if not fits(here.version, wanted):
        return Need(name, wanted, asked_by, "wrong", here.version)
    return Need(name, wanted, asked_by, "on" if snapshot.is_enabled(name, tenant_id) else "off", here.version)


def dependents_of(snapshot: Snapshot, plugin: str, tenant_id: int | None = None) -> list[str]:
    """Return the plugins that need this one, themselves or through another, those to be switched off first in front.

    With a tenant, only those that are on there.
    """
    known = [
        other for other in snapshot.plugins.values() if tenant_id is None or snapshot.is_enabled(other.name, tenant_id)
    ]
    found: list[str] = []
    wanted = [plugin]
    while wanted:
        one = wanted.pop(0)
        for other in known:
            if one in _dependencies(other) and other.name not in (*found, plugin):
                found.append(other.name)
                wanted.append(other.name)
    return found[::-1]


def _dependencies(plugin: InstalledPlugin | None) -> dict[str, str]:
    return dict(sorted(plugin.raw_manifest.get("dependencies", {}).items())) if plugin else {}


def refuse_older(kernel: Kernel, wheel: InspectedWheel) -> None:
    """Refuse a wheel whose version is lower than the installed one: its tables may be newer than its code."""
    installed = kernel.snapshot().plugins.get(wheel.manifest.name)
    if installed and Version(wheel.version) < Version(installed.version):
        raise LumbungError(
            "%(file)s is older than the %(plugin)s %(version)s that is installed; its tables may be newer than this "
            "code.",
            file=wheel.path.name,
            plugin=wheel.manifest.name,
            version=installed.version,
        )


def refuse_missing(kernel: Kernel, manifest: Manifest) -> None:
    """Refuse a plugin that needs another which is not installed, or not in the right version."""
    installed = kernel.snapshot().plugins
    for name, wanted in manifest.dependencies.items():
        if name not in installed:
            raise LumbungError(
                "Plugin %(plugin)s needs the plugin %(needed)s %(wanted)s; install that first.",
                plugin=manifest.name,
                needed=name,
                wanted=wanted,
            )
        if not fits(installed[name].version, wanted):
            raise LumbungError(
                "Plugin %(plugin)s needs %(needed)s %(wanted)s; %(version)s is installed.",
                plugin=manifest.name,
                needed=name,
                wanted=wanted,
                version=installed[name].version,
            )


def refuse_breaking_others(kernel: Kernel, manifest: Manifest) -> None:
    """Refuse a version of a plugin that an installed plugin which needs it does not accept."""
    for other in kernel.snapshot().plugins.values():
        wanted = _dependencies(other).get(manifest.name)
        if wanted and other.name != manifest.name and not fits(manifest.version, wanted):
            raise LumbungError(
                "Plugin %(other)s, which is installed, needs %(plugin)s %(wanted)s; version %(version)s would break "
                "it. Upgrade %(other)s first.",
                other=other.name,
                plugin=manifest.name,
                wanted=wanted,
                version=manifest.version,
            )


def fits(version: str, wanted: str) -> bool:
    """Whether a version lies in a range such as ``>=1,<2``."""
    return SpecifierSet(wanted).contains(version, prereleases=True)
