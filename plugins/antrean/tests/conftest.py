"""What the tests of the queue share: a house with the plugin, a stopped morning, a small office."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

import pytest

from lumbung.testing import HouseClient, TestHouse, frozen_clock

MORNING = "2026-11-24T08:00+08:00"  # a Tuesday
TODAY = date(2026, 11, 24)
TOMORROW = date(2026, 11, 25)


@pytest.fixture
def house_plugins() -> list[str]:
    """The plugins this suite needs."""
    return ["antrean"]


@pytest.fixture
def morning() -> Iterator[None]:
    """The clock stands at eight in the morning of a Tuesday in Sumbawa."""
    with frozen_clock(MORNING):
        yield


@dataclass
class Office:
    """A place with service A (two hours of 40 seats from Monday to Thursday, 6 minutes) and five counters."""

    house: TestHouse
    location: UUID
    service: UUID
    slot: UUID
    counters: list[UUID]
    kiosk_key: str

    def inside(self, person: Any = None) -> AbstractContextManager[Any]:
        """A block on behalf of the tenant, committed at its end."""
        return self.house.scope("sumbawa", person=person, plugin="antrean")

    def path(self, day: date = TODAY) -> str:
        """The address of the booking form for the first hour of a day."""
        return f"/antrean/ambil/{self.service}/{day}/{self.slot}"

    def slot_on(self, day: date) -> Any:
        """The first slot of the weekday of a date; call inside a block."""
        from lumbung_antrean.models import Service

        from lumbung.sdk import find_or_404

        return next(slot for slot in find_or_404(Service, self.service).slots if slot.weekday == day.weekday())


@pytest.fixture
def office(house: TestHouse, morning: None) -> Office:
    """A small office."""
    from lumbung_antrean.services import setup

    with house.scope("sumbawa", plugin="antrean"):
        place = setup.save_location(None, name="Disdukcapil", address="Jalan Bungur")
        service = setup.save_service(
            place, None, letter="A", name="Perekaman KTP-el", minutes=6, requirements="KK asli\nBerusia 17 tahun"
        )
        first = setup.add_slots(service, range(4), time(8), time(9), quota=40)  # Monday to Thursday
        setup.add_slots(service, range(4), time(9), time(10), quota=40)
        counters = [setup.save_counter(place, None, [service], number=number).id for number in range(1, 6)]
        return Office(house, place.id, service.id, first[TODAY.weekday()].id, counters, place.kiosk_key)


@pytest.fixture
def operator(house: TestHouse, office: Office) -> HouseClient:
    """An operator in a browser, seated at counter 1."""
    person = house.person("sumbawa", "loket@sumbawa.example", roles=["antrean.operator"], name="Syamsul Bahri")
    client = house.client("sumbawa", person)
    assert client.post_form(f"/antrean/loket/{office.counters[0]}/duduk").status_code == 302
    return client


@pytest.fixture
def manager(house: TestHouse, office: Office) -> HouseClient:
    """Whoever sets the queue up, in a browser."""
    return house.client("sumbawa", house.person("sumbawa", "admin@sumbawa.example", roles=["admin"]))


@pytest.fixture
def line(office: Office) -> Callable[..., list[UUID]]:
    """Return a function that lets people arrive: one priority class each, an empty text for an ordinary one."""
    from lumbung_antrean.models import Slot
    from lumbung_antrean.rules.visitors import Visitor
    from lumbung_antrean.services import booking

    from lumbung.sdk import find_or_404

    def arrive(*classes: str) -> list[UUID]:
        tickets = []
        with office.inside():
            for priority in classes:
                ticket = booking.book(find_or_404(Slot, office.slot), TODAY, Visitor("Warga", priority=priority))
                booking.check_in(ticket)
                tickets.append(ticket.id)
        return tickets

    return arrive


def press(client: HouseClient, path: str, data: dict[str, Any] | None = None, *, page: str = "/akun") -> Any:
    """Send a form and return the page one is shown next."""
    answer = client.post_form(path, data, page=page)
    return client.get(answer.location) if answer.status_code in (302, 303) else answer
