"""Handing a request to an application that runs as a process of its own or elsewhere, and its answer to the visitor.

Both ways in pieces: a file of a gigabyte passes through a few blocks of memory. One request is one connection: it
costs a fraction of what the application's answer costs (`bench/proxy.py`), and no application has to be trusted with
keeping connections apart.
"""

from __future__ import annotations

import http.client
import logging
import re
import select
import socket
import ssl
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes, urlsplit

from werkzeug.wsgi import ClosingIterator

from lumbung.errors import LumbungError
from lumbung.runtimes.bar import Strip, admit, inject
from lumbung.runtimes.proxy_headers import (
    HOP_BY_HOP,
    Headers,
    get,
    public_origin,
    response_headers,
    status_line,
    without,
)
from lumbung.runtimes.proxy_lines import line_to
from lumbung.runtimes.rewriting import ADDRESSES, KINDS, Rewriter, kind_of, unpacked

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

BLOCK = 64 * 1024
BODILESS = (204, 304)

_REFUSED_METHODS = ("CONNECT", "TRACE")  # TRACE would show the visitor what we tell the application about them
_NO_SEGMENT = re.compile(r"[\x00-\x1f\x7f\\]|(?:^|/)\.\.?(?:/|$)")
_AS_IT_STANDS = "/:@!$&'()*+,;=-._~%?[]|^`{}\"<>"
_WEBSOCKET = """<!doctype html>
<html lang="id"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sambungan langsung tidak tersedia</title>
<h1>Sambungan langsung (WebSocket) tidak tersedia</h1>
<p>Bagian aplikasi ini memerlukan nginx di depan Lumbung. Petugas dapat membuat pengaturannya dengan
<code>lumbung deploy render</code>.</p>
<p lang="en">This part of the application needs a live connection (WebSocket), which works with nginx in front of
Lumbung: <code>lumbung deploy render</code> writes its configuration.</p>
"""


@dataclass(frozen=True)
class Timeouts:
    """Seconds to wait: for a connection, and for the next byte of either side."""

    connect: float = 2.0
    silence: float = 60.0


DEFAULT = Timeouts()


class Unreachable(LumbungError):
    """Nobody listens there. Nothing was sent, the request's body is untouched: it can be tried again elsewhere."""


class NoAnswer(LumbungError):
    """It took the request and gave no answer that can be read. ``silent``: it said nothing for too long (504)."""

    silent = False


class BrokenOff(LumbungError):
    """It stopped in the midst of its answer; the visitor's connection has to be cut, for headers have gone out."""


def forward(
    environ: WSGIEnvironment,
    start_response: StartResponse,
    *,
    at: str | Path,
    headers: Headers,
    rewrite: Rewriter | None = None,
    bar: Strip | None = None,
    on_answer: Callable[[int, Headers], None] | None = None,
    on_fault: Callable[[str], None] | None = None,
    timeouts: Timeouts = DEFAULT,
    ours: bool = False,
) -> Iterable[bytes]:
    """Hand a request to the application and return its answer, piece by piece.

    ``at`` is ``127.0.0.1:4711``, the path of a Unix socket, or an ``http(s)://`` address, whose path comes first.
    ``headers`` are those of `proxy_headers.request_headers`. ``bar`` is put into whole pages (`bar.strip_for`;
    give it for documents only, `bar.is_wanted`). ``on_answer(status, headers)`` may change the headers before they go
    out; ``on_fault`` hears of an answer that breaks off. ``ours``: it is a process of the platform, whose cookies and
    headers are left as they are.

    Raises `Unreachable` and `NoAnswer` before ``start_response`` was called; `BrokenOff` comes out of the iteration.
    """
    refused = _refused(environ)
    if refused:
        return _say(start_response, *refused)
    line = _connect(at, timeouts)
    try:
        _send_head(line, environ, _path(at) + target_of(environ), _asked(headers, rewrite=rewrite, bar=bar))
        if not _send_body(line, environ):
            line.close()
            return _say(start_response, "400 Bad Request", "Kiriman ini terputus. / The request broke off.")
        answer = line.getresponse()
        if answer.status < 200:
            raise http.client.UnknownProtocol(f"status {answer.status}")
    except (OSError, http.client.HTTPException) as error:
        line.close()
        raise _no_answer(error) from error
    except BaseException:
        line.close()
        raise
    try:
        return _pass_on(environ, start_response, line, answer, rewrite, bar, on_answer, on_fault, ours)
    except BaseException:
        line.close()
        raise


