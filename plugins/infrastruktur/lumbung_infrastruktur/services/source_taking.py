"""Taking over what another endpoint reported: each report once, those outside of our region never."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lumbung.sdk import DomainError, now, place_at, session

from ..models import LONGEST_TEXT, Category, Report, Source
from ..rules.foreign import Request
from ..rules.states import OPEN
from ..words import both
from . import clock, history, media
from .open311_posting import village_in
from .reporting import NewReport, make_report

LONGEST_KEY = 200
NOT_TAKEN = "-"  # of a mapping: this kind of damage is not taken over
# What may become of a report; the outcome of a source counts each.
TAKEN, CLOSED_THERE, KNOWN, ENDED = "taken", "closed_there", "known", "ended"
OUTSIDE, PLACELESS, UNMAPPED, REFUSED = "outside", "placeless", "unmapped", "refused"


class Taking:
    """Takes over reports of one source; what they share is looked up once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._categories = {one.code: one for one in session.scalars(select(Category))}

    def take(self, requests: Iterable[Request]) -> dict[str, int]:
        """Take over what is new, note what was closed there; return how many became what."""
        requests = list(requests)
        known = self._known(requests)
        counts: dict[str, int] = {}
        for request in requests:
            became = self._one(request, known.get(key_of(self._source.id, request.id)))
            counts[became] = counts.get(became, 0) + 1
        return counts

    def _one(self, request: Request, known: Report | None) -> str:
        if known is not None:
            return self._follow(request, known)
        if request.is_closed:
            return ENDED
        category = self._category(request)
        if category is None:
            return UNMAPPED
        if request.lat is None or request.lon is None:
            village = village_in(request.address)
            return self._make(request, category, village) if village else PLACELESS
        if place_at(request.lat, request.lon).inside is False:
            return OUTSIDE
        return self._make(request, category)

    def _make(self, request: Request, category: Category, village_code: str = "") -> str:
        try:
            with session.begin_nested():
                report = make_report(
                    NewReport(
                        category=category,
                        description=(request.description or request.name)[:LONGEST_TEXT],
                        lat=request.lat,
                        lon=request.lon,
                        place_from="village" if village_code else "map",
                        village_code=village_code,
                        address=request.address,
                        photos_follow=bool(request.media),
                        channel="import",
                        source_key=key_of(self._source.id, request.id),
                        reported_at=min(request.requested_at or now(), now()),
                    )
                )
                clock.restart(report)  # of what they had for weeks nobody here could have known
                session.flush()
        except (DomainError, IntegrityError):
            return REFUSED
        media.fetch_later(report, request.media)
        return TAKEN

    def _follow(self, request: Request, report: Report) -> str:
        if not request.is_closed:
            return KNOWN
        words = both("Di %(source)s laporan ini sudah ditutup.", source=self._source.name)
        if request.status_notes:
            words = both("%(words)s Catatannya: %(note)s", words=words, note=request.status_notes)
        if history.said(report, words):
            return KNOWN
        history.note(report, "change", words)
        return CLOSED_THERE

    def _category(self, request: Request) -> Category | None:
        mapped = self._source.categories.get(request.code, {})
        ours = mapped.get("ours", "") if isinstance(mapped, Mapping) else ""
        if ours == NOT_TAKEN:
            return None
        return self._categories.get(ours) or self._source.category

    def _known(self, requests: Sequence[Request]) -> dict[str, Report]:
        keys = [key_of(self._source.id, request.id) for request in requests]
        found = session.scalars(select(Report).where(Report.source_key.in_(keys)))
        return {str(report.source_key): report for report in found}


def key_of(source_id: UUID, number: str) -> str:
    """The source_key of a report of theirs."""
    key = f"{source_id}:{number}"
    return key if len(key) <= LONGEST_KEY else f"{source_id}:sha256:{hashlib.sha256(number.encode()).hexdigest()}"


def open_ids(source: Source, most: int = 200) -> list[str]:
    """Their ids of reports that are still open here, those that were quiet the longest first."""
    prefix = f"{source.id}:"
    keys = session.scalars(
        select(Report.source_key)
        .where(Report.source_key.startswith(prefix), Report.state.in_(sorted(OPEN)))
        .order_by(Report.updated_at, Report.id)
        .limit(most)
    )
    return [number for key in keys if key and not (number := key.removeprefix(prefix)).startswith("sha256:")]
