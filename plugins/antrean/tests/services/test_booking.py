"""Taking a number: gap-free, within the quota, one for each person, on an open day."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from lumbung_antrean.models import NumberRow, Service, Slot, Ticket
from lumbung_antrean.rules.states import State
from lumbung_antrean.rules.visitors import Visitor, visitor
from lumbung_antrean.services import booking, closures, opening_hours, setup
from lumbung_antrean.services.numbering import seats
from sqlalchemy import func, select, text

from lumbung.sdk import DomainError, find_or_404, session
from lumbung.testing import frozen_clock

from ..conftest import TODAY, TOMORROW, Office


def someone(number: int = 0, **more: Any) -> Visitor:
    return visitor(f"Warga {number}", phone=f"0812 3456 {number:04d}", **more)


def book(office: Office, number: int = 0, day: date = TODAY, channel: str = "web") -> Ticket:
    with office.inside():
        return booking.book(office.slot_on(day), day, someone(number), channel)


def refusal(office: Office, *arguments: Any, **named: Any) -> str:
    with pytest.raises(DomainError) as caught:
        book(office, *arguments, **named)
    return str(caught.value)


def everything(office: Office) -> list[Ticket]:
    with office.inside():
        return list(session.scalars(select(Ticket).order_by(Ticket.date, Ticket.starts, Ticket.number)))


def test_fifty_citizens_at_once_get_forty_numbers_without_a_gap_and_ten_polite_refusals(office: Office) -> None:
    def press(number: int) -> str:
        try:
            return book(office, number).label
        except DomainError as refused:
            return str(refused)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(press, range(50)))

    refused = [answer for answer in answers if not re.fullmatch(r"A\d{3}", answer)]
    assert len(refused) == 10
    assert set(refused) == {"Sesi 08.00 sudah penuh. Sesi pukul 09.00 pada hari yang sama masih tersedia."}
    assert [ticket.number for ticket in everything(office)] == list(range(1, 41))
    with office.inside() as scope:
        assert scope.session.execute(text("SELECT current_user")).scalar_one().endswith("_app")
        assert session.scalar(select(NumberRow.last)) == 40


def test_one_person_pressing_twice_at_once_in_two_sessions_gets_one_number(office: Office) -> None:
    with office.inside():
        slots = [slot.id for slot in find_or_404(Service, office.service).slots if slot.weekday == TODAY.weekday()]

    def press(slot_id: UUID) -> bool:
        try:
            with office.inside():
                booking.book(find_or_404(Slot, slot_id), TODAY, someone(7))
        except DomainError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(press, slots * 4)) == [False] * 7 + [True]
    assert len(everything(office)) == 1


def test_cancelled_number_is_never_given_out_again_and_its_seat_returns(office: Office) -> None:
    with office.inside():
        slot = office.slot_on(TOMORROW)
        setup.save_slot(slot, starts=slot.starts, ends=slot.ends, quota=2)
    first = book(office, 1, TOMORROW)
    book(office, 2, TOMORROW)
    assert "penuh" in refusal(office, 3, TOMORROW)
    with office.inside():
        booking.cancel(find_or_404(Ticket, first.id))
        assert seats(office.slot_on(TOMORROW), TOMORROW).left("web") == 1
    assert book(office, 4, TOMORROW).number == 3
    with office.inside():
        assert seats(office.slot_on(TOMORROW), TOMORROW).left("web") == 0


def test_seats_left_are_never_negative_when_a_quota_is_lowered(office: Office) -> None:
    for number in range(3):
        book(office, number)
    with office.inside():
        slot = office.slot_on(TODAY)
        setup.save_slot(slot, starts=slot.starts, ends=slot.ends, quota=1)
        assert seats(slot, TODAY).left("web") == 0


def test_channel_with_its_own_quota_is_full_while_others_still_have_seats(office: Office) -> None:
    with office.inside():
        slot = office.slot_on(TODAY)
        setup.save_slot(slot, starts=slot.starts, ends=slot.ends, quota=3, quota_web=1)
    book(office, 1)
    assert "penuh" in refusal(office, 2)
    assert book(office, 3, channel="staff").number == 2
    assert book(office, 4, channel="kiosk").number == 3
    assert "penuh" in refusal(office, 5, channel="staff")


def test_full_day_offers_the_next_open_date(office: Office) -> None:
    with office.inside():
        for slot in find_or_404(Service, office.service).slots:
            if slot.weekday in (TODAY.weekday(), TOMORROW.weekday()):
                setup.save_slot(slot, starts=slot.starts, ends=slot.ends, quota=0)
    assert "26" in refusal(office)
    with office.inside():
        service = find_or_404(Service, office.service)
        assert opening_hours.next_open_date(service, "web", after=TODAY) == TODAY + timedelta(days=2)


@pytest.mark.parametrize("day", [TODAY - timedelta(days=1), TODAY + timedelta(days=15)])
def test_past_and_too_distant_dates_are_refused(office: Office, day: date) -> None:
    assert re.search("sudah lewat|sampai tanggal", refusal(office, day=day))
    assert everything(office) == []


def test_office_that_books_within_the_running_month_refuses_the_next_month(office: Office) -> None:
    with office.inside():
        find_or_404(Service, office.service).within_month = True
    assert book(office, 1, date(2026, 11, 30)).number == 1
    assert "sampai tanggal" in refusal(office, 2, date(2026, 12, 1))


def test_holiday_is_refused_by_its_name(office: Office) -> None:
    with office.inside():
        closures.add_holiday(TOMORROW, "Hari Jadi Kabupaten Sumbawa")
    assert "Libur: Hari Jadi Kabupaten Sumbawa" in refusal(office, 1, TOMORROW)


def test_session_that_is_over_is_refused(office: Office) -> None:
    with frozen_clock("2026-11-24T09:01+08:00"):
        assert "tidak tersedia" in refusal(office)
    with frozen_clock("2026-11-24T10:00+08:00"):
        assert "sudah berakhir" in refusal(office)


def test_half_past_eleven_at_night_in_utc_is_already_tomorrow_in_sumbawa(office: Office) -> None:
    with frozen_clock("2026-11-23T23:30+00:00"):
        assert "sudah lewat" in refusal(office, 1, date(2026, 11, 23))
        assert book(office, 2, TODAY).date == TODAY


def test_same_phone_same_nik_and_same_account_hold_one_active_number_each_day_and_service(office: Office) -> None:
    nik, person = "5204084101900001", office.house.person("sumbawa", "warga@sumbawa.example")
    with office.inside():
        slot = office.slot_on(TODAY)
        booking.book(slot, TODAY, visitor("Aminah", nik=nik, phone="081234567890"))
        booking.book(slot, TODAY, visitor("Jafar", person_id=person.id))
        again = [
            visitor("Aminah", nik=nik),
            visitor("Aminah", phone="+62 812-3456-7890"),
            visitor("Jafar", person_id=person.id),
        ]
        for one in again:
            with pytest.raises(DomainError, match="sudah punya nomor aktif"):
                booking.book(slot, TODAY, one)
        booking.book(office.slot_on(TOMORROW), TOMORROW, again[0])
    assert len(everything(office)) == 3


def test_officer_books_for_a_whole_village_with_one_phone_but_one_number_for_each_nik(office: Office) -> None:
    with office.inside():
        slot = office.slot_on(TODAY)
        for nik in ("5204084101900001", "5204084101900002"):
            booking.book(slot, TODAY, visitor("Warga", nik=nik, phone="081234567890"), "staff")
        with pytest.raises(DomainError, match="sudah punya nomor aktif"):
            booking.book(slot, TODAY, visitor("Warga", nik="5204084101900001"), "staff")


def test_after_cancelling_the_same_person_may_take_another_number(office: Office) -> None:
    first = book(office, 1, TOMORROW)
    with office.inside():
        booking.cancel(find_or_404(Ticket, first.id))
    assert book(office, 1, TOMORROW).number == 2


def test_nik_is_nowhere_in_the_database(office: Office) -> None:
    nik = "5204084101900001"
    with office.inside():
        booking.book(office.slot_on(TODAY), TODAY, visitor("Aminah", nik=nik))
    with office.inside() as scope:
        tables = ["antrean_ticket", "antrean_call", "lumbung_audit", "lumbung_event"]
        for table in tables:
            rows = scope.session.execute(text(f"SELECT t::text FROM {table} t")).scalars()  # noqa: S608
            assert not any(nik in row for row in rows)
        assert session.scalar(select(Ticket.nik_tail)) == "0001"


def test_citizen_cancels_until_the_cut_off_and_not_after_it(office: Office) -> None:
    with frozen_clock("2026-11-24T06:00+08:00"):
        ticket = book(office, 1)
    with frozen_clock("2026-11-24T07:01+08:00"), office.inside():
        with pytest.raises(DomainError, match="tidak dapat dibatalkan lagi"):
            booking.cancel(find_or_404(Ticket, ticket.id))
        assert find_or_404(Ticket, ticket.id).state == State.BOOKED
    with frozen_clock("2026-11-24T07:00+08:00"), office.inside():
        booking.cancel(find_or_404(Ticket, ticket.id))


def test_check_in_is_for_the_day_itself_and_near_the_hour(office: Office) -> None:
    today, tomorrow = book(office, 1), book(office, 2, TOMORROW)
    with office.inside(), pytest.raises(DomainError, match="berlaku pada"):
        booking.check_in(find_or_404(Ticket, tomorrow.id))
    with frozen_clock("2026-11-24T05:30+08:00"), office.inside():
        with pytest.raises(DomainError, match=r"mulai pukul 06\.00"):
            booking.check_in(find_or_404(Ticket, today.id))
        booking.check_in(find_or_404(Ticket, today.id), by_officer=True)
    with office.inside(), pytest.raises(DomainError, match="sudah tercatat hadir"):
        booking.check_in(find_or_404(Ticket, today.id))


def test_walk_in_gets_the_first_seat_of_today_and_waits_already(office: Office) -> None:
    with office.inside():
        service = find_or_404(Service, office.service)
        ticket = booking.walk_in(service)
        assert (ticket.label, ticket.state, ticket.channel) == ("A001", State.WAITING, "kiosk")
        service.walk_in = False
        with pytest.raises(DomainError, match="dipesan lebih dulu"):
            booking.walk_in(service)


def test_second_session_of_a_day_has_labels_of_its_own(office: Office) -> None:
    with office.inside():
        slots = [slot for slot in find_or_404(Service, office.service).slots if slot.weekday == TODAY.weekday()]
        labels = [booking.book(slot, TODAY, Visitor("Warga")).label for slot in slots]
    assert labels == ["A001", "A101"]


def test_number_40_sees_its_earliest_time(office: Office) -> None:
    with office.inside():
        tickets = [booking.book(office.slot_on(TODAY), TODAY, Visitor("Warga")) for _number in range(40)]
        assert booking.earliest_service(tickets[-1]).time() == time(8, 42)


def test_numbers_of_two_services_do_not_disturb_each_other(office: Office, line: Callable[..., list[UUID]]) -> None:
    with office.inside():
        place = find_or_404(Service, office.service).location
        other = setup.save_service(place, None, letter="B", name="Kartu Keluarga")
        (slot,) = setup.add_slots(other, [TODAY.weekday()], time(8), time(9), quota=5)
        assert booking.book(slot, TODAY, someone(1)).label == "B001"
    line("", "")
    with office.inside():
        assert session.scalar(select(func.count()).select_from(NumberRow)) == 2
