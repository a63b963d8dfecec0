"""Uninstalling: a plugin's data is archived, it is switched off everywhere, and its package taken away.

Its tables stay as they are; `lumbung.lifecycle.purge` takes them away later, with signed minutes.
"""

from __future__ import annotations

from sqlalchemy import text

from lumbung.errors import LumbungError
from lumbung.lifecycle import packages
from lumbung.lifecycle.archives import archive, check_known, throw_away
from lumbung.lifecycle.machine import Step, Work
from lumbung.lifecycle.states import SERVED, move
from lumbung.registry.models import PluginRow


def check(work: Work) -> None:
    """Refuse a plugin that is not installed, or that others need."""
    with work.kernel.database.new_session(None) as session:
        row = session.get(PluginRow, work.name)
    if row is None or row.state not in SERVED:
        raise LumbungError("Plugin %(plugin)s is not installed.", plugin=work.name)
    needed_by = [
        other.name
        for other in work.kernel.snapshot().plugins.values()
        if work.name in other.raw_manifest.get("dependencies", {})
    ]
    if needed_by:
        raise LumbungError(
            "Plugin %(plugin)s is needed by %(dependents)s; uninstall that first.",
            plugin=work.name,
            dependents=needed_by,
        )
    check_known(work)


def switch_off(work: Work) -> None:
    """Switch the plugin off for everyone and write it down as uninstalled."""
    with work.migrator() as session:
        row = session.get_one(PluginRow, work.name)
        if row.state == "uninstalled":
            return
        for table in ("lumbung_enabled", "lumbung_openid_client"):
            session.execute(text(f"DELETE FROM {table} WHERE plugin = :name"), {"name": work.name})  # noqa: S608
        session.execute(
            text(
                "INSERT INTO lumbung_ledger (component, package_version, revision, by) "
                "VALUES (:name, :version, NULL, :by)"
            ),
            {"name": work.name, "version": row.version, "by": f"{work.by} (uninstall)"},
        )
        move(session, row, "uninstalled")
    work.kernel.state.forget()


def remove(work: Work) -> None:
    """Take the package out of the plugins' folder. One that is gone already is no obstacle."""
    packages.take_out(work.kernel.settings.plugin_folder, f"lumbung-{work.name}")


UNINSTALL = (
    Step("check", check),
    Step("archive", archive, undo=throw_away),
    Step("disable", switch_off),
    Step("remove", remove),
)
