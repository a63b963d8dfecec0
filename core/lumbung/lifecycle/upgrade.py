"""Upgrading: the next version of a plugin takes the place of this one, and there is a proven way back.

The order of the steps is the safety: nothing live is touched before a copy was made and its restore tried out, nobody
writes from the copy to the end, and what fails at any step is undone from there. The tables then come back from the
copy, not by running revisions backwards.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text

from lumbung.clock import utc_now
from lumbung.errors import LumbungError, Sentence
from lumbung.lifecycle import (
    health,
    install,
    instance_steps,
    patience,
    plugin_files,
    rehearsal,
    returned,
    snapshots,
    states,
    wheels,
)
from lumbung.lifecycle.machine import Step, Work, migrator_url
from lumbung.lifecycle.patience import patiently, within
from lumbung.lifecycle.snapshots import away_of, back_of, draft_of
from lumbung.lifecycle.upgrade_plan import plan_upgrade
from lumbung.migrate import current_revision, head_of, upgrade
from lumbung.registry import budget
from lumbung.registry.discovery import find_plugin
from lumbung.registry.manifest import manifest_of
from lumbung.registry.models import PluginRow, WayBackRow
from lumbung.registry.state import bump

RENEWALS_OF_THE_COPY = 3


class _Changed(Exception):
    """The live tables are no longer what was copied."""


def weigh(work: Work) -> None:
    """Work out what will be done, keep it for the page, and refuse what cannot end well."""
    if not any(one["step"] == "hold" for one in work.steps):
        refuse_leftovers(work)
    work.keep(plan=plan_upgrade(work.kernel, install.wheel_of(work)).as_json())


def refuse_leftovers(work: Work) -> None:
    """Refuse to begin where an earlier upgrade did not come back: its copy is all there is of the tables."""
    with work.connection() as connection:
        left = [one for one in (draft_of(work.name), away_of(work.name)) if snapshots.exists(connection, one)]
    with work.kernel.database.new_session(None) as session:
        row = session.get(PluginRow, work.name)
    if left or (row is not None and row.state == "upgrading"):
        raise LumbungError(
            "An earlier upgrade of %(plugin)s did not come back to an end; try its way back again first.",
            plugin=work.name,
        )


def hold(work: Work) -> None:
    """Let nobody write: reads go on, what would write waits at the gate."""
    with work.migrator() as session:
        row = session.get_one(PluginRow, work.name)
        if "before" not in work.facts:
            work.keep(before=_facts_of(row))
        if row.state == "installed":
            states.move(session, row, "upgrading")
    work.kernel.state.forget()
    patience.let_others_follow(work)


def let_go(work: Work) -> None:
    """Undo `hold`."""
    with work.migrator() as session:
        row = session.get_one(PluginRow, work.name)
        if row.state == "upgrading":
            states.move(session, row, "installed")
    work.kernel.state.forget()


def snapshot(work: Work) -> None:
    """Copy the plugin's tables and files, and remember what they were."""
    plugin, component = work.name, install.component_to_be(work)

    def take(connection: Connection) -> tuple[snapshots.Digests, str | None]:
        taken = snapshots.take(connection, plugin, draft_of(plugin), progress=work.progress)
        return taken, current_revision(connection, component)

    digests, revision = patiently(work, within(work, take))
    plugin_files.copy(work.kernel.settings, plugin, draft_of(plugin))
    work.keep(copy=digests, revision_before=revision)


def drop_snapshot(work: Work) -> None:
    """Undo `snapshot`; by now the tables are what they were."""
    with work.connection() as connection:
        snapshots.discard(connection, draft_of(work.name))
    plugin_files.drop(work.kernel.settings, draft_of(work.name))


def rehearse(work: Work) -> None:
    """Try the restore and the migration out on the copy."""
    patiently(work, lambda: rehearsal.rehearse(work, install.component_to_be(work), work.facts["copy"]))


