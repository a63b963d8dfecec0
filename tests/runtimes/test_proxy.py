"""Requests reach a foreign application, answers the visitor: in pieces, and without what is not theirs to say."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, EnvironBuilder, TestResponse, run_wsgi_app

from lumbung.runtimes.bar import Strip
from lumbung.runtimes.proxy import BrokenOff, NoAnswer, Timeouts, Unreachable, forward
from lumbung.runtimes.proxy_headers import confined, request_headers, response_headers
from lumbung.runtimes.rewriting import Rewriter

PUBLIC = "https://antrian.sumbawa.go.id"
MB = 1024 * 1024


class Echo(BaseHTTPRequestHandler):
    """Says what it was asked; ``/status/N``, ``/file``, ``/page`` and ``/large`` answer as they are called."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        taken = self.chunks() if "Transfer-Encoding" in self.headers else self.count(length)
        place = self.path.partition("?")[0]
        if place == "/large":
            return self.large()
        kind, status, body, more = "application/json", 200, b"", []
        if place.startswith("/status/"):
            status = int(place.removeprefix("/status/"))
            more = [("Location", "http://localhost:4711/baru?x=1")]
        elif place == "/page":
            kind = "text/html; charset=utf-8"
            body = b"<html><body><a href='http://localhost:4711/a'>a</a>" + b" " * 300 + b"</body></html>"
            if "gzip" in self.headers.get("Accept-Encoding", "") or "packed" in self.path:
                body, more = gzip.compress(body, mtime=0), [("Content-Encoding", "gzip")]
            more = [*more, ("ETag", '"1"')]
        elif place == "/file":
            kind, body, more = "text/plain", b"0123456789", [("Accept-Ranges", "bytes")]
            if self.headers.get("Range") == "bytes=2-4":
                status, body, more = 206, b"234", [("Content-Range", "bytes 2-4/10")]
        else:
            told = {"method": self.command, "path": self.path, "headers": list(self.headers.items()), "taken": taken}
            body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in [*more, ("X-Powered-By", "PHP/5.6"), ("X-Own", "ya")]:
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_HEAD = answer  # noqa: N815

    def count(self, length: int) -> int:
        left = length
        while left and (block := self.rfile.read(min(left, 65536))):
            left -= len(block)
        return length - left

    def chunks(self) -> int:
        taken = 0
        while size := int(self.rfile.readline(), 16):
            taken += self.count(size)
            self.rfile.readline()
        self.rfile.readline()
        return taken

    def large(self) -> None:
        self.send_response(200)
        self.end_headers()  # as long as it likes: it ends with the connection
        block = b"x" * MB
        for _ in range(200):
            self.wfile.write(block)
        self.close_connection = True

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def app() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def raw() -> Iterator[Any]:
    """Give a server that answers one connection with the given bytes, after reading the head of the request."""
    made: list[tuple[socket.socket, threading.Thread]] = []

    def serve(*pieces: bytes, linger: float = 0.0, family: Any = None, path: str = "") -> str:
        listening = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        listening.bind(path or ("127.0.0.1", 0))
        listening.listen()

        def work() -> None:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            with line:
                seen = b""
                while b"\r\n\r\n" not in seen:
                    seen += line.recv(65536)
                for piece in pieces:
                    line.sendall(piece)
                if linger:
                    line.settimeout(linger)
                    try:
                        while line.recv(65536):
                            pass
                    except OSError:
                        pass

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        made.append((listening, thread))
        return path or f"127.0.0.1:{listening.getsockname()[1]}"

    yield serve
    for listening, thread in made:
        thread.join(10)
        listening.close()


def ask(at: str | Path, path: str = "/", *, base: str = PUBLIC, options: Any = None, **request: Any) -> TestResponse:
    def wsgi(environ: Any, start_response: Any) -> Any:
        headers = request_headers(environ, sign_in_header="X-Masuk", more=[("X-Masuk", "token")])
        return forward(environ, start_response, at=at, headers=headers, **(options or {}))

    return Client(wsgi, use_cookies=False).open(path, base_url=base, buffered=True, **request)


def heard(answer: TestResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.json["headers"]}


