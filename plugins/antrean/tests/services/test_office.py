"""Setting up, closing, the night, and the recap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from lumbung_antrean.models import Closure, Counter, Holiday, Location, Service, Slot, Ticket
from lumbung_antrean.rules.states import State
from lumbung_antrean.rules.visitors import visitor
from lumbung_antrean.services import booking, calling, closures, counters, housekeeping, opening_hours, setup
from lumbung_antrean.services.recap import month_of, recap
from sqlalchemy import select

from lumbung.sdk import DomainError, find_or_404, session
from lumbung.testing import frozen_clock

from ..conftest import TODAY, TOMORROW, Office

Line = Callable[..., list[UUID]]


def test_what_was_never_used_is_deleted_and_what_has_tickets_is_to_be_closed(office: Office, line: Line) -> None:
    with office.inside():
        setup.delete(find_or_404(Counter, office.counters[4]))
    line("")
    with office.inside():
        for thing in (find_or_404(Service, office.service), find_or_404(Slot, office.slot)):
            with pytest.raises(DomainError, match="Tutup saja"):
                setup.delete(thing)
        with pytest.raises(DomainError, match="masih punya layanan atau loket"):
            setup.delete(find_or_404(Location, office.location))


def test_sessions_of_one_weekday_do_not_overlap(office: Office) -> None:
    with office.inside():
        service = find_or_404(Service, office.service)
        with pytest.raises(DomainError, match=r"bertumpuk dengan sesi 08\.00–09\.00"):
            setup.add_slots(service, [0], time(8, 30), time(9, 30), quota=5)
        setup.add_slots(service, [0], time(10), time(11), quota=5)


def test_taken_letter_name_and_counter_number_are_refused_in_a_sentence(office: Office) -> None:
    with office.inside():
        place, service = find_or_404(Location, office.location), find_or_404(Service, office.service)
        for values in ({"letter": "A", "name": "Lain"}, {"letter": "B", "name": service.name}):
            with pytest.raises(DomainError, match="sudah dipakai"):
                setup.save_service(place, None, **values)
        with pytest.raises(DomainError, match="Loket 1 sudah ada"):
            setup.save_counter(place, None, [service], number=1)
        with pytest.raises(DomainError, match="Sudah ada lokasi bernama Disdukcapil"):
            setup.save_location(None, name="Disdukcapil")


def test_letter_of_issued_numbers_cannot_change(office: Office, line: Line) -> None:
    line("")
    with office.inside(), pytest.raises(DomainError, match="sudah dipakai pada nomor"):
        place, service = find_or_404(Location, office.location), find_or_404(Service, office.service)
        setup.save_service(place, service, letter="Z", name=service.name)


def test_changed_session_leaves_numbers_that_were_given_out_as_they_are(office: Office, line: Line) -> None:
    (ticket,) = line("")
    with office.inside():
        setup.save_slot(find_or_404(Slot, office.slot), starts=time(7), ends=time(8, 30), quota=10)
    with office.inside():
        assert find_or_404(Ticket, ticket).starts == time(8)


def test_sudden_closing_cancels_with_the_reason_and_refuses_new_numbers(office: Office) -> None:
    with office.inside():
        ticket = booking.book(office.slot_on(TOMORROW), TOMORROW, visitor("Aminah", phone="081234567890"))
    with office.inside():
        cancelled = closures.close_day(find_or_404(Location, office.location), TOMORROW, "Jaringan pusat terputus")
        assert [one.id for one in cancelled] == [ticket.id]
    with office.inside():
        found = find_or_404(Ticket, ticket.id)
        assert (found.state, found.cancelled_by, found.reason) == (
            State.CANCELLED, "office", "Jaringan pusat terputus",
        )  # fmt: skip
        with pytest.raises(DomainError, match="Tutup: Jaringan pusat terputus"):
            booking.book(office.slot_on(TOMORROW), TOMORROW, visitor("Jafar", phone="081234567891"))
        closure = session.scalars(select(Closure)).one()
        assert [one.id for one in closures.cancelled_by(closure)] == [ticket.id]
        closures.reopen_day(closure)
        booking.book(office.slot_on(TOMORROW), TOMORROW, visitor("Jafar", phone="081234567891"))


def test_who_is_being_served_is_not_cancelled_by_a_closing(office: Office, line: Line) -> None:
    first, second = line("", "")
    with office.inside():
        seat = find_or_404(Counter, office.counters[0])
        calling.start(calling.call_next(seat), seat)
        closures.close_day(find_or_404(Location, office.location), TODAY, "Listrik padam")
        assert find_or_404(Ticket, first).state == State.SERVING
        assert find_or_404(Ticket, second).state == State.CANCELLED


def test_holiday_on_a_day_with_numbers_is_refused_with_advice(office: Office) -> None:
    with office.inside():
        booking.book(office.slot_on(TOMORROW), TOMORROW, visitor("Aminah", phone="081234567890"))
        with pytest.raises(DomainError, match="Pakai Tutup mendadak"):
            closures.add_holiday(TOMORROW, "Libur")


def test_national_holidays_are_imported_once(office: Office) -> None:
    with office.inside():
        assert closures.import_national(2026, joint_leave=False) == 1  # only Christmas is still to come
        assert closures.import_national(2026, joint_leave=True) == 1
        assert closures.import_national(2026, joint_leave=True) == 0
        assert {row.date for row in session.scalars(select(Holiday))} == {date(2026, 12, 24), date(2026, 12, 25)}
        with pytest.raises(DomainError, match="2026, 2027"):
            closures.import_national(2031, joint_leave=True)


def test_days_that_the_region_works_on_are_not_imported(office: Office) -> None:
    office.house.day_off(date(2026, 12, 10), "Hari Jadi")
    office.house.worked_day(date(2026, 12, 24))
    with office.inside():
        assert closures.import_national(2026, joint_leave=True) == 2
        found = {row.date: row.kind for row in session.scalars(select(Holiday))}
        assert found == {date(2026, 12, 10): "office", date(2026, 12, 25): "national"}


def test_calendar_explains_closed_days(office: Office) -> None:
    with office.inside():
        closures.add_holiday(TOMORROW, "Hari Jadi")
        days = opening_hours.bookable_days(find_or_404(Service, office.service))
        assert (days[0].reason, days[0].left("web")) == ("", 80)
        assert (days[1].reason, days[1].left("web")) == ("Libur: Hari Jadi", 0)
        assert len(days) == 15


def test_night_closes_yesterday_and_empties_the_counters(office: Office, line: Line) -> None:
    ids = line(*[""] * 5)
    person: Any = office.house.person("sumbawa", "loket@sumbawa.example")
    with office.inside(person):
        seats = [find_or_404(Counter, seat) for seat in office.counters]
        counters.sit_down(seats[0], person)
        calling.start(calling.call_next(seats[0]), seats[0])
        calling.call_next(seats[1])
        calling.skip(calling.call_next(seats[2]), seats[2])
        booked = booking.book(office.slot_on(TODAY), TODAY, visitor("Aminah", phone="081234567890"))
    with frozen_clock("2026-11-25T00:05+08:00"):
        with office.inside():
            housekeeping.expire_tickets()
        with office.inside():
            states = [str(find_or_404(Ticket, one).state) for one in [*ids, booked.id]]
            assert states == ["done", "no_show", "no_show", "expired", "expired", "expired"]
            assert counters.counter_of(person) is None


def test_people_are_forgotten_after_ninety_days_and_the_figures_stay(office: Office) -> None:
    with office.inside():
        ticket = booking.book(
            office.slot_on(TODAY), TODAY, visitor("Aminah", nik="5204084101900001", phone="081234567890")
        )
    for after, name in ((90, "Aminah"), (91, "")):
        moment = datetime.combine(TODAY, time(1, 35)).astimezone() + timedelta(days=after)
        with frozen_clock(moment):
            with office.inside():
                told = housekeeping.forget_visitors(moment.date())
                assert [(one.count, one.how) for one in told] == [(0 if name else 1, "anonymised")]
            with office.inside():
                found = find_or_404(Ticket, ticket.id)
                assert found.name == name
                assert (found.nik_key is None, found.phone is None) == (not name, not name)


def test_recap_counts_waits_from_arrival_and_service_to_its_end(office: Office) -> None:
    def at(clock: str) -> Any:
        return frozen_clock(f"2026-11-24T{clock}+08:00")

    with at("07:40"), office.inside():
        slot = office.slot_on(TODAY)
        tickets = [booking.book(slot, TODAY, visitor("W", phone=f"08123456789{n}")) for n in range(4)]
        for ticket in tickets[:3]:
            booking.check_in(ticket)
        booking.cancel_by_office(tickets[3], "Salah layanan")
        ids = [ticket.id for ticket in tickets]
    for clock, number, then in (("08:04", 0, "serve"), ("08:10", 1, "serve"), ("08:20", 2, "miss")):
        with at(clock), office.inside():
            seat = find_or_404(Counter, office.counters[0])
            calling.call_next(seat)
            if then == "miss":
                calling.end_as_no_show(find_or_404(Ticket, ids[number]), seat)
                continue
            calling.start(find_or_404(Ticket, ids[number]), seat)
        with at(clock[:-1] + "9"), office.inside():
            calling.finish(find_or_404(Ticket, ids[number]), find_or_404(Counter, office.counters[0]))
    with office.inside():
        total = recap([find_or_404(Location, office.location)], TODAY, TODAY).total
    assert (total.taken, total.arrived, total.served, total.no_show, total.cancelled) == (4, 3, 2, 1, 1)
    assert total.waits == [4 * 60, 10 * 60, 20 * 60]  # counted from the hour of the session, not from 07.40
    assert total.services == [5 * 60, 9 * 60]
    assert total.median_wait == 10 * 60
    assert total.no_show_rate == pytest.approx(1 / 3)


def test_recap_refuses_dates_the_wrong_way_round(office: Office) -> None:
    with office.inside():
        place = find_or_404(Location, office.location)
        with pytest.raises(DomainError, match="Tukar keduanya"):
            recap([place], TOMORROW, TODAY)
        assert recap([place], TODAY, TOMORROW).is_empty
    assert month_of(date(2026, 2, 10)) == (date(2026, 2, 1), date(2026, 2, 28))
