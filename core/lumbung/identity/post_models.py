"""Tables of letters with a secret link, of hand-overs, and of who held which role when."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, String, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.clock import utc_now
from lumbung.database.core_model import CoreModel
from lumbung.database.model import belongs_to
from lumbung.identity.models import PersonRow


class SecretLetter(CoreModel):
    """A letter with a secret link. Neither the link nor a hash of it is kept: `lumbung.identity.letters` makes it anew.

    ``detail`` is what redeeming needs and depends on the purpose: who registers, what is given to whom is invited.
    It empties when the letter is used. ``voided_at`` says when a newer letter, or a person, made it worthless.
    """

    __tablename__ = "lumbung_letter"

    purpose: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[UUID | None] = belongs_to("lumbung_person", ondelete="CASCADE")
    email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(8))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    made_by: Mapped[str] = mapped_column(String(160))
    made_by_id: Mapped[UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    voided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    person: Mapped[PersonRow | None] = relationship()

    @property
    def is_open(self) -> bool:
        """Whether its link still works."""
        return self.used_at is None and self.voided_at is None and self.expires_at > utc_now()


class HandOver(CoreModel):
    """Somebody handed their posts to a successor. ``moved`` keeps in words what went over, for the record of it."""

    __tablename__ = "lumbung_hand_over"

    giver_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    receiver_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    made_by: Mapped[str] = mapped_column(String(160))
    note: Mapped[str] = mapped_column(String(500), default="")
    closed: Mapped[bool] = mapped_column(default=False)
    moved: Mapped[dict[str, Any]] = mapped_column(JSONB)

    giver: Mapped[PersonRow] = relationship(foreign_keys=[giver_id])
    receiver: Mapped[PersonRow] = relationship(foreign_keys=[receiver_id])


class Post(CoreModel):
    """A role that somebody holds or held, from when until when. The unit's name is kept as it was at the beginning.

    ``unit_id`` is no reference: the history outlives the unit. ``why`` it ended: see `post_history.Ended`.
    """

    __tablename__ = "lumbung_post"

    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    grant_id: Mapped[UUID] = mapped_column(Uuid)
    role: Mapped[str] = mapped_column(String(80))
    unit_id: Mapped[UUID | None] = mapped_column(Uuid)
    unit_name: Mapped[str | None] = mapped_column(String(160))
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    given_by: Mapped[str] = mapped_column(String(160))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_by: Mapped[str | None] = mapped_column(String(160))
    why: Mapped[str | None] = mapped_column(String(20))

    person: Mapped[PersonRow] = relationship()
