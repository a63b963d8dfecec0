"""The map and the figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Response, abort, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement

from lumbung.sdk import boundary_shapes, current_tenant, districts, format_date, format_number, public

from ...rules import kinds, states
from ...services import browsing, tiles
from ...services.statistics import Line, statistics
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
    return _kept(marks(lambda number, _id: url_for("citizen.page", number=number), tiles.for_everybody()))


@blueprint.get("/peta/panas.json")
@public
def heat() -> ResponseReturnValue:
    """Where open reports are thick on the ground."""
    return _kept(warmth(tiles.for_everybody()))


@blueprint.get("/peta/kecamatan.json")
@public
def shapes() -> ResponseReturnValue:
    """The districts, shaded by how many open reports each has."""
    counted = statistics(browsing.asked_for(request.args)).districts
    most = max((line.open for line in counted.values()), default=0) or 1
    return _kept({"type": "FeatureCollection", "features": [_shape(one, counted, most) for one in boundary_shapes()]})


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
        has_districts=any(one["properties"]["code"].count(".") == 2 for one in boundary_shapes()),
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


def marks(address: Callable[[str, UUID], str], *seen: ColumnElement[bool]) -> dict[str, Any]:
    """What stands in the part of the map that is asked for, of the reports that may be seen, as GeoJSON.

    ``address`` says of the number and id of a report where its mark leads to.
    """
    box, zoom, asked = _looked_at()
    found = tiles.clusters(box, zoom, [*seen, *asked.conditions])
    alone = tiles.singles(found)
    features = [_feature(one, alone.get(one.number), address) for one in found]
    return {"type": "FeatureCollection", "features": features}


def warmth(*seen: ColumnElement[bool]) -> dict[str, Any]:
    """Where open reports are thick on the ground, of those that may be seen."""
    box, zoom, asked = _looked_at()
    return {"points": tiles.heat(box, zoom, [*seen, *asked.conditions])}


def _feature(one: tiles.Cluster, alone: Any, address: Callable[[str, UUID], str]) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": [round(one.lon, 6), round(one.lat, 6)]}
    if alone is None:
        told: dict[str, Any] = {"kind": "cluster", "count": one.count, "bounds": one.bounds}
    else:
        number, state, where, report_id, category = alone
        told = {
            "kind": "point",
            "title": f"{category.title} ({number})",
            "text": " · ".join(filter(None, [states.title(state), where])),
            "url": address(number, report_id),
            "tone": states.tone(state),
            "icon": category.icon,
        }
    return {"type": "Feature", "geometry": place, "properties": told}


def _shape(known: Mapping[str, Any], counted: Mapping[str, Line], most: int) -> dict[str, Any]:
    """A district with how many open reports it has; the more of them, the warmer."""
    code = known["properties"]["code"]
    count = counted[code].open if code in counted else 0
    told = {
        **known["properties"],
        "title": known["properties"]["name"],
        "text": _("%(count)s laporan terbuka", count=format_number(count)),
        "tone": "gawat" if count > most * 2 / 3 else "padi" if count > most / 3 else "laut" if count else "baik",
    }
    if code.count(".") == 2:
        told["url"] = _list(kecamatan=code, keadaan=browsing.OPEN_ONES)
    return {**known, "properties": told}


def _kept(data: Any) -> Response:
    answer = jsonify(data)
    answer.headers["Cache-Control"] = f"public, max-age={FRESH}"
    return answer
