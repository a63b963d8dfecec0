"""The tables of the queue. Each belongs to a tenant; official Indonesian terms stand in the docstrings."""

from __future__ import annotations

import datetime as dt
from datetime import datetime, time
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, SmallInteger, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from lumbung.sdk import TenantOwned, belongs_to


class Model(TenantOwned, DeclarativeBase):
    """The plugin's own declarative base: no table of another plugin is known here."""


class Location(Model):
    """A place that serves people (lokasi): a Dukcapil office, a puskesmas, an MPP.

    ``recall_after`` and ``recall_times`` rule when a skipped number comes back and how often;
    ``regular_per_priority`` is how many ordinary numbers follow each priority number.
    ``kiosk_key`` opens the walk-in kiosk of this place and nothing else.
    """

    __tablename__ = "antrean_location"

    unit_id: Mapped[UUID | None] = belongs_to("lumbung_unit")
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(300), default="")
    region_code: Mapped[str | None] = mapped_column(String(13))
    head_name: Mapped[str] = mapped_column(String(120), default="")
    head_title: Mapped[str] = mapped_column(String(120), default="")
    open: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    recall_after: Mapped[int] = mapped_column(SmallInteger, default=5)
    recall_times: Mapped[int] = mapped_column(SmallInteger, default=2)
    regular_per_priority: Mapped[int] = mapped_column(SmallInteger, default=2)
    kiosk_key: Mapped[str] = mapped_column(String(40))

    services: Mapped[list[Service]] = relationship(back_populates="location", order_by="Service.letter")
    counters: Mapped[list[Counter]] = relationship(back_populates="location", order_by="Counter.number")


class Service(Model):
    """Something people come for (layanan). ``letter`` starts its numbers; ``requirements`` has one item a line.

    Bookings reach ``horizon_days`` ahead, or to the end of the running month when ``within_month``;
    a citizen may cancel until ``cutoff_minutes`` before the slot begins.
    """

    __tablename__ = "antrean_service"

    location_id: Mapped[UUID] = belongs_to("antrean_location")
    letter: Mapped[str] = mapped_column(String(2))
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(String(300), default="")
    requirements: Mapped[str] = mapped_column(Text, default="")
    minutes: Mapped[int] = mapped_column(SmallInteger, default=10)
    walk_in: Mapped[bool] = mapped_column(default=True)
    horizon_days: Mapped[int] = mapped_column(SmallInteger, default=14)
    within_month: Mapped[bool] = mapped_column(default=False)
    cutoff_minutes: Mapped[int] = mapped_column(SmallInteger, default=60)
    open: Mapped[bool] = mapped_column(default=True)

    location: Mapped[Location] = relationship(back_populates="services")
    slots: Mapped[list[Slot]] = relationship(back_populates="service", order_by="(Slot.weekday, Slot.starts)")

    @property
    def checklist(self) -> list[str]:
        """What to bring, one item each."""
        return [line.strip() for line in self.requirements.splitlines() if line.strip()]


class Slot(Model):
    """A weekly session with seats (sesi). Not called session, which is the database's.

    ``quota`` holds for all channels together; a channel's own quota, when set, is a ceiling within it.
    Labels of the slot's numbers start after ``base``; ``room`` is how many fit before the next slot's.
    """

    __tablename__ = "antrean_slot"

    service_id: Mapped[UUID] = belongs_to("antrean_service")
    weekday: Mapped[int] = mapped_column(SmallInteger)
    starts: Mapped[time]
    ends: Mapped[time]
    quota: Mapped[int] = mapped_column(SmallInteger)
    quota_web: Mapped[int | None] = mapped_column(SmallInteger)
    quota_staff: Mapped[int | None] = mapped_column(SmallInteger)
    quota_kiosk: Mapped[int | None] = mapped_column(SmallInteger)
    base: Mapped[int] = mapped_column(SmallInteger, default=0)
    room: Mapped[int] = mapped_column(SmallInteger, default=100)
    open: Mapped[bool] = mapped_column(default=True)

    service: Mapped[Service] = relationship(back_populates="slots")

    def quota_of(self, channel: str) -> int | None:
        """The ceiling of one channel, None when it shares the whole quota."""
        return {"web": self.quota_web, "staff": self.quota_staff, "kiosk": self.quota_kiosk}[channel]


class Holiday(Model):
    """A day off (hari libur), of one location or, without one, of all. ``kind``: national, joint or office."""

    __tablename__ = "antrean_holiday"

    location_id: Mapped[UUID | None] = belongs_to("antrean_location", ondelete="CASCADE")
    date: Mapped[dt.date]
    name: Mapped[str] = mapped_column(String(160))
    kind: Mapped[str] = mapped_column(String(10), default="office")

    location: Mapped[Location | None] = relationship()


class Closure(Model):
    """A sudden closing of one day (penutupan darurat), of a location or of one of its services."""

    __tablename__ = "antrean_closure"

    location_id: Mapped[UUID] = belongs_to("antrean_location")
    service_id: Mapped[UUID | None] = belongs_to("antrean_service")
    date: Mapped[dt.date]
    reason: Mapped[str] = mapped_column(String(300))
    made_by: Mapped[str] = mapped_column(String(160))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    location: Mapped[Location] = relationship()
    service: Mapped[Service | None] = relationship()


