"""The register of assets: road sections, bridges, drains, lamps; their condition through the years."""

from __future__ import annotations

import datetime as dt
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Float, Integer, LargeBinary, Numeric, SmallInteger, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.sdk import belongs_to

from .base import Model, json, moment, words


class ImportBatch(Model):
    """One import of assets from a file, so that it can be looked at first and taken back later.

    ``state``: draft (uploaded and looked at; ``content`` is the file, kept until it is taken in), done, undone.
    ``choices`` say how the file is read: columns, unit of lengths, day of survey. ``before`` holds what it replaced.
    """

    __tablename__ = "infrastruktur_import"

    unit_id: Mapped[UUID | None] = belongs_to("lumbung_unit")
    state: Mapped[str] = mapped_column(String(8), default="draft")
    file_name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = moment()
    by_name: Mapped[str] = words(160)
    added: Mapped[int] = mapped_column(Integer, default=0)
    changed: Mapped[int] = mapped_column(Integer, default=0)
    undone_at: Mapped[datetime | None] = moment()
    choices: Mapped[dict[str, Any]] = json(dict)
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    before: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, deferred=True)


class Asset(Model):
    """A thing the regency looks after (aset): ``kind`` is one of `rules.asset_kinds`, ``code`` its official number.

    ``owner`` is one of `rules.authorities`: who answers for it. ``geometry`` is GeoJSON (longitude first) of any
    kind; ``lat``, ``lon`` a point on it; the four ``min_*``/``max_*`` its box, to be found by. ``condition`` is one of
    `rules.conditions`, the last of its history. ``retired`` assets stay for their history.
    """

    __tablename__ = "infrastruktur_asset"

    unit_id: Mapped[UUID | None] = belongs_to("lumbung_unit")
    batch_id: Mapped[UUID | None] = belongs_to("infrastruktur_import")
    kind: Mapped[str] = mapped_column(String(12))
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(160))
    owner: Mapped[str] = mapped_column(String(12), default="kabupaten")
    road_class: Mapped[str] = words(40)
    length_m: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    built_year: Mapped[int | None] = mapped_column(SmallInteger)
    lat: Mapped[float | None] = mapped_column(Float)
    lon: Mapped[float | None] = mapped_column(Float)
    min_lat: Mapped[float | None] = mapped_column(Float)
    max_lat: Mapped[float | None] = mapped_column(Float)
    min_lon: Mapped[float | None] = mapped_column(Float)
    max_lon: Mapped[float | None] = mapped_column(Float)
    geometry: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), deferred=True)
    district_code: Mapped[str] = words(8)
    village_code: Mapped[str] = words(13)
    condition: Mapped[str] = words(12)
    condition_on: Mapped[dt.date | None]
    details: Mapped[dict[str, Any]] = json(dict)
    retired: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime] = moment()
    changed_at: Mapped[datetime] = moment()

    conditions: Mapped[list[Condition]] = relationship(back_populates="asset", order_by="Condition.on.desc()")


class Condition(Model):
    """How an asset was found on a day. ``value`` is a measured figure, such as the IRI of a road in m/km."""

    __tablename__ = "infrastruktur_condition"

    asset_id: Mapped[UUID] = belongs_to("infrastruktur_asset", ondelete="CASCADE")
    on: Mapped[dt.date]
    condition: Mapped[str] = mapped_column(String(12))
    value: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    note: Mapped[str] = words(300)
    source: Mapped[str] = words(80)
    by_name: Mapped[str] = words(160)

    asset: Mapped[Asset] = relationship(back_populates="conditions")
