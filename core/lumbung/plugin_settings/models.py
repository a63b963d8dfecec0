"""The table of values that a tenant or one of its units has set. Those of the platform: `lumbung.registry.models`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, String, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lumbung.database.core_model import CoreModel
from lumbung.database.encrypted import Encrypted


class TenantSettingRow(CoreModel):
    """A value of a plugin's setting for the tenant, or with ``unit_id`` for one unit. A secret's is in ``secret``."""

    __tablename__ = "lumbung_tenant_setting"

    unit_id: Mapped[UUID | None] = mapped_column(Uuid)
    plugin: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(40))
    value: Mapped[Any | None] = mapped_column(JSONB)
    secret: Mapped[str | None] = mapped_column(Encrypted(), deferred=True)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    changed_by: Mapped[str] = mapped_column(String(160))
