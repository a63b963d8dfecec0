"""Numbers without gaps and quotas that hold, however many people press at once."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from lumbung.sdk import session

from ..models import NumberRow, Slot, Ticket
from ..rules.states import HOLDS_NO_SEAT
from .opening_hours import Seats


def lock_numbers(slot: Slot, day: date) -> NumberRow:
    """Lock and return the row that counts this slot's numbers on that date; everybody else waits here.

    The lock ends with the transaction: a number whose ticket is not kept was never given out.
    """
    session.execute(
        insert(NumberRow)
        .values(service_id=slot.service_id, slot_id=slot.id, date=day, last=0)
        .on_conflict_do_nothing(index_elements=["tenant_id", "service_id", "date", "slot_id"])
    )
    return session.scalars(
        select(NumberRow)
        .where(NumberRow.slot_id == slot.id, NumberRow.date == day)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def seats(slot: Slot, day: date) -> Seats:
    """Count the seats that are taken; exact while the caller holds the lock."""
    counted = session.execute(
        select(Ticket.channel, func.count())
        .where(Ticket.slot_id == slot.id, Ticket.date == day, Ticket.state.not_in(HOLDS_NO_SEAT))
        .group_by(Ticket.channel)
    )
    return Seats(slot, {row[0]: row[1] for row in counted})


def next_number(row: NumberRow) -> int:
    """Take the next number of a locked row. Cancelled numbers are never given out again."""
    row.last += 1
    return row.last
