"""Who sits at which counter."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from lumbung.sdk import DomainError, Moved, Person, audit, now, people, session

from ..models import Counter, CounterService, Location, Service
from ..words import _, both


def services_at(counter: Counter) -> Sequence[Service]:
    """The services a counter serves, by letter."""
    return session.scalars(
        select(Service)
        .join(CounterService, CounterService.service_id == Service.id)
        .where(CounterService.counter_id == counter.id)
        .order_by(Service.letter)
    ).all()


def counters_at(location: Location) -> Sequence[Counter]:
    """The open counters of a place."""
    query = select(Counter).where(Counter.location_id == location.id, Counter.open)
    return session.scalars(query.order_by(Counter.number)).all()


def counter_of(person: Person) -> Counter | None:
    """The counter this operator sits at; the house remembers it until they leave."""
    return session.scalar(
        select(Counter).where(Counter.operator_id == person.id, Counter.open).order_by(Counter.operator_since)
    )


def sit_down(counter: Counter, person: Person) -> None:
    """Take a seat at a counter, leaving any other. Taking over from somebody is written into the trail."""
    session.refresh(counter, with_for_update=True)
    if not counter.open:
        raise DomainError(_("Loket %(number)s sedang ditutup.", number=counter.number))
    if counter.operator_id and counter.operator_id != person.id:
        audit("antrean.counter.take_over", counter.number, about=counter.location_id, before=counter.operator_name)
    stand_up(person)
    counter.operator_id, counter.operator_name, counter.operator_since = person.id, person.name, now()


def stand_up(person: Person) -> None:
    """Leave the counter."""
    for counter in session.scalars(select(Counter).where(Counter.operator_id == person.id)):
        counter.operator_id, counter.operator_name, counter.operator_since = None, "", None


def hand_over_counters(
    giver: people.PersonCard, receiver: people.PersonCard, unit_ids: frozenset[UUID] | None
) -> list[Moved]:
    """Seat the receiver at the counter where the giver sits; whoever sits somewhere already keeps that seat."""
    query = select(Counter).where(Counter.operator_id == giver.id)
    if unit_ids is not None:
        query = query.join(Counter.location).where(Location.unit_id.in_(unit_ids))
    seated = session.scalar(select(Counter.id).where(Counter.operator_id == receiver.id)) is not None
    moved = 0
    for counter in session.scalars(query.with_for_update(of=Counter)):
        audit("antrean.counter.take_over", counter.number, about=counter.location_id, before=counter.operator_name)
        if seated:
            counter.operator_id, counter.operator_name, counter.operator_since = None, "", None
            continue
        counter.operator_id, counter.operator_name, counter.operator_since = receiver.id, receiver.name, now()
        moved, seated = moved + 1, True
    return [Moved(both("loket"), moved)]
