"""The switch of an application: on or off for one tenant."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from lumbung.admin.rights import PLUGINS, acting_as, need_one_of
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.lifecycle.enable import disable, enable, set_run_by
from lumbung.registry.state import InstalledPlugin
from lumbung.tenancy.tenant import Tenant
from lumbung.web.access import me, staff
from lumbung.web.i18n import core_domain, language
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_switching", __name__, url_prefix="/admin/plugin")
_ = core_domain.gettext


@blueprint.post("/<name>/nyalakan")
@staff
def switch_on(name: str) -> Response:
    """Enable an application for the tenant that the form names."""
    plugin, tenant = _installed(name), _tenant_i_may_switch_for()
    title = plugin.manifest.title(language())
    missing = _needed_first(plugin, tenant)
    if missing:
        flash(
            _("%(title)s membutuhkan %(others)s. Nyalakan itu dulu.", title=title, others=", ".join(missing)),
            "gawat",
        )
        return _back(name)
    if _switch(enable, name, tenant, unit=_unit_code()):
        flash(_("%(title)s dinyalakan untuk %(tenant)s.", title=title, tenant=tenant.name), "baik")
    return _back(name)


@blueprint.post("/<name>/matikan")
@staff
def switch_off(name: str) -> Response:
    """Disable an application for the tenant that the form names; its data is kept."""
    plugin, tenant = _installed(name), _tenant_i_may_switch_for()
    title = plugin.manifest.title(language())
    dependents = _that_need(name, tenant)
    if dependents:
        flash(
            _("%(others)s membutuhkan %(title)s. Matikan itu dulu.", others=", ".join(dependents), title=title),
            "gawat",
        )
        return _back(name)
    if _switch(disable, name, tenant):
        flash(
            _("%(title)s dimatikan untuk %(tenant)s. Datanya tetap ada.", title=title, tenant=tenant.name),
            "baik",
        )
    return _back(name)


@blueprint.post("/<name>/penyelenggara")
@staff
def name_unit(name: str) -> Response:
    """Name the unit that runs an application for the tenant that the form names, or nobody any longer."""
    plugin, tenant = _installed(name), _tenant_i_may_switch_for()
    title = plugin.manifest.title(language())
    if not current_scope().kernel.snapshot().is_enabled(name, tenant.id):
        flash(_("%(title)s sedang mati. Nyalakan dulu, lalu tetapkan penyelenggaranya.", title=title), "gawat")
    elif _switch(set_run_by, name, tenant, unit=_unit_code()):
        flash(_("Penyelenggara %(title)s disimpan. Warga menemukannya di halaman layanan.", title=title), "baik")
    return _back(name)


def _switch(turn: Callable[..., bool], name: str, tenant: Tenant, **values: str | None) -> bool:
    """Switch in a transaction of its own, that of the tenant concerned; a refusal is shown and nothing changes."""
    scope = current_scope()
    scope.session.rollback()  # nothing was written here: give the connection back before another is taken
    try:
        turn(scope.kernel, name, tenant, by=acting_as(), **values)
    except LumbungError as error:
        flash(_("Tidak ada yang diubah. %(reason)s", reason=words_of(error)), "gawat")
        return False
    return True


def _unit_code() -> str | None:
    return request.form.get("unit", "").strip()[:40] or None


def _tenant_i_may_switch_for() -> Tenant:
    """Return the tenant named in the form: an operator's any, an administrator's own; 403 for any other."""
    need_one_of(*PLUGINS)
    slug = request.form.get("tenant") or current_tenant().slug
    if slug == current_tenant().slug:
        return current_tenant()
    if not me().can("platform.plugins"):
        abort(403)
    tenant = current_scope().kernel.snapshot().tenants.get(slug)
    return tenant if tenant is not None else abort(404)


def _installed(name: str) -> InstalledPlugin:
    need_one_of(*PLUGINS)
    kernel = current_scope().kernel
    kernel.state.forget()
    plugin = kernel.snapshot().plugins.get(name)
    return plugin if plugin is not None else abort(404)


def _needed_first(plugin: InstalledPlugin, tenant: Tenant) -> list[str]:
    snapshot = current_scope().kernel.snapshot()
    return [
        snapshot.plugins[needed].manifest.title(language()) if needed in snapshot.plugins else needed
        for needed in plugin.manifest.dependencies
        if not snapshot.is_enabled(needed, tenant.id)
    ]


def _that_need(name: str, tenant: Tenant) -> list[str]:
    return [
        other.manifest.title(language())
        for other in current_scope().kernel.snapshot().enabled_for(tenant.id)
        if name in other.manifest.dependencies
    ]


def _back(name: str) -> Response:
    return redirect(url_for("admin_plugins.detail", name=name), 303)
