"""Connections to an application: over TCP, a Unix socket or TLS, one for each request."""

from __future__ import annotations

import http.client
import socket
import ssl
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit


class _Answer(http.client.HTTPResponse):
    """An answer, past the early hints that may come first."""

    def _read_status(self) -> tuple[str, int, str]:
        found: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
        while found[1] in (102, 103):
            http.client.parse_headers(self.fp)
            found = super()._read_status()  # type: ignore[misc]
        return found


class _Line(http.client.HTTPConnection):
    response_class = _Answer


class _SecureLine(http.client.HTTPSConnection):
    response_class = _Answer


class _UnixLine(_Line):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def line_to(at: str | Path, timeout: float) -> http.client.HTTPConnection:
    """Return a connection, not made yet, to ``127.0.0.1:4711``, a socket's path or an ``http(s)://`` address."""
    place = str(at)
    if place.startswith("/"):
        return _UnixLine(place, timeout)
    parts = urlsplit(place if "://" in place else f"http://{place}")
    if parts.scheme == "https":
        return _SecureLine(parts.hostname or "", parts.port, timeout=timeout, context=_trusted())
    return _Line(parts.hostname or "", parts.port, timeout=timeout)


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()
