"""A citizen's open numbers, as their home page shows them."""

from __future__ import annotations

from lumbung.sdk import Affair, Person, format_time, today

from ..models import Ticket
from ..rules import states
from ..words import _, on
from .board import ahead_of
from .booking import open_tickets_of


def affairs_of(person: Person) -> list[Affair]:
    """One affair for each number that is still to come."""
    return [_affair(ticket) for ticket in open_tickets_of(person.id)]


def _affair(ticket: Ticket) -> Affair:
    if ticket.date == today():
        text = _(
            "Hari ini %(time)s, %(ahead)s orang di depan Anda",
            time=format_time(ticket.starts),
            ahead=ahead_of(ticket),
        )
    else:
        text = _("%(date)s pukul %(time)s", date=on(ticket.date), time=format_time(ticket.starts))
    return Affair(
        title=f"{ticket.label} · {ticket.service.name}",
        text=f"{ticket.location.name}. {text}",
        url=f"/antrean/t/{ticket.code}",
        status=states.title(ticket.state),
        tone=states.tone(ticket.state),
    )
