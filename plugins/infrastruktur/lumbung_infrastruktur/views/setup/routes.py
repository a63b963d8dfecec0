"""Who answers for what: the rules in their order, and trying them out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from lumbung.sdk import DomainError, find, find_or_404, requires, session, units

from ...forms.setup import RouteForm
from ...models import Category, Destination, Route
from ...rules import kinds
from ...services import browsing, setup
from ...words import _
from ..desk.phoned import village_choices
from ..room import refused, region_name, say
from . import MANAGE, blueprint
from .categories import STEPS


@blueprint.get("/kewenangan")
@requires(MANAGE)
def routes() -> ResponseReturnValue:
    """The rules, and what they say of a kind of damage at a place."""
    return render_template(
        "infrastruktur/setup/routes.html",
        routes=[(route, fits_words(route)) for route in setup.routes()],
        unit_names={unit.id: unit.name for unit in units.all()},
        categories=browsing.categories(),
        villages=village_choices(),
        asked=request.args,
        trial=_trial(),
    )


@blueprint.route("/kewenangan/baru", methods=["GET", "POST"])
@requires(MANAGE)
def new_route() -> ResponseReturnValue:
    """Add a rule at the end."""
    return _edit(None, RouteForm())


@blueprint.route("/kewenangan/<uuid:route_id>", methods=["GET", "POST"])
@requires(MANAGE)
def route(route_id: UUID) -> ResponseReturnValue:
    """Change a rule."""
    found = find_or_404(Route, route_id)
    form = RouteForm(
        category=str(found.category_id or ""),
        group=found.group,
        district=found.district_code,
        road_owner=found.road_owner,
        authority=found.authority,
        unit=str(found.unit_id or ""),
        destination=str(found.destination_id or ""),
        note=found.note,
    )
    return _edit(found, form)


@blueprint.post("/kewenangan/<uuid:route_id>/<word>")
@requires(MANAGE)
def act_on_route(route_id: UUID, word: str) -> ResponseReturnValue:
    """Let a rule be asked earlier or later, or drop it."""
    found = find_or_404(Route, route_id)
    try:
        if word == "hapus":
            setup.delete_route(found)
            flash(_("Aturan dihapus."), "baik")
        else:
            setup.move_route(found, STEPS.get(word) or abort(404))
    except DomainError as refusal:
        return refused(refusal, url_for(".routes"))
    return redirect(url_for(".routes"), 303)


def fits_words(route: Route) -> str:
    """Where a rule fits, in words."""
    parts = [
        route.category.title if route.category else "",
        _("kelompok %(group)s", group=kinds.GROUPS[route.group]) if route.group else "",
        _("Kecamatan %(name)s", name=region_name(route.district_code)) if route.district_code else "",
        _("jalan %(owner)s", owner=str(kinds.AUTHORITIES[route.road_owner]).lower()) if route.road_owner else "",
    ]
    return ", ".join(filter(None, parts)) or _("Semua laporan")


def _edit(found: Route | None, form: RouteForm) -> ResponseReturnValue:
    form.offer(browsing.categories(), session.scalars(select(Destination).order_by(Destination.name)))
    if form.validate_on_submit():
        try:
            setup.save_route(found, **form.values())
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Aturan tersimpan."), "baik")
            return redirect(url_for(".routes"), 303)
    return render_template(
        "infrastruktur/setup/route.html", form=form, route=found
    ), 422 if form.is_submitted() else 200


def _trial() -> dict[str, Any] | None:
    """What the rules say of the place that the address asks about; None when it asks about none."""
    category = _asked_category()
    if category is None:
        return None
    lat, lon = (_degrees(request.args.get(name, "")) for name in ("lat", "lon"))
    village = request.args.get("desa", "")
    known = {code for code, _title in village_choices()}
    try:
        found = setup.try_out(
            category,
            lat=lat if lon is not None else None,
            lon=lon if lat is not None else None,
            village_code=village if village in known else "",
        )
    except DomainError as refusal:
        return {"refusal": str(refusal)}
    return {"found": found, "authority": kinds.AUTHORITIES.get(found.authority, "")}


def _asked_category() -> Category | None:
    try:
        return find(Category, UUID(request.args.get("kategori", "")))
    except ValueError:
        return None


def _degrees(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if -180 <= value <= 180 else None
