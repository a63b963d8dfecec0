"""Signing in over HTTP: guessing is slow, answers say nothing, sessions die when they should."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import TestResponse

from lumbung.identity import passwords, sign_in
from lumbung.testing import HouseClient, TestHouse, frozen_clock

EMAIL, PASSWORD = "warga@contoh.id", "kuda laut biru"
SID = "lumbung_sid"


@pytest.fixture
def citizen(house: TestHouse) -> Any:
    return house.person("sumbawa", EMAIL, password=PASSWORD)


def sign(client: HouseClient, email: str = EMAIL, password: str = PASSWORD, **more: Any) -> TestResponse:
    return client.post_form("/masuk", {"email": email, "password": password}, page="/masuk", **more)


def cookie_of(client: HouseClient, host: str = "sumbawa.localhost") -> str | None:
    found = client.get_cookie(SID, domain=host)
    return found.value if found else None


def carrying(house: TestHouse, token: str, tenant: str = "sumbawa") -> HouseClient:
    client = house.client(tenant)
    client.set_cookie(SID, token, domain=f"{tenant}.localhost")
    return client


def is_in(client: HouseClient) -> bool:
    return client.get("/akun").status_code == 200


@pytest.mark.usefixtures("citizen")
def test_the_right_password_signs_in_and_the_cookie_is_guarded(house: TestHouse) -> None:
    client = house.client()
    answer = sign(client, f"  {EMAIL.upper()} ")
    assert answer.status_code == 303
    [cookie] = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith(SID)]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie
    assert is_in(client)


@pytest.mark.usefixtures("citizen")
def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(house: TestHouse, as_owner: Any) -> None:
    house.person("sumbawa", "tutup@contoh.id", password=PASSWORD)
    house.person("sumbawa", "tanpa@contoh.id")
    as_owner("UPDATE lumbung_person SET active = false WHERE email = 'tutup@contoh.id'")
    answers = []
    for email in (EMAIL, "tiada@contoh.id", "tutup@contoh.id", "tanpa@contoh.id", "bukan surel"):
        client = house.client()
        answer = sign(client, email, "salah salah salah" if email == EMAIL else PASSWORD)
        assert answer.status_code == 422
        assert not cookie_of(client)
        page = re.sub(r'value="[^"]*"', "", answer.text)
        answers.append(page)
    assert len(set(answers)) == 1


@pytest.mark.usefixtures("citizen")
def test_an_account_pauses_after_ten_failures_before_anything_is_hashed(
    house: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    real = passwords.matches
    monkeypatch.setattr(sign_in, "matches", lambda kept, given: hashed.append(given) or real(kept, given))
    with frozen_clock("2026-11-24T08:00+08:00"):
        for _ in range(10):
            assert sign(house.client(), password="salah salah salah").status_code == 422
        answer = sign(house.client())
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "900"
        assert "15 menit" in answer.text
        assert len(hashed) == 10
    with frozen_clock("2026-11-24T08:16+08:00"):
        assert sign(house.client()).status_code == 303


@pytest.mark.usefixtures("citizen")
def test_guesses_that_arrive_together_are_counted_one_by_one(house: TestHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(sign_in, "matches", lambda _kept, given: bool(hashed.append(given)))
    clients = [house.client() for _ in range(16)]
    forms = [(client, client.csrf_token()) for client in clients]
    gate = threading.Barrier(8)

    def guess(given: tuple[HouseClient, str]) -> int:
        client, token = given
        gate.wait(timeout=10)
        form = {"email": EMAIL, "password": "salah salah salah", "csrf_token": token}
        return client.post("/masuk", data=form).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(guess, forms))
    assert sorted(codes) == [422] * 10 + [429] * 6
    assert len(hashed) == 10


@pytest.mark.usefixtures("citizen")
def test_signing_in_rightly_is_no_failure(house: TestHouse, as_owner: Any) -> None:
    for _ in range(12):
        assert sign(house.client()).status_code == 303
    assert as_owner("SELECT count(*) FROM lumbung_sign_in_attempt") == [(0,)]


@pytest.mark.usefixtures("citizen")
def test_one_address_that_tries_many_accounts_is_paused_too(house: TestHouse, as_owner: Any) -> None:
    as_owner(
        "INSERT INTO lumbung_sign_in_attempt (tenant_id, id, email_hash, address, at) "
        "SELECT t.id, gen_random_uuid(), sha256(n::text::bytea), '127.0.0.1', now() "
        "FROM lumbung_tenant t, generate_series(1, 100) n WHERE t.slug = 'sumbawa'"
    )
    for address, code in (("127.0.0.1", 429), ("10.1.1.1", 303)):
        assert sign(house.client(), environ_base={"REMOTE_ADDR": address}).status_code == code


@pytest.mark.usefixtures("citizen")
def test_a_cookie_copied_before_signing_out_is_dead_after(house: TestHouse) -> None:
    client = house.client()
    sign(client)
    copied = cookie_of(client)
    assert copied
    thief = carrying(house, copied)
    assert is_in(thief)
    assert client.post_form("/keluar").status_code == 303
    assert not is_in(client)
    assert not is_in(thief)


@pytest.mark.usefixtures("citizen")
def test_a_session_cookie_planted_before_is_replaced(house: TestHouse) -> None:
    attacker = house.client("sumbawa", house.person("sumbawa", "jahat@contoh.id"))
    planted = cookie_of(attacker)
    assert planted
    victim = carrying(house, planted)
    token = victim.csrf_token("/akun")
    form = {"email": EMAIL, "password": PASSWORD, "csrf_token": token}
    assert victim.post("/masuk", data=form).status_code == 303
    fresh = cookie_of(victim)
    assert fresh != planted
    assert not is_in(carrying(house, planted))
    assert EMAIL in victim.get("/akun").text
    assert victim.post("/keluar", data={"csrf_token": token}).status_code == 400  # the visitor's token died too


@pytest.mark.usefixtures("citizen")
def test_a_cookie_of_one_tenant_is_nobody_at_another(house: TestHouse) -> None:
    client = house.client()
    sign(client)
    token = cookie_of(client)
    assert token
    assert not is_in(carrying(house, token, "sumbawabarat"))
    carrying(house, token, "sumbawabarat").post_form("/keluar", page="/masuk")
    assert is_in(client)
    assert sign(house.client("sumbawabarat")).status_code == 422


@pytest.mark.usefixtures("citizen")
def test_a_session_ends_when_unused_and_when_old_however_busy(house: TestHouse) -> None:
    client = house.client()
    with frozen_clock("2026-11-24T08:00+08:00"):
        sign(client)
    with frozen_clock("2026-11-24T09:59+08:00"):
        assert is_in(client)
    with frozen_clock("2026-11-24T11:58+08:00"):
        assert is_in(client)  # it was used in between
    with frozen_clock("2026-11-24T13:59+08:00"):
        assert not is_in(client)
    busy = house.client()
    with frozen_clock("2026-11-24T08:00+08:00"):
        sign(busy)
    for hour in range(9, 20):
        with frozen_clock(f"2026-11-24T{hour:02}:00+08:00"):
            assert is_in(busy), hour
    with frozen_clock("2026-11-24T20:01+08:00"):
        assert not is_in(busy)


@pytest.mark.usefixtures("citizen")
def test_an_account_that_is_closed_is_out_at_once(house: TestHouse, as_owner: Any) -> None:
    client = house.client()
    sign(client)
    as_owner("UPDATE lumbung_person SET active = false")
    assert not is_in(client)


@pytest.mark.usefixtures("citizen")
def test_an_endless_password_is_refused_quickly_and_clearly(house: TestHouse) -> None:
    began = time.monotonic()
    assert sign(house.client(), password="x" * 1_000_000).status_code == 422
    form = {"name": "Siti", "email": "siti@contoh.id", "password": "x" * 1_000_000, "agree": "y"}
    answer = house.client().post_form("/daftar", form, page="/daftar")
    assert answer.status_code == 422
    assert "256" in answer.text
    assert time.monotonic() - began < 5
    assert sign(house.client(), email="x" * 1_000_000 + "@contoh.id").status_code == 422


def test_two_who_register_one_address_at_once_make_one_account_and_get_two_polite_answers(
    house: TestHouse, as_owner: Any
) -> None:
    gate = threading.Barrier(2)

    def register(client: HouseClient) -> TestResponse:
        token = client.csrf_token("/daftar")
        form = {"name": "Siti", "email": "siti@contoh.id", "password": PASSWORD, "agree": "y", "csrf_token": token}
        gate.wait(timeout=10)
        return client.post("/daftar", data=form)

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(register, [house.client(), house.client()]), key=lambda one: one.status_code)
    assert [answer.status_code for answer in answers] == [303, 422]
    assert "sudah punya akun" in answers[1].text
    assert as_owner("SELECT count(*) FROM lumbung_person") == [(1,)]
    assert as_owner("SELECT count(*) FROM lumbung_session") == [(1,)]


def test_registering_gives_no_role_whatever_the_form_says(house: TestHouse) -> None:
    client = house.client()
    form = {
        "name": "Siti",
        "email": "siti@contoh.id",
        "password": PASSWORD,
        "agree": "y",
        "operator": "y",
        "is_admin": "1",
        "role": "admin",
        "roles": "admin",
        "tenant_id": "2",
    }
    assert client.post_form("/daftar", form, page="/daftar").status_code == 303
    assert is_in(client)
    assert client.get("/admin/").status_code == 403
    with house.scope("sumbawa") as scope:
        rows = scope.session.connection().exec_driver_sql("SELECT operator FROM lumbung_person").all()
        assert [tuple(row) for row in rows] == [(False,)]
        assert not scope.session.connection().exec_driver_sql("SELECT 1 FROM lumbung_grant").all()


def test_a_changed_password_ends_the_other_sessions(house: TestHouse, citizen: Any) -> None:
    client, other = house.client(), house.client("sumbawa", citizen)
    sign(client)
    form = {"current": PASSWORD, "password": "gunung tambora 1815", "again": "gunung tambora 1815"}
    assert client.post_form("/akun/kata-sandi", form).status_code == 303
    assert is_in(client)
    assert not is_in(other)
    assert sign(house.client()).status_code == 422
    assert sign(house.client(), password="gunung tambora 1815").status_code == 303


def test_nobody_ends_the_session_of_somebody_else(house: TestHouse, citizen: Any) -> None:
    other = house.client("sumbawa", house.person("sumbawa", "lain@contoh.id"))
    [session] = house.sessions_of("sumbawa", citizen)
    assert other.post_form(f"/akun/sesi/{session.id}/akhiri").status_code == 404
    assert [row.revoked_at for row in house.sessions_of("sumbawa", citizen)] == [None]


def test_a_password_and_a_token_are_kept_only_as_hashes(house: TestHouse, citizen: Any, as_owner: Any) -> None:
    token = house.token("sumbawa", citizen)
    [(kept,)] = as_owner("SELECT password_hash FROM lumbung_person")
    assert str(kept).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    hashes = as_owner("SELECT token_hash FROM lumbung_session")
    assert all(token.encode() != bytes(one) for (one,) in hashes)
    assert all(len(bytes(one)) == 32 for (one,) in hashes)
