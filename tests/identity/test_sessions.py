"""Sessions in the table: swept when long dead, listed while alive."""

from __future__ import annotations

from datetime import timedelta

from lumbung.identity import sessions
from lumbung.identity.sessions import Lifetime
from lumbung.testing import TestHouse, frozen_clock

LIFETIME = Lifetime(timedelta(hours=2), timedelta(hours=12))


def test_only_sessions_that_still_work_are_listed_and_only_old_ones_are_swept(house: TestHouse) -> None:
    with frozen_clock("2026-10-01T08:00+08:00"):
        person = house.person("sumbawa", "a@contoh.id")
    with frozen_clock("2026-11-24T08:00+08:00"):
        house.token("sumbawa", person)
        house.token("sumbawa", person)
        with house.scope("sumbawa") as scope:
            first, second = sessions.open_sessions(scope.session, person.id, LIFETIME)
            assert sessions.revoke(scope.session, person.id, first.id)
            assert not sessions.revoke(scope.session, person.id, first.id)
        with house.scope("sumbawa") as scope:
            listed = sessions.open_sessions(scope.session, person.id, LIFETIME)
            assert [one.id for one in listed] == [second.id]
            assert sessions.sweep(scope.session, LIFETIME) == 1
    assert len(house.sessions_of("sumbawa", person)) == 2


def test_ending_every_session_can_spare_one(house: TestHouse) -> None:
    person = house.person("sumbawa", "a@contoh.id")
    house.token("sumbawa", person)
    with house.scope("sumbawa") as scope:
        assert sessions.revoke_all(scope.session, person.id, keep=person.session_id) == 1
        assert sessions.revoke_all(scope.session, person.id) == 1
        assert sessions.revoke_all(scope.session, person.id) == 0


def test_reading_a_page_notes_the_session_at_most_once_a_minute(house: TestHouse) -> None:
    with frozen_clock("2026-11-24T08:00+08:00"):
        person = house.person("sumbawa", "a@contoh.id")
        client = house.client("sumbawa", person)
    seen = []
    for moment in ("08:00:30", "08:01:30", "08:02:00"):
        with frozen_clock(f"2026-11-24T{moment}+08:00"):
            assert client.get("/akun").status_code == 200
        seen.append(max(row.seen_at for row in house.sessions_of("sumbawa", person)))
    assert [(one - seen[0]).total_seconds() for one in seen] == [0, 90, 90]


def test_a_token_that_is_no_text_is_nobody_s() -> None:
    assert len(sessions.token_hash("\ud800")) == 32
