"""Sample data for Kabupaten Sumbawa: real kinds of offices, invented people. Harmless to repeat."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from lumbung.sdk import Demo, session, today

from ..models import Location, Ticket
from .history import fill_history
from .offices import open_offices
from .our_citizen import give_a_number
from .this_morning import fill_today


def load(demo: Demo) -> None:
    """Open the offices once, write the last 14 days once, and give each new day its own morning."""
    demo.run_by("DISDUKCAPIL")
    offices = open_offices(demo)
    for place in offices:
        if not _has_tickets(place, Ticket.date < today()):
            fill_history(place)
        if not _has_tickets(place, Ticket.date == today()):
            fill_today(place)
    give_a_number(demo)


def _has_tickets(place: Location, when: ColumnElement[bool]) -> bool:
    return session.scalar(select(Ticket.id).where(Ticket.location_id == place.id, when).limit(1)) is not None
