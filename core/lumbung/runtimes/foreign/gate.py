"""The gate for another server in front: nginx asks here (``auth_request``) before it hands a request on by itself.

It understands 204, 401 and 403 alone. All else is left to it as 403: the page that belongs to it is drawn when nginx
hands the same request to the platform (``error_page 401 403 = @lumbung``), which judges it once more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlencode

from lumbung.registry.foreign import OWN_PATHS
from lumbung.runtimes.foreign import access
from lumbung.runtimes.foreign.identity import Signer, take_out_forged
from lumbung.runtimes.foreign.noting import note
from lumbung.runtimes.foreign.own_words import SIGN_IN
from lumbung.runtimes.foreign.places import Places
from lumbung.runtimes.foreign.visitors import Asked, visitor_of
from lumbung.runtimes.proxy_headers import Headers, without_ours

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

GATE = f"{OWN_PATHS}gate"

_WORDS = {204: "No Content", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


class Gate:
    """Judges requests that another server hands on."""

    def __init__(self, places: Places, signer: Signer) -> None:
        self._places = places
        self._signer = signer

    def answer(self, asked: Asked, start_response: StartResponse) -> Iterable[bytes]:
        """Answer nginx: 204 with headers to pass on, 401 with where to sign in, or 403.

        ``X-Lumbung-At`` is where the application listens, ``X-Lumbung-Cookie`` are its own cookies, ``X-Lumbung-Token``
        is the signed header. ``X-Lumbung-Status`` is what the visitor is to see. Where no proxy is trusted nobody is
        answered: 404.
        """
        environ = asked.environ
        if not asked.scope.kernel.settings.trusted_proxies or asked.manifest.process is None:
            return say(start_response, 404)
        uri = str(environ.get("HTTP_X_ORIGINAL_URI", ""))
        method = str(environ.get("HTTP_X_ORIGINAL_METHOD", "GET")).upper()
        judged = Asked(asked.tenant, asked.plugin, asked.snapshot, asked.scope, _as_meant(environ, uri, method))
        take_out_forged(judged.environ, asked.manifest.sign_in.header)
        return self._judge(judged, uri, start_response)

    def _judge(self, asked: Asked, uri: str, start_response: StartResponse) -> Iterable[bytes]:
        try:
            path = access.path_of(asked.environ)
        except access.BadAddress:
            return say(start_response, 403, status=400)
        if not uri.startswith("/") or f"{path}/".startswith(OWN_PATHS):
            return say(start_response, 403, status=404)
        visitor = visitor_of(asked)
        query = asked.environ.get("QUERY_STRING", "")
        verdict = access.table_of(asked.plugin, asked.snapshot).judge(path, visitor.person, query)
        if verdict.way == "sign_in" or visitor.forgets:
            to = ("X-Lumbung-Sign-In", f"{SIGN_IN}?{urlencode({'kembali': uri})}")
            return say(start_response, 401, [to])
        if verdict.way != "in":
            return say(start_response, 403, status=404 if verdict.way == "absent" else 403)
        place = self._places.of(asked.instance)
        if place.at is None:
            return say(start_response, 403, status=503)
        asked.scope.person = visitor.person
        note(asked, None)
        return say(start_response, 204, self._to_pass_on(asked, place.at))

    def _to_pass_on(self, asked: Asked, at: str) -> Headers:
        headers = [("X-Lumbung-At", at), ("X-Lumbung-Cookie", without_ours(asked.environ.get("HTTP_COOKIE", "")))]
        person = asked.scope.person
        if person is not None and asked.manifest.sign_in.way == "header":
            token = self._signer.token(asked.scope, asked.plugin, person)
            headers.append(("X-Lumbung-Token", token or ""))
        return headers


def say(
    start_response: StartResponse, code: int, headers: Headers | None = None, *, status: int = 0
) -> Iterable[bytes]:
    """Answer nginx with a code it understands; ``status`` is what the visitor is to see."""
    told = [("X-Lumbung-Status", str(status or code)), ("Cache-Control", "no-store"), *(headers or [])]
    start_response(f"{code} {_WORDS[code]}", told if code == 204 else [*told, ("Content-Length", "0")])
    return []


def _as_meant(environ: WSGIEnvironment, uri: str, method: str) -> WSGIEnvironment:
    """Return the request that nginx asks about, as it would have come here itself."""
    raw, _, query = uri.partition("#")[0].partition("?")
    path = unquote_to_bytes(raw.encode("latin-1", "replace")).decode("latin-1")
    return {**environ, "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "RAW_URI": uri}
