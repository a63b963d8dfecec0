"""Which region a place is in: asked of the boundaries that the tenant has loaded.

Each process keeps, for each tenant, a list of its boundaries with their boxes, as of one generation; the shapes
themselves are read and prepared when a place first falls into their box, and kept until a boundary changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import select

from lumbung.context import Scope, current_scope
from lumbung.database.engine import Database
from lumbung.geography.earth import DEGREE, distance_m
from lumbung.geography.models import Boundary
from lumbung.kernel import Kernel
from lumbung.tenancy.regions import Region, find_region

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

TOLERANCE = 500.0  # metres: coasts and borders are drawn coarsely; a place this near is still taken as inside
MAP_TOLERANCE = 0.0004  # degrees, some 45 m: what a map of a whole regency can show
COARSEST = 0.01
MAP_POINTS = 12_000  # a quarter of a megabyte, some 70 kB as it travels
DISTRICT, VILLAGE = 3, 4  # parts of a region's code


@dataclass(frozen=True)
class Place:
    """Where a place is. ``inside`` is None while the tenant has no boundary of itself: then nobody knows."""

    inside: bool | None
    district: Region | None = None
    village: Region | None = None


def place_at(lat: float, lon: float) -> Place:
    """Return which of the tenant's regions a place is in. Half a kilometre outside still counts as inside."""
    return _atlas(current_scope()).place_at(lat, lon)


def centre_of(region_code: str) -> tuple[float, float] | None:
    """Return a place (latitude, longitude) well inside a region; None when its boundary is not loaded."""
    return _atlas(current_scope()).centre_of(region_code)


def boundary_shapes() -> list[dict[str, Any]]:
    """Return the tenant's districts as GeoJSON features for a map, drawn coarsely, with ``code`` and ``name``.

    The tenant as a whole when it has no boundaries of districts; nothing when it has none at all. Do not change them.
    """
    return _atlas(current_scope()).map_features()


def box_of_tenant(scope: Scope) -> list[float] | None:
    """Return west, south, east and north of the scope's tenant by what it has loaded; None when that is nothing."""
    if scope.tenant is None:
        return None
    atlas = _atlas(scope)
    boxes = [atlas.own.box] if atlas.own else [line.box for line in atlas.lines]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return [round(degrees, 5) for degrees in (min(west), min(south), max(east), max(north))]


def level_of(code: str) -> int:
    """Return how many parts a region's code has: 2 for a regency, 3 for a district, 4 for a village."""
    return code.count(".") + 1


@dataclass(frozen=True)
class Line:
    """A boundary without its shape."""

    id: UUID
    code: str
    name: str
    box: tuple[float, float, float, float]

    def is_near(self, lat: float, lon: float) -> bool:
        """Whether a place lies in the box of the boundary, or not much further out than the tolerance."""
        west, south, east, north = self.box
        slack = 2 * TOLERANCE / DEGREE
        return west - slack <= lon <= east + slack and south - slack <= lat <= north + slack


