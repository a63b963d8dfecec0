"""The page for an address that is nobody's, kept ready: robots ask for thousands of them.

Where no view is found nobody is signed in either, and the page holds no form, no token and no path. It depends on the
tenant and the language, so that the portal draws it once for each in a generation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response

from lumbung.registry.state import Snapshot
from lumbung.tenancy.tenant import Tenant
from lumbung.web.i18n import COOKIE_FREE_KEY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST = 512  # pages kept in a generation; a page is some kilobytes


@dataclass(frozen=True)
class _Answer:
    status: str
    headers: list[tuple[str, str]]
    body: bytes


class NotFoundPages:
    """Knows which first segments are the portal's, and answers for those that are nobody's."""

    def __init__(self, portal: Flask, portal_wsgi: WSGIApplication) -> None:
        self._portal = portal
        rules = (rule.rule for rule in portal.url_map.iter_rules())
        self._rooms = frozenset(rule.removeprefix("/").partition("/")[0] for rule in rules)
        self._none_is_open = any("<" in room for room in self._rooms)
        self._portal_wsgi = portal_wsgi

    def is_for(self, name: str, environ: WSGIEnvironment) -> bool:
        """Whether somebody asks with GET for a page below ``name``, and the portal has nothing there."""
        return (
            name not in self._rooms
            and not self._none_is_open
            and environ.get("REQUEST_METHOD") == "GET"
            and "json" not in environ.get("HTTP_ACCEPT", "")
        )

    def answer(
        self, snapshot: Snapshot, tenant: Tenant, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer with the page; the tenant's scope is open."""
        kept: dict[tuple[int, str, bool], _Answer] = snapshot.remember("pages not found", dict)
        gzip = _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
        key = (tenant.id, self._language(tenant, environ), gzip)
        found = kept.get(key)
        if found is None:
            found = self._draw(environ, gzip=gzip)
            if found.status.startswith("404") and len(kept) < MOST and not _is_personal(found):
                kept[key] = found
        start_response(found.status, list(found.headers))
        return [found.body]

    def _language(self, tenant: Tenant, environ: WSGIEnvironment) -> str:
        """Return the language that `lumbung.web.i18n.language` would find for this request."""
        if "HTTP_COOKIE" not in environ:
            return tenant.languages[0]
        visit = self._portal.session_interface.open_session(self._portal, self._portal.request_class(environ))
        chosen = visit.get(COOKIE_FREE_KEY) if visit else None
        return chosen if chosen in tenant.languages else tenant.languages[0]

    def _draw(self, environ: WSGIEnvironment, *, gzip: bool) -> _Answer:
        asked = {**environ, "HTTP_ACCEPT_ENCODING": "gzip" if gzip else ""}
        drawn = Response.from_app(self._portal_wsgi, asked, buffered=True)
        return _Answer(drawn.status, drawn.headers.to_wsgi_list(), drawn.get_data())


def _takes_gzip(accepted: str) -> bool:
    return accepted.startswith("gzip,") or parse_accept_header(accepted).quality("gzip") > 0


def _is_personal(answer: _Answer) -> bool:
    return any(name.lower() == "set-cookie" for name, _value in answer.headers)
