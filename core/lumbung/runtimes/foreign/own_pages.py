"""The platform's own pages on an application's host: all that is said there instead of the application's answer.

They are the portal's pages; their files come from below ``/_lumbung/``, since every other path is the application's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flask import make_response, render_template
from werkzeug.wrappers import Response

from lumbung.errors import LumbungError
from lumbung.registry.foreign import OWN_PATHS
from lumbung.registry.state import InstalledPlugin
from lumbung.runtimes.foreign.hosts import portal_origin
from lumbung.runtimes.foreign.own_words import words_of
from lumbung.runtimes.proxy_headers import Headers
from lumbung.web import alone, refusals
from lumbung.web.house import HouseApp
from lumbung.web.i18n import language
from lumbung.web.security import HEADERS, add_headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Answering = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]

FURNITURE = tuple(f"{OWN_PATHS}{room}/" for room in ("_static", "_tenant"))

_FILES = re.compile(rb'="/(_static|_tenant)/')
_LINKS = re.compile(rb'\b(href|action|src)="/(?!/|_lumbung/)')
_APP = re.compile(rb'<script[^>]*/js/pwa\.js[^>]*></script>|<link rel="manifest"[^>]*>')  # of the portal's, not of ours


class OwnPages:
    """Draws pages with the portal's furniture, for hosts that are not its own."""

    def __init__(self, portal: HouseApp, portal_wsgi: WSGIApplication) -> None:
        self._portal = portal
        self._portal_wsgi = portal_wsgi

    def say(
        self,
        kind: str,
        code: int,
        plugin: InstalledPlugin,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        *,
        headers: Iterable[tuple[str, str]] = (),
        refusal: LumbungError | str = "",
        back: str = "/",
    ) -> Iterable[bytes]:
        """Answer with one of the pages of `own_words`, or its sentence for a program. ``back`` is where one was,
        ``refusal`` says why where the words do not know.
        """

        def draw(asked: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            with self._portal.request_context(asked):
                said = refusals.words_of(refusal) if isinstance(refusal, LumbungError) else refusal
                words = words_of(kind, plugin.manifest.title(language()), said)
                if alone.wants_json(str(asked.get("HTTP_ACCEPT", ""))):
                    body = alone.as_json(code, words.lead)
                    answer = make_response(body, code, {"Content-Type": "application/json"})
                else:
                    page = render_template("lumbung/foreign.html", words=words, code=code, back=back)
                    answer = make_response(page, code)
                answer.headers["Cache-Control"] = "no-store"
                return add_headers(answer, personal=False)(asked, start)

        return self.borrowed(draw, environ, start_response, headers=headers)

    def borrowed(
        self,
        answering: Answering,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        *,
        headers: Iterable[tuple[str, str]] = (),
    ) -> Iterable[bytes]:
        """Answer with a page of the portal's, its links leading to the portal and its files coming from here."""
        drawn = Response.from_app(answering, _as_a_stranger(environ), buffered=True)
        body = drawn.get_data()
        if drawn.mimetype == "text/html":
            origin = portal_origin(environ).encode("latin-1", "replace")
            body = _FILES.sub(rb'="/_lumbung/\1/', _APP.sub(b"", body))
            body = _LINKS.sub(lambda found: b'%b="%b/' % (found[1], origin), body)
        kept = [
            pair for pair in drawn.headers.to_wsgi_list() if pair[0].lower() not in ("content-length", "set-cookie")
        ]
        start_response(drawn.status, [*kept, ("Content-Length", str(len(body))), *headers])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def furniture(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer for a file of the portal's that one of these pages needs."""
        path = environ["PATH_INFO"].removeprefix(OWN_PATHS.rstrip("/"))
        return self._portal_wsgi({**_as_a_stranger(environ), "PATH_INFO": path}, start_response)


def redirect(start_response: StartResponse, target: str, headers: Iterable[tuple[str, str]] = ()) -> Iterable[bytes]:
    """Lead on to ``target``, for this once."""
    kept: Headers = [("Location", target), ("Content-Length", "0"), ("Cache-Control", "no-store"), *HEADERS.items()]
    start_response("302 Found", [*kept, *headers])
    return []


def _as_a_stranger(environ: WSGIEnvironment) -> WSGIEnvironment:
    """Return a request without cookies: those of the application's host mean nothing to the portal."""
    return {name: value for name, value in environ.items() if name not in ("HTTP_COOKIE", "HTTP_RANGE")}
