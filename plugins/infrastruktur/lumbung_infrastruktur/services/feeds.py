"""Reports for whoever wants to read along: GeoJSON, RSS, CSV. What everybody may see, and nothing of who reported."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from lumbung.sdk import current_tenant, external_url, find_region, language, session, setting, units

from ..models import Photo, Report
from ..rules import kinds, sensitive, states
from ..rules.georeport import clean, stamp
from ..words import _
from .browsing import CATEGORY, DISTRICT, GROUP, SINCE, STATE, UNTIL, Filter, asked_for, shown_to_all

USUAL, MOST = {"geojson": 1000, "csv": 1000, "rss": 50}, 5000
LIMIT, SINCE_TOO = "batas", "since"  # of the address; ``since`` is the same as ``sejak``
ATOM, GEORSS = "http://www.w3.org/2005/Atom", "http://www.georss.org/georss"
COLUMNS = (
    "nomor", "kategori", "kode_kategori", "kelompok", "keadaan", "terbuka", "tingkat", "uraian", "alamat",
    "desa_kelurahan", "kecamatan", "kode_wilayah", "lintang", "bujur", "penanggung_jawab", "dilaporkan", "diubah",
    "batas_waktu", "selesai", "dukungan", "foto", "halaman", "lisensi",
)  # fmt: skip


@dataclass(frozen=True)
class Feed:
    """The reports of a feed, and when what they tell was last changed."""

    reports: Sequence[Report]
    changed: datetime | None


def asked(arguments: Mapping[str, str], kind: str) -> Feed:
    """Return what the arguments of an address ask for, the newest first; what makes no sense in them is left out."""
    names = (CATEGORY, GROUP, DISTRICT, STATE, SINCE, UNTIL)
    given = {name: arguments[name] for name in names if arguments.get(name)}
    if since := arguments.get(SINCE_TOO):
        given[SINCE] = since[:10]
    found = asked_for(given)
    query = (
        shown_to_all()
        .where(*found.conditions)
        .options(selectinload(Report.category), selectinload(Report.photos))
        .order_by(Report.reported_at.desc(), Report.id)
        .limit(_limit(arguments.get(LIMIT, ""), USUAL[kind]))
    )
    return Feed(session.scalars(query).all(), _changed(found))


def as_geojson(feed: Feed) -> bytes:
    """Return a feature for each report, longitude first; one whose place is only a village has no geometry."""
    return json.dumps(
        {
            "type": "FeatureCollection",
            "name": _title(),
            "license": setting("feed_licence"),
            "features": [
                {"type": "Feature", "id": report.number, "geometry": _point(report), "properties": told}
                for report, told in _rows(feed)
            ],
        },
        ensure_ascii=False,
    ).encode()


def as_csv(feed: Feed) -> bytes:
    """Return a line for each report. No cell is run as a formula by the program that opens it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    licence = setting("feed_licence") or ""
    for report, told in _rows(feed):
        more = {"lintang": report.lat, "bujur": report.lon, "lisensi": licence}
        writer.writerow({name: _cell(value) for name, value in (told | more).items()})
    return out.getvalue().encode()


def as_rss(feed: Feed) -> bytes:
    """Return RSS 2.0 with the place of each report (GeoRSS)."""
    ET.register_namespace("atom", ATOM)
    ET.register_namespace("georss", GEORSS)
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _add(channel, "title", _title())
    _add(channel, "link", external_url(url_for("browse.listing")))
    _add(channel, "description", _("Kerusakan yang dilaporkan warga, dan sampai di mana perbaikannya."))
    _add(channel, "language", language())
    _add(channel, "copyright", str(setting("feed_licence") or ""))
    _add(channel, "ttl", "15")
    if feed.changed:
        _add(channel, "lastBuildDate", format_datetime(feed.changed.astimezone(UTC)))
    ET.SubElement(channel, f"{{{ATOM}}}link", rel="self", type="application/rss+xml", href=_own_address())
    for report, told in _rows(feed):
        _item(ET.SubElement(channel, "item"), report, told)
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _item(item: ET.Element, report: Report, told: dict[str, Any]) -> None:
    place = ", ".join(part for part in (told["alamat"], told["desa_kelurahan"], told["kecamatan"]) if part)
    _add(item, "title", " · ".join(part for part in (told["kategori"], place, told["keadaan"]) if part))
    _add(item, "link", told["halaman"])
    _add(item, "guid", told["halaman"]).set("isPermaLink", "true")
    _add(item, "pubDate", format_datetime(report.reported_at.astimezone(UTC)))
    _add(item, "category", told["kategori"])
    _add(item, "description", told["uraian"] or told["kategori"])
    if report.lat is not None and report.lon is not None:
        _add(item, f"{{{GEORSS}}}point", f"{report.lat} {report.lon}")


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = clean(text)
    return element


def _rows(feed: Feed) -> list[tuple[Report, dict[str, Any]]]:
    names = {unit.id: unit.name for unit in units.all()}
    region = cache(find_region)

    def name(code: str) -> str:
        found = region(code) if code else None
        return found.name if found else ""

    return [(report, _told(report, names, name)) for report in feed.reports]


def _told(report: Report, units_by_id: Mapping[UUID, str], region_name: Callable[[str], str]) -> dict[str, Any]:
    zone = current_tenant().now().tzinfo
    unit = units_by_id.get(report.unit_id) if report.unit_id else None
    shown = next((photo for photo in report.photos if photo.shown), None)
    return {
        "nomor": report.number,
        "kategori": report.category.title,
        "kode_kategori": report.category.code,
        "kelompok": report.category.group,
        "keadaan": states.title(report.state),
        "terbuka": report.state in states.OPEN,
        "tingkat": str(kinds.SEVERITIES.get(report.severity, report.severity)),
        "uraian": sensitive.masked(report.description),
        "alamat": report.address,
        "desa_kelurahan": region_name(report.village_code),
        "kecamatan": region_name(report.district_code),
        "kode_wilayah": report.village_code or report.district_code or None,
        "penanggung_jawab": unit or report.forwarded_to or None,
        "dilaporkan": stamp(report.reported_at.astimezone(zone)),
        "diubah": stamp(report.updated_at.astimezone(zone)),
        "batas_waktu": report.due_on.isoformat() if report.due_on else None,
        "selesai": stamp(report.finished_at.astimezone(zone)) if report.finished_at else None,
        "dukungan": report.supports,
        "foto": external_url(url_for("citizen.photo", photo_id=shown.id)) if shown else None,
        "halaman": external_url(url_for("citizen.page", number=report.number)),
    }


def _changed(found: Filter) -> datetime | None:
    """When what a filter leaves was last changed. Hidden ones count: that they went away is a change too."""
    report, photo = select(func.max(Report.updated_at), func.max(Report.checked_at)), select(func.max(Photo.checked_at))
    moments = [
        *session.execute(report.where(*found.conditions)).one(),
        session.scalar(photo.join(Report, Report.id == Photo.report_id).where(*found.conditions)),
    ]
    return max((moment for moment in moments if moment), default=None)


def _point(report: Report) -> dict[str, Any] | None:
    if report.lat is None or report.lon is None:
        return None
    return {"type": "Point", "coordinates": [report.lon, report.lat]}


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    if isinstance(value, str):
        return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
    return value


def _title() -> str:
    return _("Laporan infrastruktur %(name)s", name=current_tenant().name)


def _own_address() -> str:
    return external_url(url_for("feeds.rss"))


def _limit(text: str, usual: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return usual
    return max(1, min(int(text), MOST))
