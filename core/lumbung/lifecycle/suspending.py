"""Closing a plugin for everyone by hand, and opening one again: the page and the command line do it here."""

from __future__ import annotations

from datetime import timedelta

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.context import scope_or_none
from lumbung.errors import LumbungError, Sentence
from lumbung.kernel import Kernel
from lumbung.registry import budget
from lumbung.registry.budget import Group

LONGEST_REASON = 300
A_DAY = timedelta(days=1)


def suspend(kernel: Kernel, plugin: str, reason: str, *, by: str) -> bool:
    """Close a plugin for everyone, its data untouched; False when it is closed already.

    Raises `LumbungError` when it is not installed, or without a reason: whoever opens it again will want to know.
    """
    kernel.state.forget()
    if plugin not in kernel.snapshot().plugins:
        raise LumbungError("Plugin %(plugin)s is not installed.", plugin=plugin)
    words = " ".join(reason.split())[:LONGEST_REASON]
    if not words:
        raise LumbungError("Say why %(plugin)s is suspended: whoever opens it again will want to know.", plugin=plugin)
    with kernel.database.new_session(None) as session, session.begin():
        done = budget.suspend(session, plugin, Sentence("%(reason)s", reason=words), by=by)
    if done:
        _record(kernel, "plugin.suspend", plugin, by)
    return done


def resume(kernel: Kernel, plugin: str, *, by: str) -> bool:
    """Open a suspended plugin again, with a new error budget; False when it was open."""
    with kernel.database.new_session(None) as session, session.begin():
        done = budget.lift(session, plugin, by)
    if done:
        _record(kernel, "plugin.resume", plugin, by)
    return done


def what_happened(kernel: Kernel, plugin: str, *, limit: int = 10) -> list[Group]:
    """Return the faults that led to where a plugin stands now: those of the day up to its suspension, or to now."""
    with kernel.database.new_session(None) as session:
        standing = budget.standing(session, plugin)
        since = (standing.since if standing else utc_now()) - A_DAY
        return list(budget.grouped(session, plugin, since, limit=limit))


def _record(kernel: Kernel, action: str, plugin: str, by: str) -> None:
    """Write it into the trail of each tenant whose citizens notice."""
    kernel.state.forget()
    snapshot, asking = kernel.snapshot(), scope_or_none()
    for tenant in snapshot.tenants.values():
        if snapshot.is_enabled(plugin, tenant.id):
            with kernel.scope(tenant, actor=by, address=asking.address if asking else None):
                audit.record(action, plugin, by=by)
