"""`lumbung user reset-second-factor`: for the last administrator who lost phone and codes."""

from __future__ import annotations

from typing import Any

import pyotp

from lumbung.clock import utc_now
from lumbung.identity.second_factor import rules, totp
from lumbung.testing import TestHouse


def test_it_takes_the_second_factors_of_one_person_away(house: TestHouse, lumbung: Any, as_owner: Any) -> None:
    people = [house.person("sumbawa", email) for email in ("a@contoh.id", "b@contoh.id")]
    for person in people:
        with house.scope("sumbawa") as scope:
            row = totp.begin(scope.session, person.id)
            assert totp.confirm(scope.session, row, pyotp.TOTP(row.secret).at(utc_now()))
    reset = ("user", "reset-second-factor")
    assert "no account with the address" in lumbung(*reset, "tiada@contoh.id", "--tenant", "sumbawa").refused()
    assert "no account with the address" in lumbung(*reset, "a@contoh.id", "--tenant", "sumbawabarat").refused()
    with house.scope("sumbawa") as scope:
        assert all(rules.has_factor(scope.session, person.id) for person in people)
    said = lumbung(*reset, "A@Contoh.id", "--tenant", "sumbawa")
    assert (said.code, said.out.split()[0]) == (0, "a@contoh.id")
    with house.scope("sumbawa") as scope:
        assert [rules.has_factor(scope.session, person.id) for person in people] == [False, True]
    assert as_owner("SELECT count(*) FROM lumbung_session WHERE revoked_at IS NOT NULL") == [(1,)]
    assert as_owner("SELECT count(*) FROM lumbung_notification") == [(1,)]
