"""The switch of an application: on or off for one tenant."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from lumbung.admin.plugins import title_of
from lumbung.admin.rights import PLUGINS, acting_as, need_one_of
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.lifecycle.enable import disable, enable, set_run_by
from lumbung.lifecycle.needs import dependents_of, needs_of
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
    with_needed = request.form.get("dengan") == "semua"
    snapshot = current_scope().kernel.snapshot()
    needed = needs_of(snapshot, name, tenant.id)
    off = [title_of(one.name) for one in needed if one.state == "off"]
    if off and not with_needed and not [one for one in needed if one.state in ("missing", "wrong")]:
        flash(
            _(
                "%(title)s membutuhkan %(others)s. Nyalakan itu dulu, atau nyalakan semuanya sekaligus di bawah ini.",
                title=title,
                others=", ".join(off),
            ),
            "gawat",
        )
        return _back(name, "kebutuhan")
    if _switch(enable, name, tenant, unit=_unit_code(), with_needed=with_needed):
        both = _(
            "%(title)s dan %(others)s dinyalakan untuk %(tenant)s.",
            title=title,
            others=", ".join(off),
            tenant=tenant.name,
        )
        alone = _("%(title)s dinyalakan untuk %(tenant)s.", title=title, tenant=tenant.name)
        flash(both if off else alone, "baik")
    return _back(name)


@blueprint.post("/<name>/matikan")
@staff
def switch_off(name: str) -> Response:
    """Disable an application for the tenant that the form names; its data is kept."""
    plugin, tenant = _installed(name), _tenant_i_may_switch_for()
    title = plugin.manifest.title(language())
    dependents = [title_of(other) for other in dependents_of(current_scope().kernel.snapshot(), name, tenant.id)]
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


def _switch(turn: Callable[..., bool], name: str, tenant: Tenant, **values: str | bool | None) -> bool:
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


def _back(name: str, part: str | None = None) -> Response:
    return redirect(url_for("admin_plugins.detail", name=name, _anchor=part), 303)
