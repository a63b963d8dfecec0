"""Fewer bytes on the way: what is text goes out gzipped, to whoever says that they can read it.

Static files are packed once and kept, by path and state of the file. Pages are packed anew each time, and their
length is blurred by some random bytes in gzip's own header: an answer that holds a secret (a CSRF token) beside
what a visitor sent must not tell, by its length, when the two resemble each other (BREACH). See
`docs/decisions/0013-compression-and-the-offline-page.md`.
"""

from __future__ import annotations

import gzip
import io
import secrets
import zlib
from functools import lru_cache
from pathlib import Path

from flask import Request, Response

from lumbung.web.security import vary_by

SMALLEST = 1024  # bytes; below this, packing costs more than it saves
LARGEST_STATIC = 4 * 1024 * 1024
_BLUR = 100  # random bytes at most
_TEXT = frozenset(
    (
        "application/javascript",
        "application/json",
        "application/manifest+json",
        "application/xml",
        "image/svg+xml",
        "text/css",
        "text/csv",
        "text/html",
        "text/javascript",
        "text/plain",
        "text/xml",
    )
)


def pack(request: Request, response: Response, static_folder: str | None = None) -> Response:
    """Gzip an answer that gains by it; any other is returned as it is.

    ``static_folder`` is given when the answer is a file below it, named by the request. Streams, downloads, parts
    of a file and answers that are packed already are left alone.
    """
    if response.mimetype not in _TEXT or "Content-Encoding" in response.headers:
        return response
    vary_by(response, "Accept-Encoding")
    if response.status_code == 304:
        _weaken(response)  # the browser asked with the tag that it was given, and keeps this one
    if response.status_code in (204, 206, 304) or _is_short(response):
        return response
    if request.accept_encodings.quality("gzip") <= 0:
        return response
    if "no-transform" in response.headers.get("Cache-Control", ""):
        return response
    packed = _packed_file(static_folder, request) if static_folder else _packed_page(response)
    if packed is None:
        return response
    _replace_body(response, packed)
    return response


def gzip_blurred(data: bytes) -> bytes:
    """Return ``data`` gzipped, with a file name of random length in the header that unpacking throws away."""
    out = io.BytesIO()
    with gzip.GzipFile("a" * secrets.randbelow(_BLUR), "wb", 6, out, mtime=0) as packer:
        packer.write(data)
    return out.getvalue()


def _is_short(response: Response) -> bool:
    """Whether an answer's length is known to be too small, before anything is taken apart."""
    return response.is_sequence and (response.calculate_content_length() or 0) < SMALLEST


def _packed_page(response: Response) -> bytes | None:
    if response.is_streamed or response.direct_passthrough:
        return None
    data = response.get_data()
    return gzip_blurred(data) if len(data) >= SMALLEST else None


def _packed_file(folder: str, request: Request) -> bytes | None:
    path = Path(folder) / (request.view_args or {})["filename"]  # Flask has served it: it lies below the folder
    state = path.stat()
    if not SMALLEST <= state.st_size <= LARGEST_STATIC:
        return None
    return _gzip_file(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=512)
def _gzip_file(path: Path, _changed: int, _size: int) -> bytes:
    return gzip.compress(path.read_bytes(), zlib.Z_BEST_COMPRESSION, mtime=0)


def _replace_body(response: Response, packed: bytes) -> None:
    plain = response.response
    response.direct_passthrough = False
    response.set_data(packed)
    if callable(close := getattr(plain, "close", None)):
        close()  # the file that will not be sent
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    _weaken(response)


def _weaken(response: Response) -> None:
    """The same page, in other bytes: a tag may no longer promise that each byte is the same."""
    tag, weak = response.get_etag()
    if tag and not weak:
        response.set_etag(tag, weak=True)
