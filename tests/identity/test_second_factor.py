"""Codes of an app and of paper: taken once, never by two, and nobody is in before one was shown."""

from __future__ import annotations

import html
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from lumbung.context import current_scope
from lumbung.identity import people
from lumbung.identity.models import PersonRow
from lumbung.identity.second_factor import factors, recovery_codes, rules, totp
from lumbung.identity.second_factor.models import TotpRow
from lumbung.testing import HouseClient, TestHouse, frozen_clock

EMAIL, PASSWORD = "warga@contoh.id", "kuda laut biru"
START = datetime.fromisoformat("2026-11-24T08:00:10+08:00")
FACTOR, SECURITY = "/masuk/faktor-kedua", "/akun/keamanan"


def at(seconds: int) -> Any:
    return frozen_clock(START + timedelta(seconds=seconds))


def code(secret: str, seconds: int) -> str:
    return pyotp.TOTP(secret).at(START + timedelta(seconds=seconds))


def sign(client: HouseClient, email: str = EMAIL, target: str = "") -> TestResponse:
    return client.post_form("/masuk", {"email": email, "password": PASSWORD, "next": target}, page="/masuk")


def show(client: HouseClient, given: str, **more: str) -> TestResponse:
    return client.post_form(FACTOR, {"code": given, **more}, page=FACTOR)


def is_in(client: HouseClient) -> bool:
    return client.get("/akun").status_code == 200


def enrol(house: TestHouse, person: Any) -> str:
    """Set an app up an hour before START, and return its secret."""
    with frozen_clock(START - timedelta(hours=1)), house.scope("sumbawa") as scope:
        row = totp.begin(scope.session, person.id)
        assert totp.confirm(scope.session, row, code(row.secret, -3600))
        return row.secret


def has_factor(house: TestHouse, person: Any) -> bool:
    with house.scope("sumbawa") as scope:
        return rules.has_factor(scope.session, person.id)


def required(house: TestHouse) -> dict[str, bool]:
    with house.scope("sumbawa") as scope:
        return rules.required_roles(scope.session)


@pytest.fixture
def citizen(house: TestHouse) -> Any:
    return house.person("sumbawa", EMAIL, password=PASSWORD)


def test_an_app_counts_once_it_said_a_right_code_and_codes_on_paper_come_with_it(
    house: TestHouse, citizen: Any, as_owner: Any
) -> None:
    with at(0):
        client = house.client("sumbawa", citizen)
        assert client.post_form(f"{SECURITY}/aplikasi/mulai").status_code == 303
        page = client.get(f"{SECURITY}/aplikasi")
        assert "<svg" in page.text
        [shown] = set(re.findall(r"[A-Z2-7]{4}(?: [A-Z2-7]{4}){7}", page.text))
        secret = shown.replace(" ", "")
        assert not has_factor(house, citizen)
        answer = client.post_form(f"{SECURITY}/aplikasi", {"code": "000000"}, page=f"{SECURITY}/aplikasi")
        assert answer.status_code == 422
        assert is_in(house.client("sumbawa", citizen))
        before = client.get_cookie("lumbung_sid", domain="sumbawa.localhost")
        form = {"code": f" {code(secret, 0)[:3]} {code(secret, 0)[3:]} "}
        answer = client.post_form(f"{SECURITY}/aplikasi", form, page=f"{SECURITY}/aplikasi")
        assert answer.status_code == 200
        codes = re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5}-[a-z2-9]{5})</li>", answer.text)
        assert len(set(codes)) == 10
        assert before.value != client.get_cookie("lumbung_sid", domain="sumbawa.localhost").value  # it may do more now
        assert "Tersisa 10 kode" in client.get(SECURITY).text
    [(kept,)] = as_owner("SELECT secret FROM lumbung_totp")
    assert secret.encode() not in bytes(kept)
    assert codes[0] not in str(as_owner("SELECT code_hash FROM lumbung_recovery_code"))
    actions = [row[0] for row in as_owner("SELECT action FROM lumbung_audit ORDER BY at")]
    assert actions.count("person.second_factor_add") == 1


