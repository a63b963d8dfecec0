"""GeoJSON as offices have it: RFC 7946, the older one that names a projection, or a shape alone."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from lumbung.geography.errors import GeographyError
from lumbung.geography.features import Feature, RawFile, plain

_EPSG = re.compile(r"EPSG:[\d.]*:?(\d{4,6})$", re.IGNORECASE)
_WGS84 = ("CRS84", "4326")


def read(content: bytes) -> RawFile:
    """Return what stands in a GeoJSON file."""
    try:
        data = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse)
    except UnicodeDecodeError:
        raise GeographyError("The file is not text in UTF-8. Save it again as UTF-8.") from None
    except (ValueError, RecursionError) as error:
        raise GeographyError("The file is not JSON: %(error)s.", error=str(error)[:120].rstrip(".")) from None
    features = [_feature(one, row) for row, one in enumerate(_listed(data), start=1)]
    return RawFile(features, prj=_projection(data.get("crs")), knows_projection=True)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _not_geojson() -> GeographyError:
    return GeographyError(
        "This JSON is not GeoJSON: it holds no shapes. Export it as GeoJSON (FeatureCollection) from your map program."
    )


def _listed(data: Any) -> list[Any]:
    if not isinstance(data, dict):
        raise _not_geojson()
    kind = data.get("type")
    if kind == "FeatureCollection" and isinstance(data.get("features"), list):
        return list(data["features"])
    if kind == "Feature" or "coordinates" in data or "geometries" in data:
        return [data]
    raise _not_geojson()


def _feature(data: Any, row: int) -> Feature:
    if not isinstance(data, dict):
        raise GeographyError("Row %(row)s: this is no feature of GeoJSON.", row=row)
    if data.get("type") != "Feature":
        return Feature(dict(data), {}, row)
    geometry, properties = data.get("geometry"), data.get("properties")
    if geometry is not None and not isinstance(geometry, dict):
        raise GeographyError("Row %(row)s: its geometry is no GeoJSON.", row=row)
    given = plain(properties) if isinstance(properties, dict) else {}
    if "id" in data and "id" not in given:
        given["id"] = data["id"]
    return Feature(geometry, given, row)


def _projection(crs: Any) -> str | None:
    """Return the name of a projection that is not WGS 84, None when there is none or it is."""
    name = crs.get("properties", {}).get("name") if isinstance(crs, dict) else None
    if not isinstance(name, str) or name.endswith(_WGS84):
        return None
    found = _EPSG.search(name)
    if found is None:
        raise GeographyError(
            "The projection %(name)s is not known here. Export the file in WGS 84 (EPSG:4326).", name=name[:80]
        )
    return f"EPSG:{found[1]}"
