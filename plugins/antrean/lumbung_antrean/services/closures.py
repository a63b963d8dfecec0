"""Days off and sudden closings: what citizens are told, and what becomes of their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from lumbung.sdk import DomainError, audit, current_person, emit, holidays, now, session, today

from ..models import Closure, Holiday, Location, Service, Ticket
from ..rules import states
from ..rules.states import State
from ..words import _
from .booking import cancel_by_office

LATEST = timedelta(days=90)
KINDS = {"national": "national", "joint": "joint", "local": "office"}  # of the region's list, and here


def holidays_from(first: date) -> Sequence[Holiday]:
    """Days off from a date on, the nearest first."""
    return session.scalars(select(Holiday).where(Holiday.date >= first).order_by(Holiday.date)).all()


def add_holiday(day: date, name: str, location: Location | None = None) -> Holiday:
    """Add a day off of one place or, without one, of all. Refuses a day on which numbers were already taken."""
    if day < today():
        raise DomainError(_("Tanggal itu sudah lewat."))
    if _known(day, location.id if location else None):
        raise DomainError(_("Hari libur itu sudah tercatat."))
    if taken := _still_to_come(day, location, None):
        raise DomainError(
            _(
                "Sudah ada %(count)s nomor yang dipesan pada hari itu. Pakai Tutup mendadak, supaya warga "
                "diberi tahu alasannya.",
                count=len(taken),
            )
        )
    holiday = Holiday(date=day, name=name.strip(), kind="office", location_id=location.id if location else None)
    session.add(holiday)
    session.flush()
    audit(
        "antrean.holiday.add",
        name,
        about=location.id if location else None,
        date=day.isoformat(),
        location=location.name if location else None,
    )
    return holiday


def listed_years() -> list[int]:
    """The years from this one on whose national days off the region knows."""
    return [year for year in range(today().year, today().year + 3) if _listed(year, "national")]


def import_national(year: int, *, joint_leave: bool) -> int:
    """Add the region's days off of a year that are still to come; return how many were new.

    They are the national ones as the region keeps them, with its own. ``joint_leave`` takes cuti bersama too. Days on
    which numbers were already taken are added as well: the list is the government's, and the page tells which
    numbers are concerned.
    """
    if not _listed(year, "national"):
        known = ", ".join(str(known) for known in listed_years())
        raise DomainError(_("Daftar libur nasional yang tersedia: %(years)s.", years=known))
    added = 0
    for listed, kind in KINDS.items():
        for day, name in _listed(year, listed).items():
            if day >= today() and (listed != "joint" or joint_leave) and not _known(day, None):
                session.add(Holiday(date=day, name=name, kind=kind, location_id=None))
                added += 1
    session.flush()
    audit("antrean.holiday.import", str(year), added=added)
    return added


def remove_holiday(holiday: Holiday) -> None:
    """Open the day again."""
    audit("antrean.holiday.remove", holiday.name, about=holiday.location_id, date=holiday.date.isoformat())
    session.delete(holiday)
    session.flush()


def close_day(location: Location, day: date, reason: str, service: Service | None = None) -> Sequence[Ticket]:
    """Close a place, or one of its services, for a day; its numbers are cancelled with the reason.

    Returns the cancelled tickets, so that the office can ring those who left a phone number. Who is being
    served is served to the end.
    """
    if not today() <= day <= today() + LATEST:
        raise DomainError(_("Pilih hari ini atau tanggal dalam 90 hari ke depan."))
    if _closed(location, day, service):
        raise DomainError(_("Hari itu sudah ditutup."))
    person = current_person()
    session.add(
        Closure(
            location_id=location.id,
            service_id=service.id if service else None,
            date=day,
            reason=reason.strip(),
            made_by=person.name if person else "",
            made_at=now(),
        )
    )
    concerned = _still_to_come(day, location, service)
    for ticket in concerned:
        cancel_by_office(ticket, reason.strip())
    session.flush()
    audit(
        "antrean.day.close",
        location.name,
        about=location.id,
        date=day.isoformat(),
        service=service.name if service else None,
        reason=reason,
        cancelled=len(concerned),
    )
    emit(
        "antrean.day_closed",
        {"location": str(location.id), "date": day.isoformat(), "reason": reason, "tickets": len(concerned)},
    )
    return concerned


def reopen_day(closure: Closure) -> None:
    """Take a closing back. Numbers that were cancelled stay so; seats can be booked again."""
    audit("antrean.day.reopen", closure.location.name, about=closure.location_id, date=closure.date.isoformat())
    session.delete(closure)
    session.flush()


def closures_from(first: date) -> Sequence[Closure]:
    """Closings from a date on, the nearest first."""
    return session.scalars(select(Closure).where(Closure.date >= first).order_by(Closure.date)).all()


def cancelled_by(closure: Closure) -> Sequence[Ticket]:
    """The numbers that a closing cancelled, with the people to ring."""
    query = select(Ticket).where(
        Ticket.location_id == closure.location_id,
        Ticket.date == closure.date,
        Ticket.state == State.CANCELLED,
        Ticket.cancelled_by == "office",
        Ticket.reason == closure.reason,
    )
    if closure.service_id:
        query = query.where(Ticket.service_id == closure.service_id)
    return session.scalars(query.order_by(Ticket.starts, Ticket.number)).all()


def _still_to_come(day: date, location: Location | None, service: Service | None) -> Sequence[Ticket]:
    cancellable = [state for state, ways in states.TRANSITIONS.items() if State.CANCELLED in ways]
    query = select(Ticket).where(Ticket.date == day, Ticket.state.in_(cancellable))
    if location:
        query = query.where(Ticket.location_id == location.id)
    if service:
        query = query.where(Ticket.service_id == service.id)
    return session.scalars(query.order_by(Ticket.starts, Ticket.number).with_for_update(of=Ticket)).all()


def _listed(year: int, kind: str) -> dict[date, str]:
    return holidays(date(year, 1, 1), date(year, 12, 31), kinds=[kind])


def _known(day: date, location_id: UUID | None) -> bool:
    query = select(Holiday.id).where(Holiday.date == day)
    same_place = Holiday.location_id.is_(None) if location_id is None else Holiday.location_id == location_id
    return session.scalar(query.where(same_place)) is not None


def _closed(location: Location, day: date, service: Service | None) -> bool:
    query = select(Closure.id).where(Closure.location_id == location.id, Closure.date == day)
    if service:
        query = query.where(or_(Closure.service_id.is_(None), Closure.service_id == service.id))
    else:
        query = query.where(Closure.service_id.is_(None))
    return session.scalar(query) is not None
