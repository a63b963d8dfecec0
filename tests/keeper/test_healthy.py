"""A page is judged by what it says, not by its status alone; nothing but that page is asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lumbung.keeper.healthy import Visit
from lumbung.registry.foreign import Health

Answer = tuple[int, dict[str, str], bytes]
PUBLIC = "https://antrian.sumbawa.localhost:8443"


class App:
    """An application whose answer is a function of path, Host header and cookie."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None, str | None, str | None]] = []
        self.answer: Callable[[str, str | None], Answer] = lambda path, cookie: (200, {}, b"ready")
        app = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = self.headers
                app.asked.append((self.path, headers["Host"], headers["X-Forwarded-Proto"], headers["Cookie"]))
                status, more, body = app.answer(self.path, headers["Cookie"])
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)

    def complaint(self, *, expect: str | None = "ready", path: str = "/masuk") -> str | None:
        found = Visit(self.server.server_port, PUBLIC, Health(path=path, expect=expect)).complaint()
        return None if found is None else str(found)


@pytest.fixture
def app() -> Iterator[App]:
    made = App()
    threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_it_is_asked_as_a_visitor_of_its_public_address_asks(app: App) -> None:
    assert app.complaint() is None
    assert app.asked == [("/masuk", "antrian.sumbawa.localhost:8443", "https", None)]


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (500, b"ready", "Its page /masuk answers with status 500."),
        (200, b"<b>Fatal error</b>: ready", 'Its page /masuk says "Fatal error".'),
        (200, b"<h4>A PHP Error was encountered</h4> ready", 'Its page /masuk says "A PHP Error was encountered".'),
        (200, b"Traceback (most recent call last) ready", 'says "Traceback'),
        (200, b"selamat datang", 'Its page /masuk does not say "ready".'),
        (403, b"ready", None),
    ],
)
def test_page_is_judged_by_what_it_says(app: App, status: int, body: bytes, why: str | None) -> None:
    app.answer = lambda *_: (status, {}, body)
    found = app.complaint()
    assert found is None if why is None else why in str(found)


def test_redirect_is_followed_on_the_same_application_with_its_cookies(app: App) -> None:
    where = {"Location": "http://antrian.sumbawa.localhost/masuk?a=1", "Set-Cookie": "sid=a%20b; Path=/; HttpOnly"}
    app.answer = lambda path, cookie: (200, {}, b"ready") if cookie == "sid=a%20b" else (302, where, b"")
    assert app.complaint() is None
    assert [path for path, *_ in app.asked] == ["/masuk", "/masuk?a=1"]


def test_redirect_in_a_circle_is_told_after_a_few_steps(app: App) -> None:
    app.answer = lambda path, _: (302, {"Location": path + "x"}, b"")
    assert app.complaint() == "Its page /masuk leads round in a circle."
    assert len(app.asked) == 6
    app.answer = lambda path, _: (302, {"Location": path}, b"")
    assert app.complaint() == "Its page /masuk leads round in a circle."


def test_redirect_to_another_site_is_not_followed_and_serves_unless_a_text_is_expected(app: App) -> None:
    app.answer = lambda *_: (302, {"Location": "https://lama.example/"}, b"")
    assert app.complaint(expect=None) is None
    assert app.complaint() == "Its page /masuk leads to https://lama.example/."


def test_what_speaks_no_http_is_a_complaint_and_no_error(app: App) -> None:
    app.answer = lambda *_: (302, {"Location": "http://[x"}, b"")
    assert "It does not answer as a web server does" in str(app.complaint())
    app.server.shutdown()
    app.server.server_close()
    assert app.complaint() == "Nobody listens on its port."
