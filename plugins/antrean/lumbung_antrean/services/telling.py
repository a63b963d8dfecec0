"""What the holder of a number is told, if they took it while signed in; the others have the wall and their ticket."""

from __future__ import annotations

from lumbung.sdk import notify

from ..models import Counter, Ticket
from ..words import both


def called(ticket: Ticket, counter: Counter) -> None:
    """Their number is called to a counter."""
    if ticket.person_id:
        notify(
            ticket.person_id,
            both("Nomor %(number)s dipanggil ke Loket %(counter)s", number=ticket.label, counter=counter.number),
            both(
                "Silakan ke Loket %(counter)s di %(place)s untuk %(service)s.",
                counter=counter.number,
                place=ticket.location.name,
                service=ticket.queue.name,
            ),
            _page(ticket),
        )


def cancelled_by_office(ticket: Ticket) -> None:
    """The office cancelled their number, or closed the day it was for."""
    if ticket.person_id:
        notify(
            ticket.person_id,
            both("Nomor %(number)s untuk %(date)s dibatalkan", number=ticket.label, date=ticket.date),
            both(
                "%(place)s membatalkan nomor Anda untuk %(service)s. Alasannya: %(reason)s "
                "Anda dapat mengambil nomor lain untuk hari lain.",
                place=ticket.location.name,
                service=ticket.service.name,
                reason=_sentence(ticket.reason),
            ),
            _page(ticket),
        )


def _page(ticket: Ticket) -> str:
    return f"/antrean/t/{ticket.code}"


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."
