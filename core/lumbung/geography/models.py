"""The tables of boundaries, and of files that somebody has sent but not yet confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Float, LargeBinary, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lumbung.database.core_model import CoreModel


class Boundary(CoreModel):
    """The boundary of a region, or of the tenant itself: one for each region code.

    ``geometry`` is a GeoJSON Polygon or MultiPolygon in WGS 84, longitude first; ``west`` to ``north`` is its box, by
    which it is found without being read. ``derived``: made by joining the boundaries of the regions below, and made
    anew with them.
    """

    __tablename__ = "lumbung_boundary"

    region_code: Mapped[str] = mapped_column(String(13))
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(160))
    geometry: Mapped[dict[str, Any]] = mapped_column(JSONB, deferred=True)
    west: Mapped[float] = mapped_column(Float)
    south: Mapped[float] = mapped_column(Float)
    east: Mapped[float] = mapped_column(Float)
    north: Mapped[float] = mapped_column(Float)
    derived: Mapped[bool]
    source: Mapped[str] = mapped_column(String(300))
    imported_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    imported_by: Mapped[str] = mapped_column(String(160))


class BoundaryDraft(CoreModel):
    """What a file of boundaries holds, read and mended, until somebody confirms it. No place is looked up in it."""

    __tablename__ = "lumbung_boundary_draft"

    file_name: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(300))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    made_by: Mapped[str] = mapped_column(String(160))
