"""Taking a number, giving it back, and finding it again."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.exc import IntegrityError

from lumbung.sdk import (
    DomainError,
    audit,
    current_person,
    current_tenant,
    format_time,
    now,
    session,
    setting,
    today,
)

from ..models import Counter, CounterService, Service, Slot, Ticket
from ..rules import states
from ..rules.estimates import served_from
from ..rules.labels import label
from ..rules.states import ACTIVE, State
from ..rules.visitors import Visitor, checked_phone, new_code, tidy_code
from ..words import _, at, on
from . import telling
from .numbering import lock_numbers, next_number, seats
from .opening_hours import advice, open_day


def book(slot: Slot, day: date, visitor: Visitor, channel: str = "web") -> Ticket:
    """Take a number for a slot on a date.

    Refuses, in one sentence with advice and without using a number: a closed or wrong day, a full slot, a
    second active number of the same person for the service on that day.
    """
    service = slot.service
    _offered(slot, day)
    row = lock_numbers(slot, day)
    _refuse_second_number(service, day, visitor, channel)
    _refuse_full(slot, day, channel)
    ticket = _new_ticket(slot, day, next_number(row), visitor, channel)
    try:
        with session.begin_nested():
            session.add(ticket)
    except IntegrityError:  # the same person, at the same moment, in another slot of the service
        row.last -= 1
        raise DomainError(_second_number(service, day)) from None
    return ticket


def walk_in(service: Service, visitor: Visitor | None = None) -> Ticket:
    """Give a number to somebody who stands in the hall: the first slot of today with a seat, already waiting."""
    if not service.walk_in:
        raise DomainError(_("Layanan %(name)s hanya melayani nomor yang dipesan lebih dulu.", name=service.name))
    day = open_day(service, today())
    free = next((found for found in day.slots if found.left("kiosk") > 0), None)
    if free is None:
        raise DomainError(_("Nomor untuk hari ini sudah habis.") + " " + advice(service, "web", after=today()))
    ticket = book(free.slot, today(), visitor or Visitor(""), "kiosk")
    ticket.state, ticket.arrived_at = State.WAITING, now()
    return ticket


def cancel(ticket: Ticket) -> None:
    """Give the number back at the citizen's wish; its seat is free again, the number is not."""
    states.check(ticket.label, ticket.state, State.CANCELLED)
    if not may_cancel(ticket):
        raise DomainError(
            _(
                "Nomor %(label)s tidak dapat dibatalkan lagi; batasnya %(limit)s. "
                "Beri tahu petugas bila Anda tidak jadi datang.",
                label=ticket.label,
                limit=at(cancel_limit(ticket)),
            )
        )
    _end_as_cancelled(ticket, "citizen", "")


def cancel_by_office(ticket: Ticket, reason: str) -> None:
    """Cancel for the office, with a reason that the citizen reads on the ticket."""
    states.check(ticket.label, ticket.state, State.CANCELLED)
    _end_as_cancelled(ticket, "office", reason)
    audit("antrean.ticket.cancel", ticket.label, about=ticket.id, date=ticket.date.isoformat(), reason=reason)
    telling.cancelled_by_office(ticket)


def _end_as_cancelled(ticket: Ticket, by: str, reason: str) -> None:
    ticket.state, ticket.cancelled_by, ticket.reason = State.CANCELLED, by, reason
    ticket.ended_at = now()


def cancel_limit(ticket: Ticket) -> datetime:
    """Until when the citizen may cancel, in local time."""
    return starts_at(ticket) - timedelta(minutes=ticket.service.cutoff_minutes)


def may_cancel(ticket: Ticket) -> bool:
    """Whether the citizen may still cancel: only before coming, and before the cut-off."""
    return ticket.state == State.BOOKED and now() <= cancel_limit(ticket)


def check_in(ticket: Ticket, *, by_officer: bool = False) -> None:
    """Say that the person is here: the number joins the queue.

    Only on its own day; by oneself not earlier than the office's setting says, two hours before the slot by default.
    """
    if ticket.date != today():
        raise DomainError(_("Nomor %(label)s berlaku pada %(date)s.", label=ticket.label, date=on(ticket.date)))
    if ticket.state in ACTIVE - {State.BOOKED}:
        raise DomainError(_("Nomor %(label)s sudah tercatat hadir.", label=ticket.label))
    states.check(ticket.label, ticket.state, State.WAITING)
    opens = arrival_opens(ticket)
    if now() < opens and not by_officer:
        raise DomainError(
            _(
                "Lapor hadir dibuka mulai pukul %(time)s. Datanglah mendekati jam sesi Anda.",
                time=format_time(opens),
            )
        )
    ticket.state, ticket.arrived_at = State.WAITING, now()


