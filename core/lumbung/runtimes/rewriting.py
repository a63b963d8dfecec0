"""Putting the public address in the place of others that an application writes: its inner one, http, a former domain.

Donated applications have their address in configuration, in code and in their data. What they answer is read as it
passes, and whole origins are replaced in the spelling they have there: plain, without scheme, escaped for JSON or for
a query. Relative addresses, by far the most, are not touched.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

Report = Callable[[str, str, str], None]

KINDS = frozenset(
    (
        "application/javascript",
        "application/json",
        "application/ld+json",
        "application/manifest+json",
        "application/rss+xml",
        "application/x-javascript",
        "application/xhtml+xml",
        "application/xml",
        "text/css",
        "text/html",
        "text/javascript",
        "text/xml",
    )
)
ADDRESSES = frozenset(("location", "content-location", "refresh", "link"))  # headers that hold some

_SECURE = {"http": "https", "https": "https", "ws": "wss", "wss": "wss"}
_PLAIN = {"http": "http", "https": "http", "ws": "ws", "wss": "ws"}
_AFTER = 3  # bytes after an address that decide whether it ends there
_NAME_GOES_ON = rb"(?![\w-]|\.\w|(?::|%3a)\d)"


class Rewriter:
    """Knows which origins become which. Made once for an application and an address of it, and used for each answer.

    ``public`` is what visitors use ("https://app.example.go.id"); ``inner`` names where the application listens
    ("127.0.0.1:4711"; localhost is added), ``old_hosts`` former addresses, without scheme and perhaps with a path.
    ``on_rewrite(kind, old, new)`` is told once of each address that was replaced; ``kind`` is "body" or the header.
    """

    def __init__(
        self,
        public: str,
        *,
        inner: Iterable[str] = (),
        old_hosts: Iterable[str] = (),
        on_rewrite: Report | None = None,
    ) -> None:
        parts = urlsplit(public)
        self.public = f"{parts.scheme}://{parts.netloc}"
        self._netloc = parts.netloc.lower()
        self._schemes = _SECURE if parts.scheme == "https" else _PLAIN
        self._on_rewrite = on_rewrite
        self._told: set[tuple[str, str]] = set()
        listening = [place for name in inner for place in (name.lower(), *_as_localhost(name.lower()))]
        old = dict.fromkeys([*listening, *(name.lower().rstrip("/") for name in old_hosts)])
        old.pop(self._netloc, None)
        bare = self._netloc.rpartition(":")[0] or self._netloc  # many write the host and forget the port
        self._own = list(dict.fromkeys((self._netloc, bare)))
        spelled = [form for place in (*old, *self._own) for form in _spellings(place)]
        spelled.sort(key=len, reverse=True)  # localhost/antrian before localhost
        self._hints = tuple(dict.fromkeys(place.partition("/")[0].partition(":")[0].encode() for place in old))
        self._own_hint = bare.encode()
        self._reach = max(map(len, spelled)) + len("https:%2f%2f") + len("%3a") + _AFTER
        self._pattern = re.compile(
            rb"(?:\b(https?|wss?)(:|%3a)|(?<![:\w]))(//|\\/\\/|%2f%2f)("
            + b"|".join(map(re.escape, spelled))
            + rb")"
            + _NAME_GOES_ON,
            re.IGNORECASE,
        )

    def header(self, name: str, value: str) -> str:
        """Return the value of a header with its addresses replaced."""
        return self._replaced(name.lower(), value.encode("latin-1")).decode("latin-1")

    def body(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield a body with its addresses replaced, also those that are cut in two between blocks.

        The last bytes of a block, fewer than a long address has, wait for the next block.
        """
        held, seen = b"", 0  # of what is held, the first `seen` bytes have gone out: what stands before may matter
        for block in blocks:
            held += block
            edge = len(held) - self._reach
            if edge <= seen:
                continue
            out, cut = self._until(held, seen, edge)
            if out:
                yield out
            seen = min(1, cut)
            held = held[cut - seen :]
        if len(held) > seen:
            yield self._until(held, seen, None)[0]

    def _replaced(self, kind: str, text: bytes) -> bytes:
        return self._until(text, 0, None, kind)[0]

    def _until(self, text: bytes, begin: int, edge: int | None, kind: str = "body") -> tuple[bytes, int]:
        """Return the text from ``begin`` with all addresses that begin before ``edge`` replaced, and where that ends.

        Looked for is only where one of the names occurs at all: that is found many times faster.
        """
        end = len(text) if edge is None else edge
        if not self._may_hold(text):
            return text[begin:end], end
        pieces, at = [], begin
        for found in self._pattern.finditer(text, begin):
            if found.start() >= end:
                break
            new = self._public_as(found)
            pieces += [text[at : found.start()], new]
            at = found.end()
            if new != found.group():
                self._tell(kind, found)
        cut = max(at, end)
        pieces.append(text[at:cut])
        return b"".join(pieces), cut

    def _may_hold(self, text: bytes) -> bool:
        low = text.lower()
        return self._own_hint in low or any(hint in low for hint in self._hints)

    def _public_as(self, found: re.Match[bytes]) -> bytes:
        """Return the public origin spelled as the one that was found."""
        scheme, colon, slashes, place = found.groups()
        netloc = self._netloc
        if slashes.lower() == b"%2f%2f":
            netloc = netloc.replace(":", "%3A")
        if scheme is None:
            return slashes + netloc.encode()
        new = self._schemes[scheme.decode().lower()]
        if place.decode().lower().replace("%3a", ":") == self._netloc and new == scheme.decode().lower():
            return found.group()
        return new.encode() + colon + slashes + netloc.encode()

    def _tell(self, kind: str, found: re.Match[bytes]) -> None:
        old = found.group().decode("latin-1").replace("\\/", "/").lower().replace("%3a", ":").replace("%2f", "/")
        if self._on_rewrite and (kind, old) not in self._told and len(self._told) < 200:
            self._told.add((kind, old))
            self._on_rewrite(kind, old, self.public)


def _as_localhost(place: str) -> Iterator[str]:
    for name in ("127.0.0.1:", "0.0.0.0:", "[::1]:"):
        if place.startswith(name):
            yield "localhost:" + place.removeprefix(name)


def _spellings(place: str) -> Iterator[bytes]:
    yield place.encode()
    if "/" in place:
        yield place.replace("/", "\\/").encode()
    if "/" in place or ":" in place:
        yield place.replace("/", "%2f").replace(":", "%3a").encode()


def kind_of(content_type: str) -> str:
    """Return what a Content-Type says without its parameters; empty for a charset that is not written in bytes."""
    kind, _, rest = content_type.lower().partition(";")
    return "" if "utf-16" in rest or "utf-32" in rest else kind.strip()


def unpacked(blocks: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """Yield a body that came gzipped or deflated as it was before, in pieces of bounded size.

    Raises `zlib.error` when it is not what it says, `EOFError` when it ends too early.
    """
    machine: zlib._Decompress | None = None
    for block in blocks:
        if machine is None:
            raw = coding == "deflate" and (block[0] & 0x0F != 8 or block[0] >> 4 > 7)
            machine = zlib.decompressobj(-zlib.MAX_WBITS if raw else zlib.MAX_WBITS | 32)
        while block:
            piece = machine.decompress(block, 65536)
            block = machine.unconsumed_tail
            if piece:
                yield piece
    if machine is not None:
        last = machine.flush()
        if last:
            yield last
        if not machine.eof:
            raise EOFError("the packed body ends too early")
