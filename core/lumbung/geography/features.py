"""Shapes out of a file that an office has: GeoJSON, a table, a zipped shapefile, KML. Read whole or refused whole.

Whatever stands in the file, what comes out is WGS 84, longitude first, two numbers a point, rings closed and polygons
sound. What was changed on the way is said in ``notes``.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from lumbung.bilingual import Bilingual, Catalogue
from lumbung.geography.errors import GeographyError

both = Catalogue("lumbung").both

LARGEST_FILE = 32 * 1024 * 1024
LARGEST_UNPACKED = 128 * 1024 * 1024
MOST_FEATURES = 100_000
MOST_VERTICES = 600_000  # a quarter of a minute in a page's request
KINDS = (".geojson", ".json", ".csv", ".zip", ".kml", ".kmz")


@dataclass(frozen=True)
class Feature:
    """One thing of a file: its shape (GeoJSON, longitude first; None when it has none), what is said of it, its row.

    ``row`` is the line of a table (its headings are line 1), or else the number of the feature, from 1.
    """

    geometry: dict[str, Any] | None
    properties: dict[str, Any]
    row: int


@dataclass(frozen=True)
class FeatureFile:
    """What a file holds, and what had to be changed to read it."""

    features: list[Feature]
    notes: list[Bilingual] = field(default_factory=list)


@dataclass
class RawFile:
    """What stands in a file, before it is looked at: numbers may be in any order and any projection.

    ``prj`` is the text of a projection, if one came along. ``columns`` are the headings of latitude and longitude in a
    table, to name in a refusal.
    """

    features: list[Feature]
    prj: str | None = None
    knows_projection: bool = True
    columns: tuple[str, str] | None = None
    notes: list[Bilingual] = field(default_factory=list)


def read_features(file: BinaryIO, name: str) -> FeatureFile:
    """Read the shapes of a file; ``name`` tells by its ending what it is.

    GeoJSON (``.geojson``, ``.json``), tables (``.csv``: latitude and longitude, or WKT), shapefiles (``.zip`` with
    ``.shp``, ``.dbf`` and ``.prj``), KML (``.kml``, ``.kmz``). Raises `GeographyError`, naming the row, for a file that
    cannot be read or whose numbers make no sense: then nothing of it is used.
    """
    content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise GeographyError(
            "The file is larger than %(most)s MB. Draw the shapes more coarsely, or send it in parts.",
            most=LARGEST_FILE // 1024 // 1024,
        )
    if not content.strip():
        raise GeographyError("The file is empty.")
    raw = _read(content, name)
    if len(raw.features) > MOST_FEATURES:
        raise GeographyError(
            "The file holds %(count)s shapes; at most %(most)s are read at once.",
            count=len(raw.features),
            most=MOST_FEATURES,
        )
    from lumbung.geography import mending

    return mending.mended(raw)


def _read(content: bytes, name: str) -> RawFile:
    ending = _ending(name)
    if content[:4] == b"PK\x03\x04" and ending != ".kmz":
        ending = ".zip"
    if ending in (".zip", ".kmz"):
        from lumbung.geography import archives

        return archives.read(content, _read)
    if ending in (".geojson", ".json"):
        from lumbung.geography import geojson

        return geojson.read(content)
    if ending in (".csv", ".txt", ".tsv"):
        from lumbung.geography import tables

        return tables.read(content)
    if ending == ".kml":
        from lumbung.geography import kml

        return kml.read(content)
    if ending in (".shp", ".dbf", ".shx", ".prj"):
        raise GeographyError(
            "A shapefile consists of several files: put .shp, .dbf and .prj together into one .zip and send that."
        )
    raise GeographyError(
        "%(name)s is no file of shapes that can be read here. These are: %(kinds)s.", name=name, kinds=list(KINDS)
    )


def _ending(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:].lower() if dot >= 0 else ""


def plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of a feature as plain JSON data: texts, numbers, yes or no, nothing."""
    return {str(key): _plain(value) for key, value in properties.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip("\0 ")
    if isinstance(value, str):
        return value.replace("\0", "").strip()
    if value is None or isinstance(value, bool | int | float):
        return value
    return value if isinstance(value, list | dict) else str(value)


def opened(content: bytes) -> BinaryIO:
    """Return bytes as a file, as libraries want it."""
    return io.BytesIO(content)
