"""Tables of personal data: what was agreed to and in which words, and what data subjects asked for (UU 27/2022)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, SmallInteger, String, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.database.core_model import CoreModel
from lumbung.database.model import belongs_to
from lumbung.identity.models import PersonRow


class ConsentText(CoreModel):
    """One version of a text that people agree to. It never changes; a new wording is a new version.

    ``hash`` is the SHA-256 of code, version, title and text, so that an edit past the house would show.
    """

    __tablename__ = "lumbung_consent_text"

    code: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    title: Mapped[dict[str, str]] = mapped_column(JSONB)
    text: Mapped[dict[str, str]] = mapped_column(JSONB)
    hash: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    written_by: Mapped[str] = mapped_column(String(160))


class Consent(CoreModel):
    """That a person agreed to a version of a text, when and on which form; and when that ended, by whom and why.

    ``why_ended`` is ``withdrawn``, ``renewed`` (they agreed to a newer version) or ``erased``. Rows are added and
    ended, never deleted: the controller has to be able to show the consent (UU 27/2022, article 24).
    """

    __tablename__ = "lumbung_consent"

    person_id: Mapped[UUID] = belongs_to("lumbung_person")
    text_id: Mapped[UUID] = belongs_to("lumbung_consent_text")
    code: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    given_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    given_on: Mapped[str] = mapped_column(String(80))
    address: Mapped[str | None] = mapped_column(String(45))
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_by: Mapped[UUID | None] = mapped_column(Uuid)
    why_ended: Mapped[str | None] = mapped_column(String(12))

    text: Mapped[ConsentText] = relationship()


class DataRequest(CoreModel):
    """What a data subject asked for (permintaan subjek data), with its clock of three times 24 hours.

    ``person_id`` is empty for somebody without an account, whom an officer served; then ``applicant`` and
    ``contact`` say who asked. ``outcome`` lists what an erasure did, without a word that tells of whom.
    ``reminded`` counts the reminders to the officers: 1 when less than a day was left, 2 when it was overdue.
    """

    __tablename__ = "lumbung_data_request"

    number: Mapped[int]
    person_id: Mapped[UUID | None] = belongs_to("lumbung_person")
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    applicant: Mapped[str] = mapped_column(String(120), default="")
    contact: Mapped[str] = mapped_column(String(120), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    consent_code: Mapped[str | None] = mapped_column(String(80))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_by: Mapped[str] = mapped_column(String(160), default="")
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    verified_how: Mapped[str] = mapped_column(String(200), default="")
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    handled_by: Mapped[str] = mapped_column(String(160), default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    legal_basis: Mapped[str] = mapped_column(String(300), default="")
    outcome: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    reminded: Mapped[int] = mapped_column(SmallInteger, default=0)

    person: Mapped[PersonRow | None] = relationship()
