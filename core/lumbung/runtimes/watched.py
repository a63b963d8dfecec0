"""Taking a plugin's time: how long a page of it took, without what the visitor's own upload took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.exceptions import HTTPException

from lumbung.context import Scope
from lumbung.registry.at_work import Slot
from lumbung.registry.faults import record_fault

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Upload:
    """The body of a request. While it is waited for, the plugin's clock stands still."""

    def __init__(self, stream: Any, slot: Slot) -> None:
        self._stream = stream
        self._slot = slot

    def read(self, *size: int) -> bytes:
        """Read as the stream does."""
        return self._timed(self._stream.read, *size)

    def readline(self, *size: int) -> bytes:
        """Read a line as the stream does."""
        return self._timed(self._stream.readline, *size)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _timed(self, read: Any, *size: int) -> bytes:
        slot, begun = self._slot, time.monotonic()
        slot.waiting_since = begun
        try:
            data: bytes = read(*size)
        finally:
            slot.waiting_since = None
            if slot.since is not None:
                slot.since += time.monotonic() - begun
        return data


def await_upload(environ: WSGIEnvironment, slot: Slot) -> None:
    """Put an `Upload` in the place of a request's body, where it has one."""
    if environ.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in environ:
        environ["wsgi.input"] = Upload(environ["wsgi.input"], slot)


def answered(slot: Slot, scope: Scope, plugin: str, app: Flask, environ: WSGIEnvironment) -> None:
    """Stop the clock: the answer's headers are known. What took too long is a fault."""
    stop_clock(slot, scope, plugin, lambda: _page(app, environ))


def stop_clock(slot: Slot, scope: Scope, plugin: str, page: Callable[[], str]) -> None:
    """As `answered`, for a page that is named by ``page``."""
    since, slot.since = slot.since, None
    if since is None:
        return
    took = time.monotonic() - since
    if took > scope.kernel.settings.slow_request_seconds and not slot.reported:
        record_fault(plugin, page(), f"{took:.1f} s", kind="slow")


def _page(app: Flask, environ: WSGIEnvironment) -> str:
    """Name the page by its rule: its address may hold somebody's number, and there are as many as one likes."""
    try:
        rule, _values = app.create_url_adapter(app.request_class(environ)).match(return_rule=True)  # type: ignore[union-attr]
    except HTTPException:
        return str(environ["REQUEST_METHOD"])
    return f"{environ['REQUEST_METHOD']} {environ.get('SCRIPT_NAME', '')}{rule.rule}"