def test_the_password_alone_opens_nothing_and_the_code_brings_a_fresh_session(house: TestHouse, citizen: Any) -> None:
    secret = enrol(house, citizen)
    with at(0):
        client = house.client()
        answer = sign(client, target="/akun/sesi")
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"{FACTOR}?next=%2Fakun%2Fsesi"
        assert not client.get_cookie("lumbung_sid", domain="sumbawa.localhost")
        half = client.get_cookie("lumbung_half", domain="sumbawa.localhost")
        thief = house.client()
        thief.set_cookie("lumbung_sid", half.value, domain="sumbawa.localhost")
        assert not is_in(thief)
        assert not is_in(client)
        for wrong in ("000000", "１２３４５６", code(secret, 0)[:5], "9" * 5000, code(secret, -90), ""):
            assert show(client, wrong).status_code == 422 if wrong != "" else True
        assert not is_in(client)
    with at(901):
        assert show(client, code(secret, 901)).headers["Location"].startswith("/masuk?")  # ten minutes are over
        assert not is_in(client)
        sign(client, target="/akun/sesi")
        half = client.get_cookie("lumbung_half", domain="sumbawa.localhost")
        answer = show(client, code(secret, 901), next="/akun/sesi")
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/akun/sesi"
        token = client.get_cookie("lumbung_sid", domain="sumbawa.localhost").value
        assert token != half.value
        assert is_in(client)
        assert "faktor kedua" in client.get("/akun/sesi").text
        again = house.client()
        again.set_cookie("lumbung_half", half.value, domain="sumbawa.localhost")
        assert again.get(FACTOR).status_code == 303  # the half-open sign-in is used up


def test_a_code_is_taken_once_and_none_before_it(house: TestHouse, citizen: Any) -> None:
    secret = enrol(house, citizen)
    with at(0), house.scope("sumbawa") as scope:
        assert totp.check(scope.session, citizen.id, code(secret, 30))  # a clock that is ahead
        assert not totp.check(scope.session, citizen.id, code(secret, 30))
        assert not totp.check(scope.session, citizen.id, code(secret, 0))
        assert not totp.check(scope.session, citizen.id, code(secret, 60))
    with at(30), house.scope("sumbawa") as scope:
        assert not totp.check(scope.session, citizen.id, code(secret, 30))
        assert totp.check(scope.session, citizen.id, code(secret, 60))
    with house.scope("sumbawabarat") as scope:
        assert not totp.check(scope.session, citizen.id, code(secret, 90))


def test_of_two_who_send_one_code_at_once_one_gets_in(house: TestHouse, citizen: Any) -> None:
    secret = enrol(house, citizen)
    with house.scope("sumbawa") as scope:
        [paper, *_] = recovery_codes.renew(scope.session, citizen.id)
    for given in (code(secret, 0), paper):
        gate = threading.Barrier(2)

        def try_it(client: HouseClient, given: str = given, gate: threading.Barrier = gate) -> int:
            token = client.csrf_token(FACTOR)
            gate.wait(timeout=10)
            return client.post(FACTOR, data={"code": given, "csrf_token": token}).status_code

        with at(0):
            clients = [house.client(), house.client()]
            for client in clients:
                assert sign(client).status_code == 303
            with ThreadPoolExecutor(2) as pool:
                assert sorted(pool.map(try_it, clients)) == [303, 422]
            assert sorted(map(is_in, clients)) == [False, True]


def test_guessing_codes_is_paused_before_anything_is_compared(house: TestHouse, citizen: Any) -> None:
    secret = enrol(house, citizen)
    with at(0):
        client = house.client()
        sign(client)
        for _ in range(5):
            assert show(client, "000000").status_code == 422
        answer = show(client, code(secret, 0))
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "900"
        assert not is_in(client)
    with house.scope("sumbawa") as scope:
        assert scope.session.scalar(select(TotpRow)).last_step == int(START.timestamp()) // 30 - 120


def test_a_code_on_paper_works_once_and_new_ones_replace_them(house: TestHouse, citizen: Any) -> None:
    enrol(house, citizen)
    with house.scope("sumbawa") as scope:
        codes = recovery_codes.renew(scope.session, citizen.id)
    with at(0):
        client = house.client()
        sign(client)
        assert show(client, codes[0].upper().replace("-", " ")).status_code == 303
        assert "Tersisa 9 kode" in client.get(SECURITY).text
        answer = client.post_form(f"{SECURITY}/kode", page=SECURITY)
        fresh = re.findall(r"<li>([a-z2-9-]{17})</li>", answer.text)
        assert len(fresh) == 10
        other = house.client()
        sign(other)
        assert show(other, codes[0]).status_code == 422
        assert show(other, codes[1]).status_code == 422
        assert not is_in(other)
        assert show(other, fresh[0]).status_code == 303


