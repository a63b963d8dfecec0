"""Tables of the registry. They belong to the platform; nothing in them is personal."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, LargeBinary, String, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lumbung.database.core_model import PlatformModel
from lumbung.database.encrypted import COMMENT


class PluginRow(PlatformModel):
    """A plugin that was installed here. ``state`` is one of `lumbung.lifecycle.states.MOVES`."""

    __tablename__ = "lumbung_plugin"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[str] = mapped_column(String(40))
    module: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(20))
    manifest: Mapped[dict[str, Any]] = mapped_column(JSONB)
    wheel_hash: Mapped[str | None] = mapped_column(String(64))
    installed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    installed_by: Mapped[str] = mapped_column(String(160))
    state_since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    isolated: Mapped[bool] = mapped_column(default=False)


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
    """Something a plugin did wrong: it could not be opened, a hook raised, a job failed.

    ``kind`` is one of `lumbung.registry.faults.KINDS`; ``place`` says where in it. ``source`` tells one visitor's
    faults from another's without saying who it was: a keyed hash that is another one tomorrow.
    """

    __tablename__ = "lumbung_fault"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    plugin: Mapped[str] = mapped_column(String(40))
    tenant_id: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(20), default="request")
    place: Mapped[str] = mapped_column(String(80))
    message: Mapped[str] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class OperationRow(PlatformModel):
    """Something that is done to a plugin, step by step: `lumbung.lifecycle.machine` writes and reads it.

    ``state`` is ``waiting``, ``running``, ``returning`` (a step failed and what was done is undone), ``done``,
    ``failed`` (nothing changed) or ``stuck`` (the way back failed too). ``message`` says why it failed, as
    `lumbung.errors.Sentence.as_json` writes it: its reader comes later. ``facts`` is what steps tell later steps.
    """

    __tablename__ = "lumbung_operation"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    kind: Mapped[str] = mapped_column(String(20))
    plugin: Mapped[str | None] = mapped_column(String(40))
    tenant_id: Mapped[int | None]
    argument: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    message: Mapped[str | None] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(String(160))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    begun_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class WayBackRow(PlatformModel):
    """What an upgrade left behind to return to: a copy of the plugin's tables and the older version's facts.

    ``schema_name`` is the PostgreSQL schema that holds the copies; ``tables`` their rows and digests by name.
    """

    __tablename__ = "lumbung_way_back"

    plugin: Mapped[str] = mapped_column(ForeignKey("lumbung_plugin.name"), primary_key=True)
    operation_id: Mapped[UUID] = mapped_column(Uuid)
    version: Mapped[str] = mapped_column(String(40))
    revision: Mapped[str | None] = mapped_column(String(40))
    wheel_hash: Mapped[str | None] = mapped_column(String(64))
    manifest: Mapped[dict[str, Any]] = mapped_column(JSONB)
    schema_name: Mapped[str] = mapped_column(String(63))
    tables: Mapped[dict[str, Any]] = mapped_column(JSONB)
    files: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    keep_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ArchiveRow(PlatformModel):
    """The archive of a plugin that was uninstalled: a file that is readable without this platform."""

    __tablename__ = "lumbung_archive"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    plugin: Mapped[str] = mapped_column(ForeignKey("lumbung_plugin.name"))
    version: Mapped[str] = mapped_column(String(40))
    title: Mapped[dict[str, str]] = mapped_column(JSONB)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    made_by: Mapped[str] = mapped_column(String(160))
    file: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    contents: Mapped[dict[str, Any]] = mapped_column(JSONB)
    keep_until: Mapped[date]
    purged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SuspensionRow(PlatformModel):
    """A plugin that is closed for everyone because it failed too often; open while ``lifted_at`` is empty.

    ``reason`` is kept as `lumbung.errors.Sentence.as_json` writes it; ``by`` is empty when the platform did it;
    ``told_at`` when nobody was told yet.
    """

    __tablename__ = "lumbung_suspension"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    plugin: Mapped[str] = mapped_column(ForeignKey("lumbung_plugin.name"))
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    reason: Mapped[str] = mapped_column(Text)
    faults: Mapped[int] = mapped_column(default=0)
    by: Mapped[str | None] = mapped_column(String(160))
    told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lifted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lifted_by: Mapped[str | None] = mapped_column(String(160))


class PluginSettingRow(PlatformModel):
    """A value of a plugin's setting for the whole platform. A secret's value is sealed in ``secret``, for no tenant."""

    __tablename__ = "lumbung_plugin_setting"

    plugin: Mapped[str] = mapped_column(ForeignKey("lumbung_plugin.name"), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[Any | None] = mapped_column(JSONB)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary, comment=COMMENT)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    changed_by: Mapped[str] = mapped_column(String(160))
