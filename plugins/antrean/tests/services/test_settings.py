"""What an office sets of the queue, and that nothing changes before it does."""

from __future__ import annotations

from typing import Any

import pytest
from lumbung_antrean.models import Location, Ticket
from lumbung_antrean.rules.visitors import visitor
from lumbung_antrean.services import board, booking

from lumbung.sdk import DomainError, find_or_404, format_time, today
from lumbung.testing import HouseClient, TestHouse


@pytest.fixture
def unit(house: TestHouse, office: Any) -> Any:
    """The unit that the office belongs to, below another."""
    house.unit("sumbawa", "SETDA")
    unit = house.unit("sumbawa", "DUKCAPIL", parent="SETDA")
    with office.inside():
        find_or_404(Location, office.location).unit_id = unit
    return unit


def opens(office: Any, ticket: Any) -> str:
    with office.inside():
        return format_time(booking.arrival_opens(find_or_404(Ticket, ticket)))


def test_a_unit_opens_its_doors_earlier_or_later_than_the_rest(house: TestHouse, office: Any, unit: Any) -> None:
    with office.inside():
        slot = office.slot_on(today())
        taken = booking.book(slot, today(), visitor("Siti", phone="0812 3456 7890")).id
    assert opens(office, taken) == "06.00"  # two hours before eight, as ever
    house.set_setting("antrean", "early_arrival_minutes", 60)
    assert opens(office, taken) == "07.00"
    house.set_setting("antrean", "early_arrival_minutes", 0, unit=unit)
    assert opens(office, taken) == "08.00"
    with office.inside():
        booking.check_in(find_or_404(Ticket, taken))


def test_checking_in_is_refused_before_the_doors_open(house: TestHouse, office: Any) -> None:
    with office.inside():
        slots = find_or_404(Location, office.location).services[0].slots
        slot = next(one for one in slots if one.weekday == today().weekday() and one.starts.hour == 9)
        taken = booking.book(slot, today(), visitor("Siti", phone="0812 3456 7890")).id
    house.set_setting("antrean", "early_arrival_minutes", 15)
    with office.inside(), pytest.raises(DomainError, match=r"08\.45"):
        booking.check_in(find_or_404(Ticket, taken))


def test_the_wall_speaks_and_shows_as_many_as_the_office_wishes(
    house: TestHouse, office: Any, unit: Any, operator: HouseClient
) -> None:
    with office.inside():
        service = find_or_404(Location, office.location).services[0]
        for _visitor in range(8):
            booking.walk_in(service)
    path = f"/antrean/layar/{office.location}"
    state = house.client().get(f"{path}/keadaan.json").get_json()
    assert (state["speaks"], len(state["next"])) == (True, 6)
    house.set_setting("antrean", "wall_speaks", False, unit=unit)
    house.set_setting("antrean", "wall_next", 8)
    with office.inside():
        state = board.wall(find_or_404(Location, office.location))
    assert (state["speaks"], len(state["next"])) == (False, 8)
    assert "data-wall-sound hidden" in house.client().get(path).get_data(as_text=True)


def test_a_notice_stands_where_numbers_are_taken(house: TestHouse, office: Any) -> None:
    assert "Pengumuman" not in house.client().get("/antrean/").get_data(as_text=True)
    house.set_setting("antrean", "notice", "Bawa <KTP> asli.\nBesok tutup.")
    page = house.client().get("/antrean/").get_data(as_text=True)
    assert "Bawa &lt;KTP&gt; asli." in page
