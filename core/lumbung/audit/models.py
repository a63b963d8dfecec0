"""The tables of the trail, of its newest entry, and of who read whose personal data."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Integer, LargeBinary, String, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, query_expression

from lumbung.database.core_model import CoreModel, PlatformModel


class AuditRow(CoreModel):
    """One entry of the trail. ``person_name`` is kept as it was at that moment.

    ``seq``, ``prev_hash`` and ``hash`` are the database's: it fills them in when the transaction is committed.
    """

    __tablename__ = "lumbung_audit"

    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    plugin: Mapped[str | None] = mapped_column(String(40))
    person_id: Mapped[UUID | None] = mapped_column(Uuid)
    person_name: Mapped[str] = mapped_column(String(160))
    action: Mapped[str] = mapped_column(String(80))
    thing: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    address: Mapped[str | None] = mapped_column(String(45))
    about: Mapped[UUID | None] = mapped_column(Uuid)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    prev_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    hash: Mapped[bytes | None] = mapped_column(LargeBinary)


class AuditHeadRow(PlatformModel):
    """The newest entry of a tenant's trail. The database writes it, at each commit; row-level security guards it."""

    __tablename__ = "lumbung_audit_head"

    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AccessRow(CoreModel):
    """Somebody read the personal data of somebody else. Append-only for the pages; kept for five years."""

    __tablename__ = "lumbung_access"

    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reader_id: Mapped[UUID | None] = mapped_column(Uuid)
    reader_name: Mapped[str] = mapped_column(String(160))
    subject_id: Mapped[UUID] = mapped_column(Uuid)
    what: Mapped[str] = mapped_column(String(80))
    why: Mapped[str] = mapped_column(String(200), server_default=text("''"))
    plugin: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(45))
    subject_name: Mapped[str | None] = query_expression()  # filled in by who asks for it: people stand above this room
