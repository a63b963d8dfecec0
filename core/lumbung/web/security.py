"""Headers and checks that every answer and every request of every room gets."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from flask import Request, Response
from werkzeug.exceptions import BadRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)

_NOT_UTF8 = "\ufffd"  # what a multipart form's bytes become that are no UTF-8, lone surrogates among them

FOR_EVER = "public, max-age=31536000, immutable"  # of an address that holds the hash of what it serves

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
}


class HouseResponse(Response):
    """An answer that ends with the headers in ``closing``, but for those that it has by itself.

    They are the same for every page and are appended as it leaves: put into ``headers`` one by one, each would be
    checked, copied and checked again (`docs/decisions/0030-what-a-request-costs.md`).
    """

    closing: tuple[tuple[str, str], ...] = ()

    def get_wsgi_response(self, environ: WSGIEnvironment) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """Return the body, the status and the headers, with what belongs at their end."""
        body, status, headers = super().get_wsgi_response(environ)
        named = {name.lower() for name, _value in headers}
        headers += [pair for pair in self.closing if pair[0].lower() not in named]
        return body, status, headers


@cache
def closing_headers(pictures_from: str | None = None) -> tuple[tuple[str, str], ...]:
    """Return the headers of every answer; ``pictures_from`` is another host whose pictures pages may show."""
    policy = CONTENT_SECURITY_POLICY
    if pictures_from:
        policy = policy.replace("img-src 'self'", f"img-src 'self' {pictures_from}")
    return tuple((HEADERS | {"Content-Security-Policy": policy}).items())


def add_headers(response: Response, *, personal: bool, pictures_from: str | None = None) -> Response:
    """Add what the browser must know; a page for somebody who is signed in is never kept by a cache.

    ``pictures_from`` is another host whose pictures pages may show: that of map tiles.
    """
    if isinstance(response, HouseResponse):
        response.closing = closing_headers(pictures_from)
    else:
        for name, value in closing_headers(pictures_from):
            response.headers.setdefault(name, value)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-store" if personal else "private, no-cache"
    vary_by(response, "Cookie")
    return response


def vary_by(response: Response, header: str) -> None:
    """Note that an answer depends on a header of the request."""
    known = response.headers.get("Vary")
    if not known:
        response.headers["Vary"] = header
    elif header.lower() not in known.lower():
        response.headers["Vary"] = f"{known}, {header}"


def refuse_unstorable_text(request: Request) -> None:
    """Refuse text that PostgreSQL cannot keep (NUL, lone surrogates) at the door, with 400 instead of a 500 later."""
    bare = _brings_nothing(request)
    for text in (request.path,) if bare else _texts(request):
        if "\x00" in text or not _is_unicode(text):
            raise BadRequest("Isian memuat karakter yang tidak dapat disimpan.")
    if bare:
        return
    for name, value in request.form.items(multi=True):
        if _NOT_UTF8 in name or _NOT_UTF8 in value:
            raise BadRequest("Isian memuat karakter yang tidak dapat disimpan.")


def _brings_nothing(request: Request) -> bool:
    """Whether a request has neither query nor body: the commonest, and there is no form to take apart."""
    given = request.environ
    return not (given.get("QUERY_STRING") or given.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" in given)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def _texts(request: Request) -> Iterable[str]:
    yield request.path
    for values in (request.args, request.form):
        for name, value in values.items(multi=True):
            yield name
            yield value
    for upload in request.files.values():
        yield upload.filename or ""