def migrate(work: Work) -> None:
    """Bring the live tables to the new revision, unless they changed since the copy; then the copy is renewed."""
    component = install.component_to_be(work)
    with work.connection() as connection:
        done = current_revision(connection, component) != work.facts["revision_before"]
    timeout = work.kernel.settings.lock_timeout_ms

    def look(connection: Connection) -> None:
        snapshots.lock(connection, work.name, "SHARE ROW EXCLUSIVE")
        if snapshots.unlike(connection, work.name, draft_of(work.name), work.facts["copy"]):
            raise _Changed

    def run() -> None:
        upgrade(migrator_url(work.kernel), component, by=work.by, lock_timeout_ms=timeout, first=look)

    for _ in range(0 if done else RENEWALS_OF_THE_COPY):
        try:
            patiently(work, run)
        except _Changed:
            snapshot(work)
            continue
        done = True
        break
    if not done:
        raise LumbungError("The tables of %(plugin)s are still being written; try again.", plugin=work.name)
    with work.connection() as connection:
        work.keep(left=snapshots.digests(connection, work.name), revision=head_of(component))


def put_back(work: Work) -> None:
    """Undo `migrate`: the copy takes the place of the live tables, whose rows are saved if anybody wrote them."""
    plugin, settings = work.name, work.kernel.settings

    def exchange(connection: Connection) -> None:
        if not snapshots.exists(connection, draft_of(plugin)):
            return
        snapshots.lock(connection, plugin)
        if snapshots.unlike(connection, plugin, draft_of(plugin), work.facts["copy"]):
            snapshots.exchange(connection, plugin, draft_of(plugin), away_of(plugin))
            before: dict[str, Any] = work.facts.get("before") or {}
            note_return(connection, plugin, before.get("version", "-"), work.facts["revision_before"], work.by)

    patiently(work, within(work, exchange), pauses=patience.PAUSES_ON_THE_WAY_BACK)
    with work.connection() as connection:
        returned_now = snapshots.exists(connection, away_of(plugin))
    if returned_now:
        plugin_files.exchange(settings, plugin, draft_of(plugin), away_of(plugin))
        returned.check_keys(work)
        returned.save_rows(work, work.facts.get("left"))
        returned.drop_away(work)


def switch_back(work: Work) -> None:
    """Undo `install.switch`, and have processes that may have imported the new version replaced."""
    install.switch_back(work)
    work.renew_code()


def register(work: Work) -> None:
    """Write the new version down; the plugin is still held."""
    found = find_plugin(work.name)
    if found is None:
        raise LumbungError("There is no plugin package %(plugin)r here any more.", plugin=work.name)
    write_row(
        work,
        {
            "version": found.version,
            "module": found.module,
            "manifest": found.manifest.as_json(),
            "wheel_hash": work.facts.get("wheel"),
            "installed_by": work.by,
        },
    )
    install.follow_clients(work, found.manifest)


def renew(work: Work) -> None:
    """Have processes that may have imported the other version replaced."""
    work.renew_code()


def register_before(work: Work) -> None:
    """Undo `register`."""
    before = work.facts["before"]
    write_row(work, {name: value for name, value in before.items() if name != "state"})
    if before["state"] != "uninstalled":
        manifest = manifest_of(before["manifest"], Sentence("the manifest kept of %(plugin)s", plugin=work.name))
        install.follow_clients(work, manifest)


def release(work: Work) -> None:
    """Let everybody write again, and keep the copy as the way back."""
    plugin, before = work.name, work.facts["before"]
    with work.migrator() as session:
        row = session.get_one(PluginRow, plugin)
        connection = session.connection()
        if snapshots.exists(connection, draft_of(plugin)):
            if _worth_keeping(work, before):
                snapshots.rename(connection, draft_of(plugin), back_of(plugin))
                session.merge(_way_back(work, before))
            else:
                snapshots.discard(connection, draft_of(plugin))
        states.move(session, row, "installed")
        budget.lift(session, plugin, work.by)  # what it failed in was the version before
        bump(session)
    if _worth_keeping(work, before) and plugin_files.kept_of(work.kernel.settings, draft_of(plugin)).exists():
        plugin_files.rename(work.kernel.settings, draft_of(plugin), back_of(plugin))
    plugin_files.drop(work.kernel.settings, draft_of(plugin))
    work.kernel.state.forget()
    install.forget_wheel(work)


