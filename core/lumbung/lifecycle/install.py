"""Installing: a package becomes a plugin of this site."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import text

from lumbung.errors import LumbungError
from lumbung.lifecycle import full_set, needs, packages, probing, tables, wheels
from lumbung.lifecycle.inspection import InspectedWheel, inspect_wheel
from lumbung.lifecycle.machine import Step, Work, migrator_url
from lumbung.migrate import Component, current_revision, upgrade
from lumbung.openid import clients
from lumbung.registry.discovery import FoundPlugin, find_plugin, find_plugins
from lumbung.registry.manifest import Manifest
from lumbung.registry.models import PluginRow
from lumbung.registry.state import bump


def inspect(work: Work) -> None:
    """Look into the wheel, keep a copy of it, and refuse one that is older or lacks another plugin."""
    wheel = inspect_wheel(Path(work.argument or "")) if "wheel" not in work.facts else wheel_of(work)
    work.found(wheel.manifest.name)
    needs.refuse_older(work.kernel, wheel)
    needs.refuse_missing(work.kernel, wheel.manifest)
    needs.refuse_breaking_others(work.kernel, wheel.manifest)
    wheels.keep(work.kernel.settings, wheel.path, wheel.sha256)
    work.keep(wheel=wheel.sha256, version=wheel.version, distribution=wheel.distribution)


def forget_wheel(work: Work) -> None:
    """Undo `inspect`: keep the wheels of what is installed, of ways back and of archives, and no other."""
    with work.kernel.database.new_session(None) as session:
        asked = "SELECT wheel_hash FROM lumbung_plugin UNION SELECT wheel_hash FROM lumbung_way_back"
        wanted = {str(one) for one in session.execute(text(asked)).scalars() if one}
    wheels.keep_only(work.kernel.settings, wanted)


def plan(work: Work) -> None:
    """Check the whole set of packages as it would be: the core's lock, what is installed, and the newcomer."""
    work.note(full_set.words(full_set.refuse_conflicts(work.kernel, wheel_of(work))))


def unpack(work: Work) -> None:
    """Put the package into the next generation, beside the one that is imported."""
    root = work.kernel.settings.plugin_folder
    before, number = packages.current_number(root), work.facts.get("generation")
    if number is None or not packages.folder_of(root, number).is_dir():
        number = packages.prepare(root, wheel_of(work))
    work.keep(generation=number, generation_before=before)


def throw_away(work: Work) -> None:
    """Undo `unpack`."""
    if (number := work.facts.get("generation")) is not None:
        packages.drop(work.kernel.settings.plugin_folder, number)


def probe(work: Work) -> None:
    """Run the package's code for the first time, in a process of its own with limits."""
    folder = packages.folder_of(work.kernel.settings.plugin_folder, work.facts["generation"])
    try_out(work, folder, wheel_of(work).manifest)


def try_out(work: Work, folder: Path, manifest: Manifest) -> None:
    """Probe the package in a folder and say each check; raises `ProbeRefused` when it is not fit."""

    def heard(check: str, done: int, total: int) -> None:
        work.note(probing.NAMES[check])
        work.progress(done, total)

    report = probing.probe(work.kernel.settings, folder, manifest, heard=heard)
    work.note(report.words())
    report.refuse_if_bad()
    work.progress(len(report.checks), len(report.checks))


def migrate(work: Work) -> None:
    """Bring the plugin's tables to the revision of the new package, in one transaction."""
    component = component_to_be(work)
    if "revision_before" not in work.facts:
        with work.connection() as connection:
            work.keep(
                revision_before=current_revision(connection, component),
                had_tables=bool(tables.tables_of(connection, work.name)),
            )
    timeout = work.kernel.settings.lock_timeout_ms
    upgrade(migrator_url(work.kernel), component, by=work.by, lock_timeout_ms=timeout)


def take_tables_back(work: Work) -> None:
    """Undo `migrate` where there was nothing before: the tables are empty and nobody was let in yet."""
    if work.facts.get("revision_before", "?") is None and not work.facts["had_tables"]:
        with work.connection() as connection:
            tables.drop_all(connection, work.name)
            connection.execute(text("DELETE FROM lumbung_ledger WHERE component = :name"), {"name": work.name})


def switch(work: Work) -> None:
    """Have the new generation imported from now on."""
    packages.switch_to(work.kernel.settings.plugin_folder, work.facts["generation"])
    found = find_plugin(work.name)
    if found is None or found.version != work.facts["version"]:
        raise LumbungError(
            "%(file)s was unpacked but another %(plugin)s stands before it on the import path.",
            file=wheel_of(work).path.name,
            plugin=work.name,
        )


def switch_back(work: Work) -> None:
    """Undo `switch`."""
    root, before = work.kernel.settings.plugin_folder, work.facts.get("generation_before")
    if before is not None and packages.folder_of(root, before).is_dir():
        packages.switch_to(root, before)
    elif packages.current_number(root) == work.facts.get("generation"):
        packages.take_out(root, work.facts["distribution"])


