"""The whole way in a real browser, whose rules on forms and redirects no test client has."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from lumbung.identity.person import Person
from lumbung.testing import TestHouse
from lumbung.testing.openid import register


class _Application(http.server.BaseHTTPRequestHandler):
    """Another site, which leads on to its home as applications do: a second redirect after ours."""

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        self.send_response(302 if path.path == "/cb" else 200)
        if path.path == "/cb":
            self.send_header("Location", f"/rumah?{path.query}")
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>aplikasi</title>")

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def application() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Application)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/cb"
    server.shutdown()
    thread.join()
    server.server_close()


def test_person_signs_in_allows_and_comes_back(
    house: TestHouse, siti: Person, issuer: str, application: str, new_page: Any
) -> None:
    app = register(house, redirect_uris=[application])
    start = f"{issuer}/openid/authorize?" + urlencode(app.query())
    page = new_page()

    def came_home() -> dict[str, list[str]]:
        page.wait_for_url("**/rumah?*")
        return parse_qs(urlsplit(page.url).query)

    def sign_in() -> None:
        page.fill("input[name=email]", siti.email)
        page.fill("input[name=password]", "kuda laut biru")
        page.click("main form button[type=submit]")

    page.goto(start)
    sign_in()
    page.click("button[value=deny]")
    assert came_home()["error"] == ["access_denied"]
    page.goto(start)
    page.click("button[value=allow]")
    back = came_home()
    assert app.exchange(back["code"][0]).status_code == 200 and back["iss"] == [issuer]
    page.goto(start)
    assert came_home()["code"] != back["code"], "allowed before: straight there"
    page.context.clear_cookies()
    page.goto(start)
    sign_in()
    assert came_home()["code"], "straight from the form of signing in, which may lead to no other site"
    page.goto(f"{issuer}/openid/logout?" + urlencode({"client_id": app.client_id}))
    page.click("main form button[type=submit]")
    page.wait_for_selector("text=Anda sudah keluar")
