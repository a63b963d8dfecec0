"""Tables of retention and of breaches."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.database.core_model import CoreModel
from lumbung.database.model import belongs_to
from lumbung.identity.models import PersonRow


class Swept(CoreModel):
    """That data whose time was over were deleted or made anonymous: what, how many, by the core or which plugin."""

    __tablename__ = "lumbung_swept"

    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    by: Mapped[str] = mapped_column(String(160))
    plugin: Mapped[str | None] = mapped_column(String(40))
    what: Mapped[dict[str, str]] = mapped_column(JSONB)
    count: Mapped[int]
    how: Mapped[str] = mapped_column(String(12))
    why: Mapped[dict[str, str] | None] = mapped_column(JSONB)


class Breach(CoreModel):
    """A failure to protect personal data (kegagalan pelindungan data pribadi, UU 27/2022 article 46).

    Who is affected is read from the access log: readings from ``since`` until ``until``, by the account
    ``reader_id``, from the network ``address``, within ``plugin``; an empty one does not narrow.
    ``due_at`` is 72 hours after ``found_at``.
    """

    __tablename__ = "lumbung_breach"

    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    found_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reader_id: Mapped[UUID | None] = belongs_to("lumbung_person")
    plugin: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(45))
    data: Mapped[str] = mapped_column(Text)
    story: Mapped[str] = mapped_column(Text)
    measures: Mapped[str] = mapped_column(Text)
    written_by: Mapped[str] = mapped_column(String(160))
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reported_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reported_to: Mapped[str | None] = mapped_column(String(160))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    reader: Mapped[PersonRow | None] = relationship()


class BreachTold(CoreModel):
    """That an affected person was told of a breach, and how often their data had been read in it."""

    __tablename__ = "lumbung_breach_told"

    breach_id: Mapped[UUID] = belongs_to("lumbung_breach")
    person_id: Mapped[UUID] = belongs_to("lumbung_person")
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    readings: Mapped[int]
