"""The tables of minutes. They belong to the platform: what is destroyed was every tenant's."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import DateTime, ForeignKey, String, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.database.core_model import PlatformModel
from lumbung.registry.models import ArchiveRow


class Minutes(PlatformModel):
    """Minutes of a destruction (Berita Acara Pemusnahan). The database lets nothing of the text change.

    ``number`` is the year and four digits: 20260001. ``seal`` holds what was found when it was carried out, and then
    the whole, signed with the site's key.
    """

    __tablename__ = "lumbung_minutes"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    number: Mapped[int] = mapped_column(unique=True)
    plugin: Mapped[str] = mapped_column(ForeignKey("lumbung_plugin.name"))
    archive_id: Mapped[UUID] = mapped_column(ForeignKey("lumbung_archive.id"))
    reason: Mapped[str] = mapped_column(Text)
    contents: Mapped[dict[str, Any]] = mapped_column(JSONB)
    prepared_by: Mapped[str] = mapped_column(String(160))
    prepared_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_by: Mapped[str | None] = mapped_column(String(160))
    carried_out_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    seal: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    archive: Mapped[ArchiveRow] = relationship()
    signatures: Mapped[list[MinutesSignature]] = relationship(
        back_populates="minutes", order_by="MinutesSignature.signed_at"
    )


class MinutesSignature(PlatformModel):
    """Somebody signed minutes: who they were then, and the SHA-256 of the text they signed. Append-only."""

    __tablename__ = "lumbung_minutes_signature"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    minutes_id: Mapped[UUID] = mapped_column(ForeignKey("lumbung_minutes.id"))
    tenant_id: Mapped[int]
    person_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(160))
    nip: Mapped[str | None] = mapped_column(String(18))
    position: Mapped[str | None] = mapped_column(String(160))
    operator: Mapped[bool]
    signed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    text_hash: Mapped[str] = mapped_column(String(64))

    minutes: Mapped[Minutes] = relationship(back_populates="signatures")
