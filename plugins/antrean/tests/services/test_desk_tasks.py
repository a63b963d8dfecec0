"""What waits for an officer: only what truly needs somebody, only for who may do something about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from lumbung_antrean.models import Holiday, Location, Slot, Ticket
from lumbung_antrean.rules.visitors import Visitor
from lumbung_antrean.services import booking, closures
from lumbung_antrean.services.desk_tasks import tasks_of

from lumbung.sdk import DeskTask, Person, find_or_404, session
from lumbung.testing import HouseClient, TestHouse, frozen_clock

from ..conftest import TODAY, TOMORROW, Office

Line = Callable[..., list[UUID]]


def officer(house: TestHouse, *roles: Any, email: str = "o@sumbawa.example") -> Person:
    return house.person("sumbawa", email, roles=roles)


def tasks(office: Office, person: Person) -> list[DeskTask]:
    with office.inside(person):
        return tasks_of(person)


def call_first(operator: HouseClient) -> None:
    operator.post_form("/antrean/loket/panggil", page="/antrean/loket")


def test_nobody_waits_and_nothing_is_said(house: TestHouse, office: Office) -> None:
    assert tasks(office, officer(house, "antrean.manager")) == []


def test_people_in_the_hall_are_counted_with_the_longest_wait(house: TestHouse, office: Office, line: Line) -> None:
    line("", "lansia")
    clerk = officer(house, "antrean.information")
    (task,) = tasks(office, clerk)
    assert (task.count, task.tone) == (2, "padi")
    assert task.url == f"/antrean/hari-ini?lokasi={office.location}"
    with frozen_clock("2026-11-24T09:01+08:00"):
        assert tasks(office, clerk)[0].tone == "gawat"
    for role in ("antrean.head", "officer"):
        assert tasks(office, officer(house, role, email=f"{role}@sumbawa.example")) == []


def test_who_sits_at_a_counter_there_is_led_to_it(
    house: TestHouse, office: Office, operator: HouseClient, line: Line
) -> None:
    line("")
    seated = house.person("sumbawa", "loket@sumbawa.example")
    assert [task.url for task in tasks(office, seated)] == ["/antrean/loket"]


def test_a_number_called_and_left_is_told_after_five_minutes(
    house: TestHouse, office: Office, operator: HouseClient, line: Line
) -> None:
    line("")
    call_first(operator)
    clerk = officer(house, "antrean.information")
    assert tasks(office, clerk) == []
    with frozen_clock("2026-11-24T08:06+08:00"):
        (task,) = tasks(office, clerk)
    assert "A001 di loket 1" in task.text
    assert task.url.endswith("&status=called")


def test_numbers_of_yesterday_that_the_night_left_open_are_told_to_who_reads_the_recap(
    house: TestHouse, office: Office, line: Line
) -> None:
    (ticket,) = line("")
    with office.inside():
        find_or_404(Ticket, ticket).date = TODAY - timedelta(days=1)
    (task,) = tasks(office, officer(house, "antrean.head"))
    assert (task.count, task.url) == (1, "/antrean/rekap?dari=2026-11-23&sampai=2026-11-23")
    assert tasks(office, officer(house, "antrean.operator", email="b@sumbawa.example")) == []


def book_tomorrow(office: Office, phone: str | None = "081234567890") -> None:
    with office.inside():
        slot: Slot = office.slot_on(TOMORROW)
        booking.book(slot, TOMORROW, Visitor("Aminah", phone=phone))


def test_numbers_on_a_day_off_are_told_to_who_may_close_it(house: TestHouse, office: Office) -> None:
    book_tomorrow(office)
    with office.inside():
        session.add(Holiday(date=TOMORROW, name="Hari Guru", kind="national", location_id=None))
    (task,) = tasks(office, officer(house, "antrean.manager"))
    assert (task.count, task.url) == (1, "/antrean/pengaturan/tutup")
    assert task.due is not None and task.due.date() == TOMORROW
    assert tasks(office, officer(house, "antrean.operator", email="b@sumbawa.example")) == []


def test_citizens_of_a_closed_day_who_left_a_phone_number_are_to_be_rung(house: TestHouse, office: Office) -> None:
    book_tomorrow(office)
    book_tomorrow(office, phone=None)
    manager = officer(house, "antrean.manager")
    with office.inside(manager):
        closures.close_day(find_or_404(Location, office.location), TOMORROW, "Listrik padam")
    (task,) = tasks(office, manager)
    assert (task.title, task.count) == ("Warga yang perlu dihubungi", 1)


def test_places_of_another_unit_are_not_told(house: TestHouse, office: Office, line: Line) -> None:
    line("")
    house.unit("sumbawa", "DISHUB")
    with office.inside():
        find_or_404(Location, office.location).unit_id = house.unit("sumbawa", "DUKCAPIL")
    assert tasks(office, officer(house, ("antrean.manager", "DISHUB"))) == []
    assert len(tasks(office, officer(house, ("antrean.manager", "DUKCAPIL"), email="b@sumbawa.example"))) == 1


def test_many_places_are_told_in_one_line(house: TestHouse, office: Office, line: Line) -> None:
    tickets = line("", "", "", "")
    with office.inside():
        for number, ticket in enumerate(tickets):
            place = Location(name=f"Kantor {number}", kiosk_key=f"k{number}")
            session.add(place)
            session.flush()
            find_or_404(Ticket, ticket).location_id = place.id
    (task,) = tasks(office, officer(house, "antrean.information"))
    assert (task.title, task.count) == ("Orang menunggu di 4 lokasi", 4)


def test_the_desk_shows_it(house: TestHouse, office: Office, line: Line) -> None:
    line("")
    page = house.client("sumbawa", officer(house, "antrean.information")).get("/meja/")
    assert "Orang menunggu di Disdukcapil" in page.text
    assert "Antrean Daring" in page.text
