"""The sample citizen holds a number of today, so that their home page has something to show."""

from __future__ import annotations

from sqlalchemy import select

from lumbung.sdk import Demo, DomainError, session, today

from ..models import Location, Service
from ..rules.visitors import visitor
from ..services import booking, opening_hours

EMAIL, NAME, PHONE = "warga@sumbawa.example", "Muhammad Jafar", "0812 3700 1101"


def give_a_number(demo: Demo) -> None:
    """Book the last hour of today at the Mal Pelayanan Publik, unless a number is still open or none is left."""
    person_id = demo.person(EMAIL)
    if booking.open_tickets_of(person_id):
        return
    service = session.scalars(
        select(Service).join(Service.location).where(Location.unit_id == demo.unit("MPP"), Service.letter == "B")
    ).one()
    try:
        slots = opening_hours.open_day(service, today()).slots
        if slots:
            booking.book(slots[-1].slot, today(), visitor(NAME, phone=PHONE, person_id=person_id), "web")
    except DomainError:
        return
