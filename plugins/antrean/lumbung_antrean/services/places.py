"""Finding locations and services: for everybody what is open, for officers what is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import abort
from sqlalchemy import select

from lumbung.sdk import current_person, current_units, find_or_404, session, within

from ..models import Counter, Location, Service, Slot, Ticket


def open_locations() -> Sequence[Location]:
    """Places that serve people now."""
    query = select(Location).where(Location.open)
    return session.scalars(query.order_by(Location.position, Location.name)).all()


def open_services(location: Location) -> list[Service]:
    """The services a place offers, by letter."""
    return [service for service in location.services if service.open]


def public_location(location_id: UUID) -> Location:
    """An open place by its id; a closed one is not found."""
    location = find_or_404(Location, location_id)
    if not location.open:
        abort(404)
    return location


def public_service(service_id: UUID) -> Service:
    """An open service of an open place by its id."""
    service = find_or_404(Service, service_id)
    if not (service.open and service.location.open):
        abort(404)
    return service


def kiosk_location(key: str) -> Location:
    """The place that a kiosk's secret address belongs to."""
    location = session.scalar(select(Location).where(Location.kiosk_key == key, Location.open))
    if location is None:
        abort(404)
    return location


def my_locations(permission: str, *, closed_too: bool = False) -> Sequence[Location]:
    """The places for which the person at work has a permission: those of their units, or all.

    While they work in one of their units, only the places of that unit and of those below it. This narrows what
    is listed and no more: a place of another of their units still opens by its address.
    """
    query = select(Location).where(within(permission, Location.unit_id)).order_by(Location.position, Location.name)
    if not closed_too:
        query = query.where(Location.open)
    if (chosen := current_units()) is not None:
        query = query.where(Location.unit_id.in_(chosen))
    return session.scalars(query).all()


def my_location(location_id: UUID, permission: str) -> Location:
    """One of them by its id. Another unit's place is not found, as if there were none (404)."""
    return find_or_404(Location, location_id, permission=permission)


def my_service(service_id: UUID, permission: str) -> Service:
    """A service of one of my places."""
    return find_or_404(Service, service_id, permission=permission, unit=lambda service: service.location.unit_id)


def my_slot(slot_id: UUID, permission: str) -> Slot:
    """A slot of a service of one of my places."""
    return find_or_404(Slot, slot_id, permission=permission, unit=lambda slot: slot.service.location.unit_id)


def my_counter(counter_id: UUID, permission: str) -> Counter:
    """A counter of one of my places."""
    return find_or_404(Counter, counter_id, permission=permission, unit=lambda counter: counter.location.unit_id)


def my_ticket(ticket_id: UUID, permission: str) -> Ticket:
    """A ticket of one of my places."""
    return find_or_404(Ticket, ticket_id, permission=permission, unit=lambda ticket: ticket.location.unit_id)


def guard(location: Location, permission: str) -> Location:
    """The check of units for a thing that was found by other means: another unit's is not found."""
    if not is_mine(location, permission):
        abort(404)
    return location


def is_mine(location: Location, permission: str) -> bool:
    """Whether the person at work has a permission for a place."""
    person = current_person()
    if person is None:
        return False
    units = person.units_with(permission)
    return units is None or location.unit_id in units
