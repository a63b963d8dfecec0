"""The prober: people of one tenant ask for everything of another's, by every route, method and form.

What a tenant's rows look like from outside is taken from `lumbung.testing.twin`. A probe fails when an answer for
another tenant's id differs from that for an id that nobody has, when it holds the other tenant's mark or ids, or when
the server breaks. A plugin's own tests may run it too: `docs/writing-plugins/testing.md`.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

from flask import Flask
from werkzeug.routing import Rule, UUIDConverter
from werkzeug.test import TestResponse

from lumbung.identity.person import PLATFORM_PERMISSIONS, Person
from lumbung.runtimes.inline import InlineRuntime
from lumbung.testing.house import HouseClient, TestHouse
from lumbung.testing.twin import MARK, Bait, bait_of
from lumbung.web.access import Access, rule_of

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_CHANGING = re.compile(r"[A-Za-z0-9_.=-]{16,}|\d{2}[.:]\d{2}([.:]\d{2})?|sejak \S+")
_PART = MARK[1:]  # finds the mark when it is searched for; the echo of the search alone is not the mark
_CORE = ("lumbung_",)
# The one who asks would be nobody afterwards. /openid/logout only asks whether to, where nobody is vouched for.
_LEAVES = re.compile(r"/keluar$|(?<!/openid)/logout$")


@dataclass(frozen=True)
class Route:
    """One rule of the portal or of a plugin. ``prefixes`` are those of the tables it may be about."""

    path: str
    rule: Rule
    methods: tuple[str, ...]
    access: Access
    prefixes: tuple[str, ...]

    @property
    def shared(self) -> bool:
        """Whether the route is about the platform: what tenants there are is the operator's to see."""
        return self.access.permission in PLATFORM_PERMISSIONS or self.path.startswith("/admin/tenant/")


