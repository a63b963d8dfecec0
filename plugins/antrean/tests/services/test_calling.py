"""The order of calling, and what an operator may do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import time
from typing import Any
from uuid import UUID

import pytest
from lumbung_antrean.models import Call, Counter, Location, Service, Ticket
from lumbung_antrean.rules.states import State
from lumbung_antrean.rules.visitors import Visitor
from lumbung_antrean.services import booking, calling, setup
from sqlalchemy import select

from lumbung.sdk import DomainError, find_or_404, session

from ..conftest import TODAY, Office

Line = Callable[..., list[UUID]]


def call_next(office: Office, counter: int = 0, then: str = "serve") -> str:
    """Call at a counter; then serve to the end, skip, or leave the number called."""
    with office.inside():
        seat = find_or_404(Counter, office.counters[counter])
        ticket = calling.call_next(seat)
        if then == "serve":
            calling.start(ticket, seat)
            calling.finish(ticket, seat)
        elif then == "skip":
            calling.skip(ticket, seat)
        return ticket.label


def state_of(office: Office, ticket_id: UUID) -> str:
    with office.inside():
        return str(find_or_404(Ticket, ticket_id).state)


def test_one_priority_number_is_called_for_every_two_ordinary_ones(office: Office, line: Line) -> None:
    line(*[""] * 6, "lansia", "disabilitas", "ibu_hamil")
    called = [call_next(office, counter) for counter in (0, 1, 2, 0, 1, 2, 0, 1, 2)]
    assert called == ["A007", "A001", "A002", "A008", "A003", "A004", "A009", "A005", "A006"]


def test_an_empty_lane_lets_the_other_go_on(office: Office, line: Line) -> None:
    line("lansia", "lansia", "")
    assert [call_next(office) for _number in range(3)] == ["A001", "A003", "A002"]


def test_operators_pressing_at_once_never_call_the_same_number(office: Office, line: Line) -> None:
    line(*[""] * 12)
    for _round in range(2):
        with ThreadPoolExecutor(5) as pool:
            labels = list(pool.map(lambda seat: call_next(office, seat), range(5)))
        assert len(set(labels)) == 5
    with office.inside():
        assert len(set(session.scalars(select(Call.ticket_id).where(Call.kind == "call")))) == 10


def test_two_presses_at_one_counter_call_one_number(office: Office, line: Line) -> None:
    line("", "", "")

    def press(_number: int) -> bool:
        try:
            call_next(office, 0, then="leave")
        except DomainError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(press, range(4))) == [False, False, False, True]


def test_busy_counter_is_told_which_number_it_has(office: Office, line: Line) -> None:
    line("", "")
    call_next(office, then="leave")
    with pytest.raises(DomainError, match="Loket 1 masih menangani nomor A001"):
        call_next(office)


def test_nobody_waiting_is_said(office: Office) -> None:
    with pytest.raises(DomainError, match="Belum ada yang menunggu untuk Loket 1"):
        call_next(office)


def test_skipped_number_comes_back_after_five_further_calls(office: Office, line: Line) -> None:
    line(*[""] * 8)
    assert call_next(office, then="skip") == "A001"
    assert [call_next(office) for _number in range(7)] == ["A002", "A003", "A004", "A005", "A006", "A001", "A007"]


def test_skipped_too_often_is_a_no_show(office: Office, line: Line) -> None:
    (ticket,) = line("")
    for _time in range(3):  # twice it may come back, as nobody else waits
        assert call_next(office, then="skip") == "A001"
    assert state_of(office, ticket) == State.NO_SHOW
    with pytest.raises(DomainError, match="Belum ada yang menunggu"):
        call_next(office)


def test_calling_again_announces_without_counting_as_a_further_call(office: Office, line: Line) -> None:
    line("")
    with office.inside():
        seat = find_or_404(Counter, office.counters[0])
        ticket = calling.call_next(seat)
        calling.call_again(ticket, seat)
        assert calling.calls_so_far(ticket.location_id, ticket.queue_id, TODAY) == 1
        calling.start(ticket, seat)
        with pytest.raises(DomainError, match="dipanggil ulang"):
            calling.call_again(ticket, seat)


def test_transfer_to_a_counter_is_called_there_first_and_nowhere_else(office: Office, line: Line) -> None:
    line("", "", "")
    with office.inside():
        here, there = (find_or_404(Counter, office.counters[place]) for place in (0, 1))
        ticket = calling.call_next(here)
        calling.transfer_to_counter(ticket, here, there)
    assert call_next(office, 0) == "A002"
    assert call_next(office, 1) == "A001"


def test_transfer_to_a_service_keeps_the_number_and_changes_the_queue(office: Office, line: Line) -> None:
    line("")
    with office.inside():
        place = find_or_404(Location, office.location)
        other = setup.save_service(place, None, letter="B", name="Kartu Keluarga")
        desk = setup.save_counter(place, None, [other], number=9)
        here = find_or_404(Counter, office.counters[0])
        ticket = calling.call_next(here)
        calling.transfer_to_service(ticket, here, other)
        assert calling.call_next(desk).label == "A001"
        assert (ticket.service_id, ticket.queue_id) == (office.service, other.id)


def test_stale_page_cannot_move_a_number_that_went_to_another_counter(office: Office, line: Line) -> None:
    (ticket_id,) = line("")
    with office.inside():
        here, there = (find_or_404(Counter, office.counters[place]) for place in (0, 1))
        ticket = calling.call_next(here)
        calling.transfer_to_counter(ticket, here, there)
        calling.call_next(there)
        with pytest.raises(DomainError, match="tidak lagi di Loket 1"):
            calling.start(find_or_404(Ticket, ticket_id), here)
    assert state_of(office, ticket_id) == State.CALLED


def test_counter_calls_only_numbers_of_its_services(office: Office, line: Line) -> None:
    line("")
    with office.inside():
        place = find_or_404(Location, office.location)
        other = setup.save_service(place, None, letter="B", name="Kartu Keluarga")
        (slot,) = setup.add_slots(other, [TODAY.weekday()], time(8), time(9), quota=5)
        desk = setup.save_counter(place, None, [other], number=9)
        with pytest.raises(DomainError, match="Belum ada yang menunggu"):
            calling.call_next(desk)
        booking.check_in(booking.book(slot, TODAY, Visitor("Warga")))
        assert calling.call_next(desk).label == "B001"


def test_earlier_session_is_called_before_a_later_one_whoever_came_first(office: Office) -> None:
    with office.inside():
        slots = [slot for slot in find_or_404(Service, office.service).slots if slot.weekday == TODAY.weekday()]
        later, earlier = (booking.book(slot, TODAY, Visitor("Warga")) for slot in reversed(slots))
        for ticket in (later, earlier):
            booking.check_in(ticket)
    assert [call_next(office), call_next(office)] == ["A001", "A101"]


def test_every_act_stands_in_the_log_with_the_operator(office: Office, line: Line) -> None:
    line("")
    person: Any = office.house.person("sumbawa", "loket@sumbawa.example", name="Syamsul Bahri")
    with office.inside(person):
        seat = find_or_404(Counter, office.counters[0])
        ticket = calling.call_next(seat)
        calling.call_again(ticket, seat)
        calling.start(ticket, seat)
        calling.finish(ticket, seat)
    with office.inside():
        log = session.scalars(select(Call).order_by(Call.seq)).all()
        assert [row.kind for row in log] == ["call", "recall", "start", "finish"]
        assert {row.operator_name for row in log} == {"Syamsul Bahri"}
