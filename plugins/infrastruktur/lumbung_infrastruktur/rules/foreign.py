"""What other cities' Open311 endpoints answer, in all the shapes in which they do: read without trusting any of it.

Seen in the wild: JSON with XML's wrappers around it (FixMyStreet), numbers as ids and texts as degrees (SeeClickFix),
reports without a place or an id yet (Chicago), dates without an offset, HTML in descriptions, lists where a text is
due.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .plain_text import one_line, plain

Row = Mapping[str, Any]

LONGEST_ID = 150
DEEPEST = 6
_OF_A_ROW = frozenset({"service_code", "service_name", "service_request_id", "token"})


class Unreadable(Exception):
    """An answer that is no GeoReport v2. ``said`` is what the other server says is wrong, empty for nothing."""

    def __init__(self, said: str = "") -> None:
        super().__init__(said)
        self.said = said


@dataclass(frozen=True)
class Service:
    """A kind of damage of theirs."""

    code: str
    name: str
    group: str
    about: str
    keywords: str


@dataclass(frozen=True)
class Request:
    """A report of theirs. ``requested_at`` and ``updated_at`` are None when they could not be read."""

    id: str
    code: str
    name: str
    is_closed: bool
    status_notes: str
    description: str
    lat: float | None
    lon: float | None
    address: str
    requested_at: datetime | None
    updated_at: datetime | None
    media: tuple[str, ...]


def rows(body: bytes, form: str, wrapper: str, item: str) -> list[Row]:
    """Return the things of a list, whatever they are wrapped in. Raises `Unreadable`."""
    data = _xml(body) if form == "xml" else _json(body)
    found = list(_items(data, {wrapper, item, f"{item}s"}, DEEPEST))
    known = [row for row in found if _OF_A_ROW & set(row)]
    if not known and (found or not _is_empty_list(data, {wrapper, f"{item}s"})):
        raise Unreadable(_complaint(data))
    return known


def endpoint(body: bytes, form: str) -> str:
    """Return the address of the GeoReport v2 endpoint that a discovery document names, that of production first."""
    found = list(_items(_xml(body) if form == "xml" else _json(body), {"discovery", "endpoints", "endpoint"}, DEEPEST))
    named = [row for row in _flat(found) if "georeport" in text(row.get("specification")).lower() and row.get("url")]
    named.sort(key=lambda row: text(row.get("type")).lower() != "production")
    if not named:
        raise Unreadable
    return text(named[0]["url"])


def service(row: Row) -> Service | None:
    """Read one service, None when it has no code."""
    code = text(row.get("service_code"))[:LONGEST_ID] or text(row.get("service_name"))[:LONGEST_ID]
    if not code:
        return None
    name = one_line(text(row.get("service_name")) or code, 120)
    parts = (one_line(text(row.get(key)), 200) for key in ("group", "description", "keywords"))
    return Service(code, name, *parts)


def request(row: Row, base: str, zone: tzinfo | None) -> Request | None:
    """Read one report, None when it has no id yet. ``base`` is what its addresses begin at that begin at none."""
    number = text(row.get("service_request_id"))
    if not number or len(number) > LONGEST_ID:
        return None
    lat, lon = _place(row)
    name = text(row.get("service_name"))
    return Request(
        id=number,
        code=text(row.get("service_code"))[:LONGEST_ID] or name[:LONGEST_ID],
        name=one_line(name, 120),
        is_closed=text(row.get("status")).lower() in ("closed", "fixed", "archived"),
        status_notes=one_line(text(row.get("status_notes")), 300),
        description=plain(text(row.get("description")) or text(row.get("detail"))),
        lat=lat,
        lon=lon,
        address=one_line(text(row.get("address")), 300),
        requested_at=moment(row.get("requested_datetime"), zone),
        updated_at=moment(row.get("updated_datetime"), zone),
        media=tuple(_addresses(row.get("media_url"), base)),
    )


def text(value: Any) -> str:
    """Return a text or a number as a text; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    try:
        return str(value).replace("\x00", "").strip()
    except ValueError:  # a number of thousands of digits
        return ""


def moment(value: Any, zone: tzinfo | None) -> datetime | None:
    """Read a moment: ISO 8601, or as in a letter. Without an offset it is the time of ``zone``."""
    given = text(value)
    if not given or len(given) > 60:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(given)
            found = found if found.tzinfo else found.replace(tzinfo=zone)
            return found.astimezone(zone) if 1990 <= found.year <= 2200 else None
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _place(row: Row) -> tuple[float | None, float | None]:
    """Latitude and longitude; swapped where only that makes sense; none for 0, 0, which many programs send."""
    lat, lon = _number(row.get("lat")), _number(row.get("long", row.get("lng", row.get("lon"))))
    if lat is None or lon is None:
        return None, None
    if abs(lat) > 90 >= abs(lon):
        lat, lon = lon, lat
    if abs(lat) > 90 or abs(lon) > 180 or (abs(lat) < 0.001 and abs(lon) < 0.001):
        return None, None
    return lat, lon


def _number(value: Any) -> float | None:
    given = text(value)
    try:
        found = float(given.replace(",", ".") if given.count(",") == 1 and "." not in given else given)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _addresses(value: Any, base: str) -> Iterator[str]:
    if isinstance(value, str) and value.strip():
        try:
            yield urljoin(base, value.strip())
        except ValueError:
            return
    elif isinstance(value, list):
        for one in value[:10]:
            yield from _addresses(one, base)
    elif isinstance(value, Mapping):
        for name in ("url", "media_url", "href"):
            yield from _addresses(value.get(name), base)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable from None


def _xml(body: bytes) -> Any:
    try:
        root = fromstring(body, forbid_dtd=True)
    except (DefusedXmlException, ValueError, LookupError, SyntaxError):  # ParseError is a SyntaxError
        raise Unreadable from None
    return {_tag(root): _value(root, DEEPEST)}


def _value(element: Any, depth: int) -> Any:
    """Return an element as JSON would have it: names that come more than once make a list."""
    if not len(element) or depth == 0:
        return (element.text or "").strip()
    found: dict[str, Any] = {}
    for child in element:
        name, value = _tag(child), _value(child, depth - 1)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def _tag(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _items(data: Any, wrappers: set[str], depth: int) -> Iterator[Row]:
    """Yield the objects inside of lists and wrappers."""
    if depth == 0:
        return
    if isinstance(data, list):
        for one in data:
            yield from _items(one, wrappers, depth - 1)
    elif isinstance(data, Mapping):
        inner = [name for name in data if name in wrappers and isinstance(data[name], list | Mapping)]
        for name in inner:
            yield from _items(data[name], wrappers, depth - 1)
        if not inner and data and not (set(data) <= wrappers):
            yield data


def _flat(found: list[Row]) -> Iterator[Row]:
    for row in found:
        yield row
        yield from (inner for inner in row.values() if isinstance(inner, Mapping))


def _is_empty_list(data: Any, wrappers: set[str]) -> bool:
    if data == []:
        return True
    return isinstance(data, Mapping) and bool(set(data) & wrappers)


def _complaint(data: Any) -> str:
    for row in _items(data, {"errors", "error"}, DEEPEST):
        if said := one_line(text(row.get("description")), 120):
            return said
    return ""
