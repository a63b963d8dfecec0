"""What the holder of a number is told."""

from __future__ import annotations

from uuid import UUID

import pytest
from lumbung_antrean.models import Counter, Location, Slot, Ticket
from lumbung_antrean.rules.visitors import Visitor
from lumbung_antrean.services import booking, calling, closures
from sqlalchemy import text

from lumbung.sdk import DomainError, Person, find_or_404, session

from ..conftest import TODAY, TOMORROW, Office


@pytest.fixture
def siti(office: Office) -> Person:
    """A citizen with an account."""
    return office.house.person("sumbawa", "siti@sumbawa.example", name="Siti Rahmah")


def take(office: Office, person: Person | None = None) -> UUID:
    """Take a number for this morning, signed in or not, and report at the hall."""
    visitor = Visitor("Siti Rahmah", person_id=person.id if person else None)
    with office.inside():
        ticket = booking.book(find_or_404(Slot, office.slot), TODAY, visitor)
        booking.check_in(ticket)
        return ticket.id


def told(office: Office) -> list[tuple[UUID, str, str, str]]:
    """Return to whom what was said, in both languages, and where it leads."""
    rows = "SELECT person_id, title ->> 'id', text ->> 'id', url FROM lumbung_notification ORDER BY at"
    with office.inside():
        return [tuple(row) for row in session.execute(text(rows))]


def test_a_called_number_is_told_to_who_took_it_signed_in(office: Office, siti: Person) -> None:
    ticket = take(office, siti)
    with office.inside():
        called = calling.call_next(find_or_404(Counter, office.counters[0]))
        assert called.id == ticket
        page = f"/antrean/t/{called.code}"
    assert told(office) == [
        (siti.id, "Nomor A001 dipanggil ke Loket 1", "Silakan ke Loket 1 di Disdukcapil untuk Perekaman KTP-el.", page)
    ]


def test_a_number_of_a_visitor_without_an_account_is_told_to_nobody(office: Office, siti: Person) -> None:
    take(office)
    with office.inside():
        calling.call_next(find_or_404(Counter, office.counters[0]))
    assert told(office) == []


def test_a_call_that_is_undone_tells_nobody(office: Office, siti: Person) -> None:
    take(office, siti)
    with pytest.raises(DomainError), office.inside():
        seat = find_or_404(Counter, office.counters[0])
        calling.call_next(seat)
        calling.call_next(seat)
    assert told(office) == []


def test_calling_again_does_not_tell_again(office: Office, siti: Person) -> None:
    take(office, siti)
    with office.inside():
        seat = find_or_404(Counter, office.counters[0])
        calling.call_again(calling.call_next(seat), seat)
    assert len(told(office)) == 1


def test_a_day_that_is_closed_is_told_with_its_reason(office: Office, siti: Person) -> None:
    with office.inside():
        slot = office.slot_on(TOMORROW)
        for person in (siti.id, None):
            booking.book(slot, TOMORROW, Visitor("Siti Rahmah", person_id=person))
        closures.close_day(find_or_404(Location, office.location), TOMORROW, "Listrik padam")
    [(person, title, words, _url)] = told(office)
    assert person == siti.id
    assert title == "Nomor A001 untuk 25 November 2026 dibatalkan"
    assert "Alasannya: Listrik padam." in words


def test_a_number_that_its_holder_gives_back_needs_no_telling(office: Office, siti: Person) -> None:
    with office.inside():
        ticket = booking.book(office.slot_on(TOMORROW), TOMORROW, Visitor("Siti", person_id=siti.id))
        booking.cancel(find_or_404(Ticket, ticket.id))
    assert told(office) == []