class Counter(Model):
    """Where people are served (loket). ``operator_id`` is who sits there now."""

    __tablename__ = "antrean_counter"

    location_id: Mapped[UUID] = belongs_to("antrean_location")
    number: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[str] = mapped_column(String(80), default="")
    open: Mapped[bool] = mapped_column(default=True)
    operator_id: Mapped[UUID | None] = belongs_to("lumbung_person")
    operator_name: Mapped[str] = mapped_column(String(160), default="")
    operator_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    location: Mapped[Location] = relationship(back_populates="counters")
    duties: Mapped[list[CounterService]] = relationship(back_populates="counter", cascade="all, delete-orphan")

    @property
    def services(self) -> list[Service]:
        """The services this counter serves, by letter."""
        return sorted((duty.service for duty in self.duties), key=lambda service: service.letter)


class CounterService(Model):
    """That a counter serves a service."""

    __tablename__ = "antrean_counter_service"

    counter_id: Mapped[UUID] = belongs_to("antrean_counter", ondelete="CASCADE")
    service_id: Mapped[UUID] = belongs_to("antrean_service", ondelete="CASCADE")

    counter: Mapped[Counter] = relationship(back_populates="duties")
    service: Mapped[Service] = relationship()


class NumberRow(Model):
    """The last number given out for a service, date and slot: one row, locked while a number is taken."""

    __tablename__ = "antrean_number"

    service_id: Mapped[UUID] = belongs_to("antrean_service")
    slot_id: Mapped[UUID] = belongs_to("antrean_slot")
    date: Mapped[dt.date]
    last: Mapped[int] = mapped_column(default=0)


class Ticket(Model):
    """A queue number (tiket). ``number`` counts within service, date and slot; ``label`` is what is called out.

    ``queue_id`` is the service in whose queue it stands, another than ``service_id`` after a transfer.
    The NIK itself is never stored: ``nik_key`` is a keyed hash, ``nik_tail`` its last four digits. The keys hold
    only what the one-ticket rule claims; see `lumbung_antrean.rules.visitors`.
    """

    __tablename__ = "antrean_ticket"

    location_id: Mapped[UUID] = belongs_to("antrean_location")
    service_id: Mapped[UUID] = belongs_to("antrean_service")
    queue_id: Mapped[UUID] = belongs_to("antrean_service")
    slot_id: Mapped[UUID] = belongs_to("antrean_slot")
    counter_id: Mapped[UUID | None] = belongs_to("antrean_counter")
    person_id: Mapped[UUID | None] = belongs_to("lumbung_person")
    date: Mapped[dt.date]
    starts: Mapped[time]
    ends: Mapped[time]
    number: Mapped[int]
    label: Mapped[str] = mapped_column(String(12))
    code: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(8))
    priority: Mapped[str] = mapped_column(String(12), default="")
    state: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str | None] = mapped_column(String(20))
    nik_tail: Mapped[str | None] = mapped_column(String(4))
    nik_key: Mapped[str | None] = mapped_column(String(64))
    phone_key: Mapped[str | None] = mapped_column(String(64))
    account_key: Mapped[str | None] = mapped_column(String(64))
    booked_by: Mapped[str] = mapped_column(String(160), default="")
    booked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    arrived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    called_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    first_called_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    moved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    skips: Mapped[int] = mapped_column(SmallInteger, default=0)
    rejoin_at: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(300), default="")
    cancelled_by: Mapped[str] = mapped_column(String(10), default="")

    location: Mapped[Location] = relationship()
    service: Mapped[Service] = relationship(foreign_keys=[service_id], primaryjoin="Ticket.service_id == Service.id")
    queue: Mapped[Service] = relationship(foreign_keys=[queue_id], primaryjoin="Ticket.queue_id == Service.id")
    slot: Mapped[Slot] = relationship()
    counter: Mapped[Counter | None] = relationship()
    calls: Mapped[list[Call]] = relationship(back_populates="ticket", order_by="Call.seq")


class Call(Model):
    """One line of the call log (panggilan): what was done to a ticket, at which counter, by whom.

    ``kind``: call, recall, start, finish, skip, no_show, transfer. ``queue_id`` is the queue it counted in;
    ``seq`` puts the lines into order, moments alone may be equal.
    """

    __tablename__ = "antrean_call"

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    ticket_id: Mapped[UUID] = belongs_to("antrean_ticket", ondelete="CASCADE")
    location_id: Mapped[UUID] = belongs_to("antrean_location")
    queue_id: Mapped[UUID] = belongs_to("antrean_service")
    counter_id: Mapped[UUID | None] = belongs_to("antrean_counter")
    operator_id: Mapped[UUID | None] = belongs_to("lumbung_person")
    operator_name: Mapped[str] = mapped_column(String(160), default="")
    date: Mapped[dt.date]
    kind: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    ticket: Mapped[Ticket] = relationship(back_populates="calls")
    counter: Mapped[Counter | None] = relationship()