def arrival_opens(ticket: Ticket) -> datetime:
    """From when a citizen may check in without help."""
    minutes: int = setting("early_arrival_minutes", unit=ticket.service.location.unit_id)
    return starts_at(ticket) - timedelta(minutes=minutes)


def starts_at(ticket: Ticket) -> datetime:
    """When the ticket's slot begins, in local time."""
    return datetime.combine(ticket.date, ticket.starts, tzinfo=now().tzinfo)


def by_code(code: str) -> Ticket | None:
    """Find a ticket by its booking code, however it was typed or scanned."""
    return session.scalar(select(Ticket).where(Ticket.code == tidy_code(code)))


def by_code_and_phone(code: str, phone: str) -> Ticket:
    """Find a ticket for somebody who knows its code and phone number; one refusal for either being wrong."""
    ticket, number = by_code(code), checked_phone(phone)
    if ticket and ticket.phone and number and hmac.compare_digest(ticket.phone, number):
        return ticket
    raise DomainError(_("Tidak ada nomor antrean dengan kode dan nomor ponsel itu. Periksa keduanya, lalu coba lagi."))


def tickets_of(person_id: UUID) -> Sequence[Ticket]:
    """What a signed-in citizen has taken, the newest date first."""
    query = select(Ticket).where(Ticket.person_id == person_id)
    return session.scalars(query.order_by(Ticket.date.desc(), Ticket.starts).limit(50)).all()


def open_tickets_of(person_id: UUID) -> Sequence[Ticket]:
    """Those of them that are still to come."""
    query = select(Ticket).where(Ticket.person_id == person_id, Ticket.date >= today(), Ticket.state.in_(ACTIVE))
    return session.scalars(query.order_by(Ticket.date, Ticket.starts)).all()


def earliest_service(ticket: Ticket) -> datetime:
    """When the number is served at the earliest."""
    service = ticket.service
    return served_from(starts_at(ticket), ticket.number, counters_of(service), service.minutes)


def counters_of(service: Service) -> int:
    """How many open counters serve a service."""
    query = select(Counter.id).join(CounterService, CounterService.counter_id == Counter.id)
    found = session.scalars(query.where(CounterService.service_id == service.id, Counter.open))
    return len(found.all())


def _offered(slot: Slot, day: date) -> None:
    offered = open_day(slot.service, day).slots
    if slot.id not in {found.slot.id for found in offered}:
        raise DomainError(_("Sesi itu tidak tersedia pada %(date)s. Pilih sesi lain.", date=on(day)))


def _refuse_full(slot: Slot, day: date, channel: str) -> None:
    if seats(slot, day).left(channel) > 0:
        return
    same_day = [found for found in open_day(slot.service, day).slots if found.left(channel) > 0]
    if same_day:
        other = same_day[0].slot
        raise DomainError(
            _(
                "Sesi %(starts)s sudah penuh. Sesi pukul %(other)s pada hari yang sama masih tersedia.",
                starts=format_time(slot.starts),
                other=format_time(other.starts),
            )
        )
    raise DomainError(_("Nomor untuk sesi ini sudah habis.") + " " + advice(slot.service, channel, after=day))


def _refuse_second_number(service: Service, day: date, visitor: Visitor, channel: str) -> None:
    claims = visitor.claims(channel)
    same: list[ColumnElement[bool]] = [
        getattr(Ticket, key) == value for key, value in claims.items() if value is not None
    ]
    if same and session.scalar(
        select(Ticket.id)
        .where(Ticket.service_id == service.id, Ticket.date == day, Ticket.state.in_(ACTIVE), or_(*same))
        .limit(1)
    ):
        raise DomainError(_second_number(service, day))


def _second_number(service: Service, day: date) -> str:
    return _(
        "Anda sudah punya nomor aktif untuk %(name)s pada %(date)s. Batalkan dulu nomor itu bila ingin jam lain.",
        name=service.name,
        date=on(day),
    )


def _new_ticket(slot: Slot, day: date, number: int, visitor: Visitor, channel: str) -> Ticket:
    service, person = slot.service, current_person()
    return Ticket(
        tenant_id=current_tenant().id,
        location_id=service.location_id,
        service_id=service.id,
        queue_id=service.id,
        slot_id=slot.id,
        person_id=visitor.person_id,
        date=day,
        starts=slot.starts,
        ends=slot.ends,
        number=number,
        label=label(service.letter, slot.base, slot.room, number),
        code=new_code(),
        channel=channel,
        priority=visitor.priority,
        state=State.BOOKED,
        name=visitor.name,
        phone=visitor.phone,
        nik_tail=visitor.nik[-4:] if visitor.nik else None,
        booked_by=person.name if person and channel == "staff" else "",
        booked_at=now(),
        skips=0,
        **visitor.claims(channel),
    )
