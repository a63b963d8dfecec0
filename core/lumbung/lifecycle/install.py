"""Installing and uninstalling: a package becomes a plugin of this site, and stops being one with its data kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version
from sqlalchemy import text
from sqlalchemy.orm import Session

from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle import packages
from lumbung.lifecycle.inspection import InspectedWheel, inspect_wheel
from lumbung.migrate import Component, as_migrator, upgrade
from lumbung.openid import clients
from lumbung.presence import renew_code
from lumbung.registry.discovery import FoundPlugin, find_plugin, find_plugins
from lumbung.registry.manifest import Manifest
from lumbung.registry.models import PluginRow
from lumbung.registry.state import bump

Tell = Callable[[str], None]


def quietly(_step: str) -> None:
    """Tell nobody about a step."""


def install_wheel(kernel: Kernel, path: Path, *, by: str, tell: Tell = quietly) -> Manifest:
    """Install the plugin in a wheel: inspect, unpack, migrate, register. Returns its manifest.

    ``tell`` hears each step. Raises `LumbungError` in one sentence; a wheel that is refused leaves nothing behind,
    a migration that fails leaves the package as it was before. A site that is being served and may have loaded an
    earlier package of this plugin renews its processes.
    """
    tell("inspect")
    wheel = inspect_wheel(path)
    kernel.state.forget()
    _refuse_older(kernel, wheel)
    _refuse_missing_dependencies(kernel, wheel.manifest)
    folder = kernel.settings.plugin_folder
    new_here = packages.distribution_in(folder, wheel.distribution) is None
    known = _was_ever_installed(kernel, wheel.manifest.name)
    tell("unpack")
    with packages.unpacked(folder, wheel) as draft:  # becomes the current one when its tables are there
        tell("migrate")
        _migrate(kernel, _component_in(draft, wheel), by=by)
    try:
        found = find_plugin(wheel.manifest.name)
        if found is None or found.version != wheel.version:
            raise LumbungError(
                "%(file)s was unpacked but another %(plugin)s stands before it on the import path.",
                file=path.name,
                plugin=wheel.manifest.name,
            )
        tell("register")
        _register(kernel, found, wheel.manifest, by=by, wheel_hash=wheel.sha256)
    except BaseException:
        if new_here:
            packages.take_out(folder, wheel.distribution)
        raise
    if known:
        renew_code(kernel.settings.home)
    return wheel.manifest


def install_found(kernel: Kernel, name: str, *, by: str, tell: Tell = quietly) -> Manifest:
    """Install a plugin whose package is already in the environment (a bundled one). Returns its manifest."""
    found = find_plugin(name)
    if found is None:
        known = sorted(find_plugins())
        raise LumbungError(
            "There is no plugin package %(plugin)r here; there are: %(known)s.", plugin=name, known=known
        )
    kernel.state.forget()
    _refuse_missing_dependencies(kernel, found.manifest)
    tell("migrate")
    _migrate(kernel, component_of(found), by=by)
    tell("register")
    _register(kernel, found, found.manifest, by=by, wheel_hash=None)
    return found.manifest


def uninstall(kernel: Kernel, name: str, *, by: str, tell: Tell = quietly) -> None:
    """Take a plugin off this site. Its tables, files and ledger stay; installing it again finds them.

    Works when its package is already gone. Raises `LumbungError` when it is not installed or other plugins that
    are installed need it.
    """
    kernel.state.forget()
    with kernel.database.new_session(None) as session:
        row = session.get(PluginRow, name)
    folder, distribution = kernel.settings.plugin_folder, f"lumbung-{name}"
    if row is None or row.state != "installed":
        if row is not None and packages.take_out(folder, distribution):
            return  # an uninstall that was interrupted is finished here
        raise LumbungError("Plugin %(plugin)s is not installed.", plugin=name)
    needed_by = [
        other.name for other in kernel.snapshot().plugins.values() if name in other.raw_manifest.get("dependencies", {})
    ]
    if needed_by:
        raise LumbungError(
            "Plugin %(plugin)s is needed by %(dependents)s; uninstall that first.", plugin=name, dependents=needed_by
        )
    tell("disable")
    with _as_migrator(kernel) as session:
        session.execute(text("DELETE FROM lumbung_enabled WHERE plugin = :name"), {"name": name})
        session.execute(text("DELETE FROM lumbung_openid_client WHERE plugin = :name"), {"name": name})
        session.execute(text("UPDATE lumbung_plugin SET state = 'uninstalled' WHERE name = :name"), {"name": name})
        session.execute(
            text(
                "INSERT INTO lumbung_ledger (component, package_version, revision, by) "
                "VALUES (:name, :version, NULL, :by)"
            ),
            {"name": name, "version": row.version, "by": f"{by} (uninstall)"},
        )
        bump(session)
    kernel.state.forget()
    tell("remove")
    packages.take_out(folder, distribution)


def component_of(found: FoundPlugin) -> Component:
    """Return what `lumbung.migrate` needs to know of a plugin's package."""
    manifest = found.manifest
    return Component(manifest.name, found.version, found.folder / "migrations", tuple(manifest.shared_tables))


