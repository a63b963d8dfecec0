"""The table of announcements."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lumbung.clock import utc_now
from lumbung.database.core_model import CoreModel
from lumbung.database.model import belongs_to

PLAIN, IMPORTANT, URGENT = WEIGHTS = ("plain", "important", "urgent")

DRAFT, PLANNED, NOW, ENDED = STATES = ("draft", "planned", "now", "ended")


class Announcement(CoreModel):
    """Something told to everybody (pengumuman).

    ``title`` and ``text`` hold a text by language: Indonesian always, English perhaps. ``weight`` is plain,
    important (on top of the citizen's home) or urgent (a bar on every citizen's page). A draft is shown to nobody
    and may have no beginning yet; without ``shown_until`` it is shown until somebody ends it.
    """

    __tablename__ = "lumbung_announcement"

    title: Mapped[dict[str, str]] = mapped_column(JSONB)
    text: Mapped[dict[str, str]] = mapped_column(JSONB)
    weight: Mapped[str] = mapped_column(String(20))
    draft: Mapped[bool]
    shown_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    shown_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    written_by: Mapped[str] = mapped_column(String(160))
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    unit_id: Mapped[UUID | None] = belongs_to("lumbung_unit")

    @property
    def state(self) -> str:
        """Where it stands at this moment: draft, planned, now or ended."""
        moment = utc_now()
        if self.draft or self.shown_from is None:
            return DRAFT
        if self.shown_until is not None and self.shown_until <= moment:
            return ENDED
        return PLANNED if self.shown_from > moment else NOW

    def title_in(self, language: str) -> str:
        """Return the title in a language; in Indonesian when it was not written in that one."""
        return self.title.get(language) or self.title["id"]

    def text_in(self, language: str) -> str:
        """Return the text in a language; in Indonesian when it was not written in that one."""
        return self.text.get(language) or self.text["id"]
