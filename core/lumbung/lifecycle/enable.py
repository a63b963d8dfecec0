"""Switching an installed plugin on and off for one tenant. Every worker follows within a second."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from lumbung import audit
from lumbung.context import scope_or_none
from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.registry.models import EnabledRow
from lumbung.registry.state import bump
from lumbung.tenancy.tenant import Tenant


def enable(kernel: Kernel, plugin: str, tenant: Tenant, *, by: str) -> bool:
    """Switch a plugin on for a tenant; False when it was on already.

    Raises `LumbungError` when it is not installed, or needs a plugin that is not on for this tenant.
    """
    kernel.state.forget()
    snapshot = kernel.snapshot()
    if plugin not in snapshot.plugins:
        known = ", ".join(snapshot.plugins) or "none"
        raise LumbungError(f"Plugin {plugin} is not installed; installed are: {known}.")
    for needed in snapshot.plugins[plugin].manifest.dependencies:
        if not snapshot.is_enabled(needed, tenant.id):
            raise LumbungError(f"Plugin {plugin} needs {needed}; enable that for {tenant.slug} first.")
    with kernel.scope(tenant, actor=by, address=_address()) as scope:
        made = scope.session.execute(
            insert(EnabledRow)
            .values(tenant_id=tenant.id, plugin=plugin, enabled_by=by)
            .on_conflict_do_nothing()
            .returning(EnabledRow.plugin)
        ).first()
        if made:
            audit.record("plugin.enable", plugin, by=by)
            bump(scope.session)
    kernel.state.forget()
    return made is not None


def disable(kernel: Kernel, plugin: str, tenant: Tenant, *, by: str) -> bool:
    """Switch a plugin off for a tenant, its data untouched; False when it was off already.

    Raises `LumbungError` when another plugin that is on for this tenant needs it.
    """
    kernel.state.forget()
    dependents = [
        other.name for other in kernel.snapshot().enabled_for(tenant.id) if plugin in other.manifest.dependencies
    ]
    if dependents:
        raise LumbungError(
            f"Plugin {plugin} is needed by {', '.join(dependents)} for {tenant.slug}; disable that first."
        )
    with kernel.scope(tenant, actor=by, address=_address()) as scope:
        gone = scope.session.execute(
            delete(EnabledRow)
            .where(EnabledRow.tenant_id == tenant.id, EnabledRow.plugin == plugin)
            .returning(EnabledRow.plugin)
        ).first()
        if gone:
            audit.record("plugin.disable", plugin, by=by)
            bump(scope.session)
    kernel.state.forget()
    return gone is not None


def _address() -> str | None:
    """Return the network address of whoever asks on a page, None for a command."""
    asking = scope_or_none()
    return asking.address if asking else None
