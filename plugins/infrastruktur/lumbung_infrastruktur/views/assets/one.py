"""One asset: its page, writing it down, taking it out of use."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, find_or_404, requires, session

from ...forms.assets import AssetForm, ConditionForm, ReasonForm
from ...models import Asset
from ...rules import kinds
from ...services import assets, conditions, plans
from ...services.assets import ASSET
from ...services.condition_summary import condition_title
from ...words import _
from ..room import refused, say
from . import blueprint
from .register import ICONS, km, mark, page_of

ABOUT = 0.002  # degrees shown around a thing on its map


@blueprint.get("/<uuid:asset_id>")
@requires(ASSET)
def asset(asset_id: UUID) -> ResponseReturnValue:
    """An asset with its condition through the years, reports, work and plans."""
    return show(find_or_404(Asset, asset_id, permission=ASSET))


@blueprint.get("/<uuid:asset_id>/letak.json")
@requires(ASSET)
def shape(asset_id: UUID) -> ResponseReturnValue:
    """Where it lies, for the map on its page."""
    found = find_or_404(Asset, asset_id, permission=ASSET)
    feature = {
        "type": "Feature",
        "geometry": assets.geometry_of(found.id),
        "properties": {"kind": "point", **mark(found)},
    }
    return jsonify({"type": "FeatureCollection", "features": [feature] if feature["geometry"] else []})


@blueprint.route("/baru", methods=["GET", "POST"])
@requires(ASSET)
def new() -> ResponseReturnValue:
    """Add an asset by hand."""
    form = AssetForm(data=_first_guess() if request.method == "GET" else None)
    return _written(form, None)


@blueprint.route("/<uuid:asset_id>/ubah", methods=["GET", "POST"])
@requires(ASSET)
def edit(asset_id: UUID) -> ResponseReturnValue:
    """Change an asset."""
    found = find_or_404(Asset, asset_id, permission=ASSET, lock=request.method == "POST")
    form = AssetForm(data=_as_form(found) if request.method == "GET" else None)
    return _written(form, found)


@blueprint.post("/<uuid:asset_id>/nonaktif")
@requires(ASSET)
def retire(asset_id: UUID) -> ResponseReturnValue:
    """Take an asset out of use."""
    found, form = find_or_404(Asset, asset_id, permission=ASSET, lock=True), ReasonForm()
    if form.validate_on_submit():
        try:
            assets.retire(found, form.reason.data or "")
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("%(title)s dinonaktifkan.", title=assets.title_of(found)), "baik")
            return redirect(page_of(found), 303)
    return show(found, retiring=form), 422


@blueprint.post("/<uuid:asset_id>/aktif")
@requires(ASSET)
def restore(asset_id: UUID) -> ResponseReturnValue:
    """Take an asset into use again."""
    found = find_or_404(Asset, asset_id, permission=ASSET, lock=True)
    try:
        assets.restore(found)
    except DomainError as refusal:
        return refused(refusal, page_of(found))
    flash(_("%(title)s dipakai lagi.", title=assets.title_of(found)), "baik")
    return redirect(page_of(found), 303)


def show(found: Asset, **forms: Any) -> str:
    """Return the page of an asset; ``forms`` are those that were refused."""
    history = conditions.history(found)
    measured = [one for one in reversed(history) if one.value is not None]
    return render_template(
        "infrastruktur/assets/asset.html",
        asset=found,
        facts=assets.history(found),
        found=history,
        measured=measured,
        trend=conditions.trend(history),
        map_start=_start(found),
        icons=ICONS,
        km=km,
        condition_title=condition_title,
        condition_tone=lambda one: kinds.CONDITION_TONES.get(one, "muted"),
        plan_timing=plans.timing,
        finding=forms.get("finding") or ConditionForm(formdata=None),
        retiring=forms.get("retiring") or ReasonForm(formdata=None),
    )


def _written(form: AssetForm, found: Asset | None) -> ResponseReturnValue:
    if form.validate_on_submit():
        old = assets.geometry_of(found.id) if found else None
        try:
            made = assets.save(found, **form.values(found, old))
        except DomainError as refusal:
            session.rollback()
            say(form, refusal)
        else:
            for note in form.notes:
                flash(str(note), "padi")
            flash(_("%(title)s disimpan.", title=assets.title_of(made)), "baik")
            return redirect(page_of(made), 303)
    page = render_template("infrastruktur/assets/edit.html", form=form, asset=found)
    return page, 422 if form.is_submitted() else 200


def _first_guess() -> dict[str, Any]:
    kind = request.args.get("jenis", "")
    return {"kind": kind if kind in kinds.ASSET_KINDS else "road", "owner": kinds.OURS}


def _as_form(found: Asset) -> dict[str, Any]:
    geometry = assets.geometry_of(found.id)
    is_point = geometry is None or geometry["type"] == "Point"
    return {
        **{name: getattr(found, name) for name in ("kind", "code", "name", "owner", "road_class", "built_year")},
        "length_m": found.length_m,
        "unit": str(found.unit_id or ""),
        "district": found.district_code if geometry is None else "",
        "lat": geometry["coordinates"][1] if geometry and is_point else None,
        "lon": geometry["coordinates"][0] if geometry and is_point else None,
        "geometry": "" if is_point else json.dumps(geometry),
    }


def _start(found: Asset) -> list[float] | None:
    """The part of the map that shows the whole thing: west, south, east, north."""
    if found.min_lon is None or found.max_lon is None or found.min_lat is None or found.max_lat is None:
        return None
    return [found.min_lon - ABOUT, found.min_lat - ABOUT, found.max_lon + ABOUT, found.max_lat + ABOUT]
