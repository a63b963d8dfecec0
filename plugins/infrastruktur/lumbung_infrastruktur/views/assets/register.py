"""The register as a list, on a map, and as a file of shapes."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, abort, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from lumbung.sdk import (
    ChoiceFilter,
    ListColumn,
    Listing,
    boundary_shapes,
    current_person,
    current_tenant,
    districts,
    format_number,
    requires,
    units,
)

from ...models import Asset
from ...rules import kinds
from ...services import asset_map, assets
from ...services.assets import ASSET
from ...services.condition_summary import condition_title, mine
from ...services.tiles import Box
from ...words import _
from ..room import region_name, unit_name
from . import blueprint

NEVER = "belum"
FILTERS = ("jenis", "pemilik", "kondisi", "kecamatan", "unit", "keadaan")
ICONS = {
    "road": "road", "bridge": "building-bridge", "drain": "droplet", "lamp": "bulb", "irrigation": "ripple",
    "sign": "sign-right", "building": "building",
}  # fmt: skip


@blueprint.get("")
@requires(ASSET)
def register() -> ResponseReturnValue:
    """Every asset of one's units: searched, narrowed, sorted, taken away."""
    found = asset_listing()
    return found.export() or render_template(
        "infrastruktur/assets/register.html", listing=found, here=_asked(), kinds_icons=ICONS, km=km
    )


