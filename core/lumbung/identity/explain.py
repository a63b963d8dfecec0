"""Who can do this, what can this person do, and why: the answers of `Person.can`, with their reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from lumbung.identity import roles
from lumbung.identity.models import Grant, PersonRow
from lumbung.identity.person import OF_NO_UNIT, PLATFORM_PERMISSIONS, TENANT_PERMISSIONS

Asleep = Literal["ended", "application off", "unknown", "unit", ""]


@dataclass(frozen=True)
class Reason:
    """A grant that holds a permission. ``asleep`` says why it gives nothing at present, empty when it does."""

    grant: Grant
    asleep: Asleep = ""


@dataclass(frozen=True)
class Answer:
    """Whether a person holds a permission, and why.

    ``as_operator``: because they are of the platform's staff, which no grant says.
    """

    permission: str
    reasons: Sequence[Reason]
    as_operator: bool = False

    @property
    def giving(self) -> list[Grant]:
        """The grants that give the permission now."""
        return [one.grant for one in self.reasons if not one.asleep]

    @property
    def can(self) -> bool:
        """Whether they hold it now, in some unit at least."""
        return self.as_operator or bool(self.giving)

    @property
    def everywhere(self) -> bool:
        """Whether they hold it for the whole tenant."""
        return self.as_operator or any(grant.unit_id is None for grant in self.giving)

    @property
    def unit_ids(self) -> list[UUID]:
        """The units of the grants that give it, for who does not hold it everywhere; those below are covered too."""
        return [] if self.everywhere else [grant.unit_id for grant in self.giving if grant.unit_id is not None]


def grants_giving(permission: str) -> Select[Grant]:
    """Return the query for the grants that give a permission now, closed accounts' included.

    A permission of the platform comes from no grant: `operators`.
    """
    return (
        select(Grant)
        .join(Grant.person)
        .where(roles.giving(permission))
        .options(selectinload(Grant.person), selectinload(Grant.unit))
        .order_by(PersonRow.name, Grant.id)
    )


def operators() -> Select[PersonRow]:
    """Return the query for the staff of the platform, who hold the permissions of the platform."""
    return select(PersonRow).where(PersonRow.operator).order_by(PersonRow.name)


def answers(session: Session, row: PersonRow) -> list[Answer]:
    """Return an answer for each permission of the core and of the enabled plugins, in that order.

    A closed account can do nothing, whatever it holds: ask ``row.active`` first.
    """
    grants = session.scalars(
        select(Grant)
        .where(Grant.person_id == row.id)
        .options(selectinload(Grant.unit))
        .order_by(Grant.granted_at, Grant.id)
    ).all()
    core = (*TENANT_PERMISSIONS, *PLATFORM_PERMISSIONS)
    others = sorted(roles.everything_here() - set(core))
    return [_answer(permission, row, grants) for permission in (*core, *others)]


def asleep_grants(session: Session, row: PersonRow) -> list[Reason]:
    """Return the grants of a person that give nothing at all at present, each with the reason."""
    grants = session.scalars(
        select(Grant).where(Grant.person_id == row.id).options(selectinload(Grant.unit)).order_by(Grant.granted_at)
    ).all()
    return [Reason(grant, why) for grant in grants if (why := _asleep(grant))]


def _answer(permission: str, row: PersonRow, grants: Sequence[Grant]) -> Answer:
    if permission in PLATFORM_PERMISSIONS:
        return Answer(permission, (), as_operator=row.operator)
    reasons = [
        Reason(grant, _asleep_for(grant, permission))
        for grant in grants
        if permission in (roles.permissions_of(grant.role) or ())
    ]
    return Answer(permission, reasons)


def _asleep_for(grant: Grant, permission: str) -> Asleep:
    if not grant.is_live:
        return "ended"
    if permission not in roles.allowed_here().get(grant.role, frozenset()):
        return "application off"
    return "unit" if permission in OF_NO_UNIT and grant.unit_id is not None else ""


def _asleep(grant: Grant) -> Asleep:
    if not grant.is_live:
        return "ended"
    declared = roles.permissions_of(grant.role)
    if declared is None:
        return "unknown"
    return "application off" if declared and not roles.allowed_here().get(grant.role) else ""
