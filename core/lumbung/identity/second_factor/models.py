"""Tables of the second factor."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, LargeBinary, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from lumbung.database.core_model import CoreModel
from lumbung.database.encrypted import Encrypted
from lumbung.database.model import belongs_to


class TotpRow(CoreModel):
    """The secret that a person's app and we share (RFC 6238). It counts from ``confirmed_at`` on.

    ``last_step`` is the half minute whose code was taken last: that code, and any before it, is refused.
    """

    __tablename__ = "lumbung_totp"

    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    secret: Mapped[str] = mapped_column(Encrypted())
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_step: Mapped[int | None] = mapped_column(BigInteger)


class RecoveryCode(CoreModel):
    """A code on paper, for the day the phone is lost; only its SHA-256 is kept, and it works once."""

    __tablename__ = "lumbung_recovery_code"

    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PasskeyRow(CoreModel):
    """A passkey (WebAuthn Level 3). ``suspect_at``: its counter went backwards, so a copy may exist; it is refused."""

    __tablename__ = "lumbung_passkey"

    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    credential_id: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(80))
    transports: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    suspect_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PasskeyChallenge(CoreModel):
    """A random number that a passkey signs: for one purpose, one try, five minutes."""

    __tablename__ = "lumbung_passkey_challenge"

    person_id: Mapped[UUID | None] = belongs_to("lumbung_person", ondelete="CASCADE")
    challenge_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    purpose: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class FactorRole(CoreModel):
    """A role whose holders must have a second factor; ``every_time``: also in a browser they trust."""

    __tablename__ = "lumbung_factor_role"

    role: Mapped[str] = mapped_column(String(80))
    every_time: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    added_by: Mapped[str] = mapped_column(String(160))
