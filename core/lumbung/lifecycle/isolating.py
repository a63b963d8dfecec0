"""Moving an inline plugin out into a process of its own, and back: one mark in the registry, its code untouched."""

from __future__ import annotations

from lumbung.errors import LumbungError
from lumbung.lifecycle.machine import Step, Work
from lumbung.lifecycle.states import SERVED
from lumbung.registry.models import PluginRow
from lumbung.registry.state import bump


def check(work: Work) -> None:
    """Refuse a plugin that is not installed, or that runs outside of the platform's processes anyway."""
    with work.kernel.database.new_session(None) as session:
        row = session.get(PluginRow, work.name)
    if row is None or row.state not in SERVED:
        raise LumbungError("Plugin %(plugin)s is not installed.", plugin=work.name)
    if row.manifest.get("runtime", "inline") != "inline":
        raise LumbungError(
            "Plugin %(plugin)s runs outside of the platform's processes already; there is nothing to move.",
            plugin=work.name,
        )


def mark(work: Work) -> None:
    """Mark the plugin as isolated, or no longer; every process follows within a second."""
    with work.migrator() as session:
        session.get_one(PluginRow, work.name).isolated = work.kind == "isolate"
        bump(session)
    work.kernel.state.forget()


STEPS = (Step("check", check), Step("mark", mark))