@dataclass
class Findings:
    """What the prober did and found. ``leaks`` should be empty."""

    probes: Counter[str] = field(default_factory=Counter)
    routes: set[tuple[str, str]] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the figures in one line."""
        parts = ", ".join(f"{count} {kind}" for kind, count in sorted(self.probes.items()))
        return f"{self.probes.total()} probes of {len(self.routes)} routes ({parts}), {len(self.leaks)} leaks"


class Prober:
    """Asks, as each of several people of tenant ``mine``, for what belongs to tenant ``theirs``.

    ``choices`` has values for arguments of routes that are neither ids nor codes, such as ``{"act": ["serve"]}``.
    """

    def __init__(
        self, house: TestHouse, mine: str, theirs: str, *, choices: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._house = house
        self._mine = mine
        self._choices = choices or {}
        kernel = house.kernel
        self._own = bait_of(house.urls.migrator, kernel.tenant(mine).id)
        self._foreign = bait_of(house.urls.migrator, kernel.tenant(theirs).id)
        self._forbidden = {str(one) for ids in self._foreign.ids.values() for one in ids}
        self._codes = _words(self._foreign) - _words(self._own)  # a word that both have is nobody's own
        self._browsers: dict[UUID | None, tuple[HouseClient, str]] = {}
        self.findings = Findings()

    def routes(self) -> Iterator[Route]:
        """Yield every route of the portal and of each plugin that is on for the tenant."""
        yield from self._routes_of(self._house.app, "", _CORE)
        runtime, tenant = InlineRuntime(self._house.kernel), self._house.kernel.tenant(self._mine)
        for plugin in self._house.kernel.snapshot().enabled_for(tenant.id):
            if plugin.manifest.has_pages and not plugin.manifest.is_foreign:
                prefixes = (f"{plugin.name}_", "lumbung_person", "lumbung_unit")
                yield from self._routes_of(runtime.open(plugin), f"/{plugin.name}", prefixes)

    def probe_as(self, who: str, person: Person | None, *, open_only: bool = False) -> None:
        """Ask for everything as ``person``, called ``who`` in what is found.

        With ``open_only`` a route that the person may not open is left out: the gate turns them away before any query,
        so that what guards the queries makes no difference there.
        """
        for route in self.routes():
            if open_only and not route.access.allows(person):
                continue
            for method in route.methods:
                self._probe_route(who, person, route, method)
        self._probe_pages(who, person)

    def own_pages(self, person: Person | None) -> Iterator[tuple[Route, TestResponse]]:
        """Yield each page that ``person`` may open, with ids and codes of their own tenant in its address."""
        for route in list(self.routes()):
            if "GET" in route.methods:
                own = {name: self._values(route, name, self._own)[0] for name in _asked_for(route)}
                page = self.ask(person, "GET", _filled(route, own))
                if page.status_code == 200 and page.mimetype == "text/html":
                    yield route, page

    def _routes_of(self, app: Flask, mount: str, prefixes: tuple[str, ...]) -> Iterator[Route]:
        for rule in app.url_map.iter_rules():
            access = rule_of(app, rule.endpoint)
            methods = tuple(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
            if not rule.rule.endswith("/<path:filename>"):  # static files are the same for all
                yield Route(mount + rule.rule, rule, methods, access or Access("nobody"), prefixes)

    def _probe_route(self, who: str, person: Person | None, route: Route, method: str) -> None:
        if _LEAVES.search(route.path):
            return
        if not route.rule.arguments:
            answer = self.ask(person, method, route.path)
            self._look(who, answer, route)
            if not route.access.allows(person) and not _turned_away(answer):
                self._found(who, answer, f"let in without {route.access.permission}")
            return
        expected: dict[tuple[Any, ...], str] = {}
        for asked in self._fillings(route):
            nobody = {name: self._nobodys(value) for name, value in asked.items()}
            key = tuple(asked[name] for name in asked if asked[name] == nobody[name])
            if key not in expected:
                expected[key] = _comparable(self.ask(person, method, _filled(route, nobody)), nobody)
            answer = self.ask(person, method, _filled(route, asked))
            self._look(who, answer, route, asked)
            difference = _difference(expected[key], _comparable(answer, asked))
            if difference and not route.shared:
                self._found(who, answer, f"not as for an id of nobody: {difference}")

    def _nobodys(self, value: Any) -> Any:
        """Return what has the shape of the other tenant's ``value`` and is nobody's; one's own stays as it is."""
        if isinstance(value, UUID):
            return uuid4() if str(value) in self._forbidden else value
        return value.removesuffix(MARK)[::-1] + MARK[::-1] if value in self._codes else value

    def _fillings(self, route: Route) -> Iterator[dict[str, Any]]:
        """Yield arguments: all of them the other tenant's, then each alone with the rest one's own."""
        names = _asked_for(route)
        foreign = {name: self._values(route, name, self._foreign) for name in names}
        own = {name: self._values(route, name, self._own)[:1] for name in names}
        for combination in product(*(foreign[name] for name in names)):
            yield dict(zip(names, combination, strict=True))
        if len(names) > 1:
            for name in names:
                if self._nobodys(foreign[name][0]) != foreign[name][0]:
                    mixed = [foreign[name][:1] if other == name else own[other] for other in names]
                    yield dict(zip(names, (values[0] for values in mixed), strict=True))

    def _values(self, route: Route, name: str, bait: Bait) -> list[Any]:
        if isinstance(route.rule._converters[name], UUIDConverter):
            return list(bait.ids_for(name, route.prefixes)) or [uuid4()]
        return list(self._choices.get(name, ())) or bait.codes_for(name) or ["x"]

    def _probe_pages(self, who: str, person: Person | None) -> None:
        """Of one's own pages: send each form with the other tenant's ids, search for its mark, follow each export."""
        sent: set[tuple[str, ...]] = set()
        for route, page in self.own_pages(person):
            found = take_apart(page.get_data(as_text=True))
            for form in found.forms:
                target = urlsplit(form.action or page.request.path).path
                kind = (_ID.sub("*", target), form.method, *sorted(form.fields))
                if kind not in sent and not _LEAVES.search(target):
                    sent.add(kind)
                    self._probe_form(who, person, route, form, target)
            for link in found.links:
                parts = urlsplit(link)
                kind = (_ID.sub("*", parts.path or page.request.path), *sorted(parse_qs(parts.query)))
                if kind not in sent and not parts.netloc:
                    sent.add(kind)
                    address = f"{parts.path or page.request.path}?{parts.query}"
                    self._look(who, self.ask(person, "GET", address), route, kind="links")

    def _probe_form(self, who: str, person: Person | None, route: Route, form: Form, target: str) -> None:
        if form.method == "GET":
            fields = {name: value or _PART for name, value in form.fields.items()}
            self._look(who, self.ask(person, "GET", target, fields), route, kind="searches")
        for name in form.ids:
            for foreign in self._foreign.ids_for(name, route.prefixes):
                answer = self.ask(person, form.method, target, {**form.fields, name: str(foreign)})
                self._look(who, answer, route, {name: foreign}, kind="forms")

    def ask(
        self, person: Person | None, method: str, path: str, fields: Mapping[str, Any] | None = None
    ) -> TestResponse:
        """Return what the site answers ``person``, with a CSRF token, signed in again if need be."""
        answer = self._send(person, method, path, fields)
        if person is not None and _sign_in_again(answer):  # something that was asked for ended the session
            self._browsers.pop(person.id)
            answer = self._send(person, method, path, fields)
        return answer

    def _send(
        self, person: Person | None, method: str, path: str, fields: Mapping[str, Any] | None = None
    ) -> TestResponse:
        client, token = self._browser(person)
        if method == "GET":
            return client.get(path, query_string=dict(fields) if fields else None)
        return client.open(path, method=method, data={**(fields or {}), "csrf_token": token})

    def _browser(self, person: Person | None) -> tuple[HouseClient, str]:
        key = person.id if person else None
        if key not in self._browsers:
            client = self._house.client(self._mine, person)
            self._browsers[key] = client, client.csrf_token("/masuk" if person is None else "/akun")
        return self._browsers[key]

    def _look(
        self,
        who: str,
        answer: TestResponse,
        route: Route,
        asked: Mapping[str, Any] | None = None,
        *,
        kind: str | None = None,
    ) -> None:
        method = answer.request.method
        self.findings.probes[kind or method] += 1
        self.findings.routes.add((method, route.path))
        if answer.status_code >= 500:
            self._found(who, answer, "the server broke")
        said = {str(value) for value in (asked or {}).values()}
        body = _without(_readable(answer), said)
        if (at := body.find(MARK)) >= 0 and not route.shared:
            told = " ".join(body[max(0, at - 60) : at + 20].split())
            self._found(who, answer, f"holds the other tenant's mark: {told}")
        if leaked := self._forbidden & set(_ID.findall(body)):
            self._found(who, answer, f"holds ids of the other tenant: {sorted(leaked)[:3]}")

    def _found(self, who: str, answer: TestResponse, what: str) -> None:
        request = answer.request
        self.findings.leaks.append(f"{who}: {request.method} {request.path} -> {answer.status_code}: {what}")


