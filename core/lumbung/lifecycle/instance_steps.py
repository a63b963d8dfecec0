"""Instances of a foreign application in an operation: written out, tried in the new version, put back, removed.

They are written beside the plugin's own files (``$LUMBUNG_HOME/files/<plugin>/instances``), which the copy of an
upgrade and an archive take along; so the way back and the archive of a foreign application are those of any other.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from lumbung.errors import LumbungError, Sentence
from lumbung.instances import making
from lumbung.instances.asking import KeeperAway, ask
from lumbung.instances.instance import Instance
from lumbung.instances.models import SHARED
from lumbung.instances.restoring import restore
from lumbung.instances.rows import rows_of
from lumbung.lifecycle import plugin_files
from lumbung.lifecycle.machine import Work
from lumbung.presence import is_served
from lumbung.registry.models import PluginRow
from lumbung.registry.state import InstalledPlugin

FOLDER = "instances"
NAMES = frozenset(("write_out", "remake", "take_back", "tidy", "remove_instances"))
STOPS_WITHIN = 20.0
MAKING_MAY_TAKE = 900.0  # seconds


def folder_of(work: Work) -> Path:
    """Return where the instances of the operation's plugin are written out."""
    return plugin_files.folder_of(work.kernel.settings, work.name) / FOLDER


def instances(work: Work) -> list[Instance]:
    """Return the instances that were made, of the version that the registry knows now, whatever its state."""
    work.kernel.state.forget()
    tenants = {tenant.id: tenant for tenant in work.kernel.snapshot().tenants.values()}
    with work.kernel.database.new_session(None) as session:
        row = session.get(PluginRow, work.name)
        made = [one.tenant for one in rows_of(session, work.name) if one.state != "removed"]
        plugin = InstalledPlugin(row.name, row.version, row.manifest) if row is not None else None
    if plugin is None or not plugin.usable or plugin.manifest.process is None:
        return []
    home = work.kernel.settings.home
    return [Instance(home, plugin, tenants.get(one)) for one in made if one == SHARED or one in tenants]


def write_out(work: Work) -> None:
    """Write each instance's database and files where copies and archives take them along."""
    found = instances(work)
    shutil.rmtree(folder_of(work), ignore_errors=True)
    for number, one in enumerate(found):
        _rest(work, one)
        making.dump(work.kernel, one, folder_of(work) / one.label.rpartition("/")[2])
        work.progress(number + 1, len(found))
    if found:
        work.note(Sentence("%(count)s instances were written out.", count=len(found)))


def forget_written(work: Work) -> None:
    """Remove what `write_out` wrote: it is in the copy or the archive by now, or nobody needs it."""
    shutil.rmtree(folder_of(work), ignore_errors=True)
    with suppress(OSError):
        folder_of(work).parent.rmdir()  # only when it is empty


def remake(work: Work) -> None:
    """Make each instance anew in the version that was just put in place."""
    found = instances(work)
    work.keep(remade=[one.label for one in found])
    for number, one in enumerate(found):
        making.make(work.kernel, one)
        work.progress(number + 1, len(found))


def try_out(work: Work) -> None:
    """Have the keeper start each instance once, although it is being upgraded; raise `LumbungError` for what fails."""
    for one in instances(work):
        seconds = one.process.health.within_seconds
        tenant = one.tenant.slug if one.tenant else ""
        try:
            answer = ask(
                work.kernel.settings,
                do="try",
                plugin=one.name,
                tenant=tenant,
                wait=seconds,
                timeout=seconds + MAKING_MAY_TAKE,
            )
        except KeeperAway:
            if is_served(work.kernel.settings.home):
                raise
            work.note(Sentence("Nothing was started: the site is not being served."))
            return
        if answer.get("state") == "removed":
            continue  # it was made once, and is switched off
        if answer.get("reason"):
            raise LumbungError(
                "The new version of %(plugin)s does not serve: %(reason)s",
                plugin=one.label,
                reason=Sentence.from_json(answer["reason"]) or Sentence("it ended without an answer"),
            )


def put_back(work: Work) -> None:
    """Undo `write_out` and `remake`: what the new version may have changed is as it was written out."""
    remade = set(work.facts.get("remade") or ())
    for one in instances(work):
        if one.label in remade:
            _rest(work, one)
            restore(work.kernel, one, folder_of(work) / one.label.rpartition("/")[2])
    forget_written(work)


def take_back(work: Work) -> None:
    """Put every instance back as it was written out when the way back was kept, for a return by hand."""
    found = instances(work)
    work.keep(remade=[one.label for one in found])
    for one in found:
        _rest(work, one)
        restore(work.kernel, one, folder_of(work) / one.label.rpartition("/")[2])


def remove(work: Work) -> None:
    """Remove every instance for good: database, files, passwords."""
    for one in instances(work):
        making.remove(work.kernel, one)
    forget_written(work)


def _rest(work: Work, one: Instance) -> None:
    """Have an instance stopped, where somebody keeps it: what it writes now would be lost."""
    with suppress(KeeperAway):
        tenant = one.tenant.slug if one.tenant else ""
        ask(
            work.kernel.settings, do="stop", plugin=one.name, tenant=tenant, wait=STOPS_WITHIN, timeout=STOPS_WITHIN + 5
        )
