"""Tables of foreign applications: instances, visits of signed-in people, accounts made for people in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, LargeBinary, String, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lumbung.database.core_model import CoreModel, PlatformModel
from lumbung.database.encrypted import COMMENT, Encrypted
from lumbung.database.model import belongs_to

SHARED = 0  # stands for the tenant of an instance that serves all tenants; no tenant has this id


class InstanceRow(PlatformModel):
    """One instance, as the keeper last knew it. ``tenant`` is a tenant's id or `SHARED`.

    ``state`` is ``new`` (nothing is made yet), ``making``, ``stopped``, ``starting``, ``running``, ``waiting`` (it died
    and is started again after a pause), ``failed`` (it does not start; ``reason`` says why, as `Sentence.as_json`
    writes it), ``halted`` (somebody stopped it, ``halted_by``) or ``removed``. ``address`` is where it listens.
    ``facts`` is what its making found out (database, hash of the donated tree); ``secret`` holds its passwords as JSON,
    sealed for no tenant.
    """

    __tablename__ = "lumbung_instance"

    plugin: Mapped[str] = mapped_column(ForeignKey("lumbung_plugin.name"), primary_key=True)
    tenant: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(20), default="new")
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    reason: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(String(200))
    version: Mapped[str | None] = mapped_column(String(40))
    made_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    restarts: Mapped[int] = mapped_column(default=0)
    halted_by: Mapped[str | None] = mapped_column(String(160))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary, comment=COMMENT)


class AppVisitRow(CoreModel):
    """A signed-in person on the host of an application: its own cookie there, alive as long as their session.

    It begins as a ticket of one minute, good once and only in the browser that asked (``state_hash``).
    """

    __tablename__ = "lumbung_app_visit"

    session_id: Mapped[UUID] = belongs_to("lumbung_session", ondelete="CASCADE")
    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    plugin: Mapped[str] = mapped_column(String(40))
    ticket_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    state_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AppAccountRow(CoreModel):
    """An account that the platform made for a person in an application whose login page it fills in."""

    __tablename__ = "lumbung_app_account"

    person_id: Mapped[UUID] = belongs_to("lumbung_person", ondelete="CASCADE")
    plugin: Mapped[str] = mapped_column(String(40))
    username: Mapped[str] = mapped_column(String(120))
    password: Mapped[str] = mapped_column(Encrypted(), deferred=True)
    role: Mapped[str | None] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
