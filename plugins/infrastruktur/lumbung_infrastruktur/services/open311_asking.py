"""Which reports a program asks for: the arguments of GET requests, read strictly, and the query they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from lumbung.sdk import current_tenant, now, session

from ..models import Category, Report
from ..rules.georeport import Refusal
from ..rules.states import ENDED, OPEN
from ..words import _
from .browsing import shown_to_all

SPAN = timedelta(days=90)
FIRST = 1000  # reports of an answer
DAY = timedelta(days=1)
LISTS = ("service_request_id", "service_code", "status")


@dataclass(frozen=True)
class Span:
    """A span of time, both ends in it; None on a side has no end there."""

    since: datetime | None = None
    until: datetime | None = None


def requests(asked: Mapping[str, str]) -> Sequence[Report]:
    """Return the reports that are asked for, the newest first. Raises `Refusal` for what cannot be read."""
    query = _query(asked).options(
        selectinload(Report.category), selectinload(Report.photos), selectinload(Report.duplicate_of)
    )
    size = _whole(asked, "page_size", FIRST)
    skipped = (_whole(asked, "page", 1_000_000, default=1) - 1) * size
    return session.scalars(query.order_by(Report.reported_at.desc(), Report.id).offset(skipped).limit(size)).all()


def one(number: str) -> Report | None:
    """Return a report that everybody may see, None when there is none of this number."""
    return session.scalar(shown_to_all().where(Report.number == number)) if 1 <= len(number) <= 16 else None


def _query(asked: Mapping[str, str]) -> Select[tuple[Report]]:
    query = shown_to_all()
    if numbers := _listed(asked, "service_request_id"):
        return query.where(Report.number.in_(numbers[:FIRST]))
    if codes := _listed(asked, "service_code"):
        query = query.where(Report.category_id.in_(select(Category.id).where(Category.code.in_(codes))))
    statuses = set(_listed(asked, "status"))
    if unknown := statuses - {"open", "closed"}:
        raise Refusal(400, _("status: %(value)s tidak dikenal. Pilihannya open dan closed.", value=min(unknown)))
    if len(statuses) == 1:
        query = query.where(Report.state.in_(sorted(OPEN if "open" in statuses else ENDED)))
    updated = span(asked, "updated_after", "updated_before")
    requested = span(asked, "start_date", "end_date")
    if requested is None and updated is None:
        requested = Span(now() - SPAN)
    for column, found in ((Report.reported_at, requested), (Report.updated_at, updated)):
        if found and found.since:
            query = query.where(column >= found.since)
        if found and found.until:
            query = query.where(column <= found.until)
    return query


def span(asked: Mapping[str, str], first: str, last: str) -> Span | None:
    """Read a span of at most 90 days; one end alone has the other 90 days from it. None when neither is given."""
    since, until = _moment(asked, first), _moment(asked, last, end=True)
    if since is None and until is None:
        return None
    if since is None or until is None:
        return Span(since or (until - SPAN if until else None), until or (since + SPAN if since else None))
    if until < since:
        raise Refusal(400, _("%(last)s lebih awal daripada %(first)s.", first=first, last=last))
    if until - since >= SPAN + DAY or (until - since > SPAN and not _is_day(asked[last])):
        raise Refusal(400, _("%(first)s sampai %(last)s paling lama 90 hari.", first=first, last=last))
    return Span(since, until)


def _moment(asked: Mapping[str, str], name: str, *, end: bool = False) -> datetime | None:
    """Read ISO 8601; without an offset it is the time of the region, and a day alone is all of it."""
    text = asked.get(name, "").strip()
    if not text:
        return None
    if "T" in text:
        text = text.replace(" ", "+")  # a plus sign that was not encoded
    zone = current_tenant().now().tzinfo
    try:
        if _is_day(text):
            day = datetime.combine(date.fromisoformat(text), time(), zone)
            found = day + DAY - timedelta(microseconds=1) if end else day
        else:
            found = datetime.fromisoformat(text)
            found = found if found.tzinfo else found.replace(tzinfo=zone)
        if not 1900 <= found.year <= 2200:
            raise ValueError
    except (ValueError, OverflowError):
        raise Refusal(400, _("%(name)s bukan waktu ISO 8601, misalnya 2026-11-24T08:00:00+08:00.", name=name)) from None
    return found


def _is_day(text: str) -> bool:
    return len(text.strip()) == 10


def _listed(asked: Mapping[str, str], name: str) -> list[str]:
    return list(dict.fromkeys(one for part in asked.get(name, "").split(",") if (one := part.strip()[:40])))


def _whole(asked: Mapping[str, str], name: str, most: int, *, default: int | None = None) -> int:
    text = asked.get(name, "").strip()
    if not text:
        return default or most
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= 1):
        raise Refusal(400, _("%(name)s adalah angka mulai dari 1.", name=name))
    return min(int(text), most)
