"""Units of the current tenant, as plugins may know them. Exported as ``lumbung.sdk.units``."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from lumbung.context import current_scope
from lumbung.tenancy.models import Unit
from lumbung.tenancy.services import unit_tree


@dataclass(frozen=True)
class UnitCard:
    """A unit (OPD): enough to choose it from a list and to print its name."""

    id: UUID
    code: str
    name: str
    parent_id: UUID | None
    depth: int = 0
    address: str | None = None


def all() -> list[UnitCard]:
    """Return the tenant's units in the order of their tree."""
    return [_card(unit, depth) for depth, unit in unit_tree(current_scope().session)]


def get(unit_id: UUID) -> UnitCard | None:
    """Return one unit of the tenant, None when there is none of that id."""
    unit = current_scope().session.scalar(select(Unit).where(Unit.id == unit_id))
    return _card(unit) if unit else None


def _card(unit: Unit, depth: int = 0) -> UnitCard:
    return UnitCard(unit.id, unit.code, unit.name, unit.parent_id, depth, unit.address)
