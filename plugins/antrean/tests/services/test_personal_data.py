"""What the queue hands out of one person, and what is left when they are erased: figures, and nobody's name."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from lumbung_antrean.models import Ticket
from lumbung_antrean.rules.states import State
from lumbung_antrean.rules.visitors import visitor
from lumbung_antrean.services import booking, personal_data
from sqlalchemy import select

from lumbung.sdk import DataSubject, session
from lumbung.testing import TestHouse

from ..conftest import TODAY, TOMORROW, Office

NIK, PHONE = "5204084107900001", "0812 3700 1199"


@pytest.fixture
def siti(house: TestHouse, office: Office) -> UUID:
    """Somebody with a number of tomorrow by account, one of today by NIK, one by phone; and a neighbour."""
    person = house.person("sumbawa", "w@a.id", name="Siti")
    with office.inside():
        slot = office.slot_on(TOMORROW)
        booking.book(slot, TOMORROW, visitor("Siti", person_id=person.id, phone=PHONE, priority="lansia"))
        came = booking.book(office.slot_on(TODAY), TODAY, visitor("Siti", nik=NIK))
        booking.check_in(came)
        came.state, came.priority = State.SERVING, "lansia"
        booking.book(office.slot_on(TODAY), TODAY, visitor("Siti", phone=PHONE), "staff")
        booking.book(office.slot_on(TODAY), TODAY, visitor("Tetangga", phone="0812 9999 0000"))
    return person.id


def rows() -> list[tuple[Any, ...]]:
    found = session.scalars(select(Ticket).order_by(Ticket.date, Ticket.number))
    return [(one.name, State(one.state), one.phone or one.nik_key or one.phone_key) for one in found]


def test_numbers_are_found_by_account_and_by_what_was_proven(office: Office, siti: UUID) -> None:
    def found(**proven: Any) -> int:
        with office.inside():
            return len(personal_data.held_of(DataSubject(name="Siti", **proven))[0].rows)

    assert found(id=siti) == 1
    assert found(id=siti, nik=NIK) == 2
    assert found(id=None, phone="+6281237001199") == 2
    assert found(id=siti, nik=NIK, phone=PHONE) == 3
    assert found(id=None) == 0  # a name proves nothing
    assert found(id=None, nik="5204084107900002") == 0


def test_erasing_leaves_figures_and_the_neighbour(office: Office, siti: UUID) -> None:
    with office.inside():
        done = personal_data.erase(DataSubject(id=siti, name="Siti", nik=NIK, phone=PHONE))
        assert [(one.count, one.how) for one in done] == [(3, "deleted"), (3, "anonymised")]
    with office.inside():
        assert rows() == [
            ("", State.DONE, None),  # who sat at the counter was served
            ("", State.CANCELLED, None),
            ("Tetangga", State.BOOKED, "+6281299990000"),
            ("", State.CANCELLED, None),
        ]
        assert personal_data.held_of(DataSubject(id=siti, name="Siti", nik=NIK, phone=PHONE))[0].rows == []
        left = session.scalars(select(Ticket).where(Ticket.name == "")).all()
        assert {(one.person_id, one.priority, one.account_key, one.nik_tail) for one in left} == {
            (None, "", None, None)
        }
