"""The provider, request by request: what it gives, to whom, and that a refusal leaves nothing behind."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import func, select

from lumbung.clock import utc_now
from lumbung.database.roles import DatabaseUrls
from lumbung.identity.person import Person
from lumbung.openid.models import CodeRow, ConsentRow
from lumbung.settings import Settings
from lumbung.testing import HouseClient, TestHouse
from lumbung.testing.clocks import frozen_clock
from lumbung.testing.openid import CALLBACK, App, came_back, register


def later(**passed: float) -> AbstractContextManager[None]:
    return frozen_clock(utc_now() + timedelta(**passed))


def encoded(given: dict[str, str]) -> str:
    return urlencode(given, errors="surrogatepass")


def count(house: TestHouse, model: Any, tenant: str = "sumbawa") -> int:
    with house.scope(tenant) as scope:
        return scope.session.scalar(select(func.count()).select_from(model)) or 0


def test_code_is_asked_for_once_and_brings_what_was_allowed(
    app: App, house: TestHouse, browser: HouseClient, siti: Person
) -> None:
    page = app.authorize(browser, scope="openid profile email phone offline_access roles unheard-of")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "Perizinan Daring" in text and "perizinan.contoh.id" in text and "Alamat surel" in text
    assert "Peran Anda" not in text, "roles are a plugin's"
    back = app.allow(browser, scope="openid profile email offline_access")
    base = f"http://sumbawa.localhost:{house.settings.public_port}"
    assert back[""] == CALLBACK and back["state"] == "af0ifjsldkj" and back["iss"] == base
    answer = app.exchange(back["code"])
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json or {}
    assert set(told["scope"].split()) == {"openid", "profile", "email", "offline_access"}
    assert told["token_type"] == "Bearer" and told["expires_in"] == 900
    jwks = house.client().get("/openid/jwks").json
    claims = jwt.decode(told["id_token"], KeySet.import_key_set(jwks)).claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (base, app.client_id, "n-0S6_WzA2Mj")
    assert claims["amr"] == ["pwd"] and claims["exp"] - claims["iat"] == 900 and "name" not in claims
    info = app.userinfo(told["access_token"]).json or {}
    assert info == {
        "sub": claims["sub"],
        "name": "Siti Aminah",
        "locale": "id",
        "zoneinfo": "Asia/Makassar",
        "email": "siti@contoh.id",
        "email_verified": False,
    }
    assert str(siti.id) not in claims["sub"]
    assert app.authorize(browser, scope="openid email").status_code == 302, "less than before is not asked again"
    assert app.authorize(browser, scope="openid phone").status_code == 200, "more is"
    assert app.authorize(browser, prompt="consent").status_code == 200
    other = register(house)
    theirs = other.userinfo(other.tokens(browser)["access_token"]).json or {}
    assert theirs["sub"] != info["sub"], "two applications cannot compare whom they know"


def test_no_means_no(app: App, house: TestHouse, browser: HouseClient) -> None:
    back = app.allow(browser, answer="deny")
    assert (back["error"], back["state"]) == ("access_denied", "af0ifjsldkj") and "code" not in back
    assert count(house, CodeRow) == count(house, ConsentRow) == 0
    page = app.authorize(browser)
    forged = browser.post(f"/openid/consent?{urlsplit(page.request.url).query}", data={"answer": "allow"})
    assert forged.status_code == 400 and count(house, ConsentRow) == 0, "another site's form is no answer"


ELSEWHERE = [
    CALLBACK + "/",
    CALLBACK.replace("contoh.id/", "contoh.id:8443/"),
    CALLBACK.removesuffix("li"),
    CALLBACK + "x",
    CALLBACK + "?next=1",
    CALLBACK + "#f",
    CALLBACK.replace("https://", "https://perizinan.contoh.id@jahat.id/"),
    CALLBACK.replace("perizinan.", "perizinan.contoh.id."),
    CALLBACK.replace("https", "http"),
    CALLBACK.replace("masuk", "Masuk"),
    CALLBACK.replace("https://p", "HTTPS://P"),
    CALLBACK.replace("/masuk", "/masuk/../masuk"),
    CALLBACK.replace("/masuk", "/%6dasuk"),
    "//perizinan.contoh.id/masuk/kembali",
    "javascript:alert(1)",
    "https://*.contoh.id/masuk/kembali",
    "\\\\jahat.id",
    "https://jahat.id/\r\nSet-Cookie: a=b",
    "x" * 5000,
    "",
    None,
]
UNGRANTED: list[tuple[dict[str, str | None], str]] = [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": 'code id_token"é\\'}, "unsupported_response_type"),
    ({"response_type": None}, "unsupported_response_type"),
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"scope": "profile"}, "invalid_scope"),
    ({"scope": None}, "invalid_scope"),
    ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
    ({"request_uri": "https://jahat.id/r"}, "request_uri_not_supported"),
    ({"response_mode": "form_post"}, "invalid_request"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "none"}, "consent_required"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"nonce": "x" * 501}, "invalid_request"),
]


def test_nobody_is_sent_to_an_address_that_is_not_registered(app: App, house: TestHouse, browser: HouseClient) -> None:
    for asked in ELSEWHERE:
        for more in ({}, {"response_type": "token"}, {"prompt": "none"}, {"scope": "email"}):
            answer = app.authorize(browser, redirect_uri=asked, **more)
            assert answer.status_code == 400, asked
            assert "Location" not in answer.headers and "Refresh" not in answer.headers, asked
    assert count(house, CodeRow) == 0


def test_a_request_that_cannot_be_granted_is_answered_at_the_application(
    app: App, house: TestHouse, browser: HouseClient
) -> None:
    for changed, error in UNGRANTED:
        answer = app.authorize(browser, **changed)
        assert answer.status_code == 302, changed
        back = came_back(answer)
        assert (back[""], back["error"], back["state"]) == (CALLBACK, error, "af0ifjsldkj") and back["iss"], changed
    assert count(house, CodeRow) == 0


def test_visitor_signs_in_first_and_old_sign_in_is_proven_anew(
    app: App, house: TestHouse, browser: HouseClient
) -> None:
    visitor = house.client()
    answer = app.authorize(visitor, prompt="login")
    assert answer.location.startswith("/masuk?next=%2Fopenid%2Fauthorize%3F") and "prompt" not in answer.location
    assert came_back(app.authorize(visitor, prompt="none"))["error"] == "login_required"
    assert app.authorize(browser, prompt="login").location.startswith("/akun/pastikan?next=")
    assert app.authorize(browser, max_age="3600").status_code == 200
    with later(hours=1, minutes=1):
        assert app.authorize(browser, max_age="3600").location.startswith("/akun/pastikan?next=")
        assert came_back(app.authorize(browser, max_age="3600", prompt="none"))["error"] == "login_required"


def test_the_issuer_is_never_what_a_request_calls_the_host(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", single_tenant="sumbawa", secure_cookies=True, trusted_proxies=1)
    house = TestHouse(settings, database_urls)
    try:
        told = house.client().get("/.well-known/openid-configuration", base_url="http://jahat.id").json or {}
    finally:
        house.close()
    ours = [value for name, value in told.items() if name == "issuer" or name.endswith(("_endpoint", "_uri"))]
    assert len(ours) == 7 and all(value.startswith("https://sumbawa.localhost") for value in ours), ours


def test_native_client_has_no_secret_and_any_port_of_its_own_machine(house: TestHouse, browser: HouseClient) -> None:
    own = register(house, kind="native", redirect_uris=["http://127.0.0.1/cb", "id.go.contoh.app:/cb"])
    own.redirect_uri = "http://127.0.0.1:51004/cb"
    assert own.exchange(own.allow(browser)["code"]).status_code == 200
    for wrong in ("http://127.0.0.1:51004/cb/", "http://localhost:51004/cb", "http://127.0.0.1:51004@jahat.id/cb"):
        assert own.authorize(browser, redirect_uri=wrong).status_code == 400
    own.redirect_uri = "id.go.contoh.app:/cb"
    back = own.allow(browser)
    assert back[""] == "id.go.contoh.app:/cb"
    assert own.exchange(back["code"], client_secret="anything").status_code in (400, 401)
    assert own.exchange(back["code"], code_verifier=None).status_code == 400
    assert own.exchange(back["code"]).status_code == 200
    web = register(house, redirect_uris=["http://127.0.0.1/cb"])
    assert web.authorize(browser, redirect_uri="http://127.0.0.1:51004/cb").status_code == 400


def test_signing_out_asks_unless_the_application_knows_the_person(
    app: App, house: TestHouse, browser: HouseClient, siti: Person
) -> None:
    after = "https://perizinan.contoh.id/keluar"
    hint = app.tokens(browser)["id_token"]
    for unsure in (
        {},
        {"post_logout_redirect_uri": after},
        {"client_id": app.client_id, "post_logout_redirect_uri": "https://jahat.id/"},
        {"id_token_hint": hint[:-4] + "AAAA", "post_logout_redirect_uri": after},
        {"id_token_hint": "eyJhbGciOiJub25lIn0.e30.", "post_logout_redirect_uri": after},
    ):
        asks = browser.get("/openid/logout", query_string=unsure)
        assert asks.status_code == 200 and "Keluar dari situs ini?" in asks.get_data(as_text=True)
        assert browser.get("/akun").status_code == 200
    lain = house.client("sumbawa", house.person("sumbawa", "lain@contoh.id"))
    assert lain.get("/openid/logout", query_string={"id_token_hint": hint}).status_code == 200
    assert lain.get("/akun").status_code == 200, "somebody else's hint"
    with later(days=2):  # an old hint will do
        token = house.client("sumbawa", siti)
        out = token.get(
            "/openid/logout", query_string={"id_token_hint": hint, "post_logout_redirect_uri": after, "state": "s t"}
        )
        assert came_back(out) == {"": after, "state": "s t"}
        assert token.get("/akun").status_code == 302
    page = browser.get("/openid/logout", query_string={"client_id": app.client_id, "post_logout_redirect_uri": after})
    action = page.get_data(as_text=True).split('action="')
    target = next(part.split('"')[0] for part in action if part.startswith("/openid/keluar"))
    done = browser.post_form(target.replace("&amp;", "&"))
    assert came_back(done)[""] == after and browser.get("/akun").status_code == 302


def test_forms_of_other_sites_are_asked_again_with_the_cookie(app: App, browser: HouseClient) -> None:
    sent = browser.post("/openid/authorize", data=app.query())
    assert sent.status_code == 303 and sent.location.startswith("/openid/authorize?")
    assert browser.get(sent.location).status_code == 200
    assert browser.post("/openid/logout", data={"state": "x"}).location == "/openid/logout?state=x"


def test_garbage_is_refused_in_the_form_of_the_standard(app: App, house: TestHouse, browser: HouseClient) -> None:
    junk = ["\x00", "\ud800", "é", '"\\', "%", "x" * 3000, "[]", "'; DROP TABLE", "\u202e", "{}"]
    for value in junk:
        for name in (*app.query(), "prompt", "max_age", "login_hint", "ui_locales", "claims", "id_token_hint"):
            answer = browser.get("/openid/authorize?" + encoded(app.query() | {name: value}))
            assert answer.status_code < 500, (name, value)
        for name in ("grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret"):
            form = {"grant_type": "authorization_code", "code": "x", "client_id": app.client_id} | {name: value}
            kind = "application/x-www-form-urlencoded"
            answer = house.client().post("/openid/token", data=encoded(form), content_type=kind)
            assert answer.status_code in (400, 401, 429) and "error" in (answer.json or {}), (name, value)
        assert browser.get("/openid/logout?" + encoded({"id_token_hint": value[:50]})).status_code < 500
    for header in ("Basic", "Basic /w==", "Basic !!!", "Basic " + "A" * 9000, "Bearer x", "Bearer \u00e9", "Bearer"):
        headers = {"Authorization": header.encode("latin-1").decode("latin-1")}
        answer = house.client().post("/openid/token", data={"grant_type": "refresh_token"}, headers=headers)
        assert answer.status_code in (400, 401, 429) and "error" in (answer.json or {}), header
        assert house.client().get("/openid/userinfo", headers=headers).status_code == 401
    twice = house.client().post("/openid/token", data={"grant_type": ["refresh_token", "x"], "client_id": "x"})
    assert (twice.json or {})["error"] == "invalid_request"
    assert house.client().get("/openid/token").status_code == 405
    doubled = browser.get("/openid/authorize?" + "&".join(["state=a"] * 3 + [f"client_id={app.client_id}"]))
    assert doubled.status_code == 400
