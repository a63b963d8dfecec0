"""Guesses by strangers pause an account for strangers; its owner gets in from a browser that it knows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from lumbung.clock import utc_now
from lumbung.identity import accounts, devices, passwords, sign_in
from lumbung.identity.models import DeviceRow, PersonRow
from lumbung.testing import HouseClient, TestHouse, frozen_clock

EMAIL, PASSWORD, WRONG = "warga@contoh.id", "kuda laut biru", "salah salah salah"
OTHER = "lain@contoh.id"
NOW = "2026-11-24T08:00+08:00"


@pytest.fixture
def citizen(house: TestHouse) -> Any:
    house.person("sumbawa", OTHER, password=PASSWORD)
    return house.person("sumbawa", EMAIL, password=PASSWORD)


def sign(client: HouseClient, email: str = EMAIL, password: str = PASSWORD, **more: Any) -> TestResponse:
    return client.post_form("/masuk", {"email": email, "password": password}, page="/masuk", **more)


def device_of(client: HouseClient) -> str:
    found = client.get_cookie("lumbung_device", domain="sumbawa.localhost")
    return found.value if found else ""


def with_device(house: TestHouse, cookie: str) -> HouseClient:
    client = house.client()
    client.set_cookie("lumbung_device", cookie, domain="sumbawa.localhost")
    return client


@pytest.mark.usefixtures("citizen")
def test_the_owner_gets_in_from_a_known_browser_while_strangers_are_paused(house: TestHouse, as_owner: Any) -> None:
    with frozen_clock(NOW):
        mine, stranger = house.client(), house.client()
        answer = sign(mine)
        [line] = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("lumbung_device")]
        assert "HttpOnly" in line
        assert "SameSite=Lax" in line
        mine.post_form("/keluar")
        for _ in range(10):
            assert sign(stranger, password=WRONG).status_code == 422
        assert sign(stranger).status_code == 429
        assert sign(mine).status_code == 303
        # the cookie of another account is a stranger's here, and so is a cookie that is none
        other = house.client()
        sign(other, OTHER)
        for cookie in (device_of(other), "x" * 43, "\x7f.é", "." * 500, "a" * 4000):
            assert sign(with_device(house, cookie)).status_code == 429
    hashes = [bytes(one) for (one,) in as_owner("SELECT token_hash FROM lumbung_device")]
    assert [len(one) for one in hashes] == [32, 32]
    assert device_of(mine).encode() not in hashes


@pytest.mark.usefixtures("citizen")
def test_a_stolen_device_cookie_has_a_small_limit_of_its_own(house: TestHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    real = passwords.matches
    monkeypatch.setattr(sign_in, "matches", lambda kept, given: hashed.append(given) or real(kept, given))
    with frozen_clock(NOW):
        mine = house.client()
        sign(mine)
        thief = with_device(house, device_of(mine))
        for _ in range(5):
            assert sign(thief, password=WRONG).status_code == 422
        assert sign(thief).status_code == 429
        assert len(hashed) == 6
        assert sign(house.client()).status_code == 303  # nobody else is kept out by it
    with frozen_clock("2026-11-24T08:16+08:00"):
        assert sign(thief).status_code == 303


@pytest.mark.usefixtures("citizen")
def test_one_browser_knows_several_accounts_and_none_of_another_government(house: TestHouse) -> None:
    house.person("sumbawabarat", EMAIL, password=PASSWORD)
    shared = house.client()
    for email in (EMAIL, OTHER, EMAIL):
        sign(shared, email)
        shared.post_form("/keluar")
    tokens = device_of(shared).split(".")
    assert len(tokens) == 2
    with house.scope("sumbawabarat") as scope:
        assert devices.of_account(scope.session, device_of(shared), EMAIL) is None
    with house.scope("sumbawa") as scope:
        assert devices.of_account(scope.session, device_of(shared), EMAIL)
        assert devices.of_account(scope.session, device_of(shared), OTHER)


def test_a_browser_can_be_forgotten_and_a_new_password_forgets_them_all(house: TestHouse, citizen: Any) -> None:
    mine, other = house.client(), house.client()
    sign(mine)
    sign(other)
    with house.scope("sumbawa") as scope:
        here = devices.of_person(scope.session, device_of(mine), citizen.id)
        there = devices.of_person(scope.session, device_of(other), citizen.id)
        assert here
        assert there
    assert mine.get("/akun/sesi").text.count("/lupakan") == 2
    stranger = house.client("sumbawa", house.person("sumbawa", OTHER))
    assert stranger.post_form(f"/akun/keamanan/peramban/{there.id}/lupakan").status_code == 404
    assert other.get("/akun").status_code == 200
    assert mine.post_form(f"/akun/keamanan/peramban/{there.id}/lupakan").status_code == 303
    assert other.get("/akun").status_code == 302  # its session went with it
    sign(other)
    form = {"current": PASSWORD, "password": "gunung tambora 1815", "again": "gunung tambora 1815"}
    assert mine.post_form("/akun/kata-sandi", form).status_code == 303
    with house.scope("sumbawa") as scope:
        assert [one.id for one in devices.known(scope.session, citizen.id)] == [here.id]
        accounts.reset_password(scope.session, scope.session.get_one(PersonRow, (citizen.tenant_id, citizen.id)))
    with house.scope("sumbawa") as scope:
        assert not devices.known(scope.session, citizen.id)


def test_a_browser_that_was_not_used_for_half_a_year_is_a_stranger_and_swept(house: TestHouse, citizen: Any) -> None:
    mine = house.client()
    with frozen_clock(NOW):
        sign(mine)
    with frozen_clock("2027-06-24T08:00+08:00"), house.scope("sumbawa") as scope:
        assert devices.of_person(scope.session, device_of(mine), citizen.id) is None
        assert devices.sweep(scope.session) == 1
        assert devices.sweep(scope.session) == 0


def test_trust_ends_after_thirty_days() -> None:
    with frozen_clock(NOW):
        row = DeviceRow(trusted_at=utc_now() - timedelta(days=29))
        assert devices.is_trusted(row)
        row.trusted_at = utc_now() - timedelta(days=30)
        assert not devices.is_trusted(row)
        assert not devices.is_trusted(DeviceRow(trusted_at=None))


@pytest.mark.usefixtures("citizen")
def test_a_password_is_hashed_once_whether_or_not_there_is_an_account(
    house: TestHouse, as_owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.person("sumbawa", "tutup@contoh.id", password=PASSWORD)
    house.person("sumbawa", "tanpa@contoh.id")
    as_owner("UPDATE lumbung_person SET active = false WHERE email = 'tutup@contoh.id'")
    calls: list[str] = []
    hasher = passwords._hasher

    class Counting:
        def verify(self, kept: str, given: str) -> bool:
            calls.append(kept[:20])
            return hasher.verify(kept, given)

        def check_needs_rehash(self, kept: str) -> bool:
            return hasher.check_needs_rehash(kept)

        def hash(self, given: str) -> str:
            calls.append("hash")
            return hasher.hash(given)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    for email, password, code in (
        (EMAIL, PASSWORD, 303),
        (EMAIL, WRONG, 422),
        ("tiada@contoh.id", PASSWORD, 422),
        ("tutup@contoh.id", PASSWORD, 422),
        ("tanpa@contoh.id", PASSWORD, 422),
    ):
        calls.clear()
        assert sign(house.client(), email, password).status_code == code
        assert len(calls) == 1, email
    calls.clear()
    assert sign(house.client(), EMAIL, "x" * 1_000_000).status_code == 422
    assert calls == []
