"""A foreign application that really answers, a keeper that says where, and browsers that go between hosts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from lumbung.identity.person import Person
from lumbung.instances import asking
from lumbung.testing import TestHouse
from lumbung.testing.house import HouseClient
from lumbung.web.house import sid_cookie

HOST, PORTAL = "http://antrian_kota.sumbawa.localhost".replace("_", "-"), "http://sumbawa.localhost"
NAME = "antrian_kota"

RULES = """
[process]
stack = "command"
command = ["run"]
deny = ["/simpanan"]
[[permissions]]
name = "antrian_kota.serve"
title = { id = "Melayani", en = "Serve" }
[[permissions]]
name = "antrian_kota.manage"
title = { id = "Mengelola", en = "Manage" }
[[roles]]
name = "petugas"
title = { id = "Petugas", en = "Officer" }
permissions = ["antrian_kota.serve"]
[[access]]
path = "/"
rule = "public"
[[access]]
path = "/warga"
rule = "signed_in"
[[access]]
path = "/loket"
rule = "antrian_kota.serve"
[[access]]
path = "/loket/layar"
rule = "public"
[[access]]
path = "/adm"
rule = "closed"
"""
HEADER = """
[sign_in]
way = "header"
header = "X-Siapa"
roles = { admin = "antrian_kota.manage", petugas = "antrian_kota.serve" }
"""


class Keeper:
    """What the keeper would say, and what it was asked."""

    def __init__(self, at: str) -> None:
        self.answer: dict[str, Any] = {"state": "running", "at": at}
        self.asked: list[dict[str, Any]] = []

    def ask(self, _settings: object, *, timeout: float = 5.0, **question: Any) -> dict[str, Any]:
        self.asked.append(question)
        return dict(self.answer)


@pytest.fixture
def app_at() -> Iterator[str]:
    """An application that tells in JSON what it was told; every answer sets cookies of its own."""

    class Echo(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            told = {"path": self.path, "headers": dict(self.headers), "body": self.rfile.read(length).decode()}
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Set-Cookie", "PHPSESSID=abc; Path=/loket; Domain=.sumbawa.localhost; HttpOnly")
            self.send_header("Set-Cookie", "lumbung_app=forged; Path=/")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_given: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def keeper(app_at: str, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    """A keeper that says that everything runs."""
    keeper = Keeper(app_at)
    monkeypatch.setattr(asking, "ask", keeper.ask)
    return keeper


@pytest.fixture
def foreign(gift: Any, keeper: Keeper) -> Callable[..., None]:
    """Return a function that gives the application to tenants, with more in its manifest."""

    def give(more: str = "", tenants: tuple[str, ...] = ("sumbawa",), name: str = NAME) -> None:
        rules = (RULES + more).replace(NAME, name)
        gift(name, init="", hooks=(), plain='runtime = "process"', more=rules, tenants=tenants)

    return give


class Browser(HouseClient):
    """A browser that goes where it is led, from host to host."""

    def __init__(self, house: TestHouse) -> None:
        super().__init__(house, "antrian-kota.sumbawa.localhost")
        self.house = house

    def sign_in(self, person: Person) -> str:
        token = self.house.token("sumbawa", person)
        self.set_cookie(sid_cookie(self.house.kernel), token, domain="sumbawa.localhost")
        return token

    def go(self, address: str, **kwargs: Any) -> TestResponse:
        parts = urlsplit(address)
        base = f"{parts.scheme}://{parts.netloc}" if parts.netloc else HOST
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return self.get(path, base_url=base, **kwargs)

    def follow(self, address: str) -> list[TestResponse]:
        """Ask for a page and go on to where it leads, at most eight times; return every answer."""
        answers = [self.go(address)]
        while answers[-1].status_code in (302, 303) and len(answers) < 9:
            answers.append(self.go(urljoin_of(answers[-1])))
        return answers

    def visit(self) -> str | None:
        cookie = self.get_cookie("lumbung_app", domain="antrian-kota.sumbawa.localhost")
        return cookie.value if cookie else None


def urljoin_of(answer: TestResponse) -> str:
    from urllib.parse import urljoin

    return urljoin(answer.request.url, answer.headers["Location"])


@pytest.fixture
def siti(house: TestHouse) -> Person:
    """A citizen of sumbawa."""
    return house.person("sumbawa", "siti@contoh.id", name="Siti Aminah")


@pytest.fixture
def browser(house: TestHouse) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(house)