def hold_again(work: Work) -> None:
    """Undo `release`: the copy is once more what this upgrade returns to."""
    plugin = work.name
    with work.migrator() as session:
        row, kept = session.get_one(PluginRow, plugin), session.get(WayBackRow, plugin)
        if kept is not None and kept.operation_id == work.id:
            session.delete(kept)
            session.flush()
            snapshots.rename(session.connection(), back_of(plugin), draft_of(plugin))
        if row.state == "installed":
            states.move(session, row, "uninstalled" if work.facts["before"]["state"] == "uninstalled" else "upgrading")
    if plugin_files.kept_of(work.kernel.settings, back_of(plugin)).exists() and kept is not None:
        plugin_files.rename(work.kernel.settings, back_of(plugin), draft_of(plugin))
    work.kernel.state.forget()


UPGRADE = (
    Step("inspect", install.inspect, undo=install.forget_wheel),
    Step("plan", install.plan),
    Step("unpack", install.unpack, undo=install.throw_away),
    Step("probe", install.probe),
    Step("weigh", weigh),
    Step("hold", hold, undo=let_go),
    Step("write_out", instance_steps.write_out, undo=instance_steps.put_back),
    Step("snapshot", snapshot, undo=drop_snapshot),
    Step("rehearse", rehearse, undo=rehearsal.clear),
    Step("migrate", migrate, undo=put_back),
    Step("switch", install.switch, undo=switch_back),
    Step("register", register, undo=register_before),
    Step("renew", renew),
    Step("remake", instance_steps.remake),
    Step("health", health.check),
    Step("release", release, undo=hold_again),
    Step("tidy", instance_steps.forget_written),
)


def write_row(work: Work, values: dict[str, Any]) -> None:
    """Write what is installed of a plugin, whatever its state, and let every process know."""
    with work.migrator() as session:
        row = session.get_one(PluginRow, work.name)
        for name, value in values.items():
            setattr(row, name, value)
        bump(session)
    work.kernel.state.forget()


def note_return(connection: Connection, plugin: str, version: str, revision: str | None, by: str) -> None:
    """Write into the ledger that the tables came back to an earlier revision."""
    connection.execute(
        text(
            "INSERT INTO lumbung_ledger (component, package_version, revision, by) "
            "VALUES (:plugin, :version, :revision, :by)"
        ),
        {"plugin": plugin, "version": version, "revision": revision, "by": f"{by} (returned)"},
    )


def _facts_of(row: PluginRow) -> dict[str, Any]:
    names = ("version", "module", "manifest", "wheel_hash", "installed_by", "state")
    return {name: getattr(row, name) for name in names}


def _worth_keeping(work: Work, before: dict[str, Any]) -> bool:
    """Whether there is an earlier version to return to: another one than this, and its package is still had."""
    if before["state"] == "uninstalled" or before["wheel_hash"] == work.facts.get("wheel"):
        return False
    return before["wheel_hash"] is None or wheels.find(work.kernel.settings, before["wheel_hash"]) is not None


def _way_back(work: Work, before: dict[str, Any]) -> WayBackRow:
    now = utc_now()
    return WayBackRow(
        plugin=work.name,
        operation_id=work.id,
        version=before["version"],
        revision=work.facts["revision_before"],
        wheel_hash=before["wheel_hash"],
        manifest=before["manifest"],
        schema_name=back_of(work.name),
        tables={"kept": work.facts["copy"], "left": work.facts["left"]},
        files=str(plugin_files.kept_of(work.kernel.settings, back_of(work.name))),
        made_at=now,
        keep_until=now + timedelta(days=work.kernel.settings.way_back_days),
    )
