"""Today's numbers of a place, as officers see them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Float, Select, cast, extract, func, select
from sqlalchemy.orm import contains_eager, joinedload

from lumbung.sdk import session, today

from ..models import Call, Counter, Location, Ticket
from ..rules.states import QUEUING, State


def todays_numbers(location: Location) -> Select[Ticket]:
    """Return the query for all numbers of today, with their service and counter."""
    return (
        select(Ticket)
        .join(Ticket.service)
        .options(contains_eager(Ticket.service), joinedload(Ticket.counter))
        .where(Ticket.location_id == location.id, Ticket.date == today())
    )


def state_counts(location: Location) -> dict[str, int]:
    """How many of today's numbers are at each state."""
    rows = session.execute(
        select(Ticket.state, func.count())
        .where(Ticket.location_id == location.id, Ticket.date == today())
        .group_by(Ticket.state)
    )
    return {row[0]: row[1] for row in rows}


def figures_of(counter: Counter) -> dict[str, int]:
    """What an operator wants to know: how many were served here today, and how long it took on average."""
    done, seconds = session.execute(
        select(
            func.count(),
            cast(func.avg(extract("epoch", Ticket.ended_at - Ticket.started_at)), Float),
        ).where(Ticket.counter_id == counter.id, Ticket.date == today(), Ticket.state == State.DONE)
    ).one()
    waiting = session.scalar(
        select(func.count())
        .select_from(Ticket)
        .where(Ticket.location_id == counter.location_id, Ticket.date == today(), Ticket.state.in_(QUEUING))
    )
    return {"done": int(done), "seconds": round(seconds or 0), "waiting": int(waiting or 0)}


def calls_of(ticket: Ticket) -> Sequence[Call]:
    """The log of a ticket, the oldest first."""
    return session.scalars(select(Call).where(Call.ticket_id == ticket.id).order_by(Call.seq)).all()
