"""People of the current tenant, as plugins may know them. Exported as ``lumbung.sdk.people``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, or_, select

from lumbung.context import current_scope
from lumbung.identity import roles
from lumbung.identity.models import Grant, PersonRow
from lumbung.tenancy.services import unit_tree


@dataclass(frozen=True)
class PersonCard:
    """Somebody's name and address, nothing more."""

    id: UUID
    name: str
    email: str


def get(person_id: UUID) -> PersonCard | None:
    """Return one person of the tenant, None when there is none of that id."""
    return next(iter(several([person_id]).values()), None)


def several(person_ids: Iterable[UUID]) -> dict[UUID, PersonCard]:
    """Return people by id, with one query; those that do not exist are missing."""
    ids = list(person_ids)
    if not ids:
        return {}
    rows = current_scope().session.scalars(select(PersonRow).where(PersonRow.id.in_(ids)))
    return {row.id: _card(row) for row in rows}


def with_permission(permission: str, *, unit: UUID | None = None, above: bool = True) -> list[PersonCard]:
    """Return who may do something in the tenant, in some unit at least, by name.

    With a ``unit``, only who may do it there: by a role in that unit, in one above it, or in the whole tenant. Unless
    ``above``, only those with a role in that very unit.
    """
    holds = roles.may(permission)
    if unit is not None:
        there = Grant.unit_id.in_(_upwards(unit) if above else [unit])
        holds = PersonRow.grants.any(
            and_(roles.giving(permission), or_(there, Grant.unit_id.is_(None)) if above else there)
        )
    rows = current_scope().session.scalars(select(PersonRow).where(PersonRow.active, holds).order_by(PersonRow.name))
    return [_card(row) for row in rows]


def _upwards(unit_id: UUID) -> list[UUID]:
    """A unit and those above it."""
    parents = {unit.id: unit.parent_id for _depth, unit in unit_tree(current_scope().session)}
    found: list[UUID] = []
    here: UUID | None = unit_id
    while here is not None and here not in found:
        found.append(here)
        here = parents.get(here)
    return found


def _card(row: PersonRow) -> PersonCard:
    return PersonCard(row.id, row.name, row.email)
