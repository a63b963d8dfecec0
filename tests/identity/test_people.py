"""Adding people and giving roles: what is refused, and that a refusal leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from lumbung.errors import LumbungError
from lumbung.identity import accounts, cards, people
from lumbung.identity.models import PersonRow
from lumbung.identity.passwords import hash_password, is_outdated, matches
from lumbung.tenancy.services import find_unit
from lumbung.testing import TestHouse


@pytest.mark.parametrize(
    ("email", "name", "password"),
    [
        ("bukan surel", "Siti", "kuda laut biru"),
        ("a@b@c.id", "Siti", "kuda laut biru"),
        ("x" * 300 + "@contoh.id", "Siti", "kuda laut biru"),
        ("siti@contoh.id", "", "kuda laut biru"),
        ("siti@contoh.id", "  \n ", "kuda laut biru"),
        ("siti@contoh.id", "x" * 121, "kuda laut biru"),
        ("siti@contoh.id", "Siti", "pendek"),
        ("siti@contoh.id", "Siti", "aaaaaaaaaaaaa"),
        ("siti@contoh.id", "Siti", "siti@contoh.id"),
        ("siti@contoh.id", "Siti", "x" * 257),
    ],
)
def test_a_person_who_cannot_be_is_refused_in_one_sentence(email: str, name: str, password: str) -> None:
    with pytest.raises(LumbungError) as refused:
        people.add_person(None, email=email, name=name, password=password)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


def test_an_address_is_one_account_in_a_tenant_and_another_next_door(house: TestHouse) -> None:
    for tenant in ("sumbawa", "sumbawabarat"):
        with house.scope(tenant) as scope:
            people.add_person(scope.session, email="Siti@Contoh.ID ", name=" Siti  Aminah", password=None)
    with house.scope("sumbawa") as scope:
        with pytest.raises(people.EmailTaken):
            people.add_person(scope.session, email="siti@contoh.id", name="Lain", password=None)
        [row] = scope.session.scalars(select(PersonRow)).all()
        assert (row.email, row.name) == ("siti@contoh.id", "Siti Aminah")


def test_a_role_given_twice_is_held_once_and_can_be_taken_back(house: TestHouse) -> None:
    house.unit("sumbawa", "DINKES")
    with house.scope("sumbawa") as scope:
        row = people.add_person(scope.session, email="siti@contoh.id", name="Siti", password=None)
        unit = find_unit(scope.session, "DINKES")
        first = people.grant(scope.session, row, "officer", unit)
        assert people.grant(scope.session, row, "officer", unit) is first
        people.grant(scope.session, row, "officer")
        assert len(row.grants) == 2
        with pytest.raises(LumbungError, match="whole tenant"):
            people.grant(scope.session, row, "admin", unit)
        assert people.withdraw(scope.session, row, first.id)
        assert not people.withdraw(scope.session, row, first.id)
        assert [held.unit_id for held in row.grants] == [None]


def test_several_people_are_those_of_the_tenant(house: TestHouse) -> None:
    here = house.person("sumbawa", "a@contoh.id")
    there = house.person("sumbawabarat", "b@contoh.id")
    with house.scope("sumbawa") as scope:
        assert [row.id for row in accounts.several(scope.session, [here.id, there.id])] == [here.id]
        assert accounts.several(scope.session, []) == []


def test_of_several_administrators_the_last_keeps_the_account(house: TestHouse) -> None:
    actor = house.person("sumbawa", "operator@contoh.id", operator=True)
    ids = [house.person("sumbawa", email, roles=["admin"]).id for email in ("a@contoh.id", "b@contoh.id")]
    with house.scope("sumbawa", person=actor) as scope:
        rows = accounts.several(scope.session, ids)
        chief = replace(actor, is_admin=True)  # of the tenant too: nobody closes the account of one above them
        assert set(accounts.close_several(scope.session, rows, actor).left) == {"above"}
        done = accounts.close_several(scope.session, rows, chief)
        assert list(done.closed) == [rows[0]]
        assert {reason: list(left) for reason, left in done.left.items()} == {"last_admin": [rows[1]]}
        again = accounts.close_several(scope.session, rows, chief)
        assert list(again.closed) == []
        assert set(again.left) == {"closed", "last_admin"}
        assert [row.active for row in rows] == [False, True]


def test_cards_show_people_of_the_tenant_alone(house: TestHouse) -> None:
    here = house.person("sumbawa", "a@contoh.id", roles=["admin"])
    there = house.person("sumbawabarat", "b@contoh.id", roles=["admin"])
    with house.scope("sumbawa"):
        assert cards.get(here.id) is not None
        assert cards.get(there.id) is None
        assert list(cards.several([here.id, there.id])) == [here.id]
        assert cards.several([]) == {}
        assert [card.email for card in cards.with_permission("core.people")] == ["a@contoh.id"]
        assert cards.with_permission("apa.saja") == []


def test_a_new_person_and_a_role_are_in_the_trail(house: TestHouse, as_owner: Any) -> None:
    house.person("sumbawa", "a@contoh.id", roles=["officer"])
    trail = as_owner("SELECT action, thing, person_name FROM lumbung_audit ORDER BY at")
    assert ("person.add", "a@contoh.id", "test") in trail
    assert ("person.grant", "a@contoh.id", "test") in trail


def test_a_session_bound_to_nobody_sees_nobody(house: TestHouse) -> None:
    house.person("sumbawa", "a@contoh.id")
    with house.kernel.scope() as scope:
        assert scope.session.scalar(select(func.count()).select_from(PersonRow)) == 0


def test_hashes_match_their_password_alone() -> None:
    kept = hash_password("kuda laut biru")
    assert matches(kept, "kuda laut biru")
    assert not matches(kept, "kuda laut Biru")
    assert not matches(None, "an account that does not exist")
    assert not matches("not a hash", "x")
    assert not matches(kept, "x" * 257)
    assert not is_outdated(kept)
    assert is_outdated("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$x2OYp/4cVJhYVZ7ZBwmwgA")
