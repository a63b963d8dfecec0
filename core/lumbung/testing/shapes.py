"""Files of shapes as offices send them, made on the spot."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

Ring = list[list[float]]


def square(lon: float, lat: float, side: float = 0.1) -> Ring:
    """Return a closed ring whose south-western corner this is, longitude first."""
    return [[lon, lat], [lon + side, lat], [lon + side, lat + side], [lon, lat + side], [lon, lat]]


def polygon(*rings: Ring) -> dict[str, Any]:
    """Return a polygon of an outer ring and its holes."""
    return {"type": "Polygon", "coordinates": list(rings)}


def feature(geometry: Mapping[str, Any] | None, **properties: Any) -> dict[str, Any]:
    """Return a GeoJSON feature."""
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def geojson(*features: Mapping[str, Any], **more: Any) -> BinaryIO:
    """Return a GeoJSON file of these features."""
    return io.BytesIO(json.dumps({"type": "FeatureCollection", "features": list(features), **more}).encode())


def zipped(files: Mapping[str, bytes]) -> BinaryIO:
    """Return a zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    out.seek(0)
    return out


def shapefile_parts(
    polygons: Iterable[tuple[list[Ring], Mapping[str, str]]], *, epsg: int | None = 4326, with_z: bool = False
) -> dict[str, bytes]:
    """Return the files of a shapefile of polygons, put into a projection first; without ``epsg`` without a .prj."""
    import shapefile
    from pyproj import CRS, Transformer

    files = {ending: io.BytesIO() for ending in ("shp", "shx", "dbf")}
    kind = shapefile.POLYGONZ if with_z else shapefile.POLYGON
    rows = list(polygons)
    convert = Transformer.from_crs(4326, epsg or 4326, always_xy=True).transform
    with shapefile.Writer(**files, shapeType=kind) as writer:
        for name in rows[0][1]:
            writer.field(name, "C", size=60)
        for rings, record in rows:
            made = [[list(convert(point[0], point[1])) + ([7.0] if with_z else []) for point in ring] for ring in rings]
            (writer.polyz if with_z else writer.poly)(made)
            writer.record(**record)
    parts = {f"batas.{ending}": file.getvalue() for ending, file in files.items()}
    if epsg:
        parts["batas.prj"] = CRS.from_epsg(epsg).to_wkt("WKT1_ESRI").encode()
    return parts
