"""Looking after accounts: closing and opening them, new passwords, and who may touch whose."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from lumbung import audit
from lumbung.errors import LumbungError
from lumbung.identity import devices, letters, people, roles, sessions
from lumbung.identity.models import Grant, PersonRow
from lumbung.identity.passwords import hash_password
from lumbung.identity.person import ADMIN, Person

# No letters or digits that are mistaken for one another when read out or copied from paper.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


LastAdmin = people.LastAdmin


class OwnAccount(LumbungError):
    """People cannot close the account they are using, nor take their own last administrator's role."""


LeftOpen = Literal["own", "last_admin", "operator", "above", "closed"]


@dataclass(frozen=True)
class Closing:
    """What came of closing several accounts: whose were closed, and whose were not, by the reason why not."""

    closed: Sequence[PersonRow]
    left: Mapping[LeftOpen, Sequence[PersonRow]]


def make_password() -> str:
    """Return a password to hand over on paper: four groups of four, about 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def may_touch(actor: Person, row: PersonRow) -> bool:
    """Whether ``actor`` may change this account: one that may nothing they may not do themself.

    An operator's is changed by operators only, an administrator's by administrators: whoever makes a new password for
    an account can do all that the account can. One that was erased nobody changes.
    """
    return row.erased_at is None and (actor.is_operator or not row.operator) and roles.is_below(actor, row.grants)


def everybody() -> Select[PersonRow]:
    """Return the query for the people of the tenant by name, with their roles and units."""
    return (
        select(PersonRow)
        .options(selectinload(PersonRow.grants).selectinload(Grant.unit))
        .order_by(PersonRow.name, PersonRow.email)
    )


def several(session: Session, ids: Sequence[UUID]) -> Sequence[PersonRow]:
    """Return the people of the tenant with these ids, by name; an id of nobody is left out."""
    return session.scalars(everybody().where(PersonRow.id.in_(ids))).all()


def change(session: Session, row: PersonRow, *, name: str, email: str, phone: str | None) -> None:
    """Change what an account is called and how it is reached; raises `people.EmailTaken` or `LumbungError`."""
    email, name = people.normal_email(email), people.normal_name(name)
    before = row.email, row.phone
    try:
        with session.begin_nested():
            row.name, row.email, row.phone = name, email, phone or None
            if row.email != before[0]:
                row.email_verified_at = None
            if row.phone != before[1]:
                row.phone_verified_at = None
    except IntegrityError:
        raise people.EmailTaken("%(email)s already has an account here.", email=email) from None
    audit.record("person.change", email, about=row.id)


def close(session: Session, row: PersonRow, actor: Person) -> None:
    """Close an account and end its sessions; raises `OwnAccount` or `LastAdmin` and changes nothing."""
    if row.id == actor.id:
        raise OwnAccount("People cannot close the account they are using.")
    if _is_admin(row) and not people.other_admins(session, row.id):
        raise LastAdmin("This is the last administrator who can sign in.")
    row.active = False
    sessions.revoke_all(session, row.id)
    session.flush()
    audit.record("person.close", row.email, about=row.id)


def close_several(session: Session, rows: Sequence[PersonRow], actor: Person) -> Closing:
    """Close each account that ``actor`` may close, and tell what was done and what was left as it is."""
    closed: list[PersonRow] = []
    left: dict[LeftOpen, list[PersonRow]] = {}
    for row in rows:
        try:
            reason = _left_open(row, actor)
            if reason is None:
                close(session, row, actor)
        except OwnAccount:
            reason = "own"
        except LastAdmin:
            reason = "last_admin"
        if reason is None:
            closed.append(row)
        else:
            left.setdefault(reason, []).append(row)
    return Closing(closed, left)


def _left_open(row: PersonRow, actor: Person) -> LeftOpen | None:
    if not may_touch(actor, row):
        return "operator" if row.operator and not actor.is_operator else "above"
    return None if row.active else "closed"


def reopen(session: Session, row: PersonRow) -> None:
    """Open a closed account again. Its roles are as they were; it has no session."""
    row.active = True
    session.flush()
    audit.record("person.reopen", row.email, about=row.id)


def reset_password(session: Session, row: PersonRow) -> str:
    """Give an account a new password, end its sessions, and return the password, which nobody keeps."""
    password = make_password()
    row.password_hash = hash_password(password)
    letters.void(session, letters.FORGOTTEN, person_id=row.id)
    sessions.revoke_all(session, row.id)
    devices.forget_all(session, row.id)
    session.flush()
    audit.record("person.password_reset", row.email, about=row.id)
    return password


def withdraw(session: Session, row: PersonRow, grant_id: UUID, actor: Person) -> bool:
    """Take a role back; False when the person does not hold it.

    Raises `OwnAccount` for one's own last administrator's role, `LastAdmin` for the tenant's last.
    """
    held = next((grant for grant in row.grants if grant.id == grant_id), None)
    if held is not None and held.role == ADMIN and not _is_admin(row, besides=grant_id):
        if row.id == actor.id:
            raise OwnAccount("People cannot take their own last administrator's role.")
        if held.expires_at is None and row.active and not people.other_admins(session, row.id):
            raise LastAdmin("This is the last administrator who can sign in.")
    return people.withdraw(session, row, grant_id)


def admins(session: Session) -> int:
    """Return how many administrators of the tenant can sign in, those whose role ends left out."""
    return people.other_admins(session, None)


def _is_admin(row: PersonRow, besides: UUID | None = None) -> bool:
    """Whether they hold the role for good, but for the grant ``besides``."""
    return any(g.role == ADMIN and g.unit_id is None and g.expires_at is None and g.id != besides for g in row.grants)
