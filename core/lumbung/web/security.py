"""Headers and checks that every answer and every request of every room gets."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Request, Response
from werkzeug.exceptions import BadRequest

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


def add_headers(response: Response, *, personal: bool, pictures_from: str | None = None) -> Response:
    """Add what the browser must know; a page for somebody who is signed in is never kept by a cache.

    ``pictures_from`` is another host whose pictures pages may show: that of map tiles.
    """
    if pictures_from:
        policy = CONTENT_SECURITY_POLICY.replace("img-src 'self'", f"img-src 'self' {pictures_from}")
        response.headers.setdefault("Content-Security-Policy", policy)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-store" if personal else "private, no-cache"
    response.vary.add("Cookie")
    return response


def refuse_unstorable_text(request: Request) -> None:
    """Refuse text that PostgreSQL cannot keep (NUL, lone surrogates) at the door, with 400 instead of a 500 later."""
    for text in _texts(request):
        if "\x00" in text or not _is_unicode(text):
            raise BadRequest("Isian memuat karakter yang tidak dapat disimpan.")
    for name, value in request.form.items(multi=True):
        if _NOT_UTF8 in name or _NOT_UTF8 in value:
            raise BadRequest("Isian memuat karakter yang tidak dapat disimpan.")


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
