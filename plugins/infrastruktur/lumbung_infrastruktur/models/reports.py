"""Reports of damage, and what belongs to one: photos, the log, those who support it."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Float, Integer, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.sdk import belongs_to

from .assets import Asset
from .base import Model, json, moment, words
from .categories import Category, Destination


class Report(Model):
    """A report of damage (laporan).

    ``number`` is public, ``token`` opens the reporter's own page. ``state`` is one of `rules.states.State`,
    ``authority`` one of `rules.authorities` (empty while nobody knows). ``lat``, ``lon`` are degrees (WGS 84), None
    when only the village is known. ``visibility``: public, held (waits for a moderator) or hidden.
    ``reporter_*`` are personal data; ``pseudonym`` is what is shown. ``due_on`` is the last day to mend it.
    ``source_key`` names where a report comes from that was not made here, and is unique: it is taken up once.
    ``checked_at`` is when a moderator last decided about its text, None while nobody has.
    """

    __tablename__ = "infrastruktur_report"

    category_id: Mapped[UUID] = belongs_to("infrastruktur_category")
    unit_id: Mapped[UUID | None] = belongs_to("lumbung_unit")
    destination_id: Mapped[UUID | None] = belongs_to("infrastruktur_destination")
    asset_id: Mapped[UUID | None] = belongs_to("infrastruktur_asset")
    person_id: Mapped[UUID | None] = belongs_to("lumbung_person")
    duplicate_of_id: Mapped[UUID | None] = belongs_to("infrastruktur_report")

    number: Mapped[str] = mapped_column(String(16))
    token: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(18), default="baru")
    authority: Mapped[str] = words(12)
    visibility: Mapped[str] = mapped_column(String(8), default="public")
    severity: Mapped[str] = mapped_column(String(8), default="sedang")
    channel: Mapped[str] = mapped_column(String(12), default="web")
    source_key: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(2), default="id")

    lat: Mapped[float | None] = mapped_column(Float)
    lon: Mapped[float | None] = mapped_column(Float)
    accuracy_m: Mapped[int | None] = mapped_column(Integer)
    place_from: Mapped[str] = mapped_column(String(8), default="map")
    district_code: Mapped[str] = words(8)
    village_code: Mapped[str] = words(13)
    address: Mapped[str] = words(300)

    description: Mapped[str] = mapped_column(Text, default="")
    answers: Mapped[dict[str, Any]] = json(dict)

    reporter_name: Mapped[str] = words(120)
    reporter_email: Mapped[str | None] = mapped_column(String(254))
    reporter_phone: Mapped[str | None] = mapped_column(String(20))
    email_key: Mapped[str | None] = mapped_column(String(64))
    phone_key: Mapped[str | None] = mapped_column(String(64))
    pseudonym: Mapped[str] = words(80)
    show_name: Mapped[bool] = mapped_column(default=False)

    reported_at: Mapped[datetime] = moment()
    updated_at: Mapped[datetime] = moment()
    due_on: Mapped[dt.date | None]
    answered_at: Mapped[datetime | None] = moment()
    verified_at: Mapped[datetime | None] = moment()
    routed_at: Mapped[datetime | None] = moment()
    started_at: Mapped[datetime | None] = moment()
    finished_at: Mapped[datetime | None] = moment()
    closed_at: Mapped[datetime | None] = moment()

    state_note: Mapped[str] = mapped_column(Text, default="")
    forwarded_to: Mapped[str] = words(160)
    forward_reference: Mapped[str] = words(80)
    planned_quarter: Mapped[str] = words(7)
    budget_reference: Mapped[str] = words(80)
    budget_url: Mapped[str] = words(300)
    supports: Mapped[int] = mapped_column(Integer, default=0)
    escalation: Mapped[int] = mapped_column(SmallInteger, default=0)
    reopened: Mapped[int] = mapped_column(SmallInteger, default=0)
    rating: Mapped[int | None] = mapped_column(SmallInteger)
    rating_note: Mapped[str] = words(1000)
    checked_at: Mapped[datetime | None] = moment()

    category: Mapped[Category] = relationship()
    destination: Mapped[Destination | None] = relationship()
    asset: Mapped[Asset | None] = relationship()
    duplicate_of: Mapped[Report | None] = relationship(
        primaryjoin="foreign(Report.duplicate_of_id) == remote(Report.id)", viewonly=True
    )
    photos: Mapped[list[Photo]] = relationship(back_populates="report", order_by="(Photo.position, Photo.added_at)")
    log: Mapped[list[LogEntry]] = relationship(back_populates="report", order_by="LogEntry.at")


class Photo(Model):
    """A picture of a report or of the work on it. ``kind``: report, before, after, more. Nothing of EXIF is kept.

    ``shown`` says whether the public sees it; ``checked_at`` is when a moderator decided that: nothing else may then
    show it. ``content`` and ``thumbnail`` are JPEG, loaded only when asked for.
    """

    __tablename__ = "infrastruktur_photo"

    report_id: Mapped[UUID | None] = belongs_to("infrastruktur_report", ondelete="CASCADE")
    work_order_id: Mapped[UUID | None] = belongs_to("infrastruktur_work_order", ondelete="CASCADE")
    kind: Mapped[str] = mapped_column(String(8), default="report")
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    thumbnail: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    taken_at: Mapped[datetime | None] = moment()
    added_at: Mapped[datetime] = moment()
    shown: Mapped[bool] = mapped_column(default=True)
    caption: Mapped[str] = words(200)
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    checked_at: Mapped[datetime | None] = moment()

    report: Mapped[Report | None] = relationship(back_populates="photos")


class LogEntry(Model):
    """A line of a report's history. ``kind``: made, state, route, forward, note, escalate, merge, support, work,
    photo, rating, change. ``internal`` lines are for officers. ``by_name`` is empty for the reporter and the clock.
    """

    __tablename__ = "infrastruktur_log"

    report_id: Mapped[UUID] = belongs_to("infrastruktur_report", ondelete="CASCADE")
    by_id: Mapped[UUID | None] = belongs_to("lumbung_person")
    at: Mapped[datetime] = moment()
    kind: Mapped[str] = mapped_column(String(8))
    from_state: Mapped[str] = words(18)
    to_state: Mapped[str] = words(18)
    note: Mapped[str] = mapped_column(Text, default="")
    note_en: Mapped[str] = mapped_column(Text, default="")
    internal: Mapped[bool] = mapped_column(default=False)
    by_name: Mapped[str] = words(160)

    report: Mapped[Report] = relationship(back_populates="log")


class Support(Model):
    """Somebody to whom the same damage matters ("saya juga", me too): they hear what becomes of it.

    ``voter_key`` is a keyed hash of account, address or device: one support each. ``token`` ends it by a link.
    ``came_from_id`` is the duplicate they had reported or followed before it was merged.
    """

    __tablename__ = "infrastruktur_support"

    report_id: Mapped[UUID] = belongs_to("infrastruktur_report", ondelete="CASCADE")
    came_from_id: Mapped[UUID | None] = belongs_to("infrastruktur_report", ondelete="CASCADE")
    person_id: Mapped[UUID | None] = belongs_to("lumbung_person")
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(String(64))
    voter_key: Mapped[str] = mapped_column(String(64))
    token: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(2), default="id")
    at: Mapped[datetime] = moment()

    report: Mapped[Report] = relationship(
        primaryjoin="Support.report_id == Report.id", foreign_keys="Support.report_id"
    )


class Series(Model):
    """The last number given out of a series: reports or work orders of a year."""

    __tablename__ = "infrastruktur_series"

    name: Mapped[str] = mapped_column(String(16))
    last: Mapped[int] = mapped_column(BigInteger, default=0)
