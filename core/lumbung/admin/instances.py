"""The processes of a foreign application: how each instance fares, its log, and the buttons that ask the keeper.

An operator sees the instances of all tenants, an administrator of a tenant their own. What an instance that tenants
share has printed is for operators alone: it tells of all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from lumbung import audit
from lumbung.addresses import public_address
from lumbung.admin.instances_shown import Line, facts_about, live_of, state_hint, state_words, states_of
from lumbung.admin.rights import PLUGINS, acting_as, need_one_of
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.instances import logs, orders
from lumbung.instances.asking import KeeperAway
from lumbung.instances.instance import Instance, app_address, instance_of
from lumbung.registry.state import InstalledPlugin
from lumbung.tenancy.tenant import Tenant
from lumbung.web.access import me, staff
from lumbung.web.i18n import core_domain, format_date, language
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_instances", __name__, url_prefix="/admin/plugin/<name>/proses")
_ = core_domain.gettext

SHARED = "_bersama"  # in place of a tenant's slug, none of which begins so
LINES = 200
FOUND = 500
LONGEST_SEARCH = 200


@blueprint.get("/")
@staff
def index(name: str) -> Answer | str:
    """List the instances of an application; of one alone show all there is."""
    plugin, lines = _lines(name)
    if len(lines) == 1:
        return redirect(url_for(".show", name=name, whose=_whose(lines[0].instance)), 303)
    return render_template("admin/instances.html", **_about(plugin), lines=lines, whose=_whose)


@blueprint.get("/bagian")
@staff
def list_part(name: str) -> str:
    """Return only the list, for the page that is open."""
    plugin, lines = _lines(name)
    return render_template("admin/_instances.html", **_about(plugin), lines=lines, whose=_whose)


@blueprint.get("/<whose>/")
@staff
def show(name: str, whose: str) -> str:
    """Show one instance: its state, its facts, its log, in which one may search."""
    plugin, line = _find(name, whose)
    return render_template(
        "admin/instance.html",
        **_about(plugin),
        **_one(line),
        **_log(line.instance),
        facts=facts_about(line),
    )


@blueprint.get("/<whose>/bagian")
@staff
def part(name: str, whose: str) -> str:
    """Return only the state and the buttons, for the page that is open."""
    plugin, line = _find(name, whose)
    return render_template("admin/_instance.html", **_about(plugin), **_one(line))


@blueprint.get("/<whose>/log")
@staff
def log_part(name: str, whose: str) -> str:
    """Return only the newest lines, for the page that is open."""
    plugin, line = _find(name, whose)
    return render_template("admin/_instance_log.html", **_about(plugin), **_one(line), **_log(line.instance))


@blueprint.get("/<whose>/log.txt")
@staff
def log_file(name: str, whose: str) -> Response:
    """Hand out all that is kept of the log, the oldest lines first; it is in the trail, since it may name citizens."""
    instance, scope = _find(name, whose)[1].instance, current_scope()
    _refuse_shared(instance)
    hide = logs.passwords_of(scope.kernel, instance)
    scope.session.rollback()  # nothing was written here: give the connection back before another is taken
    by = acting_as()
    with scope.kernel.scope(instance.tenant or current_tenant(), actor=by, address=scope.address):
        audit.record("instance.log", name, by=by)
    answer = Response(logs.whole(instance, hide=hide), mimetype="text/plain")
    file = f"{instance.label.replace('/', '-')}-{current_tenant().today():%Y%m%d}.log"
    answer.headers.set("Content-Disposition", "attachment", filename=file)
    return answer


@blueprint.post("/<whose>/nyalakan")
@staff
def start(name: str, whose: str) -> Answer:
    """Have an instance started, also one that was halted or has failed."""
    return _order(name, whose, "start", _("Diminta menyala. Keadaannya tampil di sini."))


@blueprint.post("/<whose>/hentikan")
@staff
def halt(name: str, whose: str) -> Answer:
    """Have an instance stopped until somebody starts it again."""
    return _order(name, whose, "halt", _("Dihentikan. Aplikasi ini tidak menyala sebelum Anda menyalakannya lagi."))


@blueprint.post("/<whose>/mulai-ulang")
@staff
def restart(name: str, whose: str) -> Answer:
    """Have an instance stopped and started anew."""
    return _order(name, whose, "restart", _("Dimulai ulang. Keadaannya tampil di sini."))


def card_for(name: str) -> dict[str, Any] | None:
    """Return what the page of an application says of its processes; None for one that runs inside the platform."""
    scope = current_scope()
    plugin = scope.kernel.snapshot().plugins.get(name)
    if plugin is None or not plugin.usable or not (plugin.isolated or plugin.manifest.is_foreign):
        return None
    on = plugin.manifest.is_foreign and scope.kernel.snapshot().is_enabled(name, current_tenant().id)
    return {
        **_about(plugin),
        "lines": _visible(plugin),
        "whose": _whose,
        "address": app_address(scope.kernel.settings, current_tenant(), name) if on else None,
    }


def _order(name: str, whose: str, order: orders.Order, done: str) -> Answer:
    instance = _find(name, whose)[1].instance
    _refuse_shared(instance)
    try:
        orders.give(current_scope().kernel, instance, order, by=acting_as())
        flash(done, "baik")
    except KeeperAway:
        flash(
            _("Penjaga aplikasi sedang tidak menjawab, jadi tidak ada yang berubah. Coba lagi sebentar lagi."), "padi"
        )
    except LumbungError as error:
        flash(_("Tidak ada yang berubah. %(reason)s", reason=words_of(error)), "gawat")
    return redirect(url_for(".show", name=name, whose=whose), 303)


def _lines(name: str) -> tuple[InstalledPlugin, list[Line]]:
    need_one_of(*PLUGINS)
    plugin = current_scope().kernel.snapshot().plugins.get(name)
    if plugin is None or not plugin.usable or not (plugin.isolated or plugin.manifest.is_foreign):
        abort(404)
    return plugin, _visible(plugin)


def _find(name: str, whose: str) -> tuple[InstalledPlugin, Line]:
    plugin, lines = _lines(name)
    for line in lines:
        if _whose(line.instance) == whose:
            return plugin, line
    abort(404)


def _visible(plugin: InstalledPlugin) -> list[Line]:
    """Return the lines of those instances that are switched on or were made once, in the order of tenants' names."""
    if plugin.manifest.process is None and not plugin.isolated:
        return []
    scope = current_scope()
    snapshot = scope.kernel.snapshot()
    tenants: list[Tenant] = [current_tenant()]
    if me().can("platform.plugins"):
        tenants = sorted(snapshot.tenants.values(), key=lambda one: one.name)
    rows, live = states_of(plugin), live_of(scope.kernel.settings)
    lines: dict[tuple[str, int], Line] = {}
    for tenant in tenants:
        instance = instance_of(scope.kernel.settings, plugin, tenant)
        row, on = rows.get(instance.key), snapshot.is_enabled(plugin.name, tenant.id)
        if on or (row is not None and row.state not in ("new", "removed")):
            known = lines.get(instance.key)
            whole = on or (known is not None and known.on)
            lines[instance.key] = Line(instance, row, whole, live)
    return list(lines.values())


