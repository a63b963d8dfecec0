"""What comes out of files, made sound: the order of the axes, the projection, rings, polygons that cross themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from lumbung.geography.errors import GeographyError
from lumbung.geography.features import MOST_VERTICES, Feature, FeatureFile, RawFile, both

Points = list[list[float]]
DEPTHS = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
INDONESIA = (95.0, -11.1, 141.1, 6.2)  # west, south, east, north
MOST_NAMED = 5


def mended(raw: RawFile) -> FeatureFile:
    """Return the features of a file in WGS 84, longitude first, sound. Raises `GeographyError` where that cannot be."""
    work = _Work(raw)
    work.read_numbers()
    if raw.prj:
        work.reproject(raw.prj)
    else:
        work.settle_axes()
    work.mend_polygons()
    return FeatureFile(work.features, [*raw.notes, *work.notes()])


class _Work:
    """A file on its way through all of it."""

    def __init__(self, raw: RawFile) -> None:
        self._raw = raw
        self.features = list(raw.features)
        self._vertices = self._closed = self._repaired = self._swapped = 0
        self._assumed = not raw.knows_projection
        self._projection = ""

    def read_numbers(self) -> None:
        """Turn every geometry into plain lists of two finite numbers, rings closed."""
        self.features = [
            Feature(self._plain(one.geometry, one.row) if one.geometry else None, one.properties, one.row)
            for one in self.features
        ]

    def reproject(self, prj: str) -> None:
        """Put every number from a projection into WGS 84."""
        from lumbung.geography.projections import to_wgs84

        name, convert = to_wgs84(prj)
        if convert is None:
            self.settle_axes()
            return
        self._projection = name
        self._change(lambda feature: _each_line(feature.geometry, lambda points: _converted(points, convert, feature)))

    def settle_axes(self) -> None:
        """See that longitude comes first: where numbers lie in Indonesia only the other way round, turn them."""
        boxes = [(one, _box(one.geometry)) for one in self.features if one.geometry]
        right = [one for one, box in boxes if _lies_in_indonesia(box)]
        turned = [one for one, box in boxes if _lies_in_indonesia(_other_way(box))]
        if right and turned:
            fewer = turned if len(turned) <= len(right) else right
            raise GeographyError(
                "Latitude and longitude change places within the file. Look at row %(rows)s.",
                rows=[one.row for one in fewer[:MOST_NAMED]],
            )
        self._refuse_nonsense(boxes, {one.row for one in turned})
        if turned:
            rows = {one.row for one in turned}
            self._swapped = len(rows)
            self._change(
                lambda feature: _each_line(feature.geometry, _swap) if feature.row in rows else feature.geometry
            )

    def mend_polygons(self) -> None:
        """Make polygons sound that cross themselves; a shape of another kind is left as it is."""
        if not any(one.geometry and one.geometry["type"].endswith("Polygon") for one in self.features):
            return
        import shapely
        from shapely.geometry import mapping, shape

        def sound(feature: Feature) -> dict[str, Any] | None:
            geometry = feature.geometry
            if geometry is None or not geometry["type"].endswith("Polygon"):
                return geometry
            made = shape(geometry)
            if made.is_valid:
                return geometry
            self._repaired += 1
            areas = list(only_areas(shapely.make_valid(made)))
            if not areas:
                raise GeographyError("Row %(row)s: its polygon has no area.", row=feature.row)
            return as_lists(mapping(shapely.union_all(areas)))

        self._change(sound)

    def notes(self) -> list[Any]:
        """Return what was changed, for whoever sent the file."""
        said = []
        if self._projection:
            said.append(both("Proyeksi %(name)s diubah menjadi WGS 84.", name=self._projection))
        if self._assumed and any(one.geometry for one in self.features):
            said.append(both("Berkas .prj tidak ada; angkanya dibaca sebagai WGS 84 (derajat bujur dan lintang)."))
        if self._swapped:
            said.append(
                both("Lintang dan bujur tertukar pada %(count)s bentuk; urutannya dibalik.", count=self._swapped)
            )
        if self._closed:
            said.append(both("%(count)s garis batas yang belum tertutup telah ditutup.", count=self._closed))
        if self._repaired:
            said.append(both("%(count)s bidang yang memotong dirinya sendiri telah diperbaiki.", count=self._repaired))
        return said

    def _change(self, make: Callable[[Feature], dict[str, Any] | None]) -> None:
        self.features = [Feature(make(one), one.properties, one.row) for one in self.features]

    def _plain(self, geometry: Mapping[str, Any], row: int) -> dict[str, Any] | None:
        kind = geometry.get("type")
        if kind == "GeometryCollection":
            return self._collected(geometry, row)
        if kind not in DEPTHS:
            raise GeographyError("Row %(row)s: a shape of kind %(kind)s is not known.", row=row, kind=str(kind)[:40])
        made = self._numbers(geometry.get("coordinates"), DEPTHS[kind], row)
        if not made:
            return None
        if kind.endswith("Polygon"):
            for polygon in made if kind == "MultiPolygon" else [made]:
                for ring in polygon:
                    self._close(ring, row)
        return {"type": kind, "coordinates": made}

    def _collected(self, geometry: Mapping[str, Any], row: int) -> dict[str, Any] | None:
        """Return a collection of one kind of shape as a multiple one; mixed ones keep what has an area, or a length."""
        parts = [self._plain(part, row) for part in geometry.get("geometries") or () if isinstance(part, Mapping)]
        for kind in ("Polygon", "LineString", "Point"):
            made: list[Any] = []
            for part in parts:
                if part and part["type"] == kind:
                    made.append(part["coordinates"])
                elif part and part["type"] == f"Multi{kind}":
                    made.extend(part["coordinates"])
            if made:
                return {"type": f"Multi{kind}", "coordinates": made}
        return None

    def _numbers(self, part: Any, depth: int, row: int) -> Any:
        if depth:
            if not isinstance(part, list | tuple):
                raise GeographyError("Row %(row)s: its coordinates are no numbers.", row=row)
            return [made for one in part if (made := self._numbers(one, depth - 1, row))]
        self._vertices += 1
        if self._vertices > MOST_VERTICES:
            raise GeographyError(
                "The shapes have more than %(most)s points together. Draw them more coarsely (simplify) and try again.",
                most=MOST_VERTICES,
            )
        if part in ((), []):
            return []
        try:
            x, y = part[0], part[1]
            sound = not isinstance(x, bool | str) and not isinstance(y, bool | str) and isfinite(x) and isfinite(y)
        except (TypeError, IndexError, KeyError, OverflowError):
            sound = False
        if not sound:
            raise GeographyError("Row %(row)s: its coordinates are no numbers.", row=row)
        return [float(x), float(y)]

    def _close(self, ring: Points, row: int) -> None:
        if ring[0] != ring[-1]:
            ring.append(list(ring[0]))
            self._closed += 1
        if len(ring) < 4:
            raise GeographyError("Row %(row)s: a polygon has fewer than three corners.", row=row)

    def _refuse_nonsense(
        self, boxes: Sequence[tuple[Feature, tuple[float, float, float, float]]], turned: set[int]
    ) -> None:
        for feature, (west, south, east, north) in boxes:
            if feature.row in turned or (west >= -180 and east <= 180 and south >= -90 and north <= 90):
                continue
            if self._raw.columns:
                lat, lon = self._raw.columns
                wrong = lat if south < -90 or north > 90 else lon
                raise GeographyError(
                    "Row %(row)s, column %(column)s: the number is no degree. Latitude lies between -11 and 6 here, "
                    "longitude between 95 and 141.",
                    row=feature.row,
                    column=wrong,
                )
            raise GeographyError(
                "Row %(row)s: its numbers are no degrees; the file seems to be in a projection such as UTM, and does "
                "not say which. Put the .prj into the .zip, or export it in WGS 84 (EPSG:4326).",
                row=feature.row,
            )


def _each_line(geometry: Mapping[str, Any] | None, change: Callable[[Points], Points]) -> dict[str, Any] | None:
    """Return a geometry with every list of its points changed."""
    if geometry is None:
        return None
    return {"type": geometry["type"], "coordinates": _deep(geometry["coordinates"], DEPTHS[geometry["type"]], change)}


def _deep(part: Any, depth: int, change: Callable[[Points], Points]) -> Any:
    if depth == 0:
        return change([part])[0]
    return change(part) if depth == 1 else [_deep(one, depth - 1, change) for one in part]


def _swap(points: Points) -> Points:
    return [[y, x] for x, y in points]


def _converted(points: Points, convert: Callable[[Any, Any], Any], feature: Feature) -> Points:
    xs, ys = convert([x for x, _ in points], [y for _, y in points])
    made = [[float(x), float(y)] for x, y in zip(xs, ys, strict=True)]
    if not all(isfinite(x) and isfinite(y) for x, y in made):
        raise GeographyError(
            "Row %(row)s: its numbers do not fit the projection of the .prj. Export the file anew, in WGS 84.",
            row=feature.row,
        )
    return made


def _points(part: Any, depth: int) -> Iterator[Sequence[float]]:
    if depth == 0:
        yield part
    else:
        for one in part:
            yield from _points(one, depth - 1)


def _box(geometry: Mapping[str, Any] | None) -> tuple[float, float, float, float]:
    assert geometry is not None  # noqa: S101  (asked of shapes only)
    points = list(_points(geometry["coordinates"], DEPTHS[geometry["type"]]))
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return min(xs), min(ys), max(xs), max(ys)


def _other_way(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    west, south, east, north = box
    return south, west, north, east


def _lies_in_indonesia(box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = INDONESIA
    return west <= box[0] and box[2] <= east and south <= box[1] and box[3] <= north


def only_areas(shape: Any) -> Iterable[Any]:
    """Yield what has an area of a shape that was mended: a line that came off is no boundary."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        yield shape
    for part in getattr(shape, "geoms", ()) if shape.geom_type == "GeometryCollection" else ():
        yield from only_areas(part)


def as_lists(geometry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Shapely says of a shape as JSON would: its tuples become lists."""

    def listed(part: Any) -> Any:
        return [listed(one) for one in part] if isinstance(part, list | tuple) else part

    return {"type": geometry["type"], "coordinates": listed(geometry["coordinates"])}
