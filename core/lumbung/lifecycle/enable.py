"""Switching an installed plugin on and off for one tenant. Every worker follows within a second."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.context import scope_or_none
from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle.machine import between_operations, note_done
from lumbung.openid import clients
from lumbung.registry.discovery import PluginUnusable
from lumbung.registry.manifest import DATA_HOOKS, Manifest
from lumbung.registry.models import EnabledRow
from lumbung.registry.state import bump
from lumbung.tenancy.services import find_unit
from lumbung.tenancy.tenant import Tenant


def enable(kernel: Kernel, plugin: str, tenant: Tenant, *, by: str, unit: str | None = None) -> bool:
    """Switch a plugin on for a tenant; False when it was on already. ``unit`` is the code of who runs it there.

    Raises `LumbungError` when it is not installed, declares personal data without the hooks that hand them out and
    erase them, needs a plugin that is not on for this tenant, or the tenant has no such unit.
    """
    kernel.state.forget()
    snapshot = kernel.snapshot()
    if plugin not in snapshot.plugins:
        known = list(snapshot.plugins)
        raise LumbungError("Plugin %(plugin)s is not installed; installed are: %(known)s.", plugin=plugin, known=known)
    if missing := _hooks_missing(kernel, snapshot.plugins[plugin].manifest):
        raise LumbungError(
            "Plugin %(plugin)s declares personal data and does not implement %(missing)s; the law (UU 27/2022) lets "
            "nobody hold data that cannot be handed out and erased. Ask its donor for a version that does.",
            plugin=plugin,
            missing=list(missing),
        )
    for needed in snapshot.plugins[plugin].manifest.dependencies:
        if not snapshot.is_enabled(needed, tenant.id):
            raise LumbungError(
                "Plugin %(plugin)s needs %(needed)s; enable that for %(tenant)s first.",
                plugin=plugin,
                needed=needed,
                tenant=tenant.slug,
            )
    with kernel.scope(tenant, actor=by, address=_address()) as scope:
        between_operations(kernel, scope.session)
        made = scope.session.execute(
            insert(EnabledRow)
            .values(tenant_id=tenant.id, plugin=plugin, enabled_by=by)
            .on_conflict_do_nothing()
            .returning(EnabledRow.plugin)
        ).first()
        if made:
            audit.record("plugin.enable", plugin, by=by)
            note_done(scope.session, "enable", plugin, by=by, tenant_id=tenant.id, unit=unit)
            clients.follow_plugin(scope.session, snapshot.plugins[plugin].manifest, by=by)
            bump(scope.session)
        if unit:
            _name_unit(scope.session, plugin, tenant, unit, by)
    kernel.state.forget()
    return made is not None


def _hooks_missing(kernel: Kernel, manifest: Manifest) -> list[str]:
    """Return the hooks a plugin has to have and does not name, or names and does not implement."""
    missing = list(manifest.hooks_missing)
    if manifest.personal_data and not missing:
        try:
            missing = [hook for hook in DATA_HOOKS if not kernel.caller.implements(hook, manifest.name)]
        except PluginUnusable:  # it opens for nobody, so it holds nothing; its fault is told where it is opened
            missing = []
    return missing


def set_run_by(kernel: Kernel, plugin: str, tenant: Tenant, unit: str | None, *, by: str) -> bool:
    """Name the unit (by its code; None: no longer any) that runs a plugin for a tenant; False when it did already.

    Raises `LumbungError` when the plugin is not on for the tenant, or the tenant has no such unit.
    """
    kernel.state.forget()
    if not kernel.snapshot().is_enabled(plugin, tenant.id):
        raise LumbungError(
            "Plugin %(plugin)s is not on for %(tenant)s; enable it first.", plugin=plugin, tenant=tenant.slug
        )
    with kernel.scope(tenant, actor=by, address=_address()) as scope:
        changed = _name_unit(scope.session, plugin, tenant, unit, by)
    kernel.state.forget()
    return changed


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
            "Plugin %(plugin)s is needed by %(dependents)s for %(tenant)s; disable that first.",
            plugin=plugin,
            dependents=dependents,
            tenant=tenant.slug,
        )
    with kernel.scope(tenant, actor=by, address=_address()) as scope:
        between_operations(kernel, scope.session)
        gone = scope.session.execute(
            delete(EnabledRow)
            .where(EnabledRow.tenant_id == tenant.id, EnabledRow.plugin == plugin)
            .returning(EnabledRow.plugin)
        ).first()
        if gone:
            audit.record("plugin.disable", plugin, by=by)
            note_done(scope.session, "disable", plugin, by=by, tenant_id=tenant.id)
            clients.stop_plugin(scope.session, plugin)
            bump(scope.session)
    kernel.state.forget()
    return gone is not None


def _name_unit(session: Session, plugin: str, tenant: Tenant, code: str | None, by: str) -> bool:
    unit = find_unit(session, code) if code else None
    if code and unit is None:
        raise LumbungError("%(tenant)s has no unit with the code %(code)r.", tenant=tenant.slug, code=code)
    unit_id: UUID | None = unit.id if unit else None
    changed = session.execute(
        update(EnabledRow)
        .where(
            EnabledRow.tenant_id == tenant.id,
            EnabledRow.plugin == plugin,
            EnabledRow.unit_id.is_distinct_from(unit_id),
        )
        .values(unit_id=unit_id)
        .returning(EnabledRow.plugin)
    ).first()
    if changed:
        audit.record("plugin.run_by", plugin, unit=unit.code if unit else None, by=by)
        bump(session)
    return changed is not None


def _address() -> str | None:
    """Return the network address of whoever asks on a page, None for a command."""
    asking = scope_or_none()
    return asking.address if asking else None
