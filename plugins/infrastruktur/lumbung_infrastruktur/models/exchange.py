"""Who may send reports by program, and whose reports are fetched (Open311 GeoReport v2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.sdk import belongs_to

from .base import Model, json, moment, words
from .categories import Category


class ApiKey(Model):
    """A key with which a program may send reports (api_key). Only its hash is kept, and its last four letters."""

    __tablename__ = "infrastruktur_api_key"

    name: Mapped[str] = mapped_column(String(120))
    contact: Mapped[str] = words(254)
    key_hash: Mapped[str] = mapped_column(String(64))
    key_tail: Mapped[str] = mapped_column(String(4))
    per_hour: Mapped[int] = mapped_column(Integer, default=60)
    made_at: Mapped[datetime] = moment()
    made_by: Mapped[str] = words(160)
    used_at: Mapped[datetime | None] = moment()
    revoked_at: Mapped[datetime | None] = moment()


class Source(Model):
    """An Open311 endpoint of others whose reports are taken over. ``categories`` maps their service codes to ours."""

    __tablename__ = "infrastruktur_source"

    category_id: Mapped[UUID | None] = belongs_to("infrastruktur_category")
    name: Mapped[str] = mapped_column(String(120))
    url: Mapped[str] = mapped_column(String(500))
    jurisdiction_id: Mapped[str] = words(120)
    categories: Mapped[dict[str, Any]] = json(dict)
    open: Mapped[bool] = mapped_column(default=True)
    fetched_at: Mapped[datetime | None] = moment()
    fetched_until: Mapped[datetime | None] = moment()
    outcome: Mapped[str] = words(500)
    taken: Mapped[int] = mapped_column(Integer, default=0)

    category: Mapped[Category | None] = relationship()