def register(work: Work) -> None:
    """Write the plugin down as installed."""
    found = find_plugin(work.name)
    if found is None:
        raise LumbungError("There is no plugin package %(plugin)r here any more.", plugin=work.name)
    manifest = found.manifest
    if "row_before" not in work.facts:
        work.keep(row_before=_row_as_it_is(work))
    write_down(work, found, manifest)
    follow_clients(work, manifest)


def follow_clients(work: Work, manifest: Manifest) -> None:
    """Bring the OpenID clients of a plugin to what its manifest says, for each tenant that has it on."""
    for tenant in work.kernel.snapshot().tenants.values():
        if work.kernel.snapshot().is_enabled(manifest.name, tenant.id):
            with work.kernel.scope(tenant, actor=work.by) as scope:
                clients.follow_plugin(scope.session, manifest, by=work.by)


def unregister(work: Work) -> None:
    """Undo `register`: the plugin is what it was before, or unknown."""
    if "row_before" not in work.facts:
        return
    before = work.facts["row_before"]
    with work.migrator() as session:
        row = session.get(PluginRow, work.name)
        if row is not None and before is None:
            session.delete(row)
        elif row is not None:
            if before["state"] == "purged":
                row.state = "uninstalled"  # there is no straight way from installed to purged
                session.flush()
            for name, value in before.items():
                setattr(row, name, value)
        bump(session)
    work.kernel.state.forget()


def _row_as_it_is(work: Work) -> dict[str, Any] | None:
    with work.kernel.database.new_session(None) as session:
        row = session.get(PluginRow, work.name)
        return None if row is None else {name: getattr(row, name) for name in _REGISTERED}


_REGISTERED = ("version", "module", "state", "manifest", "wheel_hash", "installed_by")


def renew(work: Work) -> None:
    """Have processes that may have imported an earlier package of this plugin replaced."""
    if work.facts.get("row_before"):
        work.renew_code()


def find_here(work: Work) -> None:
    """Find a package that is on the import path already (a bundled one)."""
    found = find_plugin(work.name)
    if found is None:
        known = sorted(find_plugins())
        raise LumbungError(
            "There is no plugin package %(plugin)r here; there are: %(known)s.", plugin=work.plugin, known=known
        )
    work.keep(version=found.version)
    needs.refuse_missing(work.kernel, found.manifest)
    needs.refuse_breaking_others(work.kernel, found.manifest)


def probe_found(work: Work) -> None:
    """Run the code of a package that was found here, unless it is installed in this version already."""
    found, installed = find_plugin(work.name), work.kernel.snapshot().plugins.get(work.name)
    if found is not None and (installed is None or installed.version != found.version):
        try_out(work, found.folder.parent, found.manifest)


INSTALL = (
    Step("inspect", inspect, undo=forget_wheel),
    Step("plan", plan),
    Step("unpack", unpack, undo=throw_away),
    Step("probe", probe),
    Step("migrate", migrate, undo=take_tables_back),
    Step("switch", switch, undo=switch_back),
    Step("register", register, undo=unregister),
    Step("renew", renew),
)
ADOPT = (
    Step("find", find_here),
    Step("probe", probe_found),
    Step("migrate", migrate, undo=take_tables_back),
    Step("register", register, undo=unregister),
)


def wheel_of(work: Work) -> InspectedWheel:
    """Return the wheel of an operation, from the store of wheels once it is there."""
    kept = wheels.find(work.kernel.settings, work.facts.get("wheel"))
    return inspect_wheel(kept or Path(work.argument or ""))


def component_to_be(work: Work) -> Component:
    """Return what is migrated: the package in the next generation, or the one that is on the import path."""
    if "generation" in work.facts:
        wheel = wheel_of(work)
        folder = packages.folder_of(work.kernel.settings.plugin_folder, work.facts["generation"])
        manifest = wheel.manifest
        where = folder / wheel.module / "migrations"
        return Component(manifest.name, wheel.version, where, tuple(manifest.shared_tables))
    found = find_plugin(work.name)
    if found is None:
        raise LumbungError("There is no plugin package %(plugin)r here any more.", plugin=work.name)
    return component_of(found)


def component_of(found: FoundPlugin) -> Component:
    """Return what `lumbung.migrate` needs to know of a plugin's package."""
    manifest = found.manifest
    return Component(manifest.name, found.version, found.folder / "migrations", tuple(manifest.shared_tables))


def write_down(work: Work, found: FoundPlugin, manifest: Manifest) -> None:
    """Write a package down as the installed one."""
    with work.migrator() as session:
        row = session.get(PluginRow, manifest.name) or PluginRow(name=manifest.name)
        row.version = found.version
        row.module = found.module
        row.state = "installed"
        row.manifest = manifest.as_json()
        row.wheel_hash = work.facts.get("wheel")
        row.installed_by = work.by
        session.add(row)
        bump(session)
    work.kernel.state.forget()
