"""What a first visit costs on a slow network, measured by the browser: bytes on the wire, and nothing that jumps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from lumbung.testing import TestHouse

FIRST_PAGE = 200_000  # bytes of the citizen's first page, all of it, on a cold cache; 159 000 when written
DESK_PAGE = 230_000  # bytes of the desk's, which also has Tabler's scripts; 187 000 when written
SECOND_PAGE = 8_000  # bytes of the same page again: the page itself
SHIFT = 0.02
HEAD = 900  # bytes of an answer's headers, at most

# What a browser fetches beside the page, where its log does not show it: the service worker and what that keeps.
BESIDE = ("/sw.js", "/luring", "/_static/js/offline.js", "/manifest.webmanifest", "/_tenant/ikon-192.png")

WATCH_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


class Wire:
    """What went over the wire for a page, by path: asked of the browser's own network log."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._log = page.context.new_cdp_session(page)
        self._names: dict[str, str] = {}
        self.bytes: dict[str, int] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self._log.on("Network.responseReceived", self._note)
        self._log.on("Network.loadingFinished", self._add)
        self._log.send("Network.enable")

    def _note(self, event: dict[str, Any]) -> None:
        address = urlsplit(event["response"]["url"])
        name = address.path + (f"?{address.query}" if address.query else "")
        self._names[event["requestId"]] = name
        headers = event["response"]["headers"]
        self.headers[name] = {title.lower(): value for title, value in headers.items()}

    def _add(self, event: dict[str, Any]) -> None:
        name = self._names.get(event["requestId"])
        if name is not None:
            self.bytes[name] = self.bytes.get(name, 0) + int(event["encodedDataLength"])

    def load(self, address: str) -> int:
        """Open an address, wait until nothing more is asked for, and return how many bytes that took."""
        self.bytes.clear()
        self._page.goto(address, wait_until="networkidle")
        return sum(self.bytes.values())


@pytest.fixture
def port(house: TestHouse) -> Iterator[int]:
    with house.serving() as port:
        yield port


def test_a_citizen_s_first_page_fits_a_slow_network_and_nothing_jumps(
    house: TestHouse, port: int, new_page: Any
) -> None:
    page = new_page(width=390, height=844, service_workers="block")
    page.add_init_script(WATCH_SHIFTS)
    wire = Wire(page)
    home = f"http://sumbawa.localhost:{port}/"
    first = wire.load(home)
    assert first + beside(house) < FIRST_PAGE, sorted(wire.bytes.items(), key=lambda one: -one[1])
    assert page.evaluate("window.shifted") < SHIFT
    files = [name for name in wire.bytes if name.startswith("/_static/")]
    assert files
    for name in files:
        assert "?v=" in name, name
        assert wire.headers[name]["cache-control"] == "public, max-age=31536000, immutable", name
    for name in files:
        if name.partition("?")[0].endswith((".css", ".js", "icons.svg")) and wire.bytes[name] > 1500:
            assert wire.headers[name]["content-encoding"] == "gzip", name
    again = wire.load(home)
    assert again < SECOND_PAGE, wire.bytes
    assert page.evaluate("window.shifted") < SHIFT


def beside(house: TestHouse) -> int:
    spent = 0
    for path in BESIDE:
        with house.client().get(path, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.status_code == 200, path
            spent += len(answer.data) + HEAD
    return spent


def test_the_desk_fits_too(house: TestHouse, port: int, new_page: Any) -> None:
    person = house.person("sumbawa", "admin@a.id", roles=["admin"])
    page = new_page(service_workers="block")
    page.add_init_script(WATCH_SHIFTS)
    token = house.token("sumbawa", person)
    page.context.add_cookies([{"name": "lumbung_sid", "value": token, "url": f"http://sumbawa.localhost:{port}"}])
    wire = Wire(page)
    spent = wire.load(f"http://sumbawa.localhost:{port}/admin/")
    assert "/masuk" not in page.url
    assert spent < DESK_PAGE, sorted(wire.bytes.items(), key=lambda one: -one[1])
    assert page.evaluate("window.shifted") < SHIFT
