"""What a geometry says: a point on it, its box, its length. GeoJSON, longitude first (RFC 7946)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from lumbung.sdk import Bilingual, DomainError, distance_m, nearest_on, read_features

from ..words import _

LARGEST_PASTED = 2_000_000  # letters
KINDS = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
CENTIMETRE = Decimal("0.01")

Position = Sequence[float]


@dataclass(frozen=True)
class Measured:
    """A point on a geometry, the box around it, and its length in metres: None for what is no line."""

    lat: float
    lon: float
    min_lat: float
    max_lat: float
    min_lon: float
    max_lon: float
    length_m: Decimal | None


def measured(geometry: Mapping[str, Any]) -> Measured:
    """Measure a geometry. Its point lies on it: half of the way along its longest line, about the middle of an area."""
    parts = list(lines(geometry))
    points = [point for part in parts for point in part]
    lons, lats = [float(point[0]) for point in points], [float(point[1]) for point in points]
    box = (min(lats), max(lats), min(lons), max(lons))
    is_line = str(geometry["type"]).endswith("LineString")
    middle = _middle(max(parts, key=_length)) if is_line else _typical(geometry, points, box)
    length = sum(map(_length, parts)) if is_line else None
    return Measured(
        round(middle[1], 7), round(middle[0], 7), *box, None if length is None else Decimal(length).quantize(CENTIMETRE)
    )


def lines(geometry: Mapping[str, Any]) -> Iterator[Sequence[Position]]:
    """Yield the lines of a geometry: rings of areas, single points as lines of one."""
    kind, given = geometry["type"], geometry["coordinates"]
    if kind == "Point":
        yield [given]
    elif kind in ("LineString", "MultiPoint"):
        yield given
    elif kind in ("MultiLineString", "Polygon"):
        yield from given
    else:
        yield from (ring for polygon in given for ring in polygon)


def ends(geometry: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Return its first and last place as (latitude, longitude)."""
    parts = list(lines(geometry))
    return [(float(point[1]), float(point[0])) for point in (parts[0][0], parts[-1][-1])]


def read_pasted(text: str) -> tuple[dict[str, Any], list[Bilingual]]:
    """Read a geometry that somebody pasted as GeoJSON: a geometry, a feature, or a collection of one.

    Returns it in WGS 84, longitude first, and what had to be changed. Raises `DomainError` saying what is wrong where.
    """
    text = text.strip()
    if len(text) > LARGEST_PASTED:
        raise DomainError(_("Geometrinya terlalu besar untuk ditempel. Impor sebagai berkas."))
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        raise DomainError(
            _("Ini bukan JSON yang utuh: periksa baris %(line)s, huruf ke-%(column)s.", line=line, column=column)
        ) from None
    found = read_features(io.BytesIO(text.encode()), "geometri.geojson")
    shapes = [one.geometry for one in found.features if one.geometry]
    if len(shapes) != 1:
        raise DomainError(_("Tempel tepat satu bentuk; di sini ada %(count)s.", count=len(shapes)))
    if shapes[0]["type"] not in KINDS:
        raise DomainError(_("Jenis geometri %(kind)s tidak dikenal.", kind=shapes[0]["type"]))
    return shapes[0], list(found.notes)


def drawn(geometry: Mapping[str, Any], step: float) -> dict[str, Any]:
    """Return a geometry for a map: vertices nearer than ``step`` degrees to the last one are left out."""
    digits = 6 if step < 0.0001 else 5

    def thin(points: Sequence[Position]) -> list[list[float]]:
        kept = [points[0]]
        for point in points[1:-1]:
            if abs(point[0] - kept[-1][0]) > step or abs(point[1] - kept[-1][1]) > step:
                kept.append(point)
        return [[round(point[0], digits), round(point[1], digits)] for point in [*kept, *points[1:][-1:]]]

    kind, given = geometry["type"], geometry["coordinates"]
    if kind == "LineString":
        return {"type": kind, "coordinates": thin(given)}
    if kind == "MultiLineString":
        return {"type": kind, "coordinates": [thin(part) for part in given]}
    return {"type": kind, "coordinates": given}


def _length(points: Sequence[Position]) -> float:
    return sum(distance_m(one[1], one[0], other[1], other[0]) for one, other in pairwise(points))


def _middle(points: Sequence[Position]) -> tuple[float, float]:
    """Return the place half of the way along a line."""
    left = _length(points) / 2
    for one, other in pairwise(points):
        metres = distance_m(one[1], one[0], other[1], other[0])
        if metres >= left > 0:
            share = left / metres
            return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share
        left -= metres
    return points[0][0], points[0][1]


def _typical(
    geometry: Mapping[str, Any], points: Sequence[Position], box: tuple[float, float, float, float]
) -> tuple[float, float]:
    """Return the point itself, or of an area the middle of its box when that lies on it, else a corner."""
    if str(geometry["type"]).endswith("Point"):
        return points[0][0], points[0][1]
    lat, lon = (box[0] + box[1]) / 2, (box[2] + box[3]) / 2
    _metres, lat, lon = nearest_on(geometry, lat, lon)
    return lon, lat
