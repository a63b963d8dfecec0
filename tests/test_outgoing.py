"""Asking other servers: nobody leads us to our own machines, and nobody keeps us waiting."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lumbung.errors import ConfigurationError
from lumbung.outgoing import OutgoingFailed, OutgoingRefused, ask
from lumbung.settings import Settings, load_settings

Answerer = Callable[[BaseHTTPRequestHandler], None]
Serve = Callable[..., "Server"]
ANY = ".".join("0000")


class Server(ThreadingHTTPServer):
    """A server that answers as a test says, and remembers what it was asked."""

    def __init__(self, answerer: Answerer) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.stop = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.seen.append((self.command, self.path, dict(self.headers), body))
                answerer(self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_words: object) -> None:
                return

        super().__init__(("127.0.0.1", 0), Handler)
        self.daemon_threads = True
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def url(self, host: str = "localhost", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.server_address[1]}/jalan?a=1"

    def handle_error(self, *_request: object) -> None:
        return

    def close(self) -> None:
        self.stop.set()
        self.shutdown()
        self.server_close()


def answer(handler: BaseHTTPRequestHandler, body: bytes = b'{"a": 1}', status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def start(answerer: Answerer = answer) -> Server:
        servers.append(Server(answerer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, outgoing_private=("localhost",))


@pytest.fixture
def strict(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def names(monkeypatch: pytest.MonkeyPatch, *addresses: str, then: str | None = None) -> list[str]:
    """Have every name lead to these addresses; with ``then`` another one the second time."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *args: object, **more: object) -> list[tuple[object, ...]]:
        if host.replace(".", "").isdigit() or ":" in host:
            return real(host, port, *args, **more)  # type: ignore[arg-type, return-value]
        asked.append(host)
        given = [then] if then and len(asked) > 1 else addresses
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in given
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


