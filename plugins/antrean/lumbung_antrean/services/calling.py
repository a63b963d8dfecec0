"""What an operator does at a counter: call, recall, skip, serve, finish, hand on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select

from lumbung.sdk import DomainError, current_person, emit, now, session, today

from ..models import Call, Counter, Location, Service, Ticket
from ..rules import states
from ..rules.lanes import priority_turn
from ..rules.states import AT_COUNTER, State
from ..words import _
from . import telling
from .counters import services_at


def call_next(counter: Counter) -> Ticket:
    """Call the next number to this counter.

    First what was handed on to it, then skipped numbers whose turn has come back, then the priority and the
    ordinary lane in their fixed order. Never a number that another counter has just called.
    """
    _refuse_busy(counter)
    _one_call_at_a_time(counter.location_id)
    ticket = _next_in_line(counter)
    if ticket is None:
        raise DomainError(_("Belum ada yang menunggu untuk %(counter)s.", counter=counter_title(counter)))
    return _call(ticket, counter)


def call_this(counter: Counter, ticket: Ticket) -> Ticket:
    """Call one chosen number, for instance somebody skipped who stands at the counter now."""
    _refuse_busy(counter)
    _one_call_at_a_time(counter.location_id)
    session.refresh(ticket, with_for_update={"key_share": True})
    if ticket.date != today() or ticket.location_id != counter.location_id:
        raise DomainError(_("Nomor %(label)s bukan untuk hari ini di sini.", label=ticket.label))
    return _call(ticket, counter)


def call_again(ticket: Ticket, counter: Counter) -> None:
    """Announce the number once more."""
    _at(ticket, counter)
    if ticket.state != State.CALLED:
        raise DomainError(
            _("Hanya nomor yang sedang dipanggil dapat dipanggil ulang; %(label)s tidak.", label=ticket.label)
        )
    ticket.called_at = now()
    _log(ticket, "recall", counter)
    _announce(ticket, counter)


def skip(ticket: Ticket, counter: Counter) -> None:
    """Nobody came: the number waits for some further calls, and after too many skips it is a no-show."""
    _at(ticket, counter)
    if ticket.skips >= ticket.location.recall_times:
        end_as_no_show(ticket, counter)
        return
    _move(ticket, State.SKIPPED)
    ticket.skips += 1
    ticket.rejoin_at = calls_so_far(ticket.location_id, ticket.queue_id, ticket.date) + ticket.location.recall_after
    _log(ticket, "skip", counter)


def end_as_no_show(ticket: Ticket, counter: Counter | None) -> None:
    """The person did not come (tidak hadir)."""
    if counter is not None and ticket.state in AT_COUNTER:
        _at(ticket, counter)
    _move(ticket, State.NO_SHOW)
    ticket.ended_at = now()
    _log(ticket, "no_show", counter)


def start(ticket: Ticket, counter: Counter) -> None:
    """The person is here and is being served."""
    _at(ticket, counter)
    _move(ticket, State.SERVING)
    ticket.started_at = now()
    _log(ticket, "start", counter)


def finish(ticket: Ticket, counter: Counter) -> None:
    """The service is done."""
    _at(ticket, counter)
    _move(ticket, State.DONE)
    ticket.ended_at = now()
    _log(ticket, "finish", counter)
    emit("antrean.ticket_finished", _plain(ticket, counter))


def transfer_to_counter(ticket: Ticket, here: Counter, there: Counter) -> None:
    """Hand the person on to another counter; they are called there first."""
    _at(ticket, here)
    if there.id == here.id or there.location_id != here.location_id or not there.open:
        raise DomainError(_("Pilih loket lain yang buka di lokasi ini."))
    _hand_on(ticket, here)
    ticket.counter_id = there.id


def transfer_to_service(ticket: Ticket, here: Counter, service: Service) -> None:
    """Hand the person on to the queue of another service here; the number stays the same."""
    _at(ticket, here)
    if service.location_id != here.location_id or service.id == ticket.queue_id or not service.open:
        raise DomainError(_("Pilih layanan lain yang buka di lokasi ini."))
    _hand_on(ticket, here)
    ticket.queue_id, ticket.counter_id = service.id, None


def at_counter(counter: Counter) -> Ticket | None:
    """The number that is called or served at this counter now."""
    return session.scalar(
        select(Ticket)
        .where(Ticket.counter_id == counter.id, Ticket.date == today(), Ticket.state.in_(AT_COUNTER))
        .order_by(Ticket.called_at.desc())
        .limit(1)
    )


def waiting_for(counter: Counter, limit: int = 50) -> Sequence[Ticket]:
    """Who waits for this counter, roughly in the order they will be called."""
    query = _line(counter).order_by(Ticket.moved_at.nulls_last(), *_fair_order())
    return session.scalars(query.limit(limit)).all()


def calls_so_far(location_id: UUID, queue_id: UUID, day: date) -> int:
    """How many times a next number was called in this queue that day; recalls do not count."""
    counted = session.scalar(
        select(func.count())
        .select_from(Call)
        .where(
            Call.location_id == location_id,
            Call.queue_id == queue_id,
            Call.date == day,
            Call.kind == "call",
        )
    )
    return int(counted or 0)


def counter_title(counter: Counter) -> str:
    """How a counter is named to people."""
    return _("Loket %(number)s", number=counter.number)


# --- the order of calling


def _next_in_line(counter: Counter) -> Ticket | None:
    handed_on = _line(counter).where(Ticket.state == State.TRANSFERRED).order_by(Ticket.moved_at)
    if ticket := _take(handed_on):
        return ticket
    if ticket := _take_skipped(counter, due_only=True):
        return ticket
    waiting = _line(counter).where(Ticket.state == State.WAITING).order_by(*_fair_order())
    lanes = [waiting.where(Ticket.priority != ""), waiting.where(Ticket.priority == "")]
    if not priority_turn(_called_today(counter), counter.location.regular_per_priority):
        lanes.reverse()
    for lane in lanes:
        if ticket := _take(lane):
            return ticket
    return _take_skipped(counter, due_only=False)


def _line(counter: Counter) -> Select[Ticket]:
    """Everybody whom this counter may call: its own hand-ons, and the queues of its services."""
    queues = [service.id for service in services_at(counter)]
    return select(Ticket).where(
        Ticket.location_id == counter.location_id,
        Ticket.date == today(),
        or_(
            and_(Ticket.state.in_([State.WAITING, State.SKIPPED]), Ticket.queue_id.in_(queues)),
            and_(
                Ticket.state == State.TRANSFERRED,
                or_(
                    Ticket.counter_id == counter.id,
                    and_(Ticket.counter_id.is_(None), Ticket.queue_id.in_(queues)),
                ),
            ),
        ),
    )


def _fair_order() -> tuple[Any, ...]:
    return (Ticket.starts, Ticket.number, Ticket.arrived_at, Ticket.id)


def _take(query: Select[Ticket]) -> Ticket | None:
    """The first ticket of a query that no other counter holds, locked."""
    locked = query.limit(1).with_for_update(skip_locked=True, of=Ticket)
    return session.scalar(locked.execution_options(populate_existing=True))


def _take_skipped(counter: Counter, *, due_only: bool) -> Ticket | None:
    """A skipped number whose calls have gone by; or, when nobody else waits, the one skipped first."""
    query = _line(counter).where(Ticket.state == State.SKIPPED)
    if due_only:
        gone_by = (
            select(func.count())
            .select_from(Call)
            .where(
                Call.location_id == Ticket.location_id,
                Call.queue_id == Ticket.queue_id,
                Call.date == Ticket.date,
                Call.kind == "call",
            )
            .correlate(Ticket)
            .scalar_subquery()
        )
        query = query.where(Ticket.rejoin_at <= gone_by)
    return _take(query.order_by(Ticket.rejoin_at, *_fair_order()))


def _called_today(counter: Counter) -> list[bool]:
    """Of the numbers called in this counter's queues today, the latest first: was it a priority one?"""
    queues = [service.id for service in services_at(counter)]
    rows = session.scalars(
        select(Ticket.priority != "")
        .join(Call, Call.ticket_id == Ticket.id)
        .where(
            Call.location_id == counter.location_id,
            Call.date == today(),
            Call.kind == "call",
            Call.queue_id.in_(queues),
        )
        .order_by(Call.seq.desc())
        .limit(counter.location.regular_per_priority + 1)
    )
    return list(rows)


