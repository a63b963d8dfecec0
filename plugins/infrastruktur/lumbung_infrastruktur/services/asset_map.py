"""Assets on a map: as they lie when few are in sight, else put together by the cells of a grid."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float, Integer, Select, cast, func, select
from sqlalchemy.orm import undefer

from lumbung.sdk import session

from ..models import Asset
from ..rules import shapes
from .tiles import Box

MOST_DRAWN = 400
CELL = 1 / 4  # of a map tile
NEAREST = 15  # from here on nothing is put together


def features(query: Select[Any], box: Box, zoom: int, describe: Any) -> list[dict[str, Any]]:
    """Return GeoJSON features of the assets of a query that touch a box; ``describe`` says what a mark tells."""
    seen = query.order_by(None).where(
        Asset.min_lat <= box.north, Asset.max_lat >= box.south, Asset.min_lon <= box.east, Asset.max_lon >= box.west
    )
    many = session.scalar(select(func.count()).select_from(seen.with_only_columns(Asset.id).subquery())) or 0
    if many > MOST_DRAWN and zoom < NEAREST:
        return _clusters(seen, zoom)
    step = 360 / 2**zoom / 256
    rows = session.scalars(seen.options(undefer(Asset.geometry)).order_by(Asset.code).limit(MOST_DRAWN * 4))
    return [_feature(asset, step, describe) for asset in rows]


def whole(query: Select[Any], describe: Any) -> list[dict[str, Any]]:
    """Return every asset of a query as a GeoJSON feature with its full geometry, for a file."""
    rows = session.scalars(query.options(undefer(Asset.geometry)))
    return [{"type": "Feature", "geometry": _geometry(asset), "properties": describe(asset)} for asset in rows]


def _feature(asset: Asset, step: float, describe: Any) -> dict[str, Any]:
    geometry = _geometry(asset)
    drawn = shapes.drawn(geometry, step) if geometry else None
    return {"type": "Feature", "geometry": drawn, "properties": {"kind": "point", **describe(asset)}}


def _geometry(asset: Asset) -> dict[str, Any] | None:
    if asset.geometry is not None:
        return asset.geometry
    if asset.lat is None or asset.lon is None:
        return None
    return {"type": "Point", "coordinates": [asset.lon, asset.lat]}


def _clusters(seen: Select[Any], zoom: int) -> list[dict[str, Any]]:
    step = 360 / 2**zoom * CELL
    x, y = (cast(func.floor(column / cast(step, Float)), Integer) for column in (Asset.lon, Asset.lat))
    query = seen.with_only_columns(
        func.count(),
        func.avg(Asset.lat),
        func.avg(Asset.lon),
        func.min(Asset.min_lon),
        func.min(Asset.min_lat),
        func.max(Asset.max_lon),
        func.max(Asset.max_lat),
    ).group_by(x, y)
    found = []
    for count, lat, lon, *bounds in session.execute(query):
        place = {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]}
        told = {"kind": "cluster", "count": count, "bounds": list(bounds)}
        found.append({"type": "Feature", "geometry": place, "properties": told})
    return found
