"""Zips: a shapefile of several files, or one file of another kind. Nothing is written to disk, whatever it names."""

from __future__ import annotations

import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

from lumbung.geography.errors import GeographyError
from lumbung.geography.features import LARGEST_UNPACKED, Feature, RawFile, opened, plain

MOST_MEMBERS = 2000
_SIMPLE = (".geojson", ".json", ".kml", ".csv")


def read(content: bytes, read_plain: Callable[[bytes, str], RawFile]) -> RawFile:
    """Return what stands in a zip; ``read_plain`` reads a file that is no zip."""
    try:
        with zipfile.ZipFile(opened(content)) as archive:
            return _read(archive, read_plain)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError):
        raise GeographyError("The .zip is broken, or packed in a way that cannot be read. Pack it again.") from None


def _read(archive: zipfile.ZipFile, read_plain: Callable[[bytes, str], RawFile]) -> RawFile:
    members = {info.filename: info for info in archive.infolist() if _is_meant(info)}
    if len(members) > MOST_MEMBERS:
        raise GeographyError("The .zip holds %(count)s files. Pack only the shapefile.", count=len(members))
    layers = [name for name in members if name.lower().endswith(".shp")]
    if len(layers) > 1:
        raise GeographyError(
            "The .zip holds several layers: %(layers)s. Pack one of them alone.", layers=sorted(layers)[:10]
        )
    if layers:
        return _shapefile(_Unpacking(archive, members), layers[0])
    others = [name for name in members if name.lower().endswith(_SIMPLE)]
    if len(others) != 1:
        raise GeographyError("The .zip holds no .shp, and not exactly one .geojson, .kml or .csv either.")
    return read_plain(_Unpacking(archive, members).take(others[0]), others[0])


def _is_meant(info: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(info.filename)
    return not info.is_dir() and "__MACOSX" not in path.parts and not path.name.startswith(".")


class _Unpacking:
    """Unpacks members into memory, counting what really comes out: a zip may lie about its sizes."""

    def __init__(self, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> None:
        self._archive = archive
        self._members = members
        self._left = LARGEST_UNPACKED

    def beside(self, layer: str, ending: str) -> bytes | None:
        """Return the file that goes with a layer, whatever its capitals; None when there is none."""
        wanted = (layer.removesuffix(layer[-4:]) + ending).casefold()
        found = next((name for name in self._members if name.casefold() == wanted), None)
        return self.take(found) if found else None

    def take(self, name: str) -> bytes:
        """Return what a member holds."""
        info = self._members[name]
        if info.flag_bits & 1:
            raise GeographyError("The .zip is locked with a password. Pack it without one.")
        too_large = GeographyError(
            "Unpacked, the .zip holds more than %(most)s MB. Draw the shapes more coarsely.",
            most=LARGEST_UNPACKED // 1024 // 1024,
        )
        if info.file_size > self._left:
            raise too_large
        with self._archive.open(info) as file:
            content = file.read(self._left + 1)
        if len(content) > self._left:
            raise too_large
        self._left -= len(content)
        return content


def _shapefile(files: _Unpacking, layer: str) -> RawFile:
    import shapefile  # the distribution is called pyshp

    shp, dbf, prj = files.take(layer), files.beside(layer, ".dbf"), files.beside(layer, ".prj")
    named = (files.beside(layer, ".cpg") or b"").decode("ascii", "ignore").strip().lower()
    given: dict[str, Any] = {"shp": opened(shp), "encoding": _encoding(named), "encodingErrors": "replace"}
    if dbf:
        given["dbf"] = opened(dbf)
    try:
        with _without_warnings(), shapefile.Reader(**given) as reader:
            features = [
                Feature(_geometry(pair.shape), plain(pair.record.as_dict()) if dbf else {}, row)
                for row, pair in enumerate(reader.iterShapeRecords() if dbf else _bare(reader), start=1)
            ]
    except (shapefile.ShapefileException, struct.error, ValueError, IndexError, KeyError, TypeError, OSError) as error:
        raise GeographyError(
            "The shapefile is damaged: %(error)s. Export it anew.", error=str(error)[:120].rstrip(".") or "?"
        ) from None
    return RawFile(features, prj=prj.decode("utf-8", "replace") if prj else None, knows_projection=bool(prj))


@contextmanager
def _without_warnings() -> Iterator[None]:
    """A header that tells a wrong length is no matter: what is really missing is found when it is read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _bare(reader: Any) -> Any:
    from types import SimpleNamespace

    return (SimpleNamespace(shape=shape, record=None) for shape in reader.iterShapes())


def _geometry(shape: Any) -> dict[str, Any] | None:
    if shape.shapeType == 0 or not shape.points:
        return None
    made: dict[str, Any] = shape.__geo_interface__
    return made


def _encoding(named: str) -> str:
    if "1252" in named or "8859" in named or "latin" in named:
        return "cp1252"
    return "utf-8"
