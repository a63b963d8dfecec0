"""The map and the figures."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import boundary_shapes, current_tenant, districts, format_date, format_number, public

from ...rules import kinds, states
from ...services import browsing, tiles
from ...services.statistics import statistics
from ...words import _
from ..room import region_name
from . import blueprint

FRESH = 30  # seconds for which a public answer may be kept


@blueprint.get("/peta")
@public
def map_page() -> ResponseReturnValue:
    """Every report on a map, with filters."""
    return render_template("infrastruktur/browse/map.html", **choices(), asked=request.args)


@blueprint.get("/peta/titik.json")
@public
def points() -> ResponseReturnValue:
    """What stands in the part of the map that somebody looks at, as GeoJSON."""
    box, zoom, asked = _looked_at()
    found = tiles.clusters(box, zoom, asked.conditions)
    alone = tiles.singles(found)
    features = [_feature(one, alone.get(one.number)) for one in found]
    return _kept({"type": "FeatureCollection", "features": features})


@blueprint.get("/peta/panas.json")
@public
def heat() -> ResponseReturnValue:
    """Where open reports are thick on the ground."""
    box, zoom, asked = _looked_at()
    return _kept({"points": tiles.heat(box, zoom, asked.conditions)})


@blueprint.get("/peta/kecamatan.json")
@public
def shapes() -> ResponseReturnValue:
    """The districts, shaded by how many open reports each has."""
    counted = statistics(browsing.asked_for(request.args)).districts
    features = boundary_shapes()
    most = max((line.open for line in counted.values()), default=0) or 1
    for feature in features:
        line = counted.get(feature["properties"]["code"])
        count = line.open if line else 0
        feature["properties"] |= {
            "title": feature["properties"]["name"],
            "text": _("%(count)s laporan terbuka", count=format_number(count)),
            "weight": count / most,
            "url": url_for("browse.listing", kecamatan=feature["properties"]["code"], keadaan=browsing.OPEN_ONES),
        }
    return _kept({"type": "FeatureCollection", "features": features})


@blueprint.get("/statistik")
@public
def figures() -> ResponseReturnValue:
    """How many reports, of what, where, and how long it took."""
    asked = browsing.asked_for(request.args)
    found = statistics(asked)
    return render_template(
        "infrastruktur/browse/figures.html",
        found=found,
        asked=request.args,
        narrow=asked.is_narrow,
        month_bars=[(format_date(month, "MMM y"), line.total) for month, line in found.months.items()],
        group_lines=[(_group(code), line, _list(kelompok=code)) for code, line in found.groups.items()],
        district_lines=sorted(
            ((_district(code), line, _list(kecamatan=code)) for code, line in found.districts.items()),
            key=lambda one: (-one[1].total, one[0]),
        ),
        **choices(),
    )


def choices() -> dict[str, Any]:
    """What the filters of these pages offer."""
    found = browsing.categories()
    groups = {one.group for one in found}
    region = current_tenant().region_code
    return {
        "categories": found,
        "groups": [(code, str(words)) for code, words in kinds.GROUPS.items() if code in groups],
        "districts": districts(region) if region else (),
        "states": [(str(one), states.title(one)) for one in states.ORDER],
    }


def _group(code: str) -> str:
    return str(kinds.GROUPS.get(code, code))


def _district(code: str) -> str:
    return region_name(code) or _("Tidak diketahui")


def _list(**asked: str) -> str:
    return url_for("browse.listing", **{name: value or None for name, value in asked.items()})


def _looked_at() -> tuple[tiles.Box, int, browsing.Filter]:
    box = tiles.Box.read(request.args.get("kotak", "")[:120])
    zoom = request.args.get("z", type=int)
    if box is None or zoom is None or not 0 <= zoom <= 22:
        abort(400, _("Bagian peta yang diminta tidak dapat dibaca."))
    return box, zoom, browsing.asked_for(request.args)


def _feature(one: tiles.Cluster, alone: Any) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": [round(one.lon, 6), round(one.lat, 6)]}
    if alone is None:
        told: dict[str, Any] = {"kind": "cluster", "count": one.count, "bounds": one.bounds}
    else:
        number, state, address, _reported, category = alone
        told = {
            "kind": "point",
            "title": f"{category.title} ({number})",
            "text": " · ".join(filter(None, [states.title(state), address])),
            "url": url_for("citizen.page", number=number),
            "tone": states.tone(state),
            "icon": category.icon,
        }
    return {"type": "Feature", "geometry": place, "properties": told}


def _kept(data: Any) -> Response:
    answer = jsonify(data)
    answer.headers["Cache-Control"] = f"public, max-age={FRESH}"
    return answer