def _words(bait: Bait) -> set[str]:
    return {value for values in bait.codes.values() for value in values}


def _asked_for(route: Route) -> list[str]:
    """The parts of an address that somebody fills in; those that a rule fills in by itself have no converter."""
    return sorted(name for name in route.rule.arguments if name in route.rule._converters)


def _filled(route: Route, values: Mapping[str, Any]) -> str:
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: str(values[found[1]]), route.path)


def _comparable(answer: TestResponse, asked: Mapping[str, Any]) -> str:
    """Return what of an answer may not depend on whose id was asked for."""
    body = _readable(answer)
    said = {str(value) for value in asked.values()}
    location = _ID.sub("*", _without(answer.headers.get("Location", ""), said))
    return f"{answer.status_code} {location}\n" + _CHANGING.sub("*", _ID.sub("*", _without(body, said)))


def _sign_in_again(answer: TestResponse) -> bool:
    return answer.status_code == 401 or answer.headers.get("Location", "").startswith("/masuk")


def _turned_away(answer: TestResponse) -> bool:
    return answer.status_code == 403 or _sign_in_again(answer)


def _difference(expected: str, answer: str) -> str:
    """Return where two answers part, empty when they are the same."""
    at = next((at for at, (one, other) in enumerate(zip(expected, answer, strict=False)) if one != other), None)
    if at is None:
        if len(expected) == len(answer):
            return ""
        at = min(len(expected), len(answer))
    cut = slice(max(0, at - 40), at + 40)
    return f"{expected[cut]!r} became {answer[cut]!r}"


def _without(body: str, said: set[str]) -> str:
    for value in sorted(said, key=len, reverse=True):
        if len(value) > 3:
            body = body.replace(value, "*")
    return body


def _readable(answer: TestResponse) -> str:
    """Return the text of an answer; of a spreadsheet, that of all its parts."""
    data = answer.get_data()
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            data = b"\n".join(packed.read(name) for name in packed.namelist())
    return data.decode("utf-8", "replace")


@dataclass
class Form:
    """A form of a page: where it goes and what a browser would send."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """The fields that hold an id."""
        return [name for name, value in self.fields.items() if _ID.fullmatch(value)]


class Parts(HTMLParser):
    """The forms of a page, and its links with a query: exports, pages and orders of a list."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._form: Form | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Keep what a form would send, and where a link with a query leads."""
        given = {name: value or "" for name, value in attributes}
        if tag == "a" and "?" in given.get("href", ""):
            self.links.append(given["href"])
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").upper())
            self.forms.append(self._form)
        if self._form is None:
            return
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "select":
            self._select = name
        elif (
            tag == "option" and self._select and (value and not _ID.fullmatch(self._form.fields.get(self._select, "")))
        ):
            self._form.fields[self._select] = value
        elif tag in ("input", "button", "textarea") and name and name not in ("csrf_token", "lumbung_form_sent"):
            self._form.fields.setdefault(name, value)

    def handle_endtag(self, tag: str) -> None:
        """Leave a form or a choice."""
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None


def take_apart(page: str) -> Parts:
    """Return the forms and links of an HTML page."""
    parts = Parts()
    parts.feed(page)
    return parts
