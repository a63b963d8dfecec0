"""Small maps for paper, drawn by ourselves: the coast, the tenant's boundaries where it has some, and marks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, floor, isfinite, log10, radians
from pathlib import Path
from typing import Any

Point = tuple[float, float, str]  # latitude, longitude, label
Ring = Sequence[Sequence[float]]  # longitude first, as GeoJSON has it

OUTLINE = Path(__file__).resolve().parent.parent / "static" / "vendor" / "outline.json"
WIDTH, HEIGHT = 664, 400  # 166 mm wide on paper
MARGIN = 1.5  # how much wider than the places the map is
LEAST_SPAN = 0.25  # degrees from left to right: some 28 km, so that a single place has surroundings
DEGREE_KM = 111.32
SEA, LAND, SHORE, BORDER, MARK = "#EAF1F5", "#F7F5EF", "#8FA3AD", "#9A8F7A", "#B3261E"


@dataclass(frozen=True)
class Plan:
    """A map as SVG, and what its numbers stand for."""

    svg: str
    legend: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class View:
    """The part of the earth that is drawn: equal distances east and north, seen from above its middle."""

    west: float
    north: float
    scale: float  # of the picture for a degree of latitude
    squeeze: float  # how much shorter a degree of longitude is here

    @classmethod
    def around(cls, points: Sequence[Point]) -> View:
        """Return the view in which all of these places lie, with room around them."""
        lats, lons = [point[0] for point in points], [point[1] for point in points]
        lat, lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
        squeeze = max(cos(radians(lat)), 0.05)
        wide = max((max(lons) - min(lons)) * MARGIN * squeeze, LEAST_SPAN)
        high = max((max(lats) - min(lats)) * MARGIN, LEAST_SPAN * HEIGHT / WIDTH)
        scale = min(WIDTH / wide, HEIGHT / high)
        return cls(lon - WIDTH / scale / squeeze / 2, lat + HEIGHT / scale / 2, scale, squeeze)

    def place(self, lat: float, lon: float) -> tuple[float, float]:
        """Return where a place lies in the picture."""
        return (lon - self.west) * self.squeeze * self.scale, (self.north - lat) * self.scale

    def shows(self, ring: Ring) -> bool:
        """Whether any of a ring may be seen."""
        spots = [self.place(spot[1], spot[0]) for spot in ring]
        return (
            min(x for x, _ in spots) < WIDTH
            and max(x for x, _ in spots) > 0
            and min(y for _, y in spots) < HEIGHT
            and max(y for _, y in spots) > 0
        )


def plan(points: Sequence[Point]) -> Plan:
    """Return a map of some places. Raises `ValueError` without one, or for one that is not on earth."""
    if not points:
        raise ValueError("A map needs a place.")
    for lat, lon, _ in points:
        if not (isfinite(lat) and isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
            raise ValueError(f"There is no place at {lat}, {lon}.")
    view = View.around(points)
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{SEA}"/>',
        _areas(view, _rings(_outline()), f'fill="{LAND}" stroke="{SHORE}" stroke-width="1"'),
        *(
            _areas(view, _rings(shape.get("geometry")), f'fill="none" stroke="{BORDER}" stroke-dasharray="5 3"')
            for shape in _boundaries()
        ),
        *(_mark(view, point, str(number) if len(points) > 1 else "") for number, point in enumerate(points, 1)),
        _yardstick(view),
        f'<rect width="{WIDTH - 1}" height="{HEIGHT - 1}" x=".5" y=".5" fill="none" stroke="{SHORE}"/>',
    ]
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'
    return Plan(svg, _legend(points))


def _legend(points: Sequence[Point]) -> tuple[tuple[str, str], ...]:
    """Return each place with its numbers: on paper nobody can press a mark to find the way."""
    lines = []
    for number, (lat, lon, label) in enumerate(points, 1):
        where = f"{lat:.5f}, {lon:.5f}"
        lines.append((str(number) if len(points) > 1 else "●", f"{label} ({where})" if label else where))
    return tuple(lines)


def _areas(view: View, rings: Iterable[Ring], look: str) -> str:
    paths = "".join(_path(view, ring) for ring in rings if len(ring) > 2 and view.shows(ring))
    return f'<path d="{paths}" fill-rule="evenodd" {look}/>' if paths else ""


def _path(view: View, ring: Ring) -> str:
    spots = (view.place(spot[1], spot[0]) for spot in ring)
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots) + "Z"


def _mark(view: View, point: Point, number: str) -> str:
    x, y = view.place(point[0], point[1])
    drawn = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{9 if number else 7}" fill="{MARK}" stroke="#fff" stroke-width="2"/>'
    if not number:
        return drawn
    return drawn + (
        f'<text x="{x:.1f}" y="{y + 4:.1f}" font-family="Libertinus Serif" font-size="11" font-weight="bold" '
        f'fill="#fff" text-anchor="middle">{number}</text>'
    )


def _yardstick(view: View) -> str:
    """Return a line of a round number of kilometres, a quarter of the map at most."""
    most = WIDTH / 4 / view.scale * DEGREE_KM
    power = 10 ** floor(log10(most))
    length = max((step * power for step in (1, 2, 5) if step * power <= most), default=power)
    wide = length / DEGREE_KM * view.scale
    words = f"{length:g} km".replace(".", ",") if length >= 1 else f"{length * 1000:g} m"
    top = HEIGHT - 16
    return (
        f'<path d="M14 {top - 5}V{top}H{14 + wide:.1f}V{top - 5}" fill="none" stroke="#333" stroke-width="1.5"/>'
        f'<text x="{14 + wide / 2:.1f}" y="{top - 5}" font-family="Libertinus Serif" font-size="12" fill="#333" '
        f'text-anchor="middle">{words}</text>'
    )


def _rings(geometry: Any) -> Iterator[Ring]:
    kind = (geometry or {}).get("type")
    if kind == "Polygon":
        yield from geometry["coordinates"]
    elif kind == "MultiPolygon":
        for polygon in geometry["coordinates"]:
            yield from polygon


@cache
def _outline() -> Any:
    return json.loads(OUTLINE.read_text(encoding="utf-8"))["geometry"]


def _boundaries() -> list[dict[str, Any]]:
    from lumbung.geography.boundaries import boundary_shapes  # a document without a map needs none of it

    return boundary_shapes()
