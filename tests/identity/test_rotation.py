"""A session takes another token when what its person may do changes; the old one is dead half a minute later."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lumbung.identity import people, sessions
from lumbung.identity.models import PersonRow
from lumbung.testing import HouseClient, TestHouse, frozen_clock

EMAIL, PASSWORD = "warga@contoh.id", "kuda laut biru"
SID = "lumbung_sid"


def token_of(client: HouseClient) -> str:
    found = client.get_cookie(SID, domain="sumbawa.localhost")
    return found.value if found else ""


def carrying(house: TestHouse, token: str) -> HouseClient:
    client = house.client()
    client.set_cookie(SID, token, domain="sumbawa.localhost")
    return client


def is_in(client: HouseClient) -> bool:
    return client.get("/akun/data.json").status_code == 200  # no page: it renews nothing


def give_a_role(house: TestHouse, person: Any, role: str = "editor") -> None:
    with house.scope("sumbawa") as scope:
        people.grant(scope.session, scope.session.get_one(PersonRow, (person.tenant_id, person.id)), role)


def test_a_new_role_renews_the_token_at_the_next_page_and_the_old_one_dies(house: TestHouse) -> None:
    with frozen_clock("2026-11-24T08:00+08:00"):
        person = house.person("sumbawa", EMAIL)
        client = house.client("sumbawa", person)
        before = token_of(client)
        assert client.get("/akun").status_code == 200
        assert token_of(client) == before
        give_a_role(house, person)
        assert is_in(client)
        assert token_of(client) == before  # not a page
        assert client.get("/akun/tiada").status_code == 404
        assert token_of(client) == before  # no page came, so no cookie could be kept
        assert client.get("/akun").status_code == 200
        after = token_of(client)
        assert after != before
        assert is_in(client)
        late = carrying(house, before)
        give_a_role(house, person, "officer")
        assert late.get("/akun").status_code == 200  # a request that was under way
        assert token_of(late) == before  # whoever holds an old token is not given the new one
    with frozen_clock("2026-11-24T08:00:31+08:00"):
        assert not is_in(carrying(house, before))
        assert is_in(client)
    assert {len(row.token_hash) for row in house.sessions_of("sumbawa", person)} == {32}


def test_renewing_makes_a_session_no_younger(house: TestHouse) -> None:
    with frozen_clock("2026-11-24T08:00+08:00"):
        person = house.person("sumbawa", EMAIL)
        client = house.client("sumbawa", person)
    for hour in range(9, 20):
        with frozen_clock(f"2026-11-24T{hour:02}:00+08:00"):
            with house.scope("sumbawa") as scope:
                sessions.rotate_all(scope.session, person.id)
            before = token_of(client)
            assert client.get("/akun").status_code == 200, hour
            assert token_of(client) != before
    with frozen_clock("2026-11-24T20:00:01+08:00"):
        assert not is_in(client)


def test_of_two_pages_at_once_one_renews_and_both_are_shown(house: TestHouse) -> None:
    person = house.person("sumbawa", EMAIL)
    token = house.token("sumbawa", person)
    give_a_role(house, person)
    clients = [carrying(house, token) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: client.get("/akun"), clients))
    assert [answer.status_code for answer in answers] == [200] * 4
    renewed = [one for one in map(token_of, clients) if one != token]
    assert len(renewed) == 1
    assert is_in(carrying(house, renewed[0]))


def test_a_copy_of_the_old_token_cannot_outlive_signing_out(house: TestHouse) -> None:
    person = house.person("sumbawa", EMAIL)
    client = house.client("sumbawa", person)
    before = token_of(client)
    give_a_role(house, person)
    client.get("/akun")
    late = carrying(house, before)
    assert late.post_form("/keluar").status_code == 303
    assert not is_in(client)
    assert not is_in(carrying(house, before))


def test_a_changed_password_renews_this_session_at_once(house: TestHouse) -> None:
    person = house.person("sumbawa", EMAIL, password=PASSWORD)
    client = house.client("sumbawa", person)
    before = token_of(client)
    wrong = {"current": "salah", "password": "gunung tambora 1815", "again": "gunung tambora 1815"}
    assert client.post_form("/akun/kata-sandi", wrong).status_code == 422
    assert token_of(client) == before
    assert is_in(carrying(house, before))
    assert client.post_form("/akun/kata-sandi", wrong | {"current": PASSWORD}).status_code == 303
    assert token_of(client) != before
    assert is_in(client)
    assert not is_in(carrying(house, before))  # a copy is dead without delay
