"""The tables of notifications, and of letters to visitors."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lumbung.bilingual import Bilingual
from lumbung.database.core_model import CoreModel
from lumbung.database.encrypted import Encrypted
from lumbung.database.model import belongs_to


class Notification(CoreModel):
    """Something told to one person. ``title`` and ``text`` are kept as ``{"id": ..., "en": ...}``.

    ``url`` is a path on the tenant's host; ``plugin`` who told it, empty for the core. ``mailed_at`` is when a mail
    server took it, empty when it was not sent. ``must_reach`` sends it also to who wants no mail.
    """

    __tablename__ = "lumbung_notification"

    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    plugin: Mapped[str | None] = mapped_column(String(40))
    title: Mapped[dict[str, str]] = mapped_column(JSONB)
    text: Mapped[dict[str, str]] = mapped_column(JSONB)
    url: Mapped[str] = mapped_column(String(400))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    mailed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    must_reach: Mapped[bool] = mapped_column(default=False)

    def title_in(self, language: str) -> str:
        """Return the title in one language."""
        return Bilingual(**self.title)(language)

    def text_in(self, language: str) -> str:
        """Return the text in one language."""
        return Bilingual(**self.text)(language)


class VisitorLetter(CoreModel):
    """A letter to an address that is nobody's account. ``title`` and ``text`` are ``{"id": ..., "en": ...}``."""

    __tablename__ = "lumbung_visitor_letter"

    plugin: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str] = mapped_column(Encrypted())
    email_hash: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str] = mapped_column(Encrypted())
    path: Mapped[str] = mapped_column(Encrypted())
    language: Mapped[str] = mapped_column(String(8))
    title: Mapped[dict[str, str]] = mapped_column(JSONB)
    text: Mapped[dict[str, str]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
