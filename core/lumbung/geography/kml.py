"""KML, as Google Earth and My Maps save it: placemarks with their shapes, names and extended data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from lumbung.geography.errors import GeographyError
from lumbung.geography.features import Feature, RawFile, plain


def read(content: bytes) -> RawFile:
    """Return the placemarks of a KML file."""
    try:
        root = fromstring(content)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise GeographyError("The file is not KML, or is damaged. Export it anew.") from None
    marks = [one for one in root.iter() if _name(one) == "Placemark"]
    return RawFile([_feature(mark, row) for row, mark in enumerate(marks, start=1)])


def _feature(mark: Element, row: int) -> Feature:
    said: dict[str, Any] = {}
    for one in mark.iter():
        if _name(one) == "SimpleData":
            said[one.get("name", "")] = one.text or ""
        elif _name(one) == "Data":
            said[one.get("name", "")] = _text(one, "value")
    for child in mark:
        if _name(child) in ("name", "description"):
            said.setdefault(_name(child), child.text or "")
    shapes = [shape for child in mark for shape in _shapes(child, row)]
    geometry = shapes[0] if len(shapes) == 1 else {"type": "GeometryCollection", "geometries": shapes}
    return Feature(geometry if shapes else None, plain(said), row)


def _shapes(element: Element, row: int) -> Iterator[dict[str, Any]]:
    kind = _name(element)
    if kind == "MultiGeometry":
        for child in element:
            yield from _shapes(child, row)
    elif kind == "Point":
        for position in _positions(element, row)[:1]:
            yield {"type": "Point", "coordinates": position}
    elif kind in ("LineString", "LinearRing"):
        yield {"type": "LineString", "coordinates": _positions(element, row)}
    elif kind == "Polygon":
        outer = [one for one in element.iter() if _name(one) == "outerBoundaryIs"]
        inner = [one for one in element.iter() if _name(one) == "innerBoundaryIs"]
        yield {"type": "Polygon", "coordinates": [_positions(ring, row) for ring in (*outer[:1], *inner)]}


def _positions(element: Element, row: int) -> list[list[float]]:
    text = next((one.text or "" for one in element.iter() if _name(one) == "coordinates"), "")
    try:
        return [[float(number) for number in position.split(",")[:2]] for position in text.split()]
    except ValueError:
        raise GeographyError("Row %(row)s: its coordinates are no numbers.", row=row) from None


def _text(element: Element, name: str) -> str:
    return next((one.text or "" for one in element if _name(one) == name), "")


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
