"""What the sample map is told: made-up reports on Sumbawa, gathered into clusters where one looks from afar."""

from __future__ import annotations

from collections import defaultdict
from math import cos, sin
from typing import Any

from lumbung.web.i18n import core_domain

_ = core_domain.gettext

Spot = tuple[float, float, str]  # latitude, longitude, kind
NEAR = 12  # from this zoom on each report stands by itself
_LOOKS = {"jalan": ("road", "gawat"), "lampu": ("bulb", "padi")}


def spots(kind: str = "") -> list[Spot]:
    """Return the sample reports, of one kind or all: spirals around four places."""
    made: list[Spot] = []
    for centre, (lat, lon, count) in enumerate(
        ((-8.4932, 117.4202, 90), (-8.534, 117.01, 40), (-8.743, 117.905, 50), (-8.93, 117.2, 34))
    ):
        for step in range(count):
            way, turn = 0.002 * step**0.9, step * 2.4 + centre
            which = "lampu" if step % 3 == 0 else "jalan"
            made.append((round(lat + way * sin(turn), 5), round(lon + way * cos(turn), 5), which))
    return [spot for spot in made if not kind or spot[2] == kind]


def within(box: str, kind: str) -> list[Spot]:
    """Return the reports in a box ``west,south,east,north``; all of them when it is none."""
    try:
        west, south, east, north = (float(part) for part in box.split(","))
    except ValueError:
        return spots(kind)
    return [spot for spot in spots(kind) if south <= spot[0] <= north and west <= spot[1] <= east]


def answer(found: list[Spot], zoom: int) -> dict[str, Any]:
    """Return the reports as `ui.layered_map` is told: a feature for each, or for each cell of a grid."""
    cells: dict[tuple[int, int], list[Spot]] = defaultdict(list)
    side = 120 / 2**zoom
    for spot in found:
        cells[(int(spot[0] // side), int(spot[1] // side))].append(spot)
    features = []
    for inside in cells.values():
        if zoom >= NEAR or len(inside) == 1:
            features += [_point(spot) for spot in inside]
        else:
            features.append(_cluster(inside))
    return {"type": "FeatureCollection", "features": features, "total": len(found)}


def _point(spot: Spot) -> dict[str, Any]:
    lat, lon, kind = spot
    icon, tone = _LOOKS[kind]
    title = _("Lampu jalan padam") if kind == "lampu" else _("Jalan berlubang")
    shown = {
        "kind": "point",
        "title": title,
        "text": f"{lat}, {lon}",
        "url": "#layered-map",
        "tone": tone,
        "icon": icon,
    }
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": shown}


def _cluster(inside: list[Spot]) -> dict[str, Any]:
    lats, lons = [spot[0] for spot in inside], [spot[1] for spot in inside]
    middle = [round(sum(lons) / len(lons), 5), round(sum(lats) / len(lats), 5)]
    shown = {"kind": "cluster", "count": len(inside), "bounds": [min(lons), min(lats), max(lons), max(lats)]}
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": middle}, "properties": shown}
