"""An application that signs people in with OpenID Connect, as a test plays it: request by request, no network."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from werkzeug.test import TestResponse

from lumbung.bilingual import Bilingual
from lumbung.openid import clients
from lumbung.testing.house import HouseClient, TestHouse

CALLBACK = "https://perizinan.contoh.id/masuk/kembali"
AFTER = "https://perizinan.contoh.id/keluar"
ALL = ("openid", "profile", "email", "phone", "offline_access")


@dataclass
class App:
    """An application as our own tests play it, request by request."""

    house: TestHouse
    client_id: str
    secret: str | None
    tenant: str = "sumbawa"
    redirect_uri: str = CALLBACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(40))

    def query(self, **changed: Any) -> dict[str, str]:
        """Return a good authorization request, with parameters changed or (None) left out."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile",
            "state": "af0ifjsldkj",
            "nonce": "n-0S6_WzA2Mj",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        } | changed
        return {name: str(value) for name, value in asked.items() if value is not None}

    def authorize(self, browser: HouseClient, **changed: Any) -> TestResponse:
        """Send somebody to the provider."""
        return browser.get("/openid/authorize?" + urlencode(self.query(**changed)))

    def allow(self, browser: HouseClient, answer: str = "allow", **changed: Any) -> dict[str, str]:
        """Let somebody sign in and answer the question; return what came back to the application."""
        page = self.authorize(browser, **changed)
        if page.status_code == 302:
            return came_back(page)
        assert page.status_code == 200, page.get_data(as_text=True)
        return came_back(answered(browser, page, answer))

    def token(self, **form: Any) -> TestResponse:
        """Ask the token endpoint."""
        asked = {"client_id": self.client_id, "client_secret": self.secret} | form
        given = {name: value for name, value in asked.items() if value is not None}
        return self.house.client(self.tenant).post("/openid/token", data=given)

    def exchange(self, code: str, /, **changed: Any) -> TestResponse:
        """Give a code for tokens."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        return self.token(**(form | {"code_verifier": self.verifier} | changed))

    def refresh(self, token: str, /, **changed: Any) -> TestResponse:
        """Give a refresh token for others."""
        return self.token(**({"grant_type": "refresh_token", "refresh_token": token} | changed))

    def tokens(self, browser: HouseClient, scope: str = "openid profile offline_access") -> dict[str, Any]:
        """Go the whole way to tokens."""
        answer = self.exchange(self.allow(browser, scope=scope)["code"])
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return dict(answer.json or {})

    def userinfo(self, token: str, tenant: str | None = None) -> TestResponse:
        """Ask who somebody is."""
        client = self.house.client(tenant or self.tenant)
        return client.get("/openid/userinfo", headers={"Authorization": f"Bearer {token}"})


def answered(browser: HouseClient, page: TestResponse, answer: str) -> TestResponse:
    """Press a button of the page that asks."""
    text = page.get_data(as_text=True)
    action = re.search(r'action="([^"]*/openid/[^"]+)"', text)
    token = re.search(r'name="csrf_token" value="([^"]+)"', text[action.start() :] if action else text)
    assert action and token, text
    return browser.post(action[1].replace("&amp;", "&"), data={"csrf_token": token[1], "answer": answer})


def came_back(answer: TestResponse) -> dict[str, str]:
    """Return the parameters with which the browser is led back to the application."""
    target = answer.headers.get("Location") or answer.headers.get("Refresh", "").removeprefix("0; url=")
    assert target, answer.get_data(as_text=True)
    return dict(parse_qsl(urlsplit(target).query, keep_blank_values=True)) | {"": target.partition("?")[0]}


def register(house: TestHouse, tenant: str = "sumbawa", kind: str = "web", **described: Any) -> App:
    """Register an application, as an administrator does."""
    addresses = described.pop("redirect_uris", [CALLBACK])
    with house.scope(tenant) as scope:
        row, secret = clients.add(
            scope.session,
            name=Bilingual("Perizinan Daring", "Online Permits"),
            kind=kind,
            redirect_uris=addresses,
            post_logout_uris=[AFTER],
            scopes=described.pop("scopes", ALL),
            by="test",
        )
        return App(house, row.code, secret, tenant, addresses[0])
