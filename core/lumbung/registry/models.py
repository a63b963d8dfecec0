"""Tables of the registry. They belong to the platform; nothing in them is personal."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import DateTime, ForeignKey, Identity, String, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lumbung.database.core_model import PlatformModel


class PluginRow(PlatformModel):
    """A plugin that was installed here. ``state`` is ``installed`` or ``uninstalled`` (data kept)."""

    __tablename__ = "lumbung_plugin"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[str] = mapped_column(String(40))
    module: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(20))
    manifest: Mapped[dict[str, Any]] = mapped_column(JSONB)
    wheel_hash: Mapped[str | None] = mapped_column(String(64))
    installed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    installed_by: Mapped[str] = mapped_column(String(160))


class EnabledRow(PlatformModel):
    """A plugin switched on for a tenant. Disabling removes the row; the audit trail keeps the history.

    ``unit_id`` is the unit (OPD) that runs the service, as citizens see it; empty until somebody names one.
    """

    __tablename__ = "lumbung_enabled"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("lumbung_tenant.id", ondelete="CASCADE"), primary_key=True)
    plugin: Mapped[str] = mapped_column(ForeignKey("lumbung_plugin.name"), primary_key=True)
    enabled_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    enabled_by: Mapped[str] = mapped_column(String(160))
    unit_id: Mapped[UUID | None] = mapped_column(Uuid)


class LedgerRow(PlatformModel):
    """One migration that ran: which component (``core`` or a plugin), from and to which revision, by whom."""

    __tablename__ = "lumbung_ledger"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    component: Mapped[str] = mapped_column(String(40))
    package_version: Mapped[str] = mapped_column(String(40))
    revision: Mapped[str | None] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    by: Mapped[str] = mapped_column(String(160))


class GenerationRow(PlatformModel):
    """One number: it grows whenever tenants, plugins, enabled sets or roles change. Workers watch it."""

    __tablename__ = "lumbung_generation"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[int]


class FaultRow(PlatformModel):
    """Something a plugin did wrong: it could not be opened, a hook raised, a job failed."""

    __tablename__ = "lumbung_fault"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    plugin: Mapped[str] = mapped_column(String(40))
    tenant_id: Mapped[int | None]
    place: Mapped[str] = mapped_column(String(80))
    message: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class OperationRow(PlatformModel):
    """An install or uninstall asked for on a page and done by the job worker, step by step.

    ``message`` says why it failed, as `lumbung.errors.Sentence.as_json` writes it: its reader comes later.
    """

    __tablename__ = "lumbung_operation"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    kind: Mapped[str] = mapped_column(String(20))
    plugin: Mapped[str | None] = mapped_column(String(40))
    argument: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    steps: Mapped[list[dict[str, str]]] = mapped_column(JSONB, default=list)
    message: Mapped[str | None] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(String(160))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
