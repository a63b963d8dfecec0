"""Switching an installed plugin on and off for one tenant. Every worker follows within a second."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.context import Scope, scope_or_none
from lumbung.errors import LumbungError
from lumbung.instances import adapter
from lumbung.kernel import Kernel
from lumbung.lifecycle.machine import between_operations, note_done
from lumbung.lifecycle.needs import dependents_of, needs_of
from lumbung.openid import clients
from lumbung.registry.discovery import PluginUnusable
from lumbung.registry.manifest import DATA_HOOKS, Manifest
from lumbung.registry.models import EnabledRow
from lumbung.registry.state import InstalledPlugin, Snapshot, bump
from lumbung.tenancy.services import find_unit
from lumbung.tenancy.tenant import Tenant


def enable(
    kernel: Kernel, plugin: str, tenant: Tenant, *, by: str, unit: str | None = None, with_needed: bool = False
) -> bool:
    """Switch a plugin on for a tenant; False when it was on already. ``unit`` is the code of who runs it there.

    ``with_needed`` switches on what it needs too, all or nothing. Raises `LumbungError` when it is not installed,
    declares personal data without the hooks that hand them out and erase them, needs a plugin that is not on for this
    tenant, or the tenant has no such unit.
    """
    with kernel.scope(tenant, actor=by, address=_address()) as scope:
        snapshot = _alone(kernel, scope)
        if plugin not in snapshot.plugins:
            known = list(snapshot.plugins)
            raise LumbungError(
                "Plugin %(plugin)s is not installed; installed are: %(known)s.", plugin=plugin, known=known
            )
        off = _needed_first(snapshot, plugin, tenant, with_needed=with_needed)
        for name in (*off, plugin):
            _refuse_without_data_hooks(scope, snapshot.plugins[name])
        for name in off:
            _switch_on(scope, snapshot.plugins[name].manifest, tenant, by)
        made = _switch_on(scope, snapshot.plugins[plugin].manifest, tenant, by)
        if unit:
            _name_unit(scope.session, plugin, tenant, unit, by)
    kernel.state.forget()
    return made


def _alone(kernel: Kernel, scope: Scope) -> Snapshot:
    """Let nothing else change while this transaction lasts, and return what is so now; raises `Busy`."""
    between_operations(kernel, scope.session)
    kernel.state.forget()
    return kernel.snapshot()


def _needed_first(snapshot: Snapshot, plugin: str, tenant: Tenant, *, with_needed: bool) -> list[str]:
    """Return what else has to be switched on; raises `LumbungError` when that cannot or may not be done."""
    needed = needs_of(snapshot, plugin, tenant.id)
    for one in needed:
        if one.state == "missing":
            raise LumbungError(
                "Plugin %(plugin)s needs the plugin %(needed)s %(wanted)s; install that first.",
                plugin=one.asked_by,
                needed=one.name,
                wanted=one.wanted,
            )
        if one.state == "wrong":
            raise LumbungError(
                "Plugin %(plugin)s needs %(needed)s %(wanted)s; %(version)s is installed.",
                plugin=one.asked_by,
                needed=one.name,
                wanted=one.wanted,
                version=one.version or "-",
            )
    off = [one.name for one in needed if one.state == "off"]
    if off and not with_needed:
        raise LumbungError(
            "Plugin %(plugin)s needs %(needed)s; enable that for %(tenant)s first, or all of them together.",
            plugin=plugin,
            needed=off,
            tenant=tenant.slug,
        )
    return off


def _switch_on(scope: Scope, manifest: Manifest, tenant: Tenant, by: str) -> bool:
    made = scope.session.execute(
        insert(EnabledRow)
        .values(tenant_id=tenant.id, plugin=manifest.name, enabled_by=by)
        .on_conflict_do_nothing()
        .returning(EnabledRow.plugin)
    ).first()
    if made:
        audit.record("plugin.enable", manifest.name, by=by)
        note_done(scope.session, "enable", manifest.name, by=by, tenant_id=tenant.id)
        clients.follow_plugin(scope.session, manifest, by=by)
        bump(scope.session)
    return made is not None


def _refuse_without_data_hooks(scope: Scope, plugin: InstalledPlugin) -> None:
    manifest = plugin.manifest
    if manifest.is_foreign:
        _refuse_without_adapter(scope, plugin)
    elif missing := _hooks_missing(scope.kernel, manifest):
        raise LumbungError(
            "Plugin %(plugin)s declares personal data and does not implement %(missing)s; the law (UU 27/2022) lets "
            "nobody hold data that cannot be handed out and erased. Ask its donor for a version that does.",
            plugin=manifest.name,
            missing=list(missing),
        )


def _refuse_without_adapter(scope: Scope, plugin: InstalledPlugin) -> None:
    """Refuse an application of others that holds personal data and has no SQL, or no usable SQL, in place of hooks."""
    if adapter.takes_the_place_of_hooks(plugin):
        adapter.check(plugin, scope)
    elif plugin.manifest.personal_data:
        raise LumbungError(
            "Plugin %(plugin)s declares personal data and has no [data_adapter]; the law (UU 27/2022) lets nobody hold "
            "data that cannot be handed out and erased. Add the SQL that does it to its manifest.",
            plugin=plugin.name,
        )


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
    with kernel.scope(tenant, actor=by, address=_address()) as scope:
        dependents = dependents_of(_alone(kernel, scope), plugin, tenant.id)
        if dependents:
            raise LumbungError(
                "Plugin %(plugin)s is needed by %(dependents)s for %(tenant)s; disable that first.",
                plugin=plugin,
                dependents=dependents,
                tenant=tenant.slug,
            )
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
