"""Inviting somebody: a civil servant or a contributor of a partner city, with what they are to do here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.context import current_tenant
from lumbung.errors import LumbungError
from lumbung.identity import letters, people, roles
from lumbung.identity.models import CONTRIBUTOR, SERVANT, PersonRow
from lumbung.identity.person import Person
from lumbung.identity.post_models import SecretLetter
from lumbung.tenancy.models import Unit

State = Literal["open", "accepted", "expired", "cancelled"]


class MayNotGive(LumbungError):
    """The inviter may not give this role themself."""


class NotOpen(LumbungError):
    """The invitation was accepted already."""


@dataclass(frozen=True)
class Invitee:
    """Who is invited, and as what. ``roles`` are given when they accept, for ``role_unit`` or the whole tenant.

    ``successor_of`` is the person whose post they are to take over: the inviter is reminded when they are here.
    """

    email: str
    name: str
    kind: str = SERVANT
    organisation: str = ""
    position: str = ""
    unit_id: UUID | None = None
    roles: Sequence[str] = ()
    role_unit: UUID | None = None
    successor_of: UUID | None = None
    detail: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        if self.kind not in (SERVANT, CONTRIBUTOR):
            raise LumbungError("Who is invited is a civil servant or a contributor.")
        if self.kind == CONTRIBUTOR and not self.organisation.strip():
            raise LumbungError("A contributor comes from a city or an organisation: say which.")
        object.__setattr__(self, "email", people.normal_email(self.email))
        object.__setattr__(self, "name", people.normal_name(self.name))
        detail = {
            "name": self.name,
            "kind": self.kind,
            "organisation": self.organisation.strip()[:160] if self.kind == CONTRIBUTOR else "",
            "position": self.position.strip()[:160],
            "unit": str(self.unit_id) if self.unit_id else None,
            "roles": list(dict.fromkeys(self.roles)),
            "role_unit": str(self.role_unit) if self.role_unit else None,
            "successor_of": str(self.successor_of) if self.successor_of else None,
        }
        object.__setattr__(self, "detail", detail)


def invite(session: Session, invitee: Invitee, actor: Person | None, *, language: str) -> SecretLetter:
    """Write an invitation and return its letter. ``actor`` is None for the command line.

    Raises `people.EmailTaken` for somebody who has an account, `MayNotGive`, or `LumbungError` for a role nobody
    declares or a unit that is not here; nothing is written then.
    """
    if session.scalar(select(PersonRow.id).where(PersonRow.email == invitee.email)):
        raise people.EmailTaken("%(email)s already has an account here.", email=invitee.email)
    for unit_id in (invitee.unit_id, invitee.role_unit):
        _unit(session, str(unit_id) if unit_id else None)
    _refuse_roles(invitee.detail, actor)
    letter = letters.write(session, letters.INVITATION, email=invitee.email, language=language, detail=invitee.detail)
    audit.record("person.invite", invitee.email, about=letter.id, roles=invitee.detail["roles"])
    return letter


def renew(session: Session, letter: SecretLetter, actor: Person) -> None:
    """Make an invitation's link a fresh one. Raises `NotOpen` when it was accepted, or `MayNotGive`.

    Whoever sees the link could accept it themself, so it is only for somebody who may give what it gives.
    """
    _lock(session, letter)
    if letter.used_at is not None:
        raise NotOpen("This invitation was accepted already.")
    _refuse_roles(letter.detail, actor)
    if session.scalar(select(PersonRow.id).where(PersonRow.email == letter.email)):
        raise people.EmailTaken("%(email)s already has an account here.", email=letter.email)
    letters.renew(session, letter)
    letter.made_by, letter.made_by_id = actor.name[:160], actor.id
    audit.record("person.invite", letter.email, about=letter.id, roles=letter.detail["roles"])


def cancel(session: Session, letter: SecretLetter) -> None:
    """Make an invitation worthless. Raises `NotOpen` when it was accepted."""
    _lock(session, letter)
    if letter.used_at is not None:
        raise NotOpen("This invitation was accepted already.")
    letter.voided_at = letter.voided_at or utc_now()
    session.flush()
    audit.record("person.invitation_cancel", letter.email, about=letter.id)


def accept(session: Session, token: str, password: str) -> tuple[PersonRow, SecretLetter]:
    """Make the account of whoever was invited, with what they were invited for; of two at once one gets it.

    A role that was removed meanwhile is left out. Raises `letters.LetterDead`, `people.PasswordTooWeak` or
    `people.EmailTaken` when they made an account themself meanwhile.
    """
    letter = letters.redeem(session, letters.INVITATION, token)
    detail = letter.detail
    person = people.add_person(session, email=letter.email, name=detail["name"], password=password)
    person.kind, person.email_verified_at = detail["kind"], utc_now()
    person.position, person.organisation = detail["position"] or None, detail["organisation"] or None
    home = _unit(session, detail["unit"], missing_ok=True)
    person.unit_id = home.id if home else None
    person.language = letter.language
    letter.person_id = person.id
    session.flush()
    unit = _unit(session, detail["role_unit"], missing_ok=True)
    for role in detail["roles"]:
        if roles.permissions_of(role) is not None and not (detail["role_unit"] and unit is None):
            people.grant(session, person, role, unit)
    audit.record("person.invitation_accept", person.email, about=person.id, by=letter.made_by)
    return person, letter


def all_query() -> Select[SecretLetter]:
    """Return the query for every invitation of the tenant, the latest first."""
    return (
        select(SecretLetter)
        .where(SecretLetter.purpose == letters.INVITATION)
        .order_by(SecretLetter.created_at.desc(), SecretLetter.id)
    )


def find(session: Session, letter_id: UUID) -> SecretLetter | None:
    """Return an invitation of the tenant by its id."""
    return session.scalar(all_query().where(SecretLetter.id == letter_id))


def state_of(letter: SecretLetter) -> State:
    """Return how an invitation stands."""
    if letter.used_at is not None:
        return "accepted"
    if letter.voided_at is not None:
        return "cancelled"
    return "open" if letter.expires_at > utc_now() else "expired"


def in_state(state: str, now: datetime) -> ColumnElement[bool]:
    """Return the condition of an invitation in a state."""
    unused = SecretLetter.used_at.is_(None) & SecretLetter.voided_at.is_(None)
    conditions: dict[str, ColumnElement[bool]] = {
        "accepted": SecretLetter.used_at.is_not(None),
        "cancelled": SecretLetter.voided_at.is_not(None),
        "open": unused & (SecretLetter.expires_at > now),
        "expired": unused & (SecretLetter.expires_at <= now),
    }
    return conditions[state]


def _refuse_roles(detail: Mapping[str, Any], actor: Person | None) -> None:
    unit_id = UUID(detail["role_unit"]) if detail["role_unit"] else None
    for role in detail["roles"]:
        if roles.permissions_of(role) is None:
            raise LumbungError("There is no role %(role)r here.", role=role)
        if roles.is_tenant_wide(role) and unit_id is not None:
            raise LumbungError("The role %(role)s is given for the whole tenant, not for one unit.", role=role)
        if actor is not None and not roles.may_give(actor, role, unit_id):
            raise MayNotGive("You may not give the role %(role)s, so you cannot invite somebody into it.", role=role)


def _unit(session: Session, unit_id: str | None, *, missing_ok: bool = False) -> Unit | None:
    if unit_id is None:
        return None
    unit = session.get(Unit, (current_tenant().id, UUID(unit_id)))
    if unit is None and not missing_ok:
        raise LumbungError("There is no such unit here.")
    return unit


def _lock(session: Session, letter: SecretLetter) -> None:
    session.refresh(letter, with_for_update=True)