@dataclass
class Atlas:
    """The boundaries of one tenant as one process knows them."""

    database: Database
    tenant_id: int
    own_code: str | None
    version: tuple[Any, ...]
    lines: tuple[Line, ...]
    _shapes: dict[UUID, BaseGeometry] = field(default_factory=dict)
    _centres: dict[str, tuple[float, float]] = field(default_factory=dict)
    _map: list[dict[str, Any]] | None = None

    @property
    def own(self) -> Line | None:
        """The boundary of the tenant itself."""
        return next((line for line in self.lines if line.code == self.own_code), None)

    def place_at(self, lat: float, lon: float) -> Place:
        """See `lumbung.geography.boundaries.place_at`."""
        own = self.own
        if not (isfinite(lat) and isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
            return Place(False if own else None)
        near = [line for line in self.lines if line.is_near(lat, lon)]
        if own is not None and self._nearest([own] if own in near else [], lat, lon)[0] is None:
            return Place(False)
        village, way = self._nearest([line for line in near if level_of(line.code) == VILLAGE], lat, lon)
        district, _ = self._nearest([line for line in near if level_of(line.code) == DISTRICT], lat, lon)
        if village is None:
            found = find_region(district.code) if district else None
            return Place(True if own or found else None, found)
        above = village.code.rpartition(".")[0]
        if district is not None and district.code != above and way > 0:
            return Place(True, find_region(district.code))  # a gap in the villages: the district says more
        return Place(True, find_region(above), find_region(village.code))

    def centre_of(self, code: str) -> tuple[float, float] | None:
        """See `lumbung.geography.boundaries.centre_of`."""
        if code not in self._centres:
            line = next((line for line in self.lines if line.code == code), None)
            if line is None:
                return None
            shape = self._shapes_of([line])[line.id]
            middle = shape.centroid
            middle = middle if shape.contains(middle) else shape.representative_point()
            self._centres[code] = (round(middle.y, 6), round(middle.x, 6))
        return self._centres[code]

    def map_features(self) -> list[dict[str, Any]]:
        """See `lumbung.geography.boundaries.boundary_shapes`."""
        if self._map is None:
            lines = [line for line in self.lines if level_of(line.code) == DISTRICT and line.code != self.own_code]
            lines = lines or [line for line in self.lines if line.code == self.own_code]
            shapes = self._shapes_of(lines)
            drawn = simplified([shapes[line.id] for line in lines])
            self._map = [
                {"type": "Feature", "geometry": geometry, "properties": {"code": line.code, "name": line.name}}
                for line, geometry in zip(lines, drawn, strict=True)
            ]
        return self._map

    def _nearest(self, lines: list[Line], lat: float, lon: float) -> tuple[Line | None, float]:
        """Return the boundary that holds a place, or else the nearest one within the tolerance, and how far it is."""
        if not lines:
            return None, 0.0
        from shapely import Point
        from shapely.ops import nearest_points

        point = Point(lon, lat)
        shapes = self._shapes_of(lines)
        for line in lines:
            if shapes[line.id].intersects(point):
                return line, 0.0
        ways: list[tuple[float, Line]] = []
        for line in lines:
            there, _ = nearest_points(shapes[line.id], point)
            ways.append((distance_m(lat, lon, there.y, there.x), line))
        metres, best = min(ways, key=lambda way: (way[0], way[1].code))
        return (best, metres) if metres <= TOLERANCE else (None, metres)

    def _shapes_of(self, lines: Iterable[Line]) -> Mapping[UUID, BaseGeometry]:
        missing = [line.id for line in lines if line.id not in self._shapes]
        if missing:
            import shapely
            from shapely.geometry import shape

            query = select(Boundary.id, Boundary.geometry).where(Boundary.id.in_(missing))
            with self.database.new_session(self.tenant_id) as aside:
                for row_id, geometry in aside.execute(query):
                    made = shape(geometry)
                    shapely.prepare(made)
                    self._shapes[row_id] = made
        return self._shapes


def simplified(shapes: list[BaseGeometry]) -> list[dict[str, Any]]:
    """Return shapes as geometries for a map, as coarse as it takes to stay small enough for a phone.

    What neighbours share stays shared: no gap opens between them.
    """
    if not shapes:
        return []
    import shapely
    from shapely.geometry import mapping

    tolerance = MAP_TOLERANCE
    made = shapely.coverage_simplify(shapes, tolerance)
    while int(shapely.get_num_coordinates(made).sum()) > MAP_POINTS and tolerance < COARSEST:
        tolerance *= 2
        made = shapely.coverage_simplify(shapes, tolerance)
    return [_rounded(mapping(one if not one.is_empty else whole)) for one, whole in zip(made, shapes, strict=True)]


def _rounded(geometry: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": geometry["type"], "coordinates": _round(geometry["coordinates"])}


def _round(part: Any) -> Any:
    return round(part, 5) if isinstance(part, float | int) else [_round(one) for one in part]


_atlases: WeakKeyDictionary[Kernel, dict[int, Atlas]] = WeakKeyDictionary()


def _atlas(scope: Scope) -> Atlas:
    tenant = scope.tenant
    if tenant is None:
        raise RuntimeError("No tenant is set in this scope.")
    key = ("boundaries", tenant.id)
    return scope.kernel.snapshot().remember(key, lambda: _newest(scope.kernel, tenant.id, tenant.region_code))


def _newest(kernel: Kernel, tenant_id: int, own_code: str | None) -> Atlas:
    """Return the atlas kept of an earlier generation when it is still true, a new one otherwise.

    In a transaction of its own: what the page at hand has not committed must not be remembered.
    """
    query = select(
        Boundary.id,
        Boundary.region_code,
        Boundary.name,
        Boundary.west,
        Boundary.south,
        Boundary.east,
        Boundary.north,
        Boundary.imported_at,
    ).order_by(Boundary.region_code)
    with kernel.database.new_session(tenant_id) as aside:
        rows = aside.execute(query).all()
    version = (own_code, *((row.id, row.imported_at) for row in rows))
    kept = _atlases.setdefault(kernel, {})
    known = kept.get(tenant_id)
    if known is None or known.version != version:
        lines = tuple(
            Line(row.id, row.region_code, row.name, (row.west, row.south, row.east, row.north)) for row in rows
        )
        known = kept[tenant_id] = Atlas(kernel.database, tenant_id, own_code, version, lines)
    return known