def _one_call_at_a_time(location_id: UUID) -> None:
    """Let calls of one place take turns, so that lanes interleave exactly; bookings do not wait for this."""
    session.execute(select(Location.id).where(Location.id == location_id).with_for_update(key_share=True))


# --- one act


def _call(ticket: Ticket, counter: Counter) -> Ticket:
    _move(ticket, State.CALLED)
    ticket.counter_id, ticket.rejoin_at, ticket.moved_at = counter.id, None, None
    ticket.called_at = now()
    ticket.first_called_at = ticket.first_called_at or ticket.called_at
    _log(ticket, "call", counter)
    _announce(ticket, counter)
    telling.called(ticket, counter)
    return ticket


def _hand_on(ticket: Ticket, here: Counter) -> None:
    _move(ticket, State.TRANSFERRED)
    ticket.moved_at = now()
    _log(ticket, "transfer", here)


def _move(ticket: Ticket, state: State) -> None:
    states.check(ticket.label, ticket.state, state)
    ticket.state = state


def _at(ticket: Ticket, counter: Counter) -> None:
    """Lock the ticket and make sure that it is at this counter: a stale page must not move another's number."""
    session.refresh(ticket, with_for_update={"key_share": True})
    if ticket.counter_id != counter.id or ticket.state not in AT_COUNTER:
        raise DomainError(
            _(
                "Nomor %(label)s tidak lagi di %(counter)s; statusnya %(state)s.",
                label=ticket.label,
                counter=counter_title(counter),
                state=states.title(ticket.state).lower(),
            )
        )


def _refuse_busy(counter: Counter) -> None:
    session.refresh(
        counter, with_for_update={"key_share": True}
    )  # a second press waits here and finds the counter busy
    if not counter.open:
        raise DomainError(_("%(counter)s sedang ditutup.", counter=counter_title(counter)))
    if (here := at_counter(counter)) is not None:
        raise DomainError(
            _(
                "%(counter)s masih menangani nomor %(label)s. Selesaikan atau lewati dulu nomor itu.",
                counter=counter_title(counter),
                label=here.label,
            )
        )


def _log(ticket: Ticket, kind: str, counter: Counter | None) -> None:
    person = current_person()
    session.add(
        Call(
            ticket_id=ticket.id,
            location_id=ticket.location_id,
            queue_id=ticket.queue_id,
            counter_id=counter.id if counter else None,
            operator_id=person.id if person else None,
            operator_name=person.name if person else "",
            date=ticket.date,
            kind=kind,
            at=now(),
        )
    )
    session.flush()


def _announce(ticket: Ticket, counter: Counter) -> None:
    emit("antrean.ticket_called", _plain(ticket, counter))


def _plain(ticket: Ticket, counter: Counter) -> dict[str, object]:
    """What other plugins may know of a ticket: nothing about the person."""
    return {
        "ticket": str(ticket.id),
        "label": ticket.label,
        "date": ticket.date.isoformat(),
        "location": str(ticket.location_id),
        "counter": counter.number,
        "state": str(ticket.state),
    }
