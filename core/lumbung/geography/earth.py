"""Distances on the ground, without a library: for the metres between two reports, and from one to a road."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import asin, cos, hypot, inf, radians, sin, sqrt
from typing import Any

RADIUS = 6_371_008.8  # metres: the mean radius of the earth
DEGREE = radians(1) * RADIUS  # metres of a degree of latitude

Position = Sequence[float]


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the metres between two places, along the surface. Within half a percent of the ellipsoid's."""
    rise, run = radians(lat2 - lat1), radians(lon2 - lon1)
    share = sin(rise / 2) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(run / 2) ** 2
    return 2 * RADIUS * asin(min(1.0, sqrt(share)))


def nearest_on(geometry: Mapping[str, Any], lat: float, lon: float) -> tuple[float, float, float]:
    """Return the place on a GeoJSON geometry that is nearest to a place: metres, latitude, longitude.

    Within a polygon it is the place itself, 0 metres away. A hole is outside. For shapes of a town's size, not of a
    continent's: the ground around the place is taken as flat. Raises `ValueError` for a geometry that holds nothing.
    """
    if any(_is_within(polygon, lon, lat) for polygon in _polygons(geometry)):
        return 0.0, lat, lon
    best = (inf, lat, lon)
    wide = cos(radians(lat))
    for line in _lines(geometry):
        for (x1, y1), (x2, y2) in _pieces(line):
            x, y = _nearest_between((x1 - lon) * wide, y1 - lat, (x2 - lon) * wide, y2 - lat)
            metres = hypot(x, y) * DEGREE
            if metres < best[0]:
                best = (metres, lat + y, lon + (x / wide if wide else 0.0))
    if best[0] == inf:
        raise ValueError(f"a geometry of type {geometry.get('type')!r} holds no place")
    return best


def _nearest_between(x1: float, y1: float, x2: float, y2: float) -> tuple[float, float]:
    """Return the point nearest to the origin on the way from one point to another."""
    across, up = x2 - x1, y2 - y1
    length = across * across + up * up
    share = -(x1 * across + y1 * up) / length if length else 0.0
    share = min(1.0, max(0.0, share))
    return x1 + share * across, y1 + share * up


def _pieces(line: Sequence[Position]) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    points = [(float(point[0]), float(point[1])) for point in line]
    if len(points) == 1:
        yield points[0], points[0]
    yield from pairwise(points)


def _lines(geometry: Mapping[str, Any]) -> Iterator[Sequence[Position]]:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Point":
        yield [coordinates]  # type: ignore[list-item]
    elif kind == "LineString":
        yield coordinates or ()
    elif kind == "MultiPoint":
        yield from ([point] for point in coordinates or ())
    elif kind in ("MultiLineString", "Polygon"):
        yield from coordinates or ()
    elif kind == "MultiPolygon":
        yield from (ring for polygon in coordinates or () for ring in polygon)
    elif kind == "GeometryCollection":
        yield from (line for part in geometry.get("geometries", ()) for line in _lines(part))


def _polygons(geometry: Mapping[str, Any]) -> Iterator[Sequence[Sequence[Position]]]:
    kind = geometry.get("type")
    if kind == "Polygon":
        yield geometry["coordinates"]
    elif kind == "MultiPolygon":
        yield from geometry["coordinates"]
    elif kind == "GeometryCollection":
        yield from (polygon for part in geometry.get("geometries", ()) for polygon in _polygons(part))


def _is_within(polygon: Sequence[Sequence[Position]], x: float, y: float) -> bool:
    """Whether a point lies in the outer ring of a polygon and in none of its holes."""
    return bool(polygon) and _is_in_ring(polygon[0], x, y) and not any(_is_in_ring(hole, x, y) for hole in polygon[1:])


def _is_in_ring(ring: Sequence[Position], x: float, y: float) -> bool:
    inside = False
    for before, after in zip(ring, [*ring[1:], ring[0]], strict=True):
        (x1, y1), (x2, y2) = before[:2], after[:2]
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside
