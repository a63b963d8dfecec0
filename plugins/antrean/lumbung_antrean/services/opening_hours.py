"""When a service can be had: weekly slots, less days off, closings, the past and what is too far ahead."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select

from lumbung.sdk import DomainError, now, session, today

from ..models import Closure, Holiday, Service, Slot, Ticket
from ..rules.states import HOLDS_NO_SEAT
from ..words import _, on

LOOK_AHEAD = 60  # days searched for the next open date; nobody plans a queue further


@dataclass(frozen=True)
class Seats:
    """A slot on a date: how many seats are left (sisa kuota = kuota − aktif, never negative)."""

    slot: Slot
    taken: Mapping[str, int]

    @property
    def active(self) -> int:
        return sum(self.taken.values())

    def left(self, channel: str) -> int:
        """Seats that this channel may still take."""
        left = self.slot.quota - self.active
        own = self.slot.quota_of(channel)
        if own is not None:
            left = min(left, own - self.taken.get(channel, 0))
        return max(left, 0)


@dataclass(frozen=True)
class Day:
    """A date of a service's calendar. ``reason`` says why it is closed; ``slots`` are those not yet over."""

    date: date
    reason: str = ""
    slots: list[Seats] = field(default_factory=list)

    def left(self, channel: str) -> int:
        return sum(seats.left(channel) for seats in self.slots)


@dataclass
class _Calendar:
    """What is known about a stretch of dates of one service, read in four queries."""

    service: Service
    slots: list[Slot]
    holidays: dict[date, str]
    closures: dict[date, str]
    taken: dict[tuple[date, UUID], dict[str, int]]

    def day(self, day: date) -> Day:
        reason = self.why_closed(day)
        return Day(day, reason, [] if reason else self.seats(day))

    def why_closed(self, day: date) -> str:
        if day in self.closures:
            return _("Tutup: %(reason)s", reason=self.closures[day])
        if day in self.holidays:
            return _("Libur: %(name)s", name=self.holidays[day])
        if not any(slot.weekday == day.weekday() for slot in self.slots):
            return _("Tidak ada sesi pada hari ini")
        if not self.seats(day):
            return _("Sesi hari ini sudah berakhir")
        return ""

    def seats(self, day: date) -> list[Seats]:
        moment = now()
        return [
            Seats(slot, self.taken.get((day, slot.id), {}))
            for slot in self.slots
            if slot.weekday == day.weekday() and (day > moment.date() or slot.ends > moment.time())
        ]


def last_bookable_date(service: Service) -> date:
    """The horizon: so many days ahead, or the end of the running month where the office wants it so."""
    day = today()
    if service.within_month:
        return day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return day + timedelta(days=service.horizon_days)


def days(service: Service, first: date, last: date) -> list[Day]:
    """The calendar of a service between two dates, both included."""
    known = _read(service, first, last)
    return [known.day(first + timedelta(days=offset)) for offset in range((last - first).days + 1)]


def bookable_days(service: Service) -> list[Day]:
    """Every date from today to the horizon."""
    return days(service, today(), last_bookable_date(service))


def open_day(service: Service, day: date) -> Day:
    """Return the date with its slots, or refuse it in one sentence: past, too far, closed, a holiday."""
    if not (service.open and service.location.open):
        raise DomainError(_("Layanan %(name)s sedang ditutup.", name=service.name))
    if day < today():
        raise DomainError(_("Tanggal itu sudah lewat. Pilih hari ini atau sesudahnya."))
    if day > last_bookable_date(service):
        last = last_bookable_date(service)
        raise DomainError(_("Nomor baru dapat diambil sampai tanggal %(last)s.", last=on(last)))
    found = days(service, day, day)[0]
    if found.reason:
        raise DomainError(found.reason + ". " + advice(service, "web", after=day))
    return found


def next_open_date(service: Service, channel: str, after: date) -> date | None:
    """The first date after this one on which the channel still has a seat, None within the horizon."""
    first, last = max(after + timedelta(days=1), today()), last_bookable_date(service)
    last = min(last, first + timedelta(days=LOOK_AHEAD))
    if first > last:
        return None
    return next((day.date for day in days(service, first, last) if day.left(channel) > 0), None)


def advice(service: Service, channel: str, after: date) -> str:
    """The sentence that follows a refusal: which date still has a seat."""
    other = next_open_date(service, channel, after)
    if other is None:
        return _("Belum ada tanggal lain yang dibuka; coba lagi besok.")
    return _("Tanggal terdekat yang masih tersedia: %(date)s.", date=on(other))


def seats_today(services: Iterable[Service], channel: str) -> dict[UUID, int]:
    """Seats left today for each service, 0 where it is closed."""
    return {
        service.id: days(service, today(), today())[0].left(channel) if service.open and service.location.open else 0
        for service in services
    }


def _read(service: Service, first: date, last: date) -> _Calendar:
    slots = session.scalars(select(Slot).where(Slot.service_id == service.id, Slot.open).order_by(Slot.starts))
    holidays = session.scalars(
        select(Holiday).where(
            Holiday.date.between(first, last),
            or_(Holiday.location_id.is_(None), Holiday.location_id == service.location_id),
        )
    )
    closures = session.scalars(
        select(Closure).where(
            Closure.date.between(first, last),
            Closure.location_id == service.location_id,
            or_(Closure.service_id.is_(None), Closure.service_id == service.id),
        )
    )
    return _Calendar(
        service,
        list(slots),
        {row.date: row.name for row in holidays},
        {row.date: row.reason for row in closures},
        _taken(service, first, last),
    )


def _taken(service: Service, first: date, last: date) -> dict[tuple[date, UUID], dict[str, int]]:
    """Tickets that hold a seat, by date, slot and channel."""
    counted = session.execute(
        select(Ticket.date, Ticket.slot_id, Ticket.channel, func.count())
        .where(
            Ticket.service_id == service.id,
            Ticket.date.between(first, last),
            Ticket.state.not_in(HOLDS_NO_SEAT),
        )
        .group_by(Ticket.date, Ticket.slot_id, Ticket.channel)
    )
    taken: dict[tuple[date, UUID], dict[str, int]] = {}
    for day, slot_id, channel, count in counted:
        taken.setdefault((day, slot_id), {})[channel] = count
    return taken
