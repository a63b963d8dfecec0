"""Signing in from host to host: a ticket is one browser's, once, for one application; signing out reaches it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from sqlalchemy import select
from tests.runtimes.foreign.conftest import HOST, PORTAL, Browser

from lumbung.audit import AuditRow
from lumbung.identity import people
from lumbung.identity.models import PersonRow
from lumbung.identity.person import Person
from lumbung.runtimes.foreign import visits
from lumbung.testing import TestHouse
from lumbung.web.house import sid_cookie

APP = "antrian-kota.sumbawa.localhost"


def _trail(house: TestHouse, action: str) -> list[AuditRow]:
    with house.scope() as scope:
        return list(scope.session.scalars(select(AuditRow).where(AuditRow.action == action).order_by(AuditRow.at)))


def _to_ticket(browser: Browser, start: str = f"{HOST}/warga/1?a=b") -> str:
    """Go as far as the portal's answer with a ticket; return the address that it leads to."""
    answer = browser.go(start)
    while "/_lumbung/tiket" not in (answer.headers.get("Location") or ""):
        assert answer.status_code == 302, answer.text
        answer = browser.go(
            answer.headers["Location"] if "//" in answer.headers["Location"] else HOST + answer.location
        )
    return answer.headers["Location"]


def test_whoever_is_signed_in_is_let_in_without_a_question(
    foreign: Any, browser: Browser, siti: Person, house: TestHouse
) -> None:
    foreign()
    browser.sign_in(siti)
    answers = browser.follow(f"{HOST}/warga/1?a=b")
    assert [answer.status_code for answer in answers] == [302, 302, 302, 302, 200]
    assert (answers[-1].json or {})["path"] == "/warga/1?a=b"
    kept = next(said for said in answers[3].headers.getlist("Set-Cookie") if said.startswith("lumbung_app="))
    assert "HttpOnly" in kept and "SameSite=Lax" in kept and "Domain" not in kept and "Path=/" in kept
    assert browser.visit() and all("no-store" in answer.headers["Cache-Control"] for answer in answers[:4])
    entries = _trail(house, "app.enter")
    assert [(entry.thing, entry.person_id) for entry in entries] == [("antrian_kota", siti.id)]
    assert browser.get("/_lumbung/masuk?kembali=/warga/2").headers["Location"] == "/warga/2"


def test_a_visitor_is_led_to_sign_in_and_back(foreign: Any, browser: Browser, siti: Person, house: TestHouse) -> None:
    foreign()
    answers = browser.follow(f"{HOST}/warga/1")
    assert answers[-1].status_code == 200 and urlsplit(answers[-1].request.url).path == "/masuk"
    back = parse_qs(urlsplit(answers[-1].request.url).query)["next"][0]
    browser.sign_in(siti)
    page = browser.go(PORTAL + back, headers={"Sec-Fetch-Site": "same-origin"})
    assert page.status_code == 200, "after a form its policy lets nobody be redirected to another host"
    led = page.headers["Refresh"].removeprefix("0; url=")
    assert (browser.follow(led)[-1].json or {})["path"] == "/warga/1"
    for headers in (
        {"Accept": "application/json"},
        {"Sec-Fetch-Dest": "image"},
        {"X-Requested-With": "XMLHttpRequest"},
    ):
        assert Browser(house).get("/warga/1", headers=headers).status_code == 401
    assert Browser(house).post("/warga/1").status_code == 401


def test_a_ticket_is_good_once_in_one_browser_for_a_minute(
    foreign: Any, browser: Browser, siti: Person, house: TestHouse, monkeypatch: Any
) -> None:
    foreign()
    browser.sign_in(siti)
    ticket = _to_ticket(browser)
    stranger = Browser(house)
    assert stranger.go(ticket).status_code == 400, "no state at all"
    stranger.go(f"{HOST}/_lumbung/masuk")
    assert stranger.go(ticket).status_code == 400, "the state of another browser"
    assert stranger.visit() is None
    browser.go(ticket)
    first = browser.visit()
    assert first
    assert browser.go(ticket).status_code == 302 and browser.visit() == first, "a page that is loaded again"
    browser.delete_cookie("lumbung_app", domain=APP)
    assert browser.go(ticket).status_code == 400, "used"
    late = _to_ticket(browser)
    monkeypatch.setattr(visits, "TICKET_LASTS", timedelta(0))
    assert browser.go(late).status_code == 400
    assert browser.visit() is None


def test_a_ticket_is_for_one_application_of_one_tenant(
    foreign: Any, browser: Browser, siti: Person, house: TestHouse
) -> None:
    foreign(tenants=("sumbawa", "sumbawabarat"))
    foreign(name="lapor")
    browser.sign_in(siti)
    state = visits.new_state()
    for host in ("lapor.sumbawa.localhost", "antrian-kota.sumbawabarat.localhost", APP):
        browser.set_cookie("lumbung_app_state", state, domain=host)
    with house.scope(person=siti) as scope:
        ticket = visits.issue(scope, "antrian_kota", siti, visits.shown(state))
    path = f"/_lumbung/tiket?{urlencode({'t': ticket})}"
    assert browser.go(f"http://lapor.sumbawa.localhost{path}").status_code == 400
    assert browser.go(f"http://antrian-kota.sumbawabarat.localhost{path}").status_code == 400
    assert browser.go(HOST + path).status_code == 302
    token = browser.visit() or ""
    for host in ("lapor.sumbawa.localhost", "antrian-kota.sumbawabarat.localhost"):
        browser.set_cookie("lumbung_app", token, domain=host)
        assert browser.go(f"http://{host}/warga/1").status_code == 302, "the cookie of another host is nobody's"


