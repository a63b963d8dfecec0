"""The declarative bases of the core's own tables. Plugins have their own; see `lumbung.database.model`."""

from __future__ import annotations

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from lumbung.database.model import CORE, TenantOwned

core_metadata = MetaData(info={CORE: True})


class PlatformModel(DeclarativeBase):
    """A table of the platform itself: no tenant, no row-level security, nothing personal in it."""

    metadata = core_metadata


class CoreModel(TenantOwned, DeclarativeBase):
    """A table of the core that belongs to tenants."""

    metadata = core_metadata
