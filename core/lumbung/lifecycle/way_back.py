"""Going back to the version before an upgrade, by hand, while its copy is kept; and forgetting copies in time.

The live tables and the copy change places, so that nothing is lost on the way: a return that fails changes them back.
What was written since the upgrade is saved as CSV before it goes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from lumbung.clock import utc_now
from lumbung.errors import LumbungError, Sentence
from lumbung.lifecycle import (
    health,
    install,
    instance_steps,
    needs,
    packages,
    plugin_files,
    returned,
    snapshots,
    states,
    upgrade,
    wheels,
)
from lumbung.lifecycle.inspection import inspect_wheel
from lumbung.lifecycle.machine import Step, Work
from lumbung.lifecycle.patience import PAUSES_ON_THE_WAY_BACK, patiently, within
from lumbung.lifecycle.snapshots import away_of, back_of
from lumbung.registry.discovery import find_plugin
from lumbung.registry.manifest import Manifest, manifest_of
from lumbung.registry.models import PluginRow, WayBackRow


def recall(work: Work) -> None:
    """Find the way back, and refuse one that is over, damaged, or would break another plugin."""
    with work.kernel.database.new_session(None) as session:
        row, kept = session.get(PluginRow, work.name), session.get(WayBackRow, work.name)
    if row is None or row.state not in ("installed", "upgrading"):
        raise LumbungError("Plugin %(plugin)s is not installed.", plugin=work.name)
    if kept is None or kept.keep_until <= utc_now():
        raise LumbungError("There is no way back for %(plugin)s: none was kept, or its time is over.", plugin=work.name)
    if not any(one["step"] == "hold" for one in work.steps):
        upgrade.refuse_leftovers(work)
    manifest = _manifest(work, kept.manifest)
    needs.refuse_missing(work.kernel, manifest)
    needs.refuse_breaking_others(work.kernel, manifest)
    if kept.wheel_hash and wheels.find(work.kernel.settings, kept.wheel_hash) is None:
        raise LumbungError(
            "The package of %(plugin)s %(version)s is not kept here any more.", plugin=work.name, version=kept.version
        )
    with work.connection() as connection:
        if snapshots.digests(connection, work.name, back_of(work.name)) != kept.tables["kept"]:
            raise LumbungError("The copy of %(plugin)s is not what it was when it was made.", plugin=work.name)
    work.keep(
        wheel=kept.wheel_hash,
        version=kept.version,
        manifest=kept.manifest,
        revision_before=kept.revision,
        left=kept.tables["left"],
        distribution=f"lumbung-{work.name}",
    )


def unpack(work: Work) -> None:
    """Put the earlier package into the next generation; one that came with the platform is there underneath."""
    root = work.kernel.settings.plugin_folder
    before, number = packages.current_number(root), work.facts.get("generation")
    if number is None or not packages.folder_of(root, number).is_dir():
        wheel = wheels.find(work.kernel.settings, work.facts["wheel"])
        if wheel is not None:
            number = packages.prepare(root, inspect_wheel(wheel))
        else:
            number = packages.prepare_without(root, work.facts["distribution"])
    work.keep(generation=number, generation_before=before)


def change_places(work: Work) -> None:
    """Put the copy in the place of the live tables, which are put aside."""
    plugin = work.name

    def exchange(connection: Connection) -> None:
        if snapshots.exists(connection, back_of(plugin)):
            snapshots.exchange(connection, plugin, back_of(plugin), away_of(plugin))
            upgrade.note_return(connection, plugin, work.facts["version"], work.facts["revision_before"], work.by)

    patiently(work, within(work, exchange))
    plugin_files.exchange(work.kernel.settings, plugin, back_of(plugin), away_of(plugin))
    returned.check_keys(work)


def change_places_again(work: Work) -> None:
    """Undo `change_places`."""
    plugin, before = work.name, work.facts["before"]

    def exchange(connection: Connection) -> None:
        if snapshots.exists(connection, away_of(plugin)) and not snapshots.exists(connection, back_of(plugin)):
            snapshots.exchange(connection, plugin, away_of(plugin), back_of(plugin))
            upgrade.note_return(connection, plugin, before["version"], work.facts.get("revision_after"), work.by)

    patiently(work, within(work, exchange), pauses=PAUSES_ON_THE_WAY_BACK)
    plugin_files.exchange(work.kernel.settings, plugin, away_of(plugin), back_of(plugin))
    returned.check_keys(work)


def switch(work: Work) -> None:
    """Have the earlier package imported from now on."""
    packages.switch_to(work.kernel.settings.plugin_folder, work.facts["generation"])
    found = find_plugin(work.name)
    if found is None or found.version != work.facts["version"]:
        raise LumbungError(
            "The package of %(plugin)s %(version)s is not kept here any more.",
            plugin=work.name,
            version=work.facts["version"],
        )


def save(work: Work) -> None:
    """Save what was written since the upgrade."""
    returned.save_rows(work, work.facts["left"])


def release(work: Work) -> None:
    """Let everybody write again; the way back was gone and is no more."""
    with work.migrator() as session:
        row, kept = session.get_one(PluginRow, work.name), session.get(WayBackRow, work.name)
        if kept is not None:
            session.delete(kept)
        snapshots.discard(session.connection(), away_of(work.name))
        states.move(session, row, "installed")
    plugin_files.drop(work.kernel.settings, away_of(work.name))
    work.kernel.state.forget()
    install.forget_wheel(work)


RETURN = (
    Step("recall", recall),
    Step("unpack", unpack, undo=install.throw_away),
    Step("hold", upgrade.hold, undo=upgrade.let_go),
    Step("write_out", instance_steps.write_out, undo=instance_steps.put_back),
    Step("exchange", change_places, undo=change_places_again),
    Step("switch", switch, undo=upgrade.switch_back),
    Step("register", upgrade.register, undo=upgrade.register_before),
    Step("renew", upgrade.renew),
    Step("take_back", instance_steps.take_back),
    Step("health", health.check),
    Step("save", save),
    Step("release", release),
    Step("tidy", instance_steps.forget_written),
)


def forget(work: Work) -> None:
    """Drop a copy whose time is over, with the package that only it needed."""
    with work.migrator() as session:
        kept = session.get(WayBackRow, work.name)
        if kept is not None:
            session.delete(kept)
        snapshots.discard(session.connection(), back_of(work.name))
    plugin_files.drop(work.kernel.settings, back_of(work.name))
    install.forget_wheel(work)


FORGET = (Step("forget", forget),)


def _manifest(work: Work, raw: dict[str, Any]) -> Manifest:
    return manifest_of(raw, Sentence("the manifest kept of %(plugin)s", plugin=work.name))