def _about(plugin: InstalledPlugin) -> dict[str, Any]:
    manifest = plugin.manifest
    words = {"state_words": state_words, "state_hint": state_hint}
    return {"name": plugin.name, "title": manifest.title(language()), "manifest": manifest, **words}


def _one(line: Line) -> dict[str, Any]:
    tenant, plugin = line.instance.tenant, line.instance.plugin
    address = app_address(current_scope().kernel.settings, tenant or current_tenant(), plugin.name)
    if plugin.isolated:
        address = public_address(current_scope().kernel.settings, tenant or current_tenant(), f"/{plugin.name}/")
    may = line.instance.tenant is not None or me().can("platform.plugins")
    return {"line": line, "whose": _whose(line.instance), "address": address, "may": may}


def _log(instance: Instance) -> dict[str, Any]:
    """Return what the page says of the log: lines of each day, and what was searched for."""
    asked = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    if instance.tenant is None and not me().can("platform.plugins"):
        return {"days": [], "q": asked, "lines": 0, "most": LINES}
    hide = logs.passwords_of(current_scope().kernel, instance)
    found = logs.search(instance, asked, FOUND, hide=hide) if asked else logs.tail(instance, LINES, hide=hide)
    return {"days": list(_by_day(found)), "q": asked, "lines": len(found), "most": FOUND if asked else LINES}


def _by_day(found: list[str]) -> Iterator[tuple[str, list[logs.LogLine]]]:
    parsed = [logs.parsed(line) for line in found]
    for day, lines in groupby(parsed, key=lambda one: format_date(one.at, "EEEE, d MMMM y") if one.at else ""):
        yield day, list(lines)


def _whose(instance: Instance) -> str:
    return instance.tenant.slug if instance.tenant else SHARED


def _refuse_shared(instance: Instance) -> None:
    """What all tenants use is an operator's affair."""
    if instance.tenant is None and not me().can("platform.plugins"):
        abort(403)