def test_the_application_hears_who_asks_from_the_platform_alone(app: str) -> None:
    lies = {
        "X-Masuk": "raja",
        "X_Masuk": "raja",
        "X.Masuk": "raja",
        "X-Lumbung-Identity": "raja",
        "X_Lumbung_Person": "raja",
        "Remote-User": "raja",
        "X-Remote-User": "raja",
        "X-Forwarded-User": "raja",
        "X-Forwarded-Email": "raja",
        "X-Auth-Request-Email": "raja",
        "X-Authenticated-Userid": "raja",
        "X-Forwarded-For": "9.9.9.9",
        "X-Forwarded-Host": "jahat.example",
        "Forwarded": "for=9.9.9.9",
        "X-Real-IP": "9.9.9.9",
        "Client-IP": "9.9.9.9",
        "X-Original-URL": "/admin",
        "Proxy": "jahat.example",
        "Connection": "close, X-Sehari",
        "X-Sehari": "1",
        "TE": "trailers",
        "Expect": "100-continue",
        "Accept-Language": "id",
    }
    cookies = "lumbung_sid=1; PHPSESSID=a; lumbung_app=2; __Host-lumbung=3; lumbung=4; b=c"
    answer = ask(
        app,
        "/a%2Fb/%C3%A9?q=a%20b&c=%2F",
        base="https://antrian.sumbawa.go.id:8443",
        headers={**lies, "Cookie": cookies},
        environ_base={"REMOTE_ADDR": "10.1.2.3"},
    )
    assert answer.json["path"] == "/a%2Fb/%C3%A9?q=a%20b&c=%2F"
    assert {name: value for name, value in heard(answer).items() if name != "user-agent"} == {
        "host": "antrian.sumbawa.go.id:8443",
        "accept-language": "id",
        "cookie": "PHPSESSID=a; b=c",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "antrian.sumbawa.go.id:8443",
        "x-forwarded-port": "8443",
        "x-forwarded-for": "10.1.2.3",
        "x-real-ip": "10.1.2.3",
        "x-masuk": "token",
        "connection": "close",
    }


def test_an_application_elsewhere_is_asked_under_its_own_name() -> None:
    environ = EnvironBuilder("/", base_url=PUBLIC, headers={"Origin": PUBLIC, "Referer": f"{PUBLIC}/a"}).get_environ()
    headers = dict(request_headers(environ, remote="https://jauh.go.id"))
    assert (headers["Host"], headers["Origin"]) == ("jauh.go.id", "https://jauh.go.id")
    assert (headers["Referer"], headers["X-Forwarded-Host"]) == ("https://jauh.go.id/a", "antrian.sumbawa.go.id")


def test_what_it_answers_reaches_no_further_than_its_host() -> None:
    given = [
        ("Content-Type", "text/html"),
        ("Connection", "X-Lokal"),
        ("X-Lokal", "1"),
        ("Server", "Apache/2.2"),
        ("X-Powered-By", "PHP/5.6"),
        ("Alt-Svc", 'h3=":443"'),
        ("X-Accel-Redirect", "/etc"),
        ("X-Sendfile", "/etc/passwd"),
        ("Strict-Transport-Security", "max-age=9; includeSubDomains; preload"),
        ("Clear-Site-Data", '"*"'),
        ("Bad Name", "x"),
        ("X-Folded", "a\r\n b"),
        ("Set-Cookie", "a=1; Domain=.sumbawa.go.id; path=/"),
        ("Set-Cookie", "b=2"),
        ("Set-Cookie", "lumbung_app=3"),
    ]
    assert response_headers(given, https=True) == [
        ("Content-Type", "text/html"),
        ("Strict-Transport-Security", "max-age=9"),
        ("Clear-Site-Data", '"cache", "storage"'),
        ("Set-Cookie", "a=1; path=/; Secure; SameSite=Lax"),
        ("Set-Cookie", "b=2; Secure; SameSite=Lax"),
    ]


@pytest.mark.parametrize(
    ("cookie", "https", "wanted"),
    [
        ("a=1; SameSite=None; Secure", True, "a=1; SameSite=None; Secure"),
        ("a=1; SameSite=None; Secure; HttpOnly", False, "a=1; SameSite=Lax; HttpOnly"),
        ("__Host-a=1; Secure; Path=/", False, "__Host-a=1; Secure; Path=/; SameSite=Lax"),
        (
            "a=b=c; expires=Wed, 09 Jun 2027 10:18:14 GMT",
            False,
            "a=b=c; expires=Wed, 09 Jun 2027 10:18:14 GMT; SameSite=Lax",
        ),
        ("LUMBUNG=1", False, None),
        ("__Host-lumbung-device=1; Secure", True, None),
        ("=lumbung_sid=1", False, None),
        ("lumbung_sid", False, None),
    ],
)
def test_a_cookie_is_confined(cookie: str, https: bool, wanted: str | None) -> None:
    assert confined(cookie, https=https) == wanted


@pytest.mark.parametrize("status", [204, 304, 302, 404, 500])
def test_every_status_passes(app: str, status: int) -> None:
    answer = ask(app, f"/status/{status}")
    assert (answer.status_code, answer.data, answer.headers["X-Own"]) == (status, b"", "ya")
    assert "X-Powered-By" not in answer.headers


