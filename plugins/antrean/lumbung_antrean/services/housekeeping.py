"""What happens by night: yesterday is closed, and people are forgotten when their time is over."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import or_, select, update

from lumbung.sdk import Erased, now, session, today

from ..models import Counter, Ticket
from ..rules.states import ACTIVE, State
from ..words import both

KEEP_DAYS = 90  # as the manifest says under personal_data

END_OF_DAY = {
    State.BOOKED: State.EXPIRED,
    State.WAITING: State.EXPIRED,
    State.TRANSFERRED: State.EXPIRED,
    State.CALLED: State.NO_SHOW,
    State.SKIPPED: State.NO_SHOW,
    State.SERVING: State.DONE,
}


def expire_tickets() -> None:
    """Close every day before today: what nobody came for expires, and counters are empty in the morning."""
    for ticket in session.scalars(select(Ticket).where(Ticket.date < today(), Ticket.state.in_(ACTIVE))):
        ticket.state = END_OF_DAY[State(ticket.state)]
    for counter in session.scalars(select(Counter).where(Counter.operator_id.is_not(None))):
        if counter.operator_since and counter.operator_since.astimezone(now().tzinfo).date() < today():
            counter.operator_id, counter.operator_name, counter.operator_since = None, "", None


def forget_visitors(on: date) -> list[Erased]:
    """Take names, phones and keys from tickets older than the retention; the figures of the recap stay."""
    forgotten = session.execute(
        update(Ticket)
        .where(
            Ticket.date < on - timedelta(days=KEEP_DAYS),
            or_(Ticket.name != "", Ticket.phone.is_not(None), Ticket.nik_key.is_not(None)),
        )
        .values(name="", phone=None, nik_tail=None, nik_key=None, phone_key=None, account_key=None, priority="")
        .returning(Ticket.id)
    )
    why = both("Jumlah antrean tetap dihitung dalam rekap pelayanan (UU 25/2009).")
    return [Erased(both("Pemilik nomor antrean"), len(forgotten.all()), "anonymised", why)]
