"""Open311 endpoints of others: what is known of them, and fetching their reports by the clock.

A job asks first and writes afterwards. While it asks, which may take minutes, it holds no transaction, so that nobody
waits for the number of a report; what was asked for a stretch of time is then taken over at once. The next stretch is
the next job.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, select

from lumbung.sdk import DomainError, audit, current_tenant, defer, find, now, session

from ..models import Category, Source
from ..rules.foreign import Service
from ..rules.matching import Kind, suggestions
from ..words import _
from .source_asking import Unasked, open_endpoint
from .source_taking import NOT_TAKEN, TAKEN, Taking, open_ids

FIRST = timedelta(days=90)  # how far back a new source is read
WINDOW = timedelta(days=30)  # asked for at once; the specification allows 90 days
OVERLAP = timedelta(days=3)  # some endpoints show a report days after it was made
MOST_SERVICES = 500
LONGEST_OUTCOME = 500


def all_sources() -> Sequence[Source]:
    """Every source, by name."""
    return session.scalars(select(Source).order_by(Source.open.desc(), Source.name)).all()


def save(
    source: Source | None, *, name: str, url: str, jurisdiction_id: str = "", category_id: UUID | None = None
) -> Source:
    """Add a source, or change it. A new one is read for its services first; nothing is taken over before these are
    mapped. Raises `DomainError`.
    """
    name, url = name.strip(), url.strip()
    _refuse_unusable(source, name, url)
    is_new = source is None
    if source is None:
        source = Source(open=False, categories={})
        session.add(source)
    moved = not is_new and (source.url, source.jurisdiction_id) != (url, jurisdiction_id.strip())
    source.name, source.url, source.jurisdiction_id = name[:120], url, jurisdiction_id.strip()[:120]
    source.category_id = category_id
    session.flush()
    audit("infrastruktur.source.save", source.name, about=source.id, url=source.url)
    if is_new or moved:
        source.outcome = ""
        read_later(source)
    return source


def _refuse_unusable(source: Source | None, name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and len(url) <= 500
    except ValueError:
        usable = False
    if not usable:
        raise DomainError(_("Alamat itu bukan alamat web. Awali dengan https://"))
    if source is not None and source.taken and urlsplit(source.url).hostname != parts.hostname:
        raise DomainError(
            _(
                "Dari %(name)s sudah ada laporan yang diambil. Tambahkan server lain sebagai sumber baru.",
                name=source.name,
            )
        )
    twin = select(Source.id).where(func.lower(Source.name) == name.lower())
    if source is not None:
        twin = twin.where(Source.id != source.id)
    if session.scalar(twin) is not None:
        raise DomainError(_("Sumber bernama %(name)s sudah ada.", name=name))


def map_services(source: Source, mapping: Mapping[str, str], *, is_open: bool) -> None:
    """Say which of our categories each of their services is: a code, `NOT_TAKEN`, or empty for the usual one.

    ``is_open`` says whether it is fetched by the clock from now on.
    """
    known = set(session.scalars(select(Category.code)))
    source.categories = {
        code: {**service, "ours": ours if (ours := mapping.get(code, "")) in known | {NOT_TAKEN} else ""}
        for code, service in source.categories.items()
    }
    if is_open and not is_ready(source):
        raise DomainError(_("Padankan setidaknya satu jenis kerusakan, atau pilih kategori bagi yang lain."))
    source.open = is_open
    audit("infrastruktur.source.map", source.name, about=source.id, open=is_open)


def is_ready(source: Source) -> bool:
    """Whether anything would be taken over of it."""
    mapped = any(service.get("ours") not in ("", NOT_TAKEN) for service in source.categories.values())
    return mapped or source.category_id is not None


def remove(source: Source) -> None:
    """Take a source off that nothing was taken over from. Raises `DomainError` otherwise: reports lead back to it."""
    if source.taken:
        raise DomainError(
            _("Dari %(name)s sudah ada laporan yang diambil. Hentikan saja pengambilannya.", name=source.name)
        )
    audit("infrastruktur.source.remove", source.name, about=source.id)
    session.delete(source)


def read_later(source: Source) -> None:
    """Have its services read in the background."""
    defer("read_source", {"source": str(source.id)})


def fetch_later(source: Source) -> None:
    """Have its reports fetched in the background. Raises `DomainError` before anything is mapped."""
    if not is_ready(source):
        raise DomainError(_("Padankan setidaknya satu jenis kerusakan, atau pilih kategori bagi yang lain."))
    defer("fetch_source", {"source": str(source.id)})


def fetch_all() -> None:
    """Have each source fetched that is open. A job of the clock."""
    for source in session.scalars(select(Source).where(Source.open.is_(True))):
        if is_ready(source):
            defer("fetch_source", {"source": str(source.id)})


def read_source(source: str) -> None:
    """Read which services a source has, and suggest which category each is. A job."""
    row = find(Source, UUID(source))
    if row is None:
        return
    url, jurisdiction_id = row.url, row.jurisdiction_id
    session.rollback()
    try:
        endpoint = open_endpoint(url, jurisdiction_id, current_tenant().now().tzinfo)
    except Unasked as problem:
        _note(UUID(source), {}, problem)
        return
    if (row := find(Source, UUID(source), lock=True)) is not None:
        learn(row, endpoint.services)
        _keep(row, {"services": len(row.categories)})


def fetch_source(source: str, since: str = "", hours: float = 0, before: dict[str, int] | None = None) -> None:
    """Fetch the reports of a stretch of time, and have the next stretch fetched. A job."""
    row = find(Source, UUID(source))
    if row is None or not is_ready(row):
        return
    zone, until = current_tenant().now().tzinfo, now()
    begin = datetime.fromisoformat(since) if since else _begin(row, until)
    end = min(begin + min(WINDOW, timedelta(hours=hours) or WINDOW), until)
    url, jurisdiction_id, ids = row.url, row.jurisdiction_id, open_ids(row)
    session.rollback()  # nothing was written; see the head of this file
    try:
        endpoint = open_endpoint(url, jurisdiction_id, zone)
        requests, end = endpoint.window(begin, end)
        if end >= until:
            here = {request.id for request in requests}
            requests += endpoint.these(number for number in ids if number not in here)
    except Unasked as problem:
        _note(UUID(source), before or {}, problem)
        return
    row = find(Source, UUID(source), lock=True)
    if row is None:
        return
    learn(row, endpoint.services)
    counts = _sum(before or {}, Taking(row).take(requests))
    row.taken += counts.get(TAKEN, 0) - (before or {}).get(TAKEN, 0)
    row.fetched_until = max(filter(None, (row.fetched_until, end)))
    _keep(row, counts)
    if end < until:
        wider = (end - begin) / timedelta(hours=1) * 2  # an endpoint that was asked for less is asked for little more
        defer("fetch_source", {"source": source, "since": end.isoformat(), "hours": wider, "before": counts})


def _begin(source: Source, until: datetime) -> datetime:
    return max(source.fetched_until - OVERLAP, until - 4 * FIRST) if source.fetched_until else until - FIRST


def learn(source: Source, services: Sequence[Service]) -> None:
    """Keep the services of a source: what was mapped stays, what is new gets a suggestion until somebody decides."""
    ours = [
        Kind.of(one.code, (one.name, one.name_en), (one.keywords, one.description, one.group))
        for one in session.scalars(select(Category).where(Category.open.is_(True)).order_by(Category.position))
    ]
    known = source.categories
    given = {one.code: one for one in services[:MOST_SERVICES]}
    new = {
        code: Kind.of(code, (one.name,), (one.group, one.about, one.keywords))
        for code, one in given.items()
        if code not in known
    }
    suggested = suggestions(new, ours) if not known else {}  # later ones wait for somebody to look at them
    told = {
        code: {"name": one.name, "group": one.group, "ours": known.get(code, {}).get("ours", suggested.get(code, ""))}
        for code, one in given.items()
    }
    if told and told != known:
        source.categories = told


def outcome(source: Source) -> dict[str, Any]:
    """What the last fetching came to: counts by what became of the reports, and the problem, if there was one."""
    try:
        found = json.loads(source.outcome) if source.outcome else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _note(source_id: UUID, counts: Mapping[str, int], problem: Unasked) -> None:
    row = find(Source, source_id, lock=True)
    if row is not None:
        _keep(row, {**counts, "problem": problem.why, "detail": problem.detail})


def _keep(source: Source, counts: Mapping[str, Any]) -> None:
    source.fetched_at = now()
    source.outcome = json.dumps(counts, ensure_ascii=False)[:LONGEST_OUTCOME]


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}
