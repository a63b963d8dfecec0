"""Work on damage and on assets: crews, work orders, materials, planned maintenance."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Integer, Numeric, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.sdk import belongs_to

from .assets import Asset
from .base import Model, moment, words
from .reports import Photo, Report


class Crew(Model):
    """Those who go out together (regu). ``leader_id`` is who carries the phone with the field page."""

    __tablename__ = "infrastruktur_crew"

    unit_id: Mapped[UUID | None] = belongs_to("lumbung_unit")
    leader_id: Mapped[UUID | None] = belongs_to("lumbung_person")
    name: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = words(20)
    members: Mapped[str] = mapped_column(Text, default="")
    open: Mapped[bool] = mapped_column(default=True)


class Plan(Model):
    """Planned maintenance (pemeliharaan terencana) of an asset, or of none in particular.

    Repeats every ``every_months``, once when 0. ``state``: planned, ordered, done, dropped. ``estimate`` is Rupiah.
    ``budget_reference`` names the budget proposal (usulan) that pays for it, ``budget_url`` leads there.
    """

    __tablename__ = "infrastruktur_plan"

    asset_id: Mapped[UUID | None] = belongs_to("infrastruktur_asset")
    unit_id: Mapped[UUID | None] = belongs_to("lumbung_unit")
    report_id: Mapped[UUID | None] = belongs_to("infrastruktur_report")
    title: Mapped[str] = mapped_column(String(160))
    note: Mapped[str] = mapped_column(Text, default="")
    next_on: Mapped[dt.date]
    every_months: Mapped[int] = mapped_column(SmallInteger, default=0)
    estimate: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[str] = mapped_column(String(8), default="planned")
    budget_reference: Mapped[str] = words(80)
    budget_url: Mapped[str] = words(300)
    budget_state: Mapped[str] = words(12)

    asset: Mapped[Asset | None] = relationship()
    report: Mapped[Report | None] = relationship()


class WorkOrder(Model):
    """An order to do work (tindakan, perintah kerja), on a report, an asset, or a plan.

    ``state``: draft, issued, working, done, cancelled. ``version`` grows with each change: a phone that comes back
    with an older one is told so. ``total`` is Rupiah, the sum of its items.
    """

    __tablename__ = "infrastruktur_work_order"

    report_id: Mapped[UUID | None] = belongs_to("infrastruktur_report")
    asset_id: Mapped[UUID | None] = belongs_to("infrastruktur_asset")
    plan_id: Mapped[UUID | None] = belongs_to("infrastruktur_plan")
    unit_id: Mapped[UUID | None] = belongs_to("lumbung_unit")
    crew_id: Mapped[UUID | None] = belongs_to("infrastruktur_crew")
    number: Mapped[str] = mapped_column(String(24))
    title: Mapped[str] = mapped_column(String(160))
    instructions: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="draft")
    planned_on: Mapped[dt.date | None]
    made_at: Mapped[datetime] = moment()
    made_by: Mapped[str] = words(160)
    issued_at: Mapped[datetime | None] = moment()
    started_at: Mapped[datetime | None] = moment()
    finished_at: Mapped[datetime | None] = moment()
    result: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = words(300)
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)

    report: Mapped[Report | None] = relationship()
    asset: Mapped[Asset | None] = relationship()
    plan: Mapped[Plan | None] = relationship()
    crew: Mapped[Crew | None] = relationship()
    items: Mapped[list[WorkItem]] = relationship(back_populates="work_order", order_by="WorkItem.position")
    photos: Mapped[list[Photo]] = relationship(order_by="Photo.added_at")


class WorkItem(Model):
    """What a work order used: ``kind`` material, labour or equipment; ``price`` Rupiah for one ``measure``."""

    __tablename__ = "infrastruktur_work_item"

    work_order_id: Mapped[UUID] = belongs_to("infrastruktur_work_order", ondelete="CASCADE")
    kind: Mapped[str] = mapped_column(String(10), default="material")
    name: Mapped[str] = mapped_column(String(120))
    quantity: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(1))
    measure: Mapped[str] = words(20)
    price: Mapped[int] = mapped_column(BigInteger, default=0)
    position: Mapped[int] = mapped_column(SmallInteger, default=0)

    work_order: Mapped[WorkOrder] = relationship(back_populates="items")


class FieldUpdate(Model):
    """What a phone sent from the field, by the key it made: sent twice, it counts once.

    ``version`` is that of the order which the phone knows since, so that an answer lost on the way can be given again.
    """

    __tablename__ = "infrastruktur_field_update"

    work_order_id: Mapped[UUID] = belongs_to("infrastruktur_work_order", ondelete="CASCADE")
    key: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(Integer, default=0)
    at: Mapped[datetime] = moment()