def test_heads_and_ranges_pass(app: str) -> None:
    head = ask(app, "/file", method="HEAD")
    assert (head.data, head.headers["Content-Length"]) == (b"", "10")
    part = ask(app, "/file", headers={"Range": "bytes=2-4"}, options={"rewrite": Rewriter(PUBLIC)})
    assert (part.status_code, part.data, part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")


def test_a_page_gets_the_bar_and_the_public_address(app: str) -> None:
    told: list[Any] = []
    options = {
        "rewrite": Rewriter(PUBLIC, inner=["127.0.0.1:4711"], on_rewrite=lambda *what: told.append(what)),
        "bar": Strip("[BAR]", "https://sumbawa.go.id"),
    }
    for path in ("/page", "/page?packed"):
        answer = ask(app, path, options=options, headers={"Accept-Encoding": "gzip, br", "If-None-Match": '"1"'})
        assert answer.text.startswith("<html><body>[BAR]<script ")
        assert f"<a href='{PUBLIC}/a'>" in answer.text
        assert not {"ETag", "Content-Encoding", "Content-Length"} & set(answer.headers.keys())
    answer = ask(app, "/page", options={"rewrite": options["rewrite"]}, headers={"Accept-Encoding": "gzip"})
    assert f"<a href='{PUBLIC}/a'>" in answer.text and answer.headers["ETag"] == 'W/"1"'
    assert ask(app, "/status/302", options=options).headers["Location"] == f"{PUBLIC}/baru?x=1"
    assert told == [("body", "http://localhost:4711", PUBLIC), ("location", "http://localhost:4711", PUBLIC)]


def test_the_gate_sees_an_answer_before_the_visitor(app: str) -> None:
    def on_answer(status: int, headers: list[tuple[str, str]]) -> None:
        headers.append(("X-Seen", str(status)))

    assert ask(app, "/status/404", options={"on_answer": on_answer}).headers["X-Seen"] == "404"


class Upload:
    """A body of so many bytes that nobody has in memory; it can break off."""

    def __init__(self, size: int, *, ends: bool = True) -> None:
        self.left, self.ends, self.asked = size, ends, 0

    def read(self, size: int = -1) -> bytes:
        assert 0 <= size <= 64 * 1024, "read whole"
        self.asked += 1
        if not self.left and not self.ends:
            raise ConnectionResetError
        piece = b"y" * min(size, self.left)
        self.left -= len(piece)
        return piece


def send(at: str, body: Upload, *, path: str = "/", **environ: Any) -> tuple[str, bytes]:
    made = EnvironBuilder(path, method="POST", base_url=PUBLIC).get_environ()
    made = {**made, "wsgi.input": body, **environ}
    answer, status, _headers = run_wsgi_app(
        lambda given, start: forward(given, start, at=at, headers=request_headers(given)), made, buffered=False
    )
    return status, b"".join(answer)


def test_200_mb_pass_both_ways_in_a_few_blocks(app: str) -> None:
    size = 200 * MB
    made = EnvironBuilder("/large", base_url=PUBLIC).get_environ()
    tracemalloc.start()
    try:
        status, told = send(app, Upload(size), CONTENT_LENGTH=str(size))
        assert (status, json.loads(told)["taken"]) == ("200 OK", size)
        assert tracemalloc.get_traced_memory()[1] < 6 * MB
        tracemalloc.reset_peak()
        headers = request_headers(made)
        answer, _status, _headers = run_wsgi_app(
            lambda given, start: forward(given, start, at=app, headers=headers), made
        )
        assert sum(map(len, answer)) == size
        assert tracemalloc.get_traced_memory()[1] < 6 * MB
    finally:
        tracemalloc.stop()


def test_a_chunked_upload_stays_chunked(app: str) -> None:
    status, told = send(app, Upload(300_000), HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="")
    assert (status, json.loads(told)["taken"]) == ("200 OK", 300_000)


def test_an_upload_that_breaks_off_is_not_passed_for_a_whole_one(app: str) -> None:
    assert send(app, Upload(10, ends=False), CONTENT_LENGTH="1000")[0] == "400 Bad Request"


def test_a_refusal_during_an_upload_ends_it_and_is_shown(raw: Any) -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nbesar"
    body = Upload(500 * MB)
    assert send(raw(refusal, linger=5), body, CONTENT_LENGTH=str(500 * MB)) == ("413 Too Large", b"besar")
    assert body.left > 400 * MB


def test_hints_that_come_first_are_not_the_answer(raw: Any) -> None:
    at = raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200\r\nX-A: \xc3\x85\r\n\r\nisi")
    answer = ask(at)
    assert (answer.status, answer.text, answer.headers["X-A"]) == ("200 OK", "isi", "\xc3\x85")


def test_a_unix_socket_will_do(raw: Any, tmp_path: Path) -> None:
    place = str(tmp_path / "app.sock")
    with pytest.raises(Unreachable):
        ask(place)
    raw(b"HTTP/1.0 200 OK\r\n\r\nhalo", path=place)
    assert ask(place).text == "halo"


def test_pieces_arrive_as_they_are_sent(raw: Any) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nsat\r\n"
    at = raw(head, linger=5)  # says no more for five seconds
    environ = EnvironBuilder("/", base_url=PUBLIC).get_environ()
    begun = time.monotonic()
    answer = forward(environ, lambda *_: None, at=at, headers=request_headers(environ))  # type: ignore[arg-type]
    assert next(iter(answer)) == b"sat"
    assert time.monotonic() - begun < 4
    answer.close()  # type: ignore[attr-defined]


def test_nobody_listening_is_told_before_anything_is_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening
        body = Upload(10)
        with pytest.raises(Unreachable, match="Nobody listens"):
            send(f"127.0.0.1:{taken.getsockname()[1]}", body, CONTENT_LENGTH="10")
        assert body.asked == 0


@pytest.mark.parametrize(
    "said", [b"", b"what?\r\n\r\n", b"HTTP/1.1 101 Switching\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: 1\r\nY"]
)
def test_no_answer_that_can_be_read_is_a_fault_without_a_page(raw: Any, said: bytes) -> None:
    if said.endswith(b"Y"):
        assert ask(raw(said)).status_code == 200  # a head that was cut short still says something
        return
    with pytest.raises(NoAnswer) as error:
        ask(raw(said))
    assert not error.value.silent


def test_silence_ends_by_the_clock(raw: Any) -> None:
    with pytest.raises(NoAnswer) as error:
        ask(raw(linger=5), options={"timeouts": Timeouts(silence=0.2)})
    assert error.value.silent


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhal\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nContent-Encoding: gzip\r\n\r\n"
        + gzip.compress(b"a" * 99, mtime=0)[:-4],
    ],
)
def test_an_answer_that_breaks_off_is_cut_and_is_the_application_s_fault(raw: Any, answer: bytes) -> None:
    faults: list[str] = []
    with pytest.raises(BrokenOff):
        ask(raw(answer), options={"on_fault": faults.append, "rewrite": Rewriter(PUBLIC)})
    assert len(faults) == 1 and faults[0]


