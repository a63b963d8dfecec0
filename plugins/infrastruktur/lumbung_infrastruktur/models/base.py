"""The plugin's own declarative base, and the column types that its tables share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import DateTime, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column

from lumbung.sdk import TenantOwned

LONGEST_TEXT = 4000  # letters of a description, as Open311 GeoReport v2 has it


class Model(TenantOwned, DeclarativeBase):
    """No table of another plugin is known here."""


def words(length: int) -> MappedColumn[str]:
    """Return a column of text that is empty unless written."""
    return mapped_column(String(length), default="")


def moment() -> MappedColumn[Any]:
    """Return a column that holds a moment with its time zone."""
    return mapped_column(DateTime(timezone=True))


def json(default: type) -> MappedColumn[Any]:
    """Return a column of JSON data, ``{}`` or ``[]`` unless written."""
    return mapped_column(JSONB, default=default)
