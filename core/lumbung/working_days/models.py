"""The table of days off."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, DateTime, String
from sqlalchemy.orm import Mapped, mapped_column

from lumbung.database.core_model import CoreModel


class Holiday(CoreModel):
    """What the office says about one day; of a day without a row holds what the national list says.

    ``kind`` is national, joint (cuti bersama) or local. ``works``: this day of the national list is worked here.
    """

    __tablename__ = "lumbung_holiday"

    day: Mapped[date] = mapped_column(Date)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(10))
    works: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changed_by: Mapped[str] = mapped_column(String(160))
