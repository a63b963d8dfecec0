"""Tables of identity. A person belongs to one tenant: two governments never share an account."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, String, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.database.core_model import CoreModel
from lumbung.database.model import belongs_to
from lumbung.tenancy.models import Unit


CITIZEN, SERVANT, CONTRIBUTOR = "citizen", "servant", "contributor"


class PersonRow(CoreModel):
    """A citizen or a civil servant. ``email`` is kept in lower case and is unique in its tenant.

    ``operator`` marks staff of the office that runs the platform (Diskominfotik): they install plugins and
    register tenants. Nobody but another operator, or the command line, may set it. ``language`` is that of the
    messages to them, empty for the tenant's first; ``mail`` says whether notifications also come by e-mail.
    ``kind`` is one of `CITIZEN`, `SERVANT` (a civil servant, who may have a ``nip``, a ``position`` and a unit) and
    `CONTRIBUTOR` (somebody of a partner city). ``erased_at`` is set when their data were erased on request.
    """

    __tablename__ = "lumbung_person"

    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(20))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    operator: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str | None] = mapped_column(String(8))
    mail: Mapped[bool] = mapped_column(default=True)
    kind: Mapped[str] = mapped_column(String(12), default=CITIZEN)
    email_verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    phone_verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    nip: Mapped[str | None] = mapped_column(String(18))
    position: Mapped[str | None] = mapped_column(String(160))
    unit_id: Mapped[UUID | None] = belongs_to("lumbung_unit")
    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    grants: Mapped[list[Grant]] = relationship(back_populates="person", cascade="all, delete-orphan")
    home_unit: Mapped[Unit | None] = relationship()


class Grant(CoreModel):
    """A role given to a person, for one unit or (``unit_id`` empty) for the whole tenant.

    ``role`` is ``admin`` or ``officer`` of the core, or ``<plugin>.<role>`` of a plugin's manifest.
    """

    __tablename__ = "lumbung_grant"

    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    unit_id: Mapped[UUID | None] = belongs_to("lumbung_unit")
    role: Mapped[str] = mapped_column(String(80))
    granted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    person: Mapped[PersonRow] = relationship(back_populates="grants")
    unit: Mapped[Unit | None] = relationship()


class SessionRow(CoreModel):
    """A signed-in browser. The cookie holds the token; this table holds only its SHA-256."""

    __tablename__ = "lumbung_session"

    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    address: Mapped[str | None] = mapped_column(String(45))
    agent: Mapped[str | None] = mapped_column(String(200))

    person: Mapped[PersonRow] = relationship()


class SignInAttempt(CoreModel):
    """A failed sign-in, counted per account and per address before any password is hashed."""

    __tablename__ = "lumbung_sign_in_attempt"

    email_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    address: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
