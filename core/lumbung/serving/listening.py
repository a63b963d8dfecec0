"""The place where the site listens, and the question whether it answers there."""

from __future__ import annotations

import errno
import http.client
import socket
from collections.abc import Callable

from lumbung.errors import LumbungError

BACKLOG = 1024


def listen(address: str, port: int) -> socket.socket:
    """Return a socket that listens there, or say in one sentence why that cannot be."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise LumbungError(_why(error, address, port)) from error
    return listener


def _why(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {address} is in use by another program; stop it or set LUMBUNG_PORT."
    if error.errno == errno.EACCES:
        return f"Port {port} on {address} is reserved for root; set LUMBUNG_PORT to one above 1023."
    return f"This machine cannot listen on {address} ({error.strerror or error}); set LUMBUNG_BIND."


def readiness_probe(address: str, port: int) -> Callable[[], bool]:
    """Return a function that asks the site whether it is ready."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 asked, not bound

    def is_ready() -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=1)
        try:
            connection.request("GET", "/_health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return is_ready