def test_nobody_is_led_to_another_host(foreign: Any, browser: Browser, siti: Person) -> None:
    foreign()
    browser.sign_in(siti)
    for evil in (
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/_lumbung/masuk",
        "javascript:x",
        "/\tx",
    ):
        answer = browser.follow(f"{HOST}/_lumbung/masuk?{urlencode({'kembali': evil})}")[-1]
        assert answer.request.url == f"{HOST}/", evil
        browser.delete_cookie("lumbung_app", domain=APP)
    assert browser.go(f"{PORTAL}/masuk/aplikasi/antrian_kota?s=x").status_code == 400
    assert browser.go(f"{PORTAL}/masuk/aplikasi/tidak_ada?s={'a' * 64}").status_code == 404


def test_signing_out_at_the_portal_reaches_the_application(
    foreign: Any, browser: Browser, siti: Person, house: TestHouse
) -> None:
    foreign()
    browser.sign_in(siti)
    browser.follow(f"{HOST}/warga/1")
    mine = browser.get_cookie("PHPSESSID", domain=APP)
    assert mine and mine.path == "/" and mine.origin_only, "of this host alone, and sent with each request to it"
    assert "PHPSESSID" in (browser.get("/").json or {})["headers"]["Cookie"]
    browser.base_url = PORTAL
    assert browser.post_form("/keluar", page="/akun").status_code == 303
    browser.base_url = HOST
    answer = browser.get("/")
    assert answer.status_code == 200 and "Cookie" not in (answer.json or {})["headers"]
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert browser.visit() is None
    assert "Clear-Site-Data" not in browser.get("/").headers, "said once"
    assert browser.get("/warga/1").status_code == 302


def test_signing_out_in_the_application_ends_the_session(
    foreign: Any, browser: Browser, siti: Person, house: TestHouse
) -> None:
    foreign()
    browser.sign_in(siti)
    browser.follow(f"{HOST}/warga/1")
    assert "<form" in browser.get("/_lumbung/keluar").text
    for headers in ({}, {"Origin": PORTAL}, {"Sec-Fetch-Site": "same-site", "Origin": HOST}, {"Origin": "null"}):
        assert browser.post("/_lumbung/keluar", headers=headers).status_code == 403, headers
    assert browser.get("/warga/1").status_code == 200
    left = browser.post("/_lumbung/keluar", headers={"Origin": HOST})
    assert left.status_code == 200 and "Anda sudah keluar" in left.text and browser.visit() is None
    assert browser.go(f"{PORTAL}/akun").status_code == 302, "the portal's session is over too"
    assert [entry.person_id for entry in _trail(house, "app.leave")] == [siti.id]


def test_another_person_finds_nothing_of_the_one_before(
    foreign: Any, browser: Browser, siti: Person, house: TestHouse
) -> None:
    foreign()
    browser.sign_in(siti)
    browser.follow(f"{HOST}/warga/1")
    browser.set_cookie("ingat", "siti", domain=APP)
    budi = house.person("sumbawa", "budi@contoh.id")
    browser.sign_in(budi)
    browser.delete_cookie("lumbung_app", domain=APP)  # what the application set for long is there still
    browser.follow(_to_ticket(browser))
    assert browser.get_cookie("ingat", domain=APP) is None
    assert [entry.person_id for entry in _trail(house, "app.enter")] == [siti.id, budi.id]


def test_what_somebody_may_do_counts_at_once(foreign: Any, browser: Browser, siti: Person, house: TestHouse) -> None:
    foreign()
    browser.sign_in(siti)
    browser.follow(f"{HOST}/warga/1")
    assert browser.get("/loket/1").status_code == 403
    with house.scope() as scope:
        row = scope.session.get(PersonRow, (siti.tenant_id, siti.id))
        assert row
        people.grant(scope.session, row, "antrian_kota.petugas")
    assert browser.get("/loket/1").status_code == 200
    with house.scope() as scope:
        row = scope.session.get(PersonRow, (siti.tenant_id, siti.id))
        assert row
        assert people.withdraw(scope.session, row, row.grants[0].id)
    assert browser.get("/loket/1").status_code == 403


def test_only_what_may_change_something_is_in_the_trail(
    foreign: Any, browser: Browser, siti: Person, house: TestHouse
) -> None:
    foreign()
    browser.sign_in(siti)
    browser.follow(f"{HOST}/warga/1")
    browser.post("/warga/kirim?nik=520123", data={"a": "b"})
    browser.get("/warga/lihat")
    browser.post("/adm/hapus")
    Browser(house).post("/loket/layar/1")
    entries = _trail(house, "app.request")
    told = [(e.person_id, e.detail["method"], e.detail["path"], e.detail["status"]) for e in entries]
    assert told == [(siti.id, "POST", "/warga/kirim", "200"), (None, "POST", "/loket/layar/1", "200")]


def test_secure_cookies_have_names_that_no_other_host_can_set(house: TestHouse) -> None:
    from lumbung.kernel import Kernel
    from lumbung.runtimes.foreign import cookies

    kernel = Kernel(house.settings.model_copy(update={"secure_cookies": True}), house.urls.app)
    try:
        for name in (cookies.visit_cookie(kernel), cookies.state_cookie(kernel)):
            said = cookies.set_ours(kernel, name, "x", 9)[1]
            assert name.startswith("__Host-") and "Secure" in said and "Path=/" in said and "Domain" not in said
    finally:
        kernel.close()
    assert sid_cookie(house.kernel) not in (cookies.visit_cookie(house.kernel), cookies.state_cookie(house.kernel))
