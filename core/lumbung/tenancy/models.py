"""Tables of tenancy. Tenants and hosts belong to the platform; units belong to their tenant."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, ForeignKey, LargeBinary, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.database.core_model import CoreModel, PlatformModel
from lumbung.database.model import belongs_to


class TenantRow(PlatformModel):
    """A regional government (kabupaten, kota, provinsi).

    ``region_code`` is the Kemendagri code, such as 52.04; ``time_zone`` an IANA name; ``languages`` in the
    order in which they are offered, the first being the default.
    """

    __tablename__ = "lumbung_tenant"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    region_code: Mapped[str | None] = mapped_column(String(13))
    time_zone: Mapped[str] = mapped_column(String(40), default="Asia/Makassar")
    languages: Mapped[list[str]] = mapped_column(ARRAY(String(8)), default=lambda: ["id", "en"])
    logo: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    logo_hash: Mapped[str | None] = mapped_column(String(16))
    colour: Mapped[str | None] = mapped_column(String(7))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    hosts: Mapped[list[TenantHost]] = relationship(
        back_populates="tenant", order_by="TenantHost.position", cascade="all, delete-orphan"
    )


class TenantHost(PlatformModel):
    """A host name, without port, in lower case. The first one is the tenant's official address."""

    __tablename__ = "lumbung_tenant_host"

    host: Mapped[str] = mapped_column(String(253), primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("lumbung_tenant.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)

    tenant: Mapped[TenantRow] = relationship(back_populates="hosts")


class Unit(CoreModel):
    """An organisational unit (OPD: dinas, badan, kecamatan, puskesmas ...). Units form a tree."""

    __tablename__ = "lumbung_unit"

    parent_id: Mapped[UUID | None] = belongs_to("lumbung_unit")
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(160))
    region_code: Mapped[str | None] = mapped_column(String(13))
    address: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int] = mapped_column(default=0)

    parent: Mapped[Unit | None] = relationship(remote_side=lambda: [Unit.id], back_populates="children")
    children: Mapped[list[Unit]] = relationship(back_populates="parent", order_by="Unit.position, Unit.name")
