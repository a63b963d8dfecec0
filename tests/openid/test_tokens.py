"""Codes and tokens: good once, for whom they were given, and dead with everything that ends them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from lumbung.audit import AuditRow
from lumbung.clock import utc_now
from lumbung.identity import accounts, sessions
from lumbung.identity.models import PersonRow
from lumbung.identity.passwords import hash_password
from lumbung.identity.person import Person
from lumbung.notifications.models import Notification
from lumbung.openid import clients
from lumbung.openid.models import ConsentRow, TokenRow
from lumbung.portal import openid_endpoints
from lumbung.testing import HouseClient, TestHouse
from lumbung.testing.clocks import frozen_clock
from lumbung.testing.openid import CALLBACK, App, register

OTHER_VERIFIER = "x" * 50


def later(**passed: float) -> AbstractContextManager[None]:
    return frozen_clock(utc_now() + timedelta(**passed))


def count(house: TestHouse, model: Any, tenant: str = "sumbawa") -> int:
    with house.scope(tenant) as scope:
        return scope.session.scalar(select(func.count()).select_from(model)) or 0


def test_code_counts_once_for_a_minute_for_whom_it_was_given(app: App, house: TestHouse, browser: HouseClient) -> None:
    code = app.allow(browser)["code"]
    other = register(house)
    barat = register(house, "sumbawabarat")
    wrong: list[dict[str, Any]] = [
        {"code_verifier": OTHER_VERIFIER},
        {"code_verifier": None},
        {"code_verifier": "é" * 50},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": None},
        {"client_id": other.client_id, "client_secret": other.secret},
        {"client_secret": "wrong"},
        {"client_secret": None},
        {"code": "wrong"},
        {"code": None},
        {"grant_type": "password"},
        {"grant_type": None},
    ]
    for changed in wrong:
        answer = app.exchange(code, **changed)
        assert answer.status_code in (400, 401) and "error" in (answer.json or {}), changed
    assert barat.exchange(code, code_verifier=app.verifier).status_code == 400, "unknown in another tenant"
    assert count(house, TokenRow) == 0
    good = app.exchange(code).json or {}
    assert app.userinfo(good["access_token"]).status_code == 200
    assert app.userinfo(good["access_token"], "sumbawabarat").status_code == 401
    again = app.exchange(code)
    assert again.status_code == 400 and (again.json or {})["error"] == "invalid_grant"
    assert app.userinfo(good["access_token"]).status_code == 401, "what the first use brought is dead"
    late = app.allow(browser)["code"]
    with later(seconds=61):
        assert app.exchange(late).status_code == 400


def test_refresh_token_that_is_used_twice_ends_its_family(
    app: App, house: TestHouse, browser: HouseClient, siti: Person
) -> None:
    first = app.tokens(browser)
    other = register(house)
    assert other.refresh(first["refresh_token"]).status_code == 400
    assert app.refresh(first["refresh_token"], scope="openid").status_code == 200, "less may be asked for"
    kept = app.tokens(browser)
    second = app.refresh(kept["refresh_token"]).json or {}
    third = app.refresh(second["refresh_token"]).json or {}
    assert app.userinfo(third["access_token"]).status_code == 200 and third["id_token"]
    stolen = app.refresh(second["refresh_token"])
    assert (stolen.json or {})["error"] == "invalid_grant"
    assert app.refresh(third["refresh_token"]).status_code == 400
    assert app.userinfo(third["access_token"]).status_code == 401
    with house.scope() as scope:
        reuse = scope.session.scalars(select(AuditRow).where(AuditRow.action == "openid.reuse")).all()
        told = scope.session.scalars(select(Notification).where(Notification.person_id == siti.id)).all()
    assert len(reuse) == 1 and reuse[0].about == siti.id
    assert [one.url for one in told] == ["/akun/aplikasi"]


def test_tokens_end_with_session_account_password_and_permission(
    app: App, house: TestHouse, browser: HouseClient, siti: Person
) -> None:
    boss = house.person("sumbawa", "kepala@contoh.id", roles=["admin"])
    short = app.tokens(browser)
    browser.post_form("/keluar", page="/akun")
    assert app.userinfo(short["access_token"]).status_code == 401, "signed out"
    longer = app.refresh(short["refresh_token"]).json or {}
    assert app.userinfo(longer["access_token"]).status_code == 200, "what was to last, lasts"

    def ended() -> bool:
        dead = app.refresh(longer["refresh_token"]).status_code == 400
        return dead and app.userinfo(longer["access_token"]).status_code == 401

    with house.scope() as scope:
        row = scope.session.get_one(PersonRow, (siti.tenant_id, siti.id))
        accounts.close(scope.session, row, boss)
    with house.scope() as scope:
        accounts.reopen(scope.session, scope.session.get_one(PersonRow, (siti.tenant_id, siti.id)))
    assert ended(), "opening the account again brings no token back"
    again = house.client("sumbawa", siti)
    longer = app.tokens(again)
    with house.scope() as scope:
        scope.session.get_one(PersonRow, (siti.tenant_id, siti.id)).password_hash = hash_password("udang laut biru")
    assert ended(), "a new password"
    longer = app.tokens(again)
    page = again.get("/akun/aplikasi").get_data(as_text=True)
    assert "Perizinan Daring" in page and "Tetap terhubung" in page
    with house.scope() as scope:
        client = clients.find(scope.session, app.client_id)
        assert client is not None
    stranger = house.client("sumbawa", house.person("sumbawa", "lain@contoh.id"))
    assert stranger.post_form(f"/akun/aplikasi/{client.row.id}/cabut").status_code == 404
    assert not ended()
    longer = app.tokens(again)
    assert again.post_form(f"/akun/aplikasi/{client.row.id}/cabut").status_code == 303
    assert ended() and count(house, ConsentRow) == 0
    assert app.authorize(again).status_code == 200, "asked again"
    longer = app.tokens(again)
    with house.scope() as scope:
        client = clients.find(scope.session, app.client_id)
        assert client is not None
        clients.switch(scope.session, client.row, on=False)
    assert app.userinfo(longer["access_token"]).status_code == 401
    assert app.refresh(longer["refresh_token"]).status_code == 401 or app.refresh("x").status_code == 400
    assert app.authorize(again).status_code == 400


def test_of_two_who_come_at_once_with_the_same_one_gets_tokens_and_both_lose_them(
    app: App, house: TestHouse, browser: HouseClient
) -> None:
    assert house.app
    for ask, secret in (
        (app.exchange, app.allow(browser, scope="openid offline_access")["code"]),
        (app.refresh, app.tokens(browser)["refresh_token"]),
    ):
        with ThreadPoolExecutor(4) as crowd:
            answers = list(crowd.map(lambda _, ask=ask, secret=secret: ask(secret), range(4)))
        good = [answer.json or {} for answer in answers if answer.status_code == 200]
        assert len(good) == 1 and sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
        assert app.userinfo(good[0]["access_token"]).status_code == 401
        assert app.refresh(good[0]["refresh_token"]).status_code == 400


def test_closed_account_and_ended_session_get_nothing_for_a_code(
    app: App, house: TestHouse, browser: HouseClient, siti: Person
) -> None:
    code = app.allow(browser)["code"]
    with house.scope() as scope:
        sessions.revoke_all(scope.session, siti.id)
    assert app.exchange(code).status_code == 400
    assert count(house, TokenRow) == 0


def test_revocation_is_for_ones_own_tokens(app: App, house: TestHouse, browser: HouseClient) -> None:
    given = app.tokens(browser)
    other = register(house)

    def revoke(by: App, token: str, **more: str) -> int:
        form = {"client_id": by.client_id, "client_secret": by.secret, "token": token} | more
        return house.client().post("/openid/revoke", data=form).status_code

    assert revoke(other, given["refresh_token"]) == 200
    assert app.userinfo(given["access_token"]).status_code == 200, "another's token stays"
    assert revoke(app, "unheard-of") == 200
    assert revoke(app, given["refresh_token"], client_secret="wrong") in (400, 401)
    assert revoke(app, given["refresh_token"], token_type_hint="whatever") == 200
    assert app.userinfo(given["access_token"]).status_code == 401


def test_failures_of_one_client_are_counted_and_others_still_served(
    app: App, house: TestHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openid_endpoints, "FAILURES", 3)
    for _ in range(3):
        assert app.refresh("wrong").status_code == 400
    busy = app.refresh("wrong")
    assert busy.status_code == 429 and int(busy.headers["Retry-After"]) > 0 and "error" in (busy.json or {})
    assert register(house).refresh("wrong").status_code == 400