def _refused(environ: WSGIEnvironment) -> tuple[str, str] | None:
    if environ.get("HTTP_UPGRADE", "").strip().lower() == "websocket":
        return "501 Not Implemented", _WEBSOCKET
    if environ["REQUEST_METHOD"] in _REFUSED_METHODS:
        return "405 Method Not Allowed", "Cara meminta ini tidak diteruskan. / This method is not passed on."
    if _NO_SEGMENT.search(environ.get("PATH_INFO", "")):
        return "400 Bad Request", "Alamat ini tidak dapat dibaca. / The address cannot be read."
    return None


def _say(start_response: StartResponse, status: str, text: str) -> Iterable[bytes]:
    body = text.encode()
    kind = "text/html" if text.startswith("<") else "text/plain"
    headers = [("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(status, [*headers, ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")])
    return [body]


def target_of(environ: WSGIEnvironment) -> str:
    """Return path and query as the application gets them: as the visitor wrote them, where that is the path judged.

    The gate judged ``PATH_INFO``. A raw address that means another path (or has a prefix taken off) is written anew.
    """
    path = environ.get("PATH_INFO", "") or "/"
    raw = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "").partition("#")[0].partition("?")[0]
    if environ.get("SCRIPT_NAME") or unquote_to_bytes(raw.encode("latin-1")) != path.encode("latin-1"):
        raw = quote(path.encode("latin-1"), safe="/:@!$&'()*+,;=-._~")
    query = environ.get("QUERY_STRING", "")
    target = raw + (f"?{query}" if query else "")
    return quote(target.encode("latin-1"), safe=_AS_IT_STANDS)


def _asked(headers: Headers, *, rewrite: Rewriter | None, bar: Strip | None) -> Headers:
    """Ask for what can be read: not packed, or (for what is no page) packed as we can unpack it."""
    if bar is not None:  # a page that was kept without this bar, or with another one, is not good any more
        dropped = ("accept-encoding", "if-none-match", "if-modified-since", "if-range", "range")
        return [*without(headers, *dropped), ("Accept-Encoding", "identity")]
    if rewrite is None:
        return headers
    packed = "gzip" if "gzip" in get(headers, "accept-encoding").lower() else "identity"
    return [*without(headers, "accept-encoding"), ("Accept-Encoding", packed)]


def _connect(at: str | Path, timeouts: Timeouts) -> http.client.HTTPConnection:
    line = line_to(at, timeouts.connect)
    try:
        line.connect()
    except OSError as error:
        line.close()
        raise Unreachable("Nobody listens at %(at)s: %(reason)s", at=str(at), reason=_words(error)) from error
    line.sock.settimeout(timeouts.silence)
    return line


def _path(at: str | Path) -> str:
    place = str(at)
    return urlsplit(place).path.rstrip("/") if "://" in place else ""


