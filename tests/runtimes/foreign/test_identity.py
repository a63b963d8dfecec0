"""What an application is told of who asks: by us alone, for a minute; and the gate that nginx asks."""

from __future__ import annotations

from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet
from tests.runtimes.foreign.conftest import HEADER, HOST, Browser, Keeper
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lumbung.app import create_app
from lumbung.identity.person import Person
from lumbung.kernel import Kernel
from lumbung.testing import TestHouse

FORGED = ("X-Siapa", "X_Siapa", "x-siapa", "X.Siapa", "X-Lumbung-Person", "X-Remote-User", "X-Original-URL", "Proxy")


def test_the_signed_header_tells_who_asks(foreign: Any, browser: Browser, house: TestHouse) -> None:
    foreign(HEADER)
    officer = house.person("sumbawa", "petugas@contoh.id", name="Petugas", roles=["antrian_kota.petugas"])
    assert "X-Siapa" not in (browser.get("/").json or {})["headers"]
    browser.sign_in(officer)
    told = (browser.follow(f"{HOST}/loket/1")[-1].json or {})["headers"]
    keys = KeySet.import_key_set(house.client().get("/openid/jwks").json)  # type: ignore[arg-type]
    claims = jwt.decode(told["X-Siapa"], keys, algorithms=["RS256"]).claims
    assert claims.pop("exp") - claims.pop("iat") == 60
    assert claims.pop("sub") != str(officer.id)
    assert claims == {
        "iss": "http://sumbawa.localhost:8000",
        "aud": "http://antrian-kota.sumbawa.localhost:8000",
        "name": "Petugas",
        "email": "petugas@contoh.id",
        "tenant": "sumbawa",
        "roles": ["petugas"],
    }
    assert (browser.get("/").json or {})["headers"]["X-Siapa"] == told["X-Siapa"], "kept for a moment"


def test_nobody_can_say_themselves_who_they_are(foreign: Any, browser: Browser, siti: Person, house: TestHouse) -> None:
    foreign(HEADER)
    browser.sign_in(siti)
    browser.follow(f"{HOST}/warga/1")
    for client in (browser, Browser(house)):
        headers = dict.fromkeys(FORGED, "forged")
        given = EnvironBuilder("/", base_url=HOST, headers=headers).get_environ()
        given["HTTP_X_SIAPA"] = given["HTTP_X_LUMBUNG_IDENTITY"] = given["HTTP_X.SIAPA"] = "forged"
        given["HTTP_COOKIE"] = f"lumbung_app={client.visit() or 'x'}; __Host-lumbung-app=y; mine=1"
        pieces, status, _headers = run_wsgi_app(house.app.wsgi_app, given, buffered=True)
        told = b"".join(pieces).decode()
        assert status == "200 OK" and "forged" not in told, told
        assert "lumbung" not in told.lower().replace("x-lumbung", "") or "Cookie" not in told
        assert "__Host" not in told


def test_a_role_s_second_factor_is_shown_first(foreign: Any, browser: Browser, house: TestHouse, as_owner: Any) -> None:
    foreign(HEADER)
    officer = house.person("sumbawa", "petugas@contoh.id", roles=["antrian_kota.petugas"])
    browser.sign_in(officer)
    browser.follow(f"{HOST}/loket/1")
    as_owner(
        "INSERT INTO lumbung_factor_role (tenant_id, role, every_time, added_at, added_by) "
        "SELECT id, 'antrian_kota.petugas', false, now(), 'x' FROM lumbung_tenant WHERE slug = 'sumbawa'"
    )
    assert "X-Siapa" not in (browser.get("/").json or {})["headers"]
    assert browser.get("/loket/1", headers={"Accept": "application/json"}).status_code == 403
    led = browser.follow(f"{HOST}/loket/1")
    assert "/masuk/faktor-kedua" in led[-1].request.url or "/akun/keamanan" in led[-1].request.url


def test_nginx_is_told_what_becomes_of_a_request(
    foreign: Any, browser: Browser, house: TestHouse, keeper: Keeper
) -> None:
    foreign(HEADER)
    officer = house.person("sumbawa", "petugas@contoh.id", roles=["antrian_kota.petugas"])
    browser.sign_in(officer)
    browser.follow(f"{HOST}/loket/1")
    assert browser.get("/_lumbung/gate", headers={"X-Original-URI": "/"}).status_code == 404, "no proxy is trusted"
    kernel = Kernel(house.settings.model_copy(update={"trusted_proxies": 1}), house.urls.app)
    app = create_app(kernel.settings, kernel=kernel)

    def ask(uri: str, cookie: str = "", method: str = "GET") -> tuple[int, Any]:
        headers = {"X-Original-URI": uri, "X-Original-Method": method, "X-Siapa": "forged", "Cookie": cookie}
        given = EnvironBuilder("/_lumbung/gate", base_url=HOST, headers=headers).get_environ()
        _pieces, status, told = run_wsgi_app(app.wsgi_app, given, buffered=True)
        return int(status.split()[0]), told

    try:
        mine = f"lumbung_app={browser.visit()}; PHPSESSID=abc"
        code, told = ask("/loket/1?a=b", mine)
        assert (code, told["X-Lumbung-At"], told["X-Lumbung-Cookie"]) == (204, keeper.answer["at"], "PHPSESSID=abc")
        assert told["X-Lumbung-Token"].count(".") == 2
        code, told = ask("/loket/1?a=b")
        assert (code, told["X-Lumbung-Sign-In"]) == (401, "/_lumbung/masuk?kembali=%2Floket%2F1%3Fa%3Db")
        assert ask("/warga", "lumbung_app=gone")[0] == 401
        told_of = {uri: ask(uri, mine) for uri in ("/adm/1", "/simpanan/x", "/a%2fb", "/_lumbung/keluar", "/.env", "x")}
        statuses = {uri: (code, told["X-Lumbung-Status"]) for uri, (code, told) in told_of.items()}
        assert statuses == {
            "/adm/1": (403, "403"),
            "/simpanan/x": (403, "404"),
            "/a%2fb": (403, "400"),
            "/_lumbung/keluar": (403, "404"),
            "/.env": (403, "404"),
            "x": (403, "400"),
        }
        keeper.answer = {"state": "failed"}
        app.extensions["lumbung"].foreign.places._known.clear()
        assert ask("/", mine)[1]["X-Lumbung-Status"] == "503"
    finally:
        kernel.close()
