"""Tables of identity. A person belongs to one tenant: two governments never share an account."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, LargeBinary, String, func, or_
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.clock import utc_now
from lumbung.database.core_model import CoreModel
from lumbung.database.encrypted import Encrypted
from lumbung.database.model import belongs_to
from lumbung.tenancy.models import Unit

CITIZEN, SERVANT, CONTRIBUTOR = "citizen", "servant", "contributor"


class PersonRow(CoreModel):
    """A citizen or a civil servant. ``email`` is kept in lower case and is unique in its tenant.

    ``operator`` marks staff of the office that runs the platform (Diskominfotik): they install plugins and
    register tenants. Nobody but another operator, or the command line, may set it. ``language`` is that of the
    messages to them, empty for the tenant's first; ``mail`` says whether notifications also come by e-mail.
    ``kind`` is one of `CITIZEN`, `SERVANT` (a civil servant, who may have a ``nip``, a ``position`` and a unit) and
    `CONTRIBUTOR` (somebody of a partner city, their ``organisation``). ``erased_at`` is set when their data were
    erased on request.
    ``nik`` is encrypted and found by ``nik_index``; the two and ``nik_set_at`` change together, through
    `lumbung.identity.nik`, which also shows it.
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
    organisation: Mapped[str | None] = mapped_column(String(160))
    unit_id: Mapped[UUID | None] = belongs_to("lumbung_unit")
    erased_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    nik: Mapped[str | None] = mapped_column(Encrypted(), deferred=True)
    nik_index: Mapped[bytes | None] = mapped_column(LargeBinary(32), deferred=True)
    nik_set_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    grants: Mapped[list[Grant]] = relationship(back_populates="person", cascade="all, delete-orphan")
    home_unit: Mapped[Unit | None] = relationship()

    @property
    def live_grants(self) -> list[Grant]:
        """The grants that have not ended."""
        return [grant for grant in self.grants if grant.is_live]


class Grant(CoreModel):
    """A role given to a person, for one unit or (``unit_id`` empty) for the whole tenant.

    ``role`` is ``admin``, ``officer`` or ``editor`` of the core, ``<plugin>.<role>`` of a plugin's manifest, or
    ``tenant.<code>`` of a role composed by the tenant's administrators. From ``expires_at`` on it gives nothing; the
    row itself goes at night. ``granted_by`` says in words who gave it; ``reminded_at`` when its end was announced.
    """

    __tablename__ = "lumbung_grant"

    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    unit_id: Mapped[UUID | None] = belongs_to("lumbung_unit")
    role: Mapped[str] = mapped_column(String(80))
    granted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    granted_by: Mapped[str | None] = mapped_column(String(160))
    reminded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    person: Mapped[PersonRow] = relationship(back_populates="grants")
    unit: Mapped[Unit | None] = relationship()

    @property
    def is_live(self) -> bool:
        """Whether it has not ended yet."""
        return self.expires_at is None or self.expires_at > utc_now()

    @classmethod
    def live(cls) -> ColumnElement[bool]:
        """Return the condition of a grant that has not ended yet."""
        return or_(cls.expires_at.is_(None), cls.expires_at > utc_now())


class ComposedRole(CoreModel):
    """A role that administrators of the tenant put together; granted as ``tenant.<code>``.

    ``title`` has both languages. ``based_on`` is the role it began as a copy of. A permission whose plugin is off or
    gone stays in the list and gives nothing meanwhile.
    """

    __tablename__ = "lumbung_role"

    code: Mapped[str] = mapped_column(String(40))
    title: Mapped[dict[str, str]] = mapped_column(JSONB)
    description: Mapped[str] = mapped_column(String(400), default="")
    permissions: Mapped[list[str]] = mapped_column(ARRAY(String(80)))
    based_on: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=utc_now)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=utc_now)
    changed_by: Mapped[str] = mapped_column(String(160))


class SessionRow(CoreModel):
    """A signed-in browser. The cookie holds the token; this table holds only its SHA-256.

    ``pending``: the password was right and the second factor is awaited; nobody is signed in by such a row.
    ``method`` is ``password``, ``passkey`` or what else began it; ``fresh_at`` when it was last proven who sits there.
    ``second_factor_at`` may lie before ``created_at``: then it was proven earlier, in a browser that is trusted.
    ``rotate`` asks for a new token at the next page; ``previous_hash`` is the old one, which works a moment longer.
    """

    __tablename__ = "lumbung_session"

    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    device_id: Mapped[UUID | None] = belongs_to("lumbung_device", ondelete="CASCADE")
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    address: Mapped[str | None] = mapped_column(String(45))
    agent: Mapped[str | None] = mapped_column(String(200))
    method: Mapped[str] = mapped_column(String(20), default="password")
    pending: Mapped[bool] = mapped_column(default=False)
    second_factor_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    fresh_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    rotate: Mapped[bool] = mapped_column(default=False)
    previous_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    rotated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    person: Mapped[PersonRow] = relationship()


class DeviceRow(CoreModel):
    """A browser that signed in to one account before; its cookie holds a token, this table its SHA-256.

    Since ``trusted_at`` it need not show a second factor, until thirty days are over.
    """

    __tablename__ = "lumbung_device"

    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    agent: Mapped[str | None] = mapped_column(String(200))
    trusted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SignInAttempt(CoreModel):
    """A failed sign-in, counted per account and per address before any password is hashed.

    One from a known device of the account counts for that device alone.
    """

    __tablename__ = "lumbung_sign_in_attempt"

    email_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    device_id: Mapped[UUID | None] = belongs_to("lumbung_device", ondelete="CASCADE")
    address: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