@blueprint.get("/unduh.geojson")
@requires(ASSET)
def geojson() -> Response:
    """The same assets with their shapes, as GeoJSON."""
    found = asset_listing()
    features = asset_map.whole(found.found.limit(found.limit), _facts)
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    name = f"aset-{current_tenant().slug}-{current_tenant().today():%Y%m%d}.geojson"
    answer = Response(text, mimetype="application/geo+json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@blueprint.get("/peta")
@requires(ASSET)
def map_page() -> ResponseReturnValue:
    """The assets where they lie, coloured by their condition."""
    found = asset_listing()
    return render_template("infrastruktur/assets/map.html", listing=found, here=_asked())


@blueprint.get("/peta/titik.json")
@requires(ASSET)
def points() -> Response:
    """What stands in the part of the map that somebody looks at."""
    box, zoom = Box.read(request.args.get("kotak", "")[:120]), request.args.get("z", type=int)
    if box is None or zoom is None or not 0 <= zoom <= 22:
        abort(400, _("Bagian peta yang diminta tidak dapat dibaca."))
    features = asset_map.features(asset_listing().found, box, zoom, mark)
    return jsonify({"type": "FeatureCollection", "features": features})


@blueprint.get("/peta/kecamatan.json")
@requires(ASSET)
def shapes() -> Response:
    """The districts, as lines to find one's way by."""
    return jsonify({"type": "FeatureCollection", "features": boundary_shapes()})


def asset_listing() -> Listing:
    """Return the assets of one's units as this request asks for them."""
    narrow = mine()
    return Listing(
        query=select(Asset).where(*narrow),
        columns=_columns(),
        name="aset",
        title=_("Daftar aset"),
        noun=_("aset"),
        default_sort="kode",
        search=[Asset.code, Asset.name],
        search_label=_("Kode atau nama"),
        filters=[
            ChoiceFilter(
                "jenis",
                _("Jenis"),
                kinds.choices(kinds.ASSET_KINDS),
                where=lambda kind: Asset.kind == kind,
                tabs=True,
                counts=assets.counts(*narrow),
            ),
            ChoiceFilter(
                "pemilik", _("Pemilik"), kinds.choices(kinds.AUTHORITIES), where=lambda owner: Asset.owner == owner
            ),
            ChoiceFilter(
                "kondisi",
                _("Kondisi"),
                [*kinds.choices(kinds.CONDITIONS), (NEVER, _("Belum disurvei"))],
                where=lambda one: Asset.condition == ("" if one == NEVER else one),
            ),
            ChoiceFilter("kecamatan", _("Kecamatan"), _districts(), where=lambda code: Asset.district_code == code),
            ChoiceFilter("unit", _("Unit"), _units(), where=lambda unit: Asset.unit_id == unit),
            ChoiceFilter(
                "keadaan",
                _("Pemakaian"),
                [("dipakai", _("Masih dipakai")), ("nonaktif", _("Dinonaktifkan"))],
                where=lambda one: Asset.retired.is_(one == "nonaktif"),
            ),
        ],
    )


def _columns() -> list[ListColumn]:
    return [
        ListColumn("kode", _("Kode"), lambda one: one.code, link=page_of, sort=Asset.code),
        ListColumn("nama", _("Nama"), lambda one: one.name, sort=Asset.name, width=40),
        ListColumn("jenis", _("Jenis"), lambda one: kinds.ASSET_KINDS[one.kind], sort=Asset.kind),
        ListColumn("pemilik", _("Pemilik"), lambda one: kinds.AUTHORITIES.get(one.owner, one.owner), sort=Asset.owner),
        ListColumn("kelas", _("Kelas atau fungsi"), lambda one: one.road_class, shown=False),
        ListColumn(
            "panjang", _("Panjang (m)"), lambda one: one.length_m, kind="number", sort=Asset.length_m,
            export=lambda one: float(one.length_m) if one.length_m is not None else None,
        ),
        ListColumn("kondisi", _("Kondisi"), lambda one: condition_title(one.condition), sort=Asset.condition),
        ListColumn("disurvei", _("Disurvei"), lambda one: one.condition_on, kind="date", sort=Asset.condition_on),
        ListColumn("kecamatan", _("Kecamatan"), lambda one: region_name(one.district_code), sort=Asset.district_code),
        ListColumn("desa", _("Desa atau kelurahan"), lambda one: region_name(one.village_code), shown=False),
        ListColumn("unit", _("Unit"), lambda one: unit_name(one.unit_id)),
        ListColumn("tahun", _("Tahun dibangun"), lambda one: one.built_year, shown=False),
        ListColumn("lintang", _("Lintang"), lambda one: one.lat, shown=False),
        ListColumn("bujur", _("Bujur"), lambda one: one.lon, shown=False),
        ListColumn(
            "pemakaian", _("Pemakaian"),
            lambda one: _("Dinonaktifkan") if one.retired else _("Masih dipakai"), shown=False,
        ),
    ]  # fmt: skip


def mark(asset: Asset) -> dict[str, Any]:
    """What a mark on a map tells of an asset."""
    parts = [kinds.ASSET_KINDS[asset.kind], condition_title(asset.condition)]
    if asset.length_m:
        parts.append(km(asset.length_m))
    return {
        "title": assets.title_of(asset),
        "text": " · ".join(str(part) for part in parts),
        "url": page_of(asset),
        "tone": "muted" if asset.retired else kinds.CONDITION_TONES.get(asset.condition, "muted"),
        "icon": ICONS[asset.kind],
    }


def page_of(asset: Asset) -> str:
    """The address of an asset's page."""
    return url_for("assets.asset", asset_id=asset.id)


def km(metres: Any) -> str:
    """A length in words: metres below a kilometre, else kilometres."""
    if metres is None:
        return ""
    value = float(metres)
    return f"{format_number(round(value, 1))} m" if value < 1000 else f"{format_number(round(value / 1000, 3))} km"


def _facts(asset: Asset) -> dict[str, Any]:
    return {
        "kode": asset.code,
        "nama": asset.name,
        "jenis": asset.kind,
        "pemilik": asset.owner,
        "kelas": asset.road_class,
        "panjang": float(asset.length_m) if asset.length_m is not None else None,
        "kondisi": asset.condition,
        "tanggal": asset.condition_on.isoformat() if asset.condition_on else None,
        "kecamatan": region_name(asset.district_code),
        "desa": region_name(asset.village_code),
        "tahun": asset.built_year,
    }


def _asked() -> dict[str, str]:
    return {name: request.args[name] for name in (*FILTERS, "q") if request.args.get(name)}


def _districts() -> list[tuple[str, str]]:
    region = current_tenant().region_code
    return [(one.code, one.name) for one in (districts(region) if region else ())]


def _units() -> list[tuple[str, str]]:
    person = current_person()
    mine = person.units_with(ASSET) if person else frozenset()
    return [(str(unit.id), unit.name) for unit in units.all() if mine is None or unit.id in mine]
