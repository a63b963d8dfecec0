"""Every plugin at a glance: installed ones, and packages that are here but not installed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from lumbung.errors import LumbungError, Sentence
from lumbung.kernel import Kernel
from lumbung.lifecycle.states import SERVED
from lumbung.registry.discovery import FoundPlugin, find_plugins
from lumbung.registry.manifest import Manifest, manifest_of
from lumbung.registry.models import PluginRow


@dataclass(frozen=True)
class PluginOverview:
    """One line of the list. ``state`` is installed, upgrading, available (a package that is not installed) or
    uninstalled.

    ``problem`` says what an operator must mend: the package is gone, or its manifest cannot be used.
    """

    name: str
    state: str
    version: str | None
    manifest: Manifest | None
    tenants: tuple[str, ...] = ()
    problem: Sentence | None = None
    package_here: bool = field(default=True, compare=False)

    def as_json(self) -> dict[str, Any]:
        """Return the line as plain data, as ``lumbung plugin list --json`` prints it."""
        manifest = self.manifest
        return {
            "name": self.name,
            "state": self.state,
            "version": self.version,
            "title": {"id": manifest.title.id, "en": manifest.title.en} if manifest else None,
            "donor": manifest.donor.name if manifest else None,
            "licence": manifest.licence if manifest else None,
            "tenants": list(self.tenants),
            "problem": self.problem,
        }


def overview(kernel: Kernel) -> list[PluginOverview]:
    """Return every plugin by name. Reads manifests; runs no plugin's code."""
    kernel.state.forget()
    snapshot = kernel.snapshot()
    found = find_plugins()
    with kernel.database.new_session(None) as session:
        rows = {row.name: row for row in session.scalars(select(PluginRow))}
    lines = []
    for name in sorted(found.keys() | rows.keys()):
        row = rows.get(name)
        if row is not None and row.state in SERVED:
            tenants = tuple(tenant.slug for tenant in snapshot.tenants.values() if snapshot.is_enabled(name, tenant.id))
            lines.append(_installed(row, found.get(name), tenants))
        elif name in found:
            lines.append(_available(found[name], row))
        elif row is not None:
            manifest, problem = _kept_manifest(row)
            lines.append(PluginOverview(name, row.state, row.version, manifest, problem=problem, package_here=False))
    return lines


def _installed(row: PluginRow, found: FoundPlugin | None, tenants: tuple[str, ...]) -> PluginOverview:
    manifest, problem = _kept_manifest(row)
    if problem:
        problem = Sentence("%(problem)s Install a newer version of it.", problem=problem)
    elif found is None:
        problem = Sentence("Its package is gone; install the wheel again, or uninstall it (its data is kept).")
    elif found.version != row.version and row.state == "installed":
        problem = Sentence(
            "Its package is %(found)s but %(installed)s was installed; install it again.",
            found=found.version,
            installed=row.version,
        )
    return PluginOverview(
        row.name,
        row.state,
        row.version,
        manifest,
        tenants,
        problem,
        package_here=found is not None,
    )


def _kept_manifest(row: PluginRow) -> tuple[Manifest | None, Sentence | None]:
    try:
        return manifest_of(row.manifest, Sentence("the manifest kept of %(plugin)s", plugin=row.name)), None
    except LumbungError as error:
        return None, error.sentence


def _available(found: FoundPlugin, row: PluginRow | None) -> PluginOverview:
    state = row.state if row else "available"
    try:
        return PluginOverview(found.name, state, found.version, found.manifest)
    except LumbungError as error:
        return PluginOverview(found.name, state, found.version, None, problem=error.sentence)