class TestWhereWeGo:
    def test_a_listed_host_is_asked_with_its_name_and_form(self, serve: Serve, settings: Settings) -> None:
        server = serve()
        got = ask(settings, server.url(), method="POST", form={"code": "a b"}, headers={"Authorization": "Basic x"})
        assert (got.status, got.json()) == (200, {"a": 1})
        method, path, headers, body = server.seen[0]
        assert (method, path, body) == ("POST", "/jalan?a=1", b"code=a+b")
        assert headers["Host"] == f"localhost:{server.server_address[1]}"
        assert headers["Authorization"] == "Basic x"

    def test_an_unlisted_host_of_this_machine_hears_nothing(self, serve: Serve, strict: Settings) -> None:
        server = serve()
        for host in (
            "localhost",
            "127.0.0.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            ANY,
            "127.1",
            "2130706433",
            "0x7f.1",
        ):
            for scheme in ("http", "https"):
                with pytest.raises((OutgoingRefused, OutgoingFailed)):
                    ask(strict, server.url(host, scheme))
        assert server.seen == []

    @pytest.mark.parametrize(
        "address",
        [
            "10.0.0.5", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", ANY,
            "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1",
            "::ffff:10.0.0.5", "2002:0a00:0005::1", "64:ff9b::a00:5", "2001:0:a00:5:0:0:f5ff:fffa", "192.0.2.1",
        ],
    )  # fmt: skip
    def test_a_name_that_leads_inside_is_refused(
        self, address: str, strict: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names(monkeypatch, "93.184.216.34", address)
        with pytest.raises(OutgoingRefused, match="private network"):
            ask(strict, "https://masuk.example/")

    @pytest.mark.parametrize("address", ["169.254.169.254", "100.100.100.200", "fd00:ec2::254", ANY, "224.0.0.1"])
    def test_a_listed_host_does_not_lead_to_a_clouds_own_addresses(
        self, address: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names(monkeypatch, address)
        with pytest.raises(OutgoingRefused):
            ask(settings, "http://localhost/")

    def test_the_name_is_looked_up_once(
        self, serve: Serve, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = serve()
        asked = names(monkeypatch, "127.0.0.1", then="169.254.169.254")
        assert ask(settings, server.url()).status == 200
        assert asked == ["localhost"]

    def test_the_next_address_is_tried_when_one_is_silent(
        self, serve: Serve, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = serve()
        names(monkeypatch, "127.0.0.2", "127.0.0.1")
        assert ask(settings, server.url()).status == 200

    @pytest.mark.parametrize(
        "url",
        [
            "", "ftp://a.id/", "file:///etc/passwd", "gopher://a.id/", "//a.id/", "a.id", "https://", "https:///x",
            "https://a.id\\@b.id/", "https://a.id@b.id/", "https://a:b@a.id/", "https://a.id/#x", "https://a.id/\n",
            "https://a.id/ x", "https://a_b.id/", "https://bücher.id/", "https://a.id:99999/", "https://a.id:0/",
            "https://[::1/", "https://a..id/", "https://-a.id/", "https://a.id/" + "a" * 2000, "https://a.id/\x00",
            "http://a.id/", "HTTP://a.id",
        ],
    )  # fmt: skip
    def test_what_is_no_address_of_the_web_is_refused(self, url: str, strict: Settings) -> None:
        with pytest.raises(OutgoingRefused):
            ask(strict, url)

    def test_a_proxy_and_passwords_of_the_environment_are_not_used(
        self, serve: Serve, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        server, proxy = serve(), serve()
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.server_address[1]}")
        (tmp_path / "netrc").write_text("machine localhost login a password rahasia")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        assert ask(settings, server.url()).status == 200
        assert proxy.seen == []
        assert "Authorization" not in server.seen[0][2]


class TestWhatComesBack:
    def test_a_redirect_is_not_followed(self, serve: Serve, settings: Settings) -> None:
        inside = serve()
        server = serve(lambda handler: answer(handler, status=302, Location=inside.url()))
        with pytest.raises(OutgoingFailed, match="another address"):
            ask(settings, server.url())
        assert inside.seen == []

    def test_an_answer_without_end_is_not_read_to_its_end(self, serve: Serve, settings: Settings) -> None:
        sent = 0

        def flood(handler: BaseHTTPRequestHandler) -> None:
            nonlocal sent
            handler.send_response(200)
            handler.end_headers()
            for _ in range(10_000):
                handler.wfile.write(b"x" * 10_000)
                sent += 1

        with pytest.raises(OutgoingFailed, match="more than is read"):
            ask(settings, serve(flood).url(), largest=50_000)
        assert sent < 10_000

    @pytest.mark.parametrize("part", ["head", "body"])
    def test_a_server_that_trickles_is_cut_off(self, part: str, serve: Serve, settings: Settings) -> None:
        def trickle(handler: BaseHTTPRequestHandler) -> None:
            handler.wfile.write(b"HTTP/1.0 200 OK\r\n")
            handler.wfile.write(b"X: " if part == "head" else b"\r\n")
            while not server.stop.wait(0.02):
                handler.wfile.write(b"x")

        server = serve(trickle)
        start = monotonic()
        with pytest.raises(OutgoingFailed, match="in time"):
            ask(settings, server.url(), seconds=0.3)
        assert monotonic() - start < 3

    def test_what_is_no_http_no_json_or_not_there_is_told_in_a_sentence(self, serve: Serve, settings: Settings) -> None:
        with pytest.raises(OutgoingFailed, match="as a web server does"):
            ask(settings, serve(lambda handler: handler.wfile.write(b"SSH-2.0\r\n\r\n") and None).url())
        for body in (b"<html>", b"[" * 100_000, b"\xff"):
            got = ask(settings, serve(lambda handler, body=body: answer(handler, body)).url())
            with pytest.raises(OutgoingFailed, match="no JSON"):
                got.json()
        closed = serve()
        closed.close()
        with pytest.raises(OutgoingFailed, match="cannot be reached"):
            ask(settings, closed.url())

    def test_compressed_answers_stay_small(self, serve: Serve, settings: Settings) -> None:
        import gzip

        bomb = gzip.compress(b"x" * 5_000_000)
        server = serve(lambda handler: answer(handler, bomb, **{"Content-Encoding": "gzip"}))
        with pytest.raises(OutgoingFailed):
            ask(settings, server.url(), largest=100_000)


class TestCertificates:
    def test_only_the_certificate_of_the_name_counts(
        self, serve: Serve, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = certificate(tmp_path, "localhost")
        server = serve()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        with pytest.raises(OutgoingFailed, match="certificate"):
            ask(settings, server.url(scheme="https"))
        monkeypatch.setenv("SSL_CERT_FILE", str(path))  # as an authority in the store of the machine
        assert ask(settings, server.url(scheme="https")).status == 200
        other = Settings(home=tmp_path, outgoing_private=("lain.localhost",))
        names(monkeypatch, "127.0.0.1")
        with pytest.raises(OutgoingFailed, match="certificate"):
            ask(other, server.url("lain.localhost", "https"))


def certificate(folder: Path, host: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "tls.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_the_setting_takes_names_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LUMBUNG_HOME", str(tmp_path))
    monkeypatch.setenv("LUMBUNG_OUTGOING_PRIVATE", "id.provinsi.go.id, LOCALHOST")
    assert load_settings().outgoing_private == ("id.provinsi.go.id", "localhost")
    for wrong in ("https://id.go.id", "*.go.id", "10.0.0.0/8"):
        monkeypatch.setenv("LUMBUNG_OUTGOING_PRIVATE", wrong)
        with pytest.raises(ConfigurationError, match="outgoing_private"):
            load_settings()