def _send_head(line: http.client.HTTPConnection, environ: WSGIEnvironment, target: str, headers: Headers) -> None:
    line.putrequest(environ["REQUEST_METHOD"], target, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        line.putheader(name, value)
    line.putheader("Connection", "close")
    length = environ.get("CONTENT_LENGTH")
    if _is_chunked(environ):
        line.putheader("Transfer-Encoding", "chunked")
    elif length not in (None, ""):
        line.putheader("Content-Length", str(int(length)))
    line.endheaders()


def _is_chunked(environ: WSGIEnvironment) -> bool:
    return "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()


def _send_body(line: http.client.HTTPConnection, environ: WSGIEnvironment) -> bool:
    """Send the request's body as it comes, until the application refuses it. False when the visitor left.

    What an application says while it is still being sent to is its answer when it is a refusal (413 mostly).
    """
    body, chunked = environ["wsgi.input"], _is_chunked(environ)
    left = 0 if chunked else int(environ.get("CONTENT_LENGTH") or 0)
    while chunked or left:
        block = _read(body, BLOCK if chunked else min(BLOCK, left))
        if not block:
            break
        left -= 0 if chunked else len(block)
        try:
            if _is_refused(line.sock):
                return True
            line.send(b"%x\r\n%b\r\n" % (len(block), block) if chunked else block)
        except (BrokenPipeError, ConnectionResetError):
            return True  # it does not read on; perhaps it said why
    if chunked:
        with suppress(BrokenPipeError, ConnectionResetError):
            line.send(b"0\r\n\r\n")
    return left == 0


def _read(body: Any, size: int) -> bytes:
    try:
        data: bytes = body.read(size)
    except OSError:  # a visitor whose connection is gone
        return b""
    return data


def _is_refused(sock: socket.socket) -> bool:
    """Whether the application has answered already, with a status that says it wants no more."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    if isinstance(sock, ssl.SSLSocket) or not waiting.poll(0):
        return False
    seen = sock.recv(16, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    return not seen or re.match(rb"HTTP/1\.[01] [345]", seen) is not None


def _no_answer(error: Exception) -> NoAnswer:
    made = NoAnswer("The application gave no answer: %(reason)s", reason=_words(error))
    made.silent = isinstance(error, TimeoutError)
    return made


def _words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _pass_on(
    environ: WSGIEnvironment,
    start_response: StartResponse,
    line: http.client.HTTPConnection,
    answer: http.client.HTTPResponse,
    rewrite: Rewriter | None,
    bar: Strip | None,
    on_answer: Callable[[int, Headers], None] | None,
    on_fault: Callable[[str], None] | None,
    ours: bool,
) -> Iterable[bytes]:
    status, given = answer.status, answer.getheaders()
    https = environ["wsgi.url_scheme"] == "https"
    headers = (
        list(without(given, *HOP_BY_HOP))
        if ours
        else response_headers(given, https=https, rewrite=rewrite.header if rewrite else None, addresses=ADDRESSES)
    )
    change = _Change.of(status, headers, rewrite, bar)
    has_body = environ["REQUEST_METHOD"] != "HEAD" and status not in BODILESS
    headers = list(without(headers, "content-length"))
    if change:
        headers, change = change.announced(headers, public_origin(environ))
    elif environ["REQUEST_METHOD"] == "HEAD" and get(given, "content-length").isdigit():
        headers.append(("Content-Length", get(given, "content-length")))
    elif has_body and answer.length is not None:
        headers.append(("Content-Length", str(answer.length)))
    if on_answer:
        on_answer(status, headers)
    start_response(status_line(status, answer.reason), headers)
    if not has_body:
        line.close()
        return []
    pieces = _pieces(answer)
    if change:
        pieces = change.body(pieces)

    def done() -> None:
        answer.close()
        line.close()

    return ClosingIterator(_watched(pieces, on_fault, done), [done])


@dataclass(frozen=True)
class _Change:
    """What is done to the body of an answer: unpacked, addresses replaced, the bar put in (``html``)."""

    coding: str
    rewrite: Rewriter | None
    bar: Strip | None
    html: str = ""

    @classmethod
    def of(cls, status: int, headers: Headers, rewrite: Rewriter | None, bar: Strip | None) -> _Change | None:
        kind, coding = kind_of(get(headers, "content-type")), get(headers, "content-encoding").lower()
        coding = "" if coding == "identity" else coding.removeprefix("x-")
        is_download = get(headers, "content-disposition").lower().startswith("attachment")
        if status in (206, *BODILESS) or is_download or coding not in ("", "gzip", "deflate"):
            return None
        takes_bar = bar is not None and status == 200 and kind == "text/html"
        if not takes_bar and (rewrite is None or kind not in KINDS):
            return None
        return cls(coding, rewrite if kind in KINDS else None, bar if takes_bar else None)

    def announced(self, headers: Headers, public: str) -> tuple[Headers, _Change]:
        """Return the headers of the changed answer: no tag that promises the same bytes, no coding that is gone."""
        made = list(without(headers, "content-encoding", "accept-ranges", "content-md5", "digest", "etag"))
        if self.bar:
            made, html = admit(made, public, self.bar)
            return made, replace(self, html=html)
        tag = get(headers, "etag")
        if tag:
            made.append(("ETag", tag if tag.startswith("W/") else f"W/{tag}"))
        return made, self

    def body(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the changed body."""
        if self.coding:
            pieces = unpacked(pieces, self.coding)
        if self.rewrite:
            pieces = self.rewrite.body(pieces)
        return inject(pieces, self.html) if self.bar else pieces


def _pieces(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield an answer's body as it comes in; raises `http.client.IncompleteRead` when it ends too early."""
    while piece := answer.read1(BLOCK):
        yield piece
    if answer.length:
        raise http.client.IncompleteRead(b"", answer.length)


def _watched(
    pieces: Iterator[bytes], on_fault: Callable[[str], None] | None, done: Callable[[], None]
) -> Iterator[bytes]:
    try:
        yield from pieces
    except (OSError, EOFError, ValueError, zlib.error, http.client.HTTPException) as error:
        reason = _words(error)
        logger.warning("an application broke off its answer: %s", reason)
        if on_fault:
            on_fault(reason)
        raise BrokenOff("The application broke off its answer: %(reason)s", reason=reason) from error
    finally:
        done()
