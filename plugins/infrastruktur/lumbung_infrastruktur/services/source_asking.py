"""Asking an Open311 endpoint of others: where it is, what it knows, which reports it has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from urllib.parse import urlencode, urlsplit

from lumbung.sdk import OutgoingFailed, OutgoingRefused, Reply, ask_outside

from ..rules import foreign
from ..rules.foreign import Request, Service, Unreadable

LARGEST = 8 * 1024 * 1024  # bytes of an answer
SECONDS = 25.0
MOST_ASKED = 120  # times in one job
PAGE, MOST_PAGES = 100, 6
MOST_PAGES_OF_AN_HOUR = 30  # of the shortest window, which cannot be made shorter
LEAST_WINDOW = timedelta(hours=1)
IDS_AT_ONCE = 40
FORMS = ("json", "xml")


class Unasked(Exception):
    """An endpoint cannot be asked: ``why`` is unreachable, refused, foreign (no GeoReport v2), error or busy."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(why, detail)
        self.why, self.detail = why, detail[:120]


@dataclass
class Endpoint:
    """An endpoint that answered, and in which format."""

    base: str
    form: str
    jurisdiction_id: str
    zone: tzinfo | None
    services: Sequence[Service]
    asked: int = 0

    def window(self, since: datetime, until: datetime) -> tuple[list[Request], datetime]:
        """Return the reports from ``since`` on, and until when they are all of them: ``until``, or earlier.

        An endpoint that cuts its answer off and knows no pages is asked for a shorter time.
        """
        while True:
            is_least = until - since <= LEAST_WINDOW
            most = MOST_PAGES_OF_AN_HOUR if is_least else MOST_PAGES
            found, whole = self._pages({"start_date": _stamp(since), "end_date": _stamp(until)}, most)
            if whole or is_least:
                return found, until
            until = since + (until - since) / 2

    def these(self, ids: Iterable[str]) -> list[Request]:
        """Return the reports with these ids, as far as it still has them."""
        waiting, found = list(ids), []
        while waiting and self.asked < MOST_ASKED:
            part, waiting = waiting[:IDS_AT_ONCE], waiting[IDS_AT_ONCE:]
            wanted = set(part)
            given = self._requests({"service_request_id": ",".join(part)})
            found += [one for one in given if one.id in wanted]
        return found

    def _pages(self, asked: dict[str, str], most: int) -> tuple[list[Request], bool]:
        found: dict[str, Request] = {}
        for page in range(1, most + 1):
            given = self._requests({**asked, "page": str(page), "page_size": str(PAGE)})
            new = {one.id: one for one in given if one.id not in found}
            found |= new
            if not given or (page > 1 and len(given) < PAGE):
                return list(found.values()), True
            if page == 1 and len(given) != PAGE:  # all of it, or an endpoint that knows no pages
                return list(found.values()), len(given) < PAGE or len(given) % PAGE != 0
            if not new:  # the same again
                return list(found.values()), False
        return list(found.values()), False

    def _requests(self, asked: dict[str, str]) -> list[Request]:
        self.asked += 1
        if self.asked > MOST_ASKED:
            raise Unasked("busy")
        body = _ask(self.base, f"requests.{self.form}", self.jurisdiction_id, asked)
        try:
            rows = foreign.rows(body, self.form, "service_requests", "request")
        except Unreadable as problem:
            raise Unasked("error" if problem.said else "foreign", problem.said) from None
        read = (foreign.request(row, f"{self.base}/", self.zone) for row in rows)
        return [one for one in read if one is not None]


def open_endpoint(url: str, jurisdiction_id: str, zone: tzinfo | None) -> Endpoint:
    """Find the endpoint at an address that somebody typed: its base, its discovery, or one of its lists.

    JSON is asked for first, XML where there is none. Raises `Unasked`.
    """
    base = _base(url)
    try:
        return _services(base, jurisdiction_id, zone)
    except Unasked as problem:
        if problem.why in ("refused", "unreachable"):
            raise
        found = _discovered(base, jurisdiction_id)
        if not found or found == base:
            raise
    return _services(found, jurisdiction_id, zone)


def _services(base: str, jurisdiction_id: str, zone: tzinfo | None) -> Endpoint:
    problems: list[Unasked] = []
    for form in FORMS:
        try:
            rows = foreign.rows(_ask(base, f"services.{form}", jurisdiction_id), form, "services", "service")
        except Unreadable as unreadable:
            problems.append(Unasked("error", unreadable.said) if unreadable.said else Unasked("foreign"))
        except Unasked as unasked:
            if unasked.why in ("refused", "unreachable"):
                raise
            problems.append(unasked)
        else:
            services = [one for row in rows if (one := foreign.service(row)) is not None]
            return Endpoint(base, form, jurisdiction_id, zone, services)
    raise min(problems, key=lambda one: one.detail.startswith("HTTP "))  # what says more than a number, if any


def _discovered(base: str, jurisdiction_id: str) -> str:
    for form in FORMS:
        try:
            return _base(foreign.endpoint(_ask(base, f"discovery.{form}", jurisdiction_id), form))
        except (Unreadable, Unasked):
            continue
    return ""


def _ask(base: str, path: str, jurisdiction_id: str, asked: dict[str, str] | None = None) -> bytes:
    arguments = {"jurisdiction_id": jurisdiction_id, **(asked or {})}
    query = urlencode({name: value for name, value in arguments.items() if value})
    url = f"{base}/{path}" + (f"?{query}" if query else "")
    accept = "application/json" if path.endswith("json") else "text/xml, application/xml"
    try:
        reply: Reply = ask_outside(url, headers={"Accept": accept}, largest=LARGEST, seconds=SECONDS)
    except OutgoingRefused:
        raise Unasked("refused", _host(base)) from None
    except OutgoingFailed:
        raise Unasked("unreachable", _host(base)) from None
    if reply.status != 200:
        raise Unasked("error", _said(reply, path) or f"HTTP {reply.status}")
    return reply.body


def _said(reply: Reply, path: str) -> str:
    try:
        foreign.rows(reply.body, path.rpartition(".")[2], "service_requests", "request")
    except Unreadable as problem:
        return problem.said
    return ""


def _base(url: str) -> str:
    """Return the part before ``/services.json`` and the like of an address."""
    base = url.strip().partition("?")[0].partition("#")[0].rstrip("/")
    last = base.rpartition("/")[2]
    name, dot, ending = last.partition(".")
    is_list = name in ("services", "requests", "discovery") and (not dot or ending in FORMS)
    return base[: -len(last) - 1] if is_list else base


def _host(base: str) -> str:
    try:
        return urlsplit(base).hostname or base
    except ValueError:
        return base


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
