"""Tables of places as a spreadsheet saves them: commas or semicolons, decimal points or commas, two columns or WKT."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from lumbung.geography.errors import GeographyError
from lumbung.geography.features import LARGEST_FILE, Feature, RawFile

LATITUDE = ("lat", "latitude", "lintang", "garislintang", "koordinaty", "coordy", "y", "latdd", "lintangdd")
LONGITUDE = (
    "lon", "lng", "long", "longitude", "bujur", "garisbujur", "koordinatx", "coordx", "x", "londd", "bujurdd"
)  # fmt: skip
WKT = ("wkt", "geom", "geometry", "thegeom", "geometri", "wktgeom", "shape")
TOGETHER = ("koordinat", "latlon", "latlong", "latlng", "koordinatlatlong", "titikkoordinat", "lokasikoordinat")
_NUMBER = re.compile(r"([+-]?)(\d{1,9}(?:[.,]\d+)?)°?(ls|s|lu|n|bt|e|t|bb|w)?", re.IGNORECASE)
_NEGATIVE = {"ls", "s", "bb", "w"}
_PAIR = re.compile(r"\s*([^\s,;]+(?:,\d+)?)\s*[;,\s]\s*([^\s;]+)\s*")


def read(content: bytes) -> RawFile:
    """Return the rows of a table with their places."""
    csv.field_size_limit(LARGEST_FILE)
    text = _text(content)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except csv.Error as error:
        raise GeographyError("The table cannot be read: %(error)s.", error=str(error)) from None
    headings = [heading.strip() for heading in rows[0]] if rows else []
    columns = _Columns(headings)
    features = []
    for line, row in enumerate(rows[1:], start=2):
        if any(cell.strip() for cell in row):
            features.append(Feature(columns.geometry(row, line), columns.properties(row), line))
    return RawFile(features, columns=columns.named)


class _Columns:
    """Which column says where a row's place is."""

    def __init__(self, headings: Sequence[str]) -> None:
        self.headings = headings
        known = [re.sub(r"[^a-z0-9]", "", heading.casefold()) for heading in headings]
        self.wkt = _find(known, WKT)
        self.lat, self.lon = _find(known, LATITUDE), _find(known, LONGITUDE)
        self.together = _find(known, TOGETHER)
        if self.wkt is None and self.together is None and (self.lat is None or self.lon is None):
            raise GeographyError(
                "The table has no columns for a place. Name them lat and lon (or lintang and bujur), or wkt. It has: "
                "%(columns)s.",
                columns=[heading for heading in headings if heading][:20],
            )

    @property
    def named(self) -> tuple[str, str] | None:
        """The headings of latitude and longitude."""
        return (self.headings[self.lat], self.headings[self.lon]) if None not in (self.lat, self.lon) else None  # type: ignore[index]

    def properties(self, row: Sequence[str]) -> dict[str, Any]:
        return {
            heading: cell.replace("\0", "").strip()
            for heading, cell in zip(self.headings, row, strict=False)
            if heading
        }

    def geometry(self, row: Sequence[str], line: int) -> dict[str, Any] | None:
        if self.wkt is not None:
            return self._shape(row, self.wkt, line)
        if self.lat is None or self.lon is None:
            assert self.together is not None  # noqa: S101  (refused otherwise)
            return self._pair(row, self.together, line)
        cells = [row[at].strip() if at < len(row) else "" for at in (self.lat, self.lon)]
        if cells == ["", ""]:
            return None
        lat, lon = (self._number(cell, at, line) for cell, at in zip(cells, (self.lat, self.lon), strict=True))
        return {"type": "Point", "coordinates": [lon, lat]}

    def _pair(self, row: Sequence[str], at: int, line: int) -> dict[str, Any] | None:
        cell = row[at].strip() if at < len(row) else ""
        if not cell:
            return None
        found = _PAIR.fullmatch(cell)
        if found is None:
            raise self._wrong(cell, at, line)
        lat, lon = (self._number(part, at, line) for part in found.groups())
        return {"type": "Point", "coordinates": [lon, lat]}

    def _number(self, cell: str, at: int, line: int) -> float:
        found = _NUMBER.fullmatch(re.sub(r"\s", "", cell.replace("−", "-")))
        if found is None:
            raise self._wrong(cell, at, line)
        sign, digits, side = found.groups()
        value = float(digits.replace(",", "."))
        return -value if sign == "-" or (side or "").lower() in _NEGATIVE else value

    def _shape(self, row: Sequence[str], at: int, line: int) -> dict[str, Any] | None:
        cell = row[at].strip() if at < len(row) else ""
        if not cell:
            return None
        from shapely import from_wkt
        from shapely.errors import ShapelyError
        from shapely.geometry import mapping

        try:
            made: dict[str, Any] = mapping(from_wkt(cell.partition(";")[2] if cell[:5].upper() == "SRID=" else cell))
        except ShapelyError:
            raise self._wrong(cell, at, line) from None
        return made

    def _wrong(self, cell: str, at: int, line: int) -> GeographyError:
        return GeographyError(
            "Row %(row)s, column %(column)s: “%(text)s” is no place. Write degrees with decimals, such as -8.4932 and "
            "117.4205.",
            row=line,
            column=self.headings[at],
            text=cell[:40],
        )


def _find(known: Sequence[str], names: Iterable[str]) -> int | None:
    return next((known.index(name) for name in names if name in known), None)


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise GeographyError("The table is not text in UTF-8. Save it again as CSV (UTF-8).")


def _delimiter(text: str) -> str:
    first = text.lstrip("\r\n").partition("\n")[0]
    return max(";\t,|", key=first.count)