def _component_in(draft: Path, wheel: InspectedWheel) -> Component:
    manifest = wheel.manifest
    folder = draft / wheel.module / "migrations"
    return Component(manifest.name, wheel.version, folder, tuple(manifest.shared_tables))


def _migrate(kernel: Kernel, component: Component, *, by: str) -> None:
    timeout = kernel.settings.lock_timeout_ms
    upgrade(_migrator_url(kernel), component, by=by, lock_timeout_ms=timeout)


def _register(kernel: Kernel, found: FoundPlugin, manifest: Manifest, *, by: str, wheel_hash: str | None) -> None:
    with _as_migrator(kernel) as session:
        row = session.get(PluginRow, manifest.name) or PluginRow(name=manifest.name)
        row.version = found.version
        row.module = found.module
        row.state = "installed"
        row.manifest = manifest.as_json()
        row.wheel_hash = wheel_hash
        row.installed_by = by
        session.add(row)
        bump(session)
    kernel.state.forget()
    for tenant in kernel.snapshot().tenants.values():
        if kernel.snapshot().is_enabled(manifest.name, tenant.id):
            with kernel.scope(tenant, actor=by) as scope:
                clients.follow_plugin(scope.session, manifest, by=by)


def _was_ever_installed(kernel: Kernel, name: str) -> bool:
    with kernel.database.new_session(None) as session:
        return session.get(PluginRow, name) is not None


def _refuse_older(kernel: Kernel, wheel: InspectedWheel) -> None:
    installed = kernel.snapshot().plugins.get(wheel.manifest.name)
    if installed and Version(wheel.version) < Version(installed.version):
        raise LumbungError(
            "%(file)s is older than the %(plugin)s %(version)s that is installed; its tables may be newer than this "
            "code.",
            file=wheel.path.name,
            plugin=wheel.manifest.name,
            version=installed.version,
        )


def _refuse_missing_dependencies(kernel: Kernel, manifest: Manifest) -> None:
    installed = kernel.snapshot().plugins
    for name, wanted in manifest.dependencies.items():
        if name not in installed:
            raise LumbungError(
                "Plugin %(plugin)s needs the plugin %(needed)s %(wanted)s; install that first.",
                plugin=manifest.name,
                needed=name,
                wanted=wanted,
            )
        if not SpecifierSet(wanted).contains(installed[name].version, prereleases=True):
            raise LumbungError(
                "Plugin %(plugin)s needs %(needed)s %(wanted)s; %(version)s is installed.",
                plugin=manifest.name,
                needed=name,
                wanted=wanted,
                version=installed[name].version,
            )


def _migrator_url(kernel: Kernel) -> str:
    if kernel.migrator_url is None:
        raise LumbungError("This process may not change the schema; the job worker and the command line may.")
    return kernel.migrator_url


@contextmanager
def _as_migrator(kernel: Kernel) -> Iterator[Session]:
    with as_migrator(_migrator_url(kernel)) as engine, Session(engine) as session, session.begin():
        yield session