def test_a_trusted_browser_is_not_asked_for_thirty_days_unless_the_role_says_always(
    house: TestHouse, citizen: Any
) -> None:
    secret = enrol(house, citizen)
    client = house.client()
    with at(0):
        sign(client)
        assert show(client, code(secret, 0), trust="y").status_code == 303
        client.post_form("/keluar")
        sign(client)
        assert is_in(client)
        client.post_form("/keluar")
        stranger = house.client()
        sign(stranger)
        assert not is_in(stranger)
        people_may = {"officer": True}
        with house.scope("sumbawa") as scope:
            people.grant(scope.session, scope.session.get_one(PersonRow, (citizen.tenant_id, citizen.id)), "officer")
            rules.require(scope.session, people_may, "test")
        sign(client)
        assert not is_in(client)
    with at(60):
        assert "Ingat peramban" not in client.get(FACTOR).text
        assert show(client, code(secret, 60), trust="y").status_code == 303
        with house.scope("sumbawa") as scope:
            rules.require(scope.session, {}, "test")
    with frozen_clock(START + timedelta(days=31)):
        client.post_form("/keluar", page="/masuk")
        sign(client)
        assert not is_in(client)


def test_a_role_that_needs_a_second_factor_leads_open_sessions_to_it_at_once(house: TestHouse, citizen: Any) -> None:
    admin = house.person("sumbawa", "admin@contoh.id", roles=["admin"], password=PASSWORD)
    with at(0):
        bare, desk = house.client("sumbawa", admin), house.client("sumbawa", admin)
        bystander = house.client("sumbawa", citizen)
        assert bare.get("/admin/orang/").status_code == 200
        page = "/admin/faktor-kedua/"
        assert "tidak wajib" in bare.get(page).text
        client = house.client("sumbawa", admin)
        assert client.post_form(page, {"peran_admin": "nonsense"}, page=page).status_code == 422
        assert required(house) == {}
        assert client.post_form(page, {"peran_admin": "setiap", "peran_editor": "wajib"}, page=page).status_code == 303
        assert required(house) == {"admin": True, "editor": False}
        csrf = desk.csrf_token(SECURITY)
        for path in ("/admin/orang/", "/akun", "/", "/akun/data.json"):
            answer = desk.get(path)
            assert answer.status_code == 302, path
            assert answer.headers["Location"].startswith(FACTOR), path
        refused = desk.post("/akun/sesi/akhiri-lainnya", data={"csrf_token": csrf})
        assert refused.status_code == 403
        assert "faktor kedua" in refused.text
        assert desk.get("/akun", headers={"Accept": "application/json"}).status_code == 403
        assert desk.get("/akun", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
        assert desk.post("/bahasa", data={"csrf_token": csrf, "language": "en", "next": "/"}).status_code == 303
        desk.post("/bahasa", data={"csrf_token": csrf, "language": "id", "next": "/"})
        with desk.get("/_static/js/passkeys.js") as script:
            assert script.status_code == 200
        assert bystander.get("/akun").status_code == 200
        # there is no factor yet: it can be set up, and everything opens again
        assert desk.get(f"{FACTOR}?next=/admin/orang/").headers["Location"] == SECURITY
        assert "menuntut faktor kedua" in desk.get(SECURITY).text
        desk.post_form(f"{SECURITY}/aplikasi/mulai", page=SECURITY)
        shown = re.search(r"[A-Z2-7]{4}(?: [A-Z2-7]{4}){7}", desk.get(f"{SECURITY}/aplikasi").text)
        secret = shown[0].replace(" ", "")
        form = {"code": code(secret, 0)}
        assert desk.post_form(f"{SECURITY}/aplikasi", form, page=f"{SECURITY}/aplikasi").status_code == 200
        assert desk.get("/admin/orang/").status_code == 200
        # another session of theirs is led to show it, and cannot change it before
        for path in (SECURITY, f"{SECURITY}/kunci-sandi"):
            assert bare.get(path).headers["Location"].startswith(FACTOR)
        assert bare.post_form(f"{SECURITY}/aplikasi/hapus", page=FACTOR).headers["Location"].startswith(FACTOR)
        assert has_factor(house, admin)
    with at(60):
        token = bare.get_cookie("lumbung_sid", domain="sumbawa.localhost").value
        assert show(bare, code(secret, 60), next="/admin/orang/").headers["Location"] == "/admin/orang/"
        assert bare.get_cookie("lumbung_sid", domain="sumbawa.localhost").value != token
        assert bare.get("/admin/orang/").status_code == 200
        # without the last factor the role asks again
        assert bare.post_form(f"{SECURITY}/aplikasi/hapus", page=SECURITY).status_code == 303
        assert bare.get("/admin/orang/").headers["Location"].startswith(FACTOR)
        assert desk.get("/admin/orang/").headers["Location"].startswith(FACTOR)
        assert "menuntut" in bare.get(SECURITY).text
        assert bare.post_form("/keluar", page=SECURITY).status_code == 303


def test_only_who_may_give_a_role_decides_about_its_second_factor(house: TestHouse, citizen: Any) -> None:
    client = house.client("sumbawa", citizen)
    assert client.get("/admin/faktor-kedua/").status_code == 403
    admin = house.client("sumbawa", house.person("sumbawa", "admin@contoh.id", roles=["admin"]))
    assert "peran_operator" not in admin.get("/admin/faktor-kedua/").text
    with house.scope("sumbawa") as scope:
        rules.require(scope.session, {"operator": True}, "test")
    form = {"peran_operator": "tidak", "peran_editor": "wajib"}
    assert admin.post_form("/admin/faktor-kedua/", form, page="/admin/faktor-kedua/").status_code == 303
    assert required(house) == {"operator": True, "editor": False}
    operator = house.client("sumbawa", house.person("sumbawa", "op@contoh.id", operator=True))
    assert operator.get("/admin/tenant/").headers["Location"].startswith(FACTOR)


def test_sensitive_things_ask_again_who_sits_there(house: TestHouse, citizen: Any) -> None:
    with at(-3600):
        client = house.client("sumbawa", citizen)
    with at(0):
        assert client.get(SECURITY).status_code == 200
        answer = client.post_form(f"{SECURITY}/aplikasi/mulai", page=SECURITY)
        assert answer.headers["Location"].startswith("/akun/pastikan?next=")
        with house.scope("sumbawa") as scope:
            assert totp.being_set_up(scope.session, citizen.id) is None
        wrong = client.post_form("/akun/pastikan", {"password": "salah", "next": SECURITY}, page="/akun/pastikan")
        assert wrong.status_code == 422
        form = {"password": PASSWORD, "next": "//evil.example"}
        assert client.post_form("/akun/pastikan", form, page="/akun/pastikan").headers["Location"] == SECURITY
        assert client.post_form(f"{SECURITY}/aplikasi/mulai", page=SECURITY).headers["Location"].endswith("/aplikasi")
    secret = enrol(house, citizen)
    with at(1200):
        answer = client.post_form(f"{SECURITY}/aplikasi/hapus", page=SECURITY)
        assert answer.headers["Location"].startswith("/akun/pastikan")
        form = {"password": PASSWORD, "next": SECURITY}  # whoever has a second factor shows that
        assert client.post_form("/akun/pastikan", form, page="/akun/pastikan").status_code == 422
        assert has_factor(house, citizen)
        form = {"code": code(secret, 1200)}
        assert client.post_form("/akun/pastikan", form, page="/akun/pastikan").status_code == 303
        assert client.post_form(f"{SECURITY}/aplikasi/hapus", page=SECURITY).headers["Location"] == SECURITY
        assert not has_factor(house, citizen)


def test_an_administrator_takes_the_factors_of_somebody_away_and_they_are_told(
    house: TestHouse, citizen: Any, as_owner: Any
) -> None:
    enrol(house, citizen)
    with house.scope("sumbawa") as scope:
        recovery_codes.renew(scope.session, citizen.id)
    theirs = house.client("sumbawa", citizen)
    path = f"/admin/orang/{citizen.id}/faktor-kedua/atur-ulang"
    assert theirs.post_form(path).status_code == 403
    with at(-3600):
        stale = house.client("sumbawa", house.person("sumbawa", "admin@contoh.id", roles=["admin"]))
    with at(0):
        assert stale.post_form(path).headers["Location"].startswith("/akun/pastikan")
        assert has_factor(house, citizen)
        admin = house.client("sumbawa", house.person("sumbawa", "admin@contoh.id"))
        assert "Atur ulang faktor kedua" in admin.get(f"/admin/orang/{citizen.id}/").text
        foreign = house.client("sumbawabarat", house.person("sumbawabarat", "admin@contoh.id", roles=["admin"]))
        assert foreign.post_form(path).status_code == 404
        assert has_factor(house, citizen)
        assert admin.post_form(path).status_code == 303
    assert not is_in(theirs)
    assert as_owner("SELECT count(*) FROM lumbung_totp") == [(0,)]
    assert as_owner("SELECT count(*) FROM lumbung_recovery_code") == [(0,)]
    sign(theirs)
    assert is_in(theirs)
    assert "diatur ulang" in html.unescape(theirs.get("/pemberitahuan/").text)
    with house.scope("sumbawa"):
        factors.reset(
            current_scope().session, current_scope().session.get_one(PersonRow, (citizen.tenant_id, citizen.id))
        )
