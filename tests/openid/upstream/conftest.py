"""A provider of identities that does what a test wants, honest or not, and a visitor who goes there and back."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from lumbung.bilingual import Bilingual
from lumbung.clock import utc_now
from lumbung.openid.upstream import discovery, services
from lumbung.openid.upstream.services import Wishes
from lumbung.testing import HouseClient, TestHouse

REFRESH = re.compile(r'<meta http-equiv="refresh" content="0; url=([^"]+)">')
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
SUBJECT = "u-1204"
_KEY = RSAKey.generate_key(2048)


class Provider(ThreadingHTTPServer):
    """A provider of OpenID Connect. What it says may be replaced piece by piece, to see what is believed."""

    def __init__(self) -> None:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.answer(self, {})

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                provider.answer(self, dict(parse_qsl(self.rfile.read(length).decode())))

            def log_message(self, *_words: object) -> None:
                return

        super().__init__(("127.0.0.1", 0), Handler)
        self.daemon_threads = True
        self.issuer = f"http://localhost:{self.server_address[1]}"
        self.client_id, self.client_secret = "sumbawa", "rahasia penyedia/:+"
        self.key, self.kid = _KEY, "satu"
        self.document: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.dropped: set[str] = set()
        self.header: dict[str, Any] = {}
        self.make_token: Callable[[dict[str, Any]], str] | None = None
        self.more_tokens: dict[str, Any] = {}
        self.userinfo: dict[str, Any] | None = None
        self.jwks: list[dict[str, Any]] | None = None
        self.replies: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_request: object) -> None:
        return

    def code_for(self, address: str) -> tuple[str, str]:
        """Say yes, as somebody at the provider's page: the code and the state."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == self.client_id
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return code, asked["state"]

    def answer(self, handler: BaseHTTPRequestHandler, form: dict[str, str]) -> None:
        path = urlsplit(handler.path).path
        self.asked.append(path)
        if path in self.replies:
            return self._send(handler, *self.replies[path])
        if path == "/.well-known/openid-configuration":
            return self._json(handler, self._discovery())
        if path == "/jwks":
            shown = [{**self.key.as_dict(private=False), "kid": self.kid, "use": "sig"}] if self.jwks is None else None
            return self._json(handler, {"keys": shown or self.jwks})
        if path == "/token":
            return self._token(handler, form)
        if path == "/userinfo" and handler.headers.get("Authorization") == "Bearer masuk":
            return self._json(handler, self.userinfo or {})
        return self._send(handler, 404, b"", {})

    def _discovery(self) -> dict[str, Any]:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?ui=id",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
            **({"userinfo_endpoint": f"{self.issuer}/userinfo"} if self.userinfo is not None else {}),
        }
        return {**told, **self.document}

    def _token(self, handler: BaseHTTPRequestHandler, form: dict[str, str]) -> None:
        pair = "rahasia+penyedia%2F%3A%2B".replace("+", "%20")
        expected = "Basic " + base64.b64encode(f"{self.client_id}:{pair}".encode()).decode()
        asked = self._codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(
            b"="
        )
        fits = asked and asked["code_challenge"] == challenge.decode() and asked["redirect_uri"] == form["redirect_uri"]
        if not asked or not fits or handler.headers.get("Authorization") != expected:
            return self._json(handler, {"error": "invalid_grant"}, 400)
        moment = int(utc_now().timestamp())
        claims = {
            "iss": self.issuer,
            "sub": SUBJECT,
            "aud": self.client_id,
            "exp": moment + 300,
            "iat": moment,
            "nonce": asked["nonce"],
            "name": "Siti Rahmah",
            "email": "siti@a.id",
            "email_verified": True,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if name not in self.dropped}
        token = self.make_token(claims) if self.make_token else self.signed(claims)
        self._json(handler, {"access_token": "masuk", "token_type": "Bearer", "id_token": token, **self.more_tokens})

    def signed(self, claims: dict[str, Any]) -> str:
        header = {"alg": "RS256", "kid": self.kid, **self.header}
        return jwt.encode(
            {k: v for k, v in header.items() if v is not None}, claims, self.key, algorithms=[header["alg"]]
        )

    def _json(self, handler: BaseHTTPRequestHandler, told: object, status: int = 200) -> None:
        self._send(handler, status, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def _send(self, handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)


class Traveller:
    """Somebody at a browser who signs in with a provider."""

    def __init__(self, house: TestHouse, client: HouseClient, provider: Provider) -> None:
        self.house, self.client, self.provider = house, client, provider

    def leave(self, target: str = "", *, to: str = "prov") -> str:
        """Press the button; return where the page leads."""
        answer = self.client.post_form(f"/masuk/dari/{to}", {"next": target}, page="/daftar")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return self.led_to(answer)

    @staticmethod
    def led_to(answer: TestResponse) -> str:
        found = REFRESH.search(answer.get_data(as_text=True))
        assert found, answer.get_data(as_text=True)
        return html.unescape(found[1])

    def come_back(self, *, to: str = "prov", **sent: str) -> TestResponse:
        """Come back with what a provider sent; send it on, as the page does."""
        page = self.client.get(f"/masuk/dari/{to}/kembali?{urlencode(sent)}")
        assert page.status_code == 200
        assert page.headers["Cache-Control"] == "private, no-store"
        form = {name: html.unescape(value) for name, value in HIDDEN.findall(page.get_data(as_text=True))}
        return self.client.post(f"/masuk/dari/{to}/kembali", data=form)

    def go(self, target: str = "") -> TestResponse:
        """Go there and back."""
        code, state = self.provider.code_for(self.leave(target))
        return self.come_back(code=code, state=state)

    @property
    def is_in(self) -> bool:
        """Whether they are signed in."""
        return self.client.get("/akun").status_code == 200


Trust = Callable[..., None]
Travel = Callable[..., Traveller]


@pytest.fixture(autouse=True)
def may_ask_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LUMBUNG_OUTGOING_PRIVATE", "localhost")
    discovery.forget_all()
    yield
    discovery.forget_all()


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.close()


@pytest.fixture
def trust(house: TestHouse, provider: Provider) -> Trust:
    """Return a function that writes the provider down for a tenant."""

    def write(tenant: str = "sumbawa", *, code: str = "prov", **more: Any) -> None:
        with house.scope(tenant) as scope:
            wishes = {
                "title": Bilingual("Masuk Provinsi", "Province ID"),
                "issuer": provider.issuer,
                "client_id": provider.client_id,
                "client_secret": provider.client_secret,
                **more,
            }
            services.add(scope.session, code, Wishes(**wishes), by="test")

    return write


@pytest.fixture
def travel(house: TestHouse, provider: Provider) -> Travel:
    """Return a function that makes a traveller, signed in when a person is given."""
    return lambda person=None, tenant="sumbawa": Traveller(house, house.client(tenant, person), provider)
