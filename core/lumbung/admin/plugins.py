"""Donated applications: which are here, what each says about itself, and how a new one comes in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.admin.forms import ConfirmForm, WheelForm
from lumbung.admin.instances import card_for
from lumbung.admin.overview import RECENT, recent_faults
from lumbung.admin.rights import PLUGINS, acting_as, need_one_of
from lumbung.admin.suspensions import shown
from lumbung.admin.way_back import way_back_of
from lumbung.admin.words import fault_kind, operation_state, operation_title, problem_words
from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.lifecycle.history import concerns, history
from lumbung.lifecycle.inspection import inspect_wheel
from lumbung.lifecycle.needs import Need, dependents_of, needs_of
from lumbung.lifecycle.operations import ask, kind_for, receive_wheel
from lumbung.lifecycle.overview import PluginOverview, overview
from lumbung.registry.models import EnabledRow, FaultRow, LedgerRow, OperationRow, PluginRow
from lumbung.tenancy import cards as units
from lumbung.tenancy.tenant import Tenant
from lumbung.web.access import me, requires, staff
from lumbung.web.i18n import core_domain, language
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_plugins", __name__, url_prefix="/admin/plugin")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@dataclass(frozen=True)
class NeedLine:
    """Another application that this one needs, with its title."""

    need: Need
    title: str


@dataclass(frozen=True)
class Switch:
    """Whether a plugin is on for one tenant."""

    tenant: Tenant
    on: bool


@blueprint.get("/")
@staff
def index() -> str:
    """List the applications that are here."""
    need_one_of(*PLUGINS)
    return _index(WheelForm())


@blueprint.post("/unggah")
@requires("platform.plugins")
def upload() -> Page:
    """Take in a wheel: look into it at once, then have the job worker install it."""
    form = WheelForm()
    if not form.validate():
        return _index(form), 422
    file = form.wheel.data
    kernel = current_scope().kernel
    try:
        path = receive_wheel(kernel, file.stream, file.filename or "")
        name = inspect_wheel(path).manifest.name
    except LumbungError as error:
        form.wheel.errors = [_("Berkas ini tidak dapat dipasang. %(reason)s", reason=words_of(error))]
        return _index(form), 422
    operation = ask(kind_for(kernel, name), plugin=name, argument=str(path), by=acting_as())
    audit.record("plugin.install", path.name)
    return redirect(url_for("admin_operations.show", operation_id=operation), 303)


@blueprint.post("/<name>/pasang")
@requires("platform.plugins")
def adopt(name: str) -> Response:
    """Have the job worker install a package that is here already."""
    line = _find(name)
    if (line.state == "installed" and not line.problem) or not line.package_here:
        abort(409, _("Aplikasi ini sudah terpasang, atau paketnya tidak ada di sini."))
    operation = ask("adopt", plugin=name, by=acting_as())
    audit.record("plugin.install", name)
    return redirect(url_for("admin_operations.show", operation_id=operation), 303)


@blueprint.get("/<name>/")
@staff
def detail(name: str) -> str:
    """Show all that an application says about itself, and how it fares here."""
    need_one_of(*PLUGINS)
    return _detail(_find(name))


@blueprint.post("/<name>/copot")
@requires("platform.plugins")
def uninstall(name: str) -> Page:
    """Have the job worker take an application off this site, after its title was typed. Its data is kept."""
    line = _find(name)
    if line.state != "installed":
        abort(404)
    if not ConfirmForm().names(_title(line)):
        return _detail(line, refusal=_("Nama yang diketik tidak sama. Tidak ada yang dicopot.")), 422
    typed = request.form.get("simpan", "").strip()
    try:
        keep_until = date.fromisoformat(typed) if typed else None
    except ValueError:
        refusal = _("Tanggal simpan arsip tidak dikenal. Tulis seperti 2031-12-31. Tidak ada yang dicopot.")
        return _detail(line, refusal=refusal), 422
    until = keep_until.isoformat() if keep_until else None
    operation = ask("uninstall", plugin=name, by=acting_as(), keep_until=until)
    audit.record("plugin.uninstall", name)
    return redirect(url_for("admin_operations.show", operation_id=operation), 303)


def _index(form: WheelForm) -> str:
    lines = overview(current_scope().kernel)
    operator = me().can("platform.plugins")
    if not operator:
        lines = [line for line in lines if line.state == "installed"]
    return render_template(
        "admin/plugins.html",
        form=form,
        lines=lines,
        operations=_latest_operations() if operator else [],
        here=current_tenant().slug,
        suspended=current_scope().kernel.snapshot().suspended,
        faults=_fault_counts(),
        problem_words=problem_words,
        operation_title=operation_title,
        operation_state=operation_state,
    )


def _detail(line: PluginOverview, refusal: str | None = None) -> str:
    scope = current_scope()
    operator = me().can("platform.plugins")
    ledger = select(LedgerRow).where(LedgerRow.component == line.name).order_by(LedgerRow.id.desc()).limit(20)
    return render_template(
        "admin/plugin.html",
        line=line,
        title=_title(line),
        manifest=line.manifest,
        row=scope.session.get(PluginRow, line.name),
        switches=_switches(line) if line.state == "installed" else [],
        faults=recent_faults(line.name, limit=20),
        ledger=list(scope.session.scalars(ledger)) if operator else [],
        tenant_names={t.id: t.name for t in scope.kernel.snapshot().tenants.values()},
        enabled_by=_enabled_by(line.name),
        units=units.all(),
        needs=_needs(line.name),
        needed_by=_needed_by(line.name),
        operations=history(scope.kernel, 10, line.name, tenant_id=current_tenant().id) if operator else [],
        operation_title=operation_title,
        operation_state=operation_state,
        refusal=refusal,
        keep_until=request.form.get("simpan", "")[:10],
        problem=problem_words(line),
        way_back=way_back_of(line.name),
        suspension=shown(line.name),
        processes=card_for(line.name),
        fault_kind=fault_kind,
    )


def _needs(name: str) -> list[NeedLine]:
    snapshot = current_scope().kernel.snapshot()
    return [NeedLine(need, title_of(need.name)) for need in needs_of(snapshot, name, current_tenant().id)]


def _needed_by(name: str) -> list[tuple[str, str, bool]]:
    """Return the applications that need this one: name, title, and whether it is on here."""
    snapshot = current_scope().kernel.snapshot()
    found = dependents_of(snapshot, name)
    return [(other, title_of(other), snapshot.is_enabled(other, current_tenant().id)) for other in found]


def title_of(name: str) -> str:
    """Return what an installed application is called; its name when it is not installed or its manifest unusable."""
    plugin = current_scope().kernel.snapshot().plugins.get(name)
    return plugin.manifest.title(language()) if plugin and plugin.usable else name


def _find(name: str) -> PluginOverview:
    for line in overview(current_scope().kernel):
        if line.name == name and (line.state == "installed" or me().can("platform.plugins")):
            return line
    abort(404)


def _title(line: PluginOverview) -> str:
    return line.manifest.title(language()) if line.manifest else line.name


def _switches(line: PluginOverview) -> list[Switch]:
    """An operator switches for every tenant, an administrator for their own."""
    tenants = [current_tenant()]
    if me().can("platform.plugins"):
        tenants = sorted(current_scope().kernel.snapshot().tenants.values(), key=lambda t: t.name)
    return [Switch(tenant, tenant.slug in line.tenants) for tenant in tenants]


def _enabled_by(name: str) -> dict[int, EnabledRow]:
    rows = current_scope().session.scalars(select(EnabledRow).where(EnabledRow.plugin == name))
    return {row.tenant_id: row for row in rows}


def _fault_counts() -> dict[str, int]:
    """Return how many faults each application had in seven days, as far as the person may see them."""
    query = select(FaultRow.plugin, func.count()).where(FaultRow.at > utc_now() - RECENT).group_by(FaultRow.plugin)
    if not me().can("platform.plugins"):
        query = query.where(FaultRow.tenant_id == current_tenant().id)
    return dict(current_scope().session.execute(query).all())


def _latest_operations() -> list[OperationRow]:
    mine = select(OperationRow).where(concerns(current_tenant().id))
    query = mine.order_by(OperationRow.asked_at.desc()).limit(5)
    return list(current_scope().session.scalars(query))
