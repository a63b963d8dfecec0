"""This morning: numbers of today at every state, taken and called through the services themselves."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from lumbung.sdk import DomainError, now, session, today

from ..models import Counter, Location, Service, Ticket
from ..rules.states import State
from ..rules.visitors import Visitor
from ..services import booking, calling, opening_hours
from . import people

TAKEN = 10  # numbers of each service


def fill_today(place: Location) -> None:
    """Take numbers for each service that is open today, let most arrive, and let the counters work."""
    chance = Random(f"{place.name} {today()}")  # noqa: S311  (sample data)
    for service in place.services:
        taken = _take(service, chance)
        for ticket in taken[: TAKEN * 3 // 4]:
            ticket.state = State.WAITING
            ticket.arrived_at = now() - timedelta(minutes=chance.randrange(15, 50))
        if len(taken) > TAKEN * 3 // 4:
            booking.cancel_by_office(taken[-1], "Salah memilih layanan")
    session.flush()
    for counter in place.counters:
        _work(counter)


def _take(service: Service, chance: Random) -> list[Ticket]:
    """Some numbers of the first slot of today that is not over."""
    slots = _slots(service)
    return [
        booking.book(
            slots[0].slot,
            today(),
            Visitor(people.name(chance), None, people.phone(chance), people.priority(chance)),
            chance.choices(["web", "kiosk", "staff"], [6, 3, 1])[0],
        )
        for _number in range(TAKEN if slots else 0)
    ]


def _slots(service: Service) -> list[opening_hours.Seats]:
    try:
        return opening_hours.open_day(service, today()).slots
    except DomainError:
        return []


def _work(counter: Counter) -> None:
    """Serve two, skip one, and have the next at the counter; odd counters have begun to serve."""
    for step in range(4):
        try:
            ticket = calling.call_next(counter)
        except DomainError:
            return
        if step == 2:
            calling.skip(ticket, counter)
            continue
        if step == 3 and counter.number % 2 == 0:
            return
        calling.start(ticket, counter)
        if step == 3:
            return
        calling.finish(ticket, counter)
        _take_time(ticket, step)


def _take_time(ticket: Ticket, step: int) -> None:
    """Put the work of this minute where it would have been this morning."""
    minutes = ticket.service.minutes
    ticket.ended_at = now() - timedelta(minutes=minutes * (2 - step))
    ticket.started_at = ticket.ended_at - timedelta(minutes=minutes * 0.8)
    ticket.called_at = ticket.first_called_at = ticket.started_at - timedelta(minutes=1)
    ticket.arrived_at = ticket.called_at - timedelta(minutes=6 + 3 * step)
