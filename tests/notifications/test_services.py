"""Telling a person something: in the caller's transaction, to people of this tenant only, for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from lumbung.clock import utc_now
from lumbung.housekeeping import sweep_all
from lumbung.identity.models import PersonRow
from lumbung.notifications import services
from lumbung.notifications.models import Notification
from lumbung.sdk import Bilingual, notify
from lumbung.testing import TestHouse, frozen_clock

TITLE = Bilingual("Nomor A001 dipanggil", "Number A001 is called")
TEXT = Bilingual("Silakan ke Loket 1.", "Please go to counter 1.")


def told(as_owner: Any) -> list[tuple[object, ...]]:
    return as_owner("SELECT person_id, title ->> 'en', url FROM lumbung_notification ORDER BY at")


def jobs(as_owner: Any) -> list[tuple[object, ...]]:
    return as_owner("SELECT args FROM procrastinate_jobs WHERE task_name = 'lumbung.mail'")


def test_what_is_told_stands_with_its_mail_job_which_knows_no_more_than_an_id(house: TestHouse, as_owner: Any) -> None:
    person = house.person("sumbawa", "w@a.id")
    with house.scope("sumbawa", plugin="antrean"):
        notify(person.id, TITLE, TEXT, "/antrean/")
    assert told(as_owner) == [(person.id, "Number A001 is called", "/antrean/")]
    [(kept,)] = as_owner("SELECT id FROM lumbung_notification WHERE plugin = 'antrean'")
    assert jobs(as_owner) == [({"tenant": "sumbawa", "notification": str(kept)},)]


def test_a_transaction_that_is_undone_leaves_neither(house: TestHouse, as_owner: Any) -> None:
    person = house.person("sumbawa", "w@a.id")
    with pytest.raises(ZeroDivisionError), house.scope("sumbawa"):
        notify(person.id, TITLE, TEXT, "/antrean/")
        raise ZeroDivisionError
    assert told(as_owner) == jobs(as_owner) == []


def test_somebody_of_another_tenant_or_of_none_cannot_be_told(house: TestHouse, as_owner: Any) -> None:
    neighbour = house.person("sumbawabarat", "w@a.id")
    for stranger in (neighbour.id, uuid4()):
        with pytest.raises(services.UnknownPerson, match=f"has no person with the id {stranger}"), house.scope():
            notify(stranger, TITLE, TEXT, "/antrean/")
    assert told(as_owner) == jobs(as_owner) == []


@pytest.mark.parametrize("url", ["", "antrean/", "//evil.example", "https://evil.example", "/\\evil", "javascript:x"])
def test_it_leads_nowhere_but_to_this_host(house: TestHouse, as_owner: Any, url: str) -> None:
    person = house.person("sumbawa", "w@a.id")
    with pytest.raises(ValueError, match="path on this host"), house.scope("sumbawa"):
        notify(person.id, TITLE, TEXT, url)
    assert told(as_owner) == []


@pytest.mark.parametrize("words", [Bilingual("", "x"), Bilingual("x", " "), Bilingual("x" * 3000, "x")])
def test_an_empty_or_endless_text_is_refused(house: TestHouse, as_owner: Any, words: Bilingual) -> None:
    person = house.person("sumbawa", "w@a.id")
    with house.scope("sumbawa"), pytest.raises(ValueError, match="letters"):
        notify(person.id, words, TEXT, "/")
    with house.scope("sumbawa"), pytest.raises(TypeError, match="both languages"):
        notify(person.id, "Nomor A001 dipanggil", TEXT, "/")  # type: ignore[arg-type]
    assert told(as_owner) == []


@pytest.mark.parametrize("change", [{"mail": False}, {"active": False}])
def test_who_wants_no_mail_or_is_closed_is_told_without_a_mail_job(
    house: TestHouse, as_owner: Any, change: dict[str, bool]
) -> None:
    person = house.person("sumbawa", "w@a.id")
    with house.scope("sumbawa") as scope:
        row = scope.session.scalars(select(PersonRow)).one()
        for name, value in change.items():
            setattr(row, name, value)
        notify(person.id, TITLE, TEXT, "/")
    assert len(told(as_owner)) == 1
    assert jobs(as_owner) == []


def test_a_person_who_goes_takes_their_notifications_along(house: TestHouse, as_owner: Any) -> None:
    person = house.person("sumbawa", "w@a.id")
    with house.scope("sumbawa"):
        notify(person.id, TITLE, TEXT, "/")
    as_owner("DELETE FROM lumbung_session")
    as_owner("DELETE FROM lumbung_person")
    assert told(as_owner) == []


def test_read_ones_are_swept_after_90_days_and_all_after_a_year(house: TestHouse) -> None:
    person = house.person("sumbawa", "w@a.id")
    now = utc_now()
    for days, read in ((400, False), (100, True), (100, False), (10, True)):
        with frozen_clock(now - timedelta(days=days)), house.scope("sumbawa") as scope:
            notify(person.id, Bilingual(f"{days} {read}", "x"), TEXT, "/")
            if read:
                services.read_all(scope.session, person.id)
    with frozen_clock(now):
        sweep_all(house.kernel)
    with house.scope("sumbawa") as scope:
        left = [one.title["id"] for one in scope.session.scalars(select(Notification).order_by(Notification.at))]
    assert left == ["100 False", "10 True"]
