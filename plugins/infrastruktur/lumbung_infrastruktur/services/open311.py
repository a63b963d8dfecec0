"""Our categories and reports as Open311 GeoReport v2 tells them (domain/04, section e2). Nothing in it is personal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from functools import cache
from typing import Any

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from lumbung.sdk import current_tenant, external_url, find_region, format_date, language, session, setting, units

from ..models import Category, LogEntry, Photo, Report
from ..rules import kinds, sensitive, states
from ..rules.georeport import SPECIFICATION, stamp
from ..rules.states import OPEN, State
from ..words import _

CHANGESET = "2026-11-24T00:00:00+08:00"  # when what this interface offers was last changed


def discovery() -> dict[str, Any]:
    """Where the endpoint is and whom to ask for a key."""
    contact = str(setting("open311_contact") or "") or current_tenant().name
    return {
        "changeset": CHANGESET,
        "contact": contact,
        "key_service": _(
            "Minta kunci kepada %(contact)s. Caranya: %(url)s", contact=contact, url=_url("open311.about")
        ),
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": base_url(),
                "changeset": CHANGESET,
                "type": "production",
                "formats": ["text/xml", "application/json"],
            }
        ],
    }


def base_url() -> str:
    """The address that programs put before ``/services.json`` and the others."""
    return _url("open311.service_list", form="json").removesuffix("/services.json")


def jurisdiction() -> str:
    """The one jurisdiction_id that is answered here, beside the names of this host."""
    return str(setting("jurisdiction_id") or "") or current_tenant().host


def is_ours(jurisdiction_id: str) -> bool:
    """Whether a program means this region. Whoever does not say means it."""
    asked = jurisdiction_id.strip().lower()
    return not asked or asked in {jurisdiction().lower(), *(host.lower() for host in current_tenant().hosts)}


def categories() -> Sequence[Category]:
    """The kinds of damage that can be reported, with their questions."""
    return session.scalars(
        select(Category)
        .where(Category.open.is_(True))
        .options(selectinload(Category.questions))
        .order_by(Category.position, Category.name)
    ).all()


def category(code: str) -> Category | None:
    """A kind of damage that can be reported, None when there is none of this code."""
    if not 1 <= len(code) <= 40:
        return None
    return session.scalar(
        select(Category).where(Category.code == code, Category.open.is_(True)).options(selectinload(Category.questions))
    )


def service(category: Category) -> dict[str, Any]:
    """A category as a service."""
    return {
        "service_code": category.code,
        "service_name": category.title,
        "description": category.about,
        "metadata": bool(category.questions),
        "type": "realtime",
        "keywords": ", ".join(word for part in category.keywords.split(",") if (word := part.strip())),
        "group": str(kinds.GROUPS.get(category.group, category.group)),
    }


def definition(category: Category) -> dict[str, Any]:
    """The questions of a category as attributes."""
    return {
        "service_code": category.code,
        "attributes": [
            {
                "variable": question.variable,
                "code": question.code,
                "datatype": question.datatype,
                "required": question.required and question.variable,
                "datatype_description": question.help or None,
                "order": order,
                "description": question.title,
                "values": [{"key": key, "name": name} for key, name in question.choices],
            }
            for order, question in enumerate(category.questions, 1)
        ],
    }


class Telling:
    """Puts reports into words for one answer; what several of them share is looked up once."""

    def __init__(self, *, extended: bool = False) -> None:
        self._extended = extended
        self._zone = current_tenant().now().tzinfo
        self._region = cache(find_region)
        self._unit = cache(units.get)

    def requests(self, reports: Iterable[Report]) -> list[dict[str, Any]]:
        """Return reports as service requests."""
        reports = list(reports)
        notes = _notes(reports) if self._extended else {}
        return [self._request(report, notes.get(report.id, [])) for report in reports]

    def _request(self, report: Report, notes: list[LogEntry]) -> dict[str, Any]:
        is_open = report.state in OPEN
        shown = [photo for photo in report.photos if photo.shown]
        village = self._region(report.village_code) if report.village_code else None
        told: dict[str, Any] = {
            "service_request_id": report.number,
            "status": "open" if is_open else "closed",
            "status_notes": status_notes(report),
            "service_name": report.category.title,
            "service_code": report.category.code,
            "description": sensitive.masked(report.description),
            "agency_responsible": self._agency(report),
            "service_notice": _promise(report) if is_open else None,
            "requested_datetime": self._stamp(report.reported_at),
            "updated_datetime": self._stamp(report.updated_at if is_open else ended_at(report)),
            "expected_datetime": stamp(end_of(report.due_on)) if report.due_on else None,
            "address": self._address(report),
            "address_id": report.village_code or None,
            "zipcode": village.postal_code if village else None,
            "lat": report.lat,
            "long": report.lon,
            "media_url": photo_url(shown[0]) if shown else None,
        }
        if self._extended:
            told["notes"] = [self._note(entry) for entry in notes]
            told["extended_attributes"] = self._more(report, shown)
        return told

    def _agency(self, report: Report) -> str | None:
        if report.state == State.ELSEWHERE and report.forwarded_to:
            return report.forwarded_to
        unit = self._unit(report.unit_id) if report.unit_id else None
        return unit.name if unit else None

    def _address(self, report: Report) -> str | None:
        found = (self._region(code) for code in (report.village_code, report.district_code) if code)
        return ", ".join(part for part in [report.address, *(one.name for one in found if one)] if part) or None

    def _note(self, entry: LogEntry) -> dict[str, Any]:
        words = entry.note_en if language() == "en" and entry.note_en else entry.note
        return {
            "datetime": self._stamp(entry.at),
            "type": entry.kind,
            "status": _status(entry.to_state) if entry.to_state else None,
            "description": sensitive.masked(words),
        }

    def _more(self, report: Report, shown: list[Photo]) -> dict[str, Any]:
        return {
            "state": report.state,
            "state_name": states.title(report.state),
            "group": report.category.group,
            "severity": report.severity,
            "authority": report.authority or None,
            "district_id": report.district_code or None,
            "supports": report.supports,
            "planned_quarter": report.planned_quarter or None,
            "rating": report.rating,
            "page_url": _url("citizen.page", number=report.number),
            "photos": [{"kind": photo.kind, "url": photo_url(photo), "caption": photo.caption} for photo in shown],
        }

    def _stamp(self, moment: datetime) -> str:
        return stamp(moment.astimezone(self._zone))


def status_notes(report: Report) -> str:
    """Why a report stands where it stands, in a sentence."""
    parts = [states.title(report.state)]
    if report.state == State.DUPLICATE and (first := report.duplicate_of) and first.visibility == "public":
        parts.append(_("Ditangani bersama laporan %(number)s", number=first.number))
    if report.state == State.ELSEWHERE and report.forwarded_to:
        parts.append(_("Diteruskan kepada %(name)s", name=report.forwarded_to))
    if report.state == State.POSTPONED and report.planned_quarter:
        parts.append(_("Direncanakan triwulan %(quarter)s", quarter=report.planned_quarter))
    return ". ".join([*parts, sensitive.masked(report.state_note.strip())]).strip(". ")


def ended_at(report: Report) -> datetime:
    """When a report that is not open any more was closed, as Open311 has it: mended, or given its last answer."""
    if report.state in (State.DONE, State.CLOSED):
        return report.finished_at or report.closed_at or report.updated_at
    return report.closed_at or report.updated_at


def end_of(day: date) -> datetime:
    """The last second of a day where the tenant is: until then what is done on it is done in time."""
    return datetime.combine(day, time(23, 59, 59), current_tenant().now().tzinfo)


def photo_url(photo: Photo) -> str:
    """The whole address of a photo."""
    return _url("citizen.photo", photo_id=photo.id)


def _promise(report: Report) -> str | None:
    return _("Ditangani paling lambat %(date)s.", date=format_date(report.due_on)) if report.due_on else None


def _status(state: str) -> str:
    return "open" if state in OPEN else "closed"


def _notes(reports: Iterable[Report]) -> dict[Any, list[LogEntry]]:
    ids = [report.id for report in reports]
    found: dict[Any, list[LogEntry]] = {}
    query = select(LogEntry).where(LogEntry.report_id.in_(ids), LogEntry.internal.is_(False)).order_by(LogEntry.at)
    for entry in session.scalars(query):
        found.setdefault(entry.report_id, []).append(entry)
    return found


def _url(endpoint: str, **values: Any) -> str:
    return external_url(url_for(endpoint, **values))
