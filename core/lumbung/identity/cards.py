"""People of the current tenant, as plugins may know them. Exported as ``lumbung.sdk.people``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from lumbung.context import current_scope
from lumbung.identity import roles
from lumbung.identity.models import PersonRow


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


def with_permission(permission: str) -> list[PersonCard]:
    """Return who may do something in the tenant, in some unit at least, by name."""
    rows = current_scope().session.scalars(
        select(PersonRow).where(PersonRow.active, roles.may(permission)).order_by(PersonRow.name)
    )
    return [_card(row) for row in rows]


def _card(row: PersonRow) -> PersonCard:
    return PersonCard(row.id, row.name, row.email)