def test_what_a_proxy_must_not_pass_on_is_refused(app: str) -> None:
    live = ask(app, headers={"Upgrade": "websocket", "Connection": "Upgrade"})
    assert live.status_code == 501 and "nginx" in live.text and live.mimetype == "text/html"
    assert ask(app, method="TRACE").status_code == 405
    for path in ("/a/../admin", "/a/%2e%2e/admin", "/a\\..\\b", "/%00"):
        assert ask(app, path).status_code == 400, path


GUNICORN = """
from lumbung.runtimes.proxy import forward
from lumbung.runtimes.proxy_headers import request_headers
def application(environ, start_response):
    return forward(environ, start_response, at={at!r}, headers=request_headers(environ))
"""


def test_under_the_real_server_a_chunked_upload_passes_and_a_cut_is_seen(app: str, raw: Any, tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "whole.py").write_text(GUNICORN.format(at=app))
    (tmp_path / "cut.py").write_text(GUNICORN.format(at=raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal")))
    places, running = {}, []
    try:
        for name in ("whole", "cut"):
            places[name] = tmp_path / f"{name}.sock"
            command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "--threads", "2", "--log-level", "critical"]
            command += ["--no-control-socket", "-b", f"unix:{places[name]}", f"{name}:application"]
            running.append(subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL))
        lines = {name: _line(place) for name, place in places.items()}
        lines["whole"].request(
            "POST", "/", body=iter([b"a" * 70_000] * 3), headers={"Host": "a.b"}, encode_chunked=True
        )
        assert json.loads(lines["whole"].getresponse().read())["taken"] == 210_000
        lines["cut"].request("GET", "/", headers={"Host": "a.b"})
        with pytest.raises(http.client.IncompleteRead):
            lines["cut"].getresponse().read()
        for line in lines.values():
            line.close()
    finally:
        for one in running:
            one.terminate()
            one.wait(20)


def _line(place: Path) -> http.client.HTTPConnection:
    end = time.monotonic() + 20
    while True:
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(20)
        try:
            line.connect(str(place))
        except OSError:
            line.close()
            assert time.monotonic() < end, "gunicorn does not come up"
            threading.Event().wait(0.05)
            continue
        made = http.client.HTTPConnection("localhost")
        made.sock = line
        return made
