"""The doctor asks applications that run elsewhere, as a visitor would."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

from lumbung.doctor.findings import Asked, Finding
from lumbung.doctor.remote import remote
from lumbung.testing import TestHouse


class _Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Fatal error" if self.path != "/sehat" else b"Selamat datang")

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


def ask(house: TestHouse, *, allowed: bool = True, quick: bool = False) -> list[Finding]:
    settings = house.settings.model_copy(update={"outgoing_private": ("127.0.0.1",) if allowed else ()})
    return list(remote(Asked(settings, house.kernel, house.urls, None, quick=quick)))


def test_an_application_elsewhere_is_asked_for_what_its_page_has_to_say(
    house: TestHouse, gift: Callable[..., Any]
) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Elsewhere)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        for name, path in (("sana", "/sehat"), ("sini", "/sakit")):
            more = f'[remote]\naddress = "{address}"\n[remote.health]\npath = "{path}"\nexpect = "Selamat"\n'
            gift(name, init="", hooks=(), plain='runtime = "remote"', more=more)
        good, bad = ask(house)
        assert (good.severity, bad.severity) == ("good", "bad")
        assert "sini tidak menjawab dengan baik" in bad.what.id
        assert ask(house, quick=True) == []
        assert {one.severity for one in ask(house, allowed=False)} == {"bad"}, "a private address is not asked unasked"
    finally:
        server.shutdown()
        server.server_close()
