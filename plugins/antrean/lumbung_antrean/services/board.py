"""What everybody may see of the running queue: the wall, and the live page on a phone. No person in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from lumbung.sdk import now, session, setting, today

from ..models import Call, Counter, Location, Service, Ticket
from ..rules.estimates import wait_minutes
from ..rules.states import AT_COUNTER, QUEUING, State
from .booking import counters_of
from .opening_hours import seats_today
from .places import open_services

SPOKEN_FOR = timedelta(seconds=90)
KEPT_CALLS = 30


@dataclass(frozen=True)
class Line:
    """One service's queue now."""

    service: Service
    waiting: int
    now_serving: list[tuple[str, int]]
    seats_left: int
    minutes: int


def lines(location: Location) -> list[Line]:
    """The queue of each open service of a place."""
    services = open_services(location)
    waiting = _waiting(location)
    shown = _now_serving(location)
    seats = seats_today(services, "web")
    return [
        Line(
            service,
            waiting.get(service.id, 0),
            [(label, number) for queue_id, label, number in shown if queue_id == service.id],
            seats[service.id],
            wait_minutes(waiting.get(service.id, 0), counters_of(service), service.minutes),
        )
        for service in services
    ]


def ahead_of(ticket: Ticket) -> int:
    """How many wait before this ticket in its queue; about, since lanes interleave."""
    if ticket.date != today() or ticket.state not in (State.BOOKED, *QUEUING):
        return 0
    counted = session.scalar(
        select(func.count())
        .select_from(Ticket)
        .where(
            Ticket.queue_id == ticket.queue_id,
            Ticket.date == ticket.date,
            Ticket.state.in_(QUEUING),
            Ticket.id != ticket.id,
            (Ticket.starts < ticket.starts) | ((Ticket.starts == ticket.starts) & (Ticket.number < ticket.number)),
        )
    )
    return int(counted or 0)


def wall(location: Location) -> dict[str, Any]:
    """All that the wall shows and speaks, as plain data; equal as long as nothing happens.

    ``speaks`` is the office's wish. ``calls`` are the announcements of today with a growing ``seq``, the oldest first:
    a wall speaks those it has not spoken yet. ``stale`` marks calls that no longer need a voice, for a wall that was
    away for a while.
    """
    calls = _announcements(location)
    return {
        "location": location.name,
        "date": today().isoformat(),
        "speaks": setting("wall_speaks", unit=location.unit_id),
        "counters": _counters(location),
        "next": _next(location),
        "calls": [
            {
                "seq": call.seq,
                "label": ticket.label,
                "counter": number,
                "stale": ticket.state != State.CALLED and call.at < now() - SPOKEN_FOR,
            }
            for call, ticket, number in reversed(calls)
        ],
    }


def _announcements(location: Location) -> list[tuple[Call, Ticket, int]]:
    rows = session.execute(
        select(Call, Ticket, Counter.number)
        .join(Ticket, Ticket.id == Call.ticket_id)
        .join(Counter, Counter.id == Call.counter_id)
        .where(Call.location_id == location.id, Call.date == today(), Call.kind.in_(["call", "recall"]))
        .order_by(Call.seq.desc())
        .limit(KEPT_CALLS)
    )
    return [(call, ticket, number) for call, ticket, number in rows]


def _counters(location: Location) -> list[dict[str, Any]]:
    """Each counter with the number that is at it now, the latest call first."""
    latest = (
        select(func.max(Call.seq))
        .where(Call.ticket_id == Ticket.id, Call.kind.in_(["call", "recall"]))
        .correlate(Ticket)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Counter.number, Counter.name, Ticket.label, Ticket.state, Service.name)
        .join(Ticket, Ticket.counter_id == Counter.id)
        .join(Service, Service.id == Ticket.queue_id)
        .where(Ticket.location_id == location.id, Ticket.date == today(), Ticket.state.in_(AT_COUNTER))
        .order_by(latest.desc(), Counter.number)
    )
    return [
        {"counter": number, "name": name, "label": label, "state": str(state), "service": service}
        for number, name, label, state, service in rows
    ]


def _next(location: Location) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Ticket.label, Service.name)
        .join(Service, Service.id == Ticket.queue_id)
        .where(
            Ticket.location_id == location.id,
            Ticket.date == today(),
            Ticket.state.in_([State.WAITING, State.TRANSFERRED]),
        )
        .order_by(Ticket.moved_at.nulls_last(), Ticket.starts, Ticket.number, Ticket.arrived_at)
        .limit(setting("wall_next", unit=location.unit_id))
    )
    return [{"label": label, "service": service} for label, service in rows]


def _waiting(location: Location) -> dict[UUID, int]:
    rows = session.execute(
        select(Ticket.queue_id, func.count())
        .where(Ticket.location_id == location.id, Ticket.date == today(), Ticket.state.in_(QUEUING))
        .group_by(Ticket.queue_id)
    )
    return {row[0]: row[1] for row in rows}


def _now_serving(location: Location) -> list[tuple[UUID, str, int]]:
    rows = session.execute(
        select(Ticket.queue_id, Ticket.label, Counter.number)
        .join(Counter, Counter.id == Ticket.counter_id)
        .where(Ticket.location_id == location.id, Ticket.date == today(), Ticket.state.in_(AT_COUNTER))
        .order_by(Ticket.called_at.desc())
    )
    return [(queue_id, label, number) for queue_id, label, number in rows]
