"""A breach: who was affected is read from the access log, all are told once, and the clock runs for 72 hours."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.identity.models import PersonRow
from lumbung.identity.person import Person
from lumbung.notifications.models import Notification
from lumbung.privacy import breach
from lumbung.privacy.retention_models import Breach, BreachTold
from lumbung.testing import TestHouse, frozen_clock
from lumbung.testing.house import HouseClient

PAGE = "/admin/data-pribadi/insiden/"


@pytest.fixture
def house_plugins() -> list[str]:
    return []


@pytest.fixture
def readings(house: TestHouse) -> Iterator[dict[str, Person]]:
    """An officer reads of two citizens, another of a third; the first reads of one again a day later."""
    people = {name: house.person("sumbawa", f"{name}@contoh.id") for name in ("satu", "dua", "tiga")}
    people["nakal"] = house.person("sumbawa", "nakal@contoh.id", roles=["officer"])
    people["jujur"] = house.person("sumbawa", "jujur@contoh.id", roles=["officer"])
    with house.scope(person=people["nakal"]):
        audit.note_reading([people["satu"].id, people["dua"].id], "antrean.ticket")
    with house.scope(person=people["jujur"]):
        audit.note_reading(people["tiga"].id, "person.page")
    with frozen_clock(utc_now() + timedelta(days=1)), house.scope(person=people["nakal"]):
        audit.note_reading(people["satu"].id, "antrean.ticket")
    yield people


def facts(reader: Person | None = None, **given: Any) -> dict[str, Any]:
    now = utc_now()
    return {
        "title": "Akun loket dipakai orang lain",
        "found_at": now,
        "since": now - timedelta(hours=2),
        "until": now + timedelta(hours=2),
        "reader_id": reader.id if reader else None,
        "plugin": None,
        "address": None,
        "data": "nama dan nomor ponsel",
        "story": "Akun petugas dipakai orang lain.",
        "measures": "Akunnya ditutup.",
        **given,
    }


def names(house: TestHouse, row_id: Any) -> list[tuple[str, int]]:
    with house.scope() as scope:
        row = scope.session.get_one(Breach, (scope.tenant.id, row_id))
        return [(one.person.email.partition("@")[0], one.readings) for one in breach.affected(scope.session, row)]


def add(house: TestHouse, **given: Any) -> Any:
    with house.scope() as scope:
        return breach.open_case(scope.session, by="Pejabat", **facts(**given)).id


def test_the_list_of_those_affected_follows_reader_time_application_and_address(
    house: TestHouse, readings: dict[str, Person]
) -> None:
    assert names(house, add(house, reader=readings["nakal"])) == [("dua", 1), ("satu", 1)]
    assert names(house, add(house)) == [("dua", 1), ("satu", 1), ("tiga", 1)]
    longer = add(house, reader=readings["nakal"], until=utc_now() + timedelta(days=2))
    assert names(house, longer) == [("dua", 1), ("satu", 2)]
    assert names(house, add(house, plugin="antrean")) == []
    assert len(names(house, add(house, plugin="core"))) == 3
    assert names(house, add(house, address="203.0.113.9")) == []


def test_another_tenants_readings_and_breaches_are_not_seen(house: TestHouse, readings: dict[str, Person]) -> None:
    mine = add(house)
    with house.scope("sumbawabarat") as scope:
        theirs = breach.open_case(scope.session, by="Pejabat", **facts())
        assert theirs.number == 1
        assert breach.affected(scope.session, theirs) == []
    admin = house.client("sumbawabarat", house.person("sumbawabarat", "a@ksb.example", roles=["admin"]))
    assert admin.get(f"{PAGE}{mine}/").status_code == 404


def test_everybody_affected_is_told_once_also_who_wants_no_mail(house: TestHouse, readings: dict[str, Person]) -> None:
    with house.scope() as scope:
        scope.session.get_one(PersonRow, (scope.tenant.id, readings["dua"].id)).mail = False
    row_id = add(house, reader=readings["nakal"])
    for told in (2, 0):
        with house.scope() as scope:
            row = scope.session.get_one(Breach, (scope.tenant.id, row_id))
            assert breach.tell(scope.session, row) == told
    with house.scope() as scope:
        sent = scope.session.scalars(select(Notification)).all()
        assert {one.person_id for one in sent} == {readings["satu"].id, readings["dua"].id}
        assert all(one.must_reach and "nama dan nomor ponsel." in one.text["id"] for one in sent)
        assert len(scope.session.scalars(select(BreachTold)).all()) == 2
    house.work()


def test_two_officers_who_tell_at_once_tell_each_person_once(house: TestHouse, readings: dict[str, Person]) -> None:
    row_id = add(house, reader=readings["nakal"])

    def tell(_: int) -> int:
        with house.scope() as scope:
            return breach.tell(scope.session, scope.session.get_one(Breach, (scope.tenant.id, row_id)))

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(tell, range(2))) == [0, 2]


def test_it_closes_only_when_all_were_told_and_the_agency_too(house: TestHouse, readings: dict[str, Person]) -> None:
    row_id = add(house, reader=readings["nakal"])
    with house.scope() as scope:
        row = scope.session.get_one(Breach, (scope.tenant.id, row_id))
        with pytest.raises(breach.BreachRefused, match="agency"):
            breach.close(scope.session, row)
        breach.note_report(scope.session, row, to="Lembaga PDP, surat 12/2026")
        with pytest.raises(breach.BreachRefused, match="2 people"):
            breach.close(scope.session, row)
        assert row.closed_at is None
        breach.tell(scope.session, row)
        breach.close(scope.session, row)
        with pytest.raises(breach.BreachRefused, match="closed"):
            breach.change(scope.session, row, **facts())
        with pytest.raises(breach.BreachRefused, match="closed"):
            breach.tell(scope.session, row)
        with pytest.raises(breach.BreachRefused, match="closed"):
            breach.note_report(scope.session, row, to="Orang lain")
        assert row.reported_to == "Lembaga PDP, surat 12/2026"


def test_the_clock_ends_72_hours_after_it_was_found_whatever_the_calendar(house: TestHouse) -> None:
    friday = datetime.fromisoformat("2026-12-24T16:30+08:00")  # the eve of a holiday and of a weekend
    with frozen_clock(friday), house.scope() as scope:
        row = breach.open_case(scope.session, by="Pejabat", **facts())
        assert row.due_at == datetime.fromisoformat("2026-12-27T16:30+08:00")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"found_at": utc_now() + timedelta(days=2)}, "future"),
        ({"until": utc_now() - timedelta(days=2)}, "ends before"),
        ({"found_at": utc_now() - timedelta(days=9)}, "began after"),
    ],
)
def test_times_that_make_no_sense_are_refused(house: TestHouse, wrong: dict[str, Any], why: str) -> None:
    with house.scope() as scope:
        with pytest.raises(breach.BreachRefused, match=why):
            breach.open_case(scope.session, by="Pejabat", **facts(**wrong))
        assert scope.session.scalars(select(Breach)).all() == []


def sent_form(**given: str) -> dict[str, str]:
    now = utc_now() + timedelta(hours=8)  # in WITA, as the browser sends it
    return {
        "title": "Akun loket dipakai orang lain",
        "found_at": f"{now:%Y-%m-%dT%H:%M}",
        "since": f"{now - timedelta(hours=2):%Y-%m-%dT%H:%M}",
        "until": f"{now + timedelta(hours=2):%Y-%m-%dT%H:%M}",
        "reader": "nakal@contoh.id",
        "plugin": "",
        "address": "",
        "data": "nama",
        "story": "Akun dipakai orang lain.",
        "measures": "Akun ditutup.",
        **given,
    }


def officer(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "pejabat@contoh.id", roles=["admin"]))


def test_an_officer_walks_through_the_pages(house: TestHouse, readings: dict[str, Person]) -> None:
    desk = officer(house)
    assert "Belum ada kejadian" in desk.get(PAGE).text
    made = desk.post_form(f"{PAGE}baru", sent_form())
    assert made.status_code == 303
    page = desk.get(made.location).text
    assert "satu@contoh.id" in page and "dua@contoh.id" in page and "tiga@contoh.id" not in page
    assert "KPDP-0001" in desk.get("/meja/").text
    assert desk.get(f"{made.location}laporan.pdf").data.startswith(b"%PDF")
    assert desk.get(f"{made.location}terdampak.xlsx").data.startswith(b"PK")
    assert desk.post_form(f"{made.location}tutup").status_code == 422
    assert desk.post_form(f"{made.location}beri-tahu").status_code == 303
    assert desk.post_form(f"{made.location}laporkan", {"to": "Lembaga PDP"}).status_code == 303
    assert desk.post_form(f"{made.location}tutup").status_code == 303
    assert "Ditutup" in desk.get(PAGE).text


@pytest.mark.parametrize(
    "wrong", [{"reader": "salah@contoh.id"}, {"since": "kemarin"}, {"data": ""}, {"address": "<x>"}]
)
def test_what_does_not_fit_is_refused_and_kept(house: TestHouse, wrong: dict[str, str]) -> None:
    answer = officer(house).post_form(f"{PAGE}baru", sent_form(**{"reader": "", **wrong}))
    assert answer.status_code == 422
    assert "Akun loket dipakai orang lain" in answer.text
    with house.scope() as scope:
        assert scope.session.scalars(select(Breach)).all() == []


def test_nobody_else_may_look(house: TestHouse, readings: dict[str, Person]) -> None:
    row_id = add(house)
    for who in ("satu", "nakal"):
        client = house.client("sumbawa", readings[who])
        assert client.get(PAGE).status_code == 403
        assert client.get(f"{PAGE}{row_id}/terdampak.xlsx").status_code == 403
        assert client.post_form(f"{PAGE}{row_id}/beri-tahu").status_code == 403
    with house.scope() as scope:
        assert scope.session.scalars(select(BreachTold)).all() == []
