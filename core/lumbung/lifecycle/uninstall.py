"""Uninstalling: a plugin's data is archived while nobody writes it, it is switched off, and its package taken away.

Its tables stay as they are; `lumbung.lifecycle.purge` takes them away later, with signed minutes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from lumbung.errors import LumbungError
from lumbung.lifecycle import instance_steps, packages
from lumbung.lifecycle.archives import archive, check_known, throw_away
from lumbung.lifecycle.machine import Step, Work
from lumbung.lifecycle.needs import dependents_of
from lumbung.lifecycle.states import SERVED, move
from lumbung.lifecycle.upgrade import hold, let_go
from lumbung.openid import clients
from lumbung.registry.models import PluginRow
from lumbung.registry.state import bump


def check(work: Work) -> None:
    """Refuse a plugin that is not installed, or that others need."""
    with work.kernel.database.new_session(None) as session:
        row = session.get(PluginRow, work.name)
    if row is None or row.state not in SERVED:
        raise LumbungError("Plugin %(plugin)s is not installed.", plugin=work.name)
    needed_by = dependents_of(work.kernel.snapshot(), work.name)
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
        if "enabled" not in work.facts:
            work.keep(enabled=_enabled(session, work.name))
        for table in ("lumbung_enabled", "lumbung_openid_client"):
            session.execute(text(f"DELETE FROM {table} WHERE plugin = :name"), {"name": work.name})  # noqa: S608
        session.execute(
            text(
                "INSERT INTO lumbung_ledger (component, package_version, revision, by) "
                "VALUES (:name, :version, NULL, :by)"
            ),
            {"name": work.name, "version": row.version, "by": f"{work.by} (uninstall)"},
        )
        move(session, row, "installed")  # it was held
        move(session, row, "uninstalled")
    work.kernel.state.forget()


def switch_on_again(work: Work) -> None:
    """Undo `switch_off`: it is installed, and on for whom it was on."""
    if "enabled" not in work.facts:
        return
    with work.migrator() as session:
        row = session.get_one(PluginRow, work.name)
        move(session, row, "installed")
        for one in work.facts["enabled"]:
            session.execute(
                text(
                    "INSERT INTO lumbung_enabled (tenant_id, plugin, enabled_at, enabled_by, unit_id) "
                    "VALUES (:tenant_id, :plugin, :enabled_at, :enabled_by, :unit_id) ON CONFLICT DO NOTHING"
                ),
                {"plugin": work.name, **one},
            )
        bump(session)
    work.kernel.state.forget()
    snapshot = work.kernel.snapshot()
    for tenant in snapshot.tenants.values():
        if snapshot.is_enabled(work.name, tenant.id) and snapshot.plugins[work.name].usable:
            with work.kernel.scope(tenant, actor=work.by) as scope:
                clients.follow_plugin(scope.session, snapshot.plugins[work.name].manifest, by=work.by)


def _enabled(session: Session, plugin: str) -> list[dict[str, Any]]:
    asked = text(
        "SELECT tenant_id, enabled_at::text, enabled_by, unit_id::text FROM lumbung_enabled WHERE plugin = :name"
    )
    return [dict(row) for row in session.execute(asked, {"name": plugin}).mappings()]


def remove(work: Work) -> None:
    """Take the package out of the plugins' folder. One that is gone already is no obstacle."""
    packages.take_out(work.kernel.settings.plugin_folder, f"lumbung-{work.name}")


UNINSTALL = (
    Step("check", check),
    Step("hold", hold, undo=let_go),
    Step("write_out", instance_steps.write_out, undo=instance_steps.forget_written),
    Step("archive", archive, undo=throw_away),
    Step("tidy", instance_steps.forget_written),
    Step("disable", switch_off, undo=switch_on_again),
    Step("remove", remove),
)
