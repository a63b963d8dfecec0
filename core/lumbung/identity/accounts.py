"""Looking after accounts: closing and opening them, new passwords, and who may touch whose."""

from __future__ import annotations

import secrets
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from lumbung import audit
from lumbung.errors import LumbungError
from lumbung.identity import people, sessions
from lumbung.identity.models import Grant, PersonRow
from lumbung.identity.passwords import hash_password
from lumbung.identity.person import ADMIN, Person

# No letters or digits that are mistaken for one another when read out or copied from paper.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class LastAdmin(LumbungError):
    """The change would leave the tenant without an administrator who can still sign in."""


class OwnAccount(LumbungError):
    """People cannot close the account they are using, nor take their own last administrator's role."""


def make_password() -> str:
    """Return a password to hand over on paper: four groups of four, about 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def may_touch(actor: Person, row: PersonRow) -> bool:
    """Whether ``actor`` may change this account: an operator's is changed by operators only."""
    return actor.is_operator or not row.operator


def list_query(words: str = "", *, staff_only: bool = False, closed: bool | None = None) -> Select[PersonRow]:
    """Return the query for people of the tenant by name; ``words`` may be part of a name or an address."""
    query = (
        select(PersonRow)
        .options(selectinload(PersonRow.grants).selectinload(Grant.unit))
        .order_by(PersonRow.name, PersonRow.email)
    )
    for word in words.split()[:6]:
        query = query.where(
            or_(
                PersonRow.name.icontains(word, autoescape=True),
                PersonRow.email.icontains(word, autoescape=True),
                PersonRow.phone.icontains(word, autoescape=True),
            )
        )
    if staff_only:
        query = query.where(or_(PersonRow.operator, PersonRow.grants.any()))
    if closed is not None:
        query = query.where(PersonRow.active.is_(not closed))
    return query


def change(session: Session, row: PersonRow, *, name: str, email: str, phone: str | None) -> None:
    """Change what an account is called and how it is reached; raises `people.EmailTaken` or `LumbungError`."""
    email, name = people.normal_email(email), people.normal_name(name)
    try:
        with session.begin_nested():
            row.name, row.email, row.phone = name, email, phone or None
    except IntegrityError:
        raise people.EmailTaken(f"{email} already has an account here.") from None
    audit.record("person.change", email)


def close(session: Session, row: PersonRow, actor: Person) -> None:
    """Close an account and end its sessions; raises `OwnAccount` or `LastAdmin` and changes nothing."""
    if row.id == actor.id:
        raise OwnAccount("People cannot close the account they are using.")
    if _is_admin(row) and not _other_admins(session, row.id):
        raise LastAdmin("This is the last administrator who can sign in.")
    row.active = False
    sessions.revoke_all(session, row.id)
    session.flush()
    audit.record("person.close", row.email)


def reopen(session: Session, row: PersonRow) -> None:
    """Open a closed account again. Its roles are as they were; it has no session."""
    row.active = True
    session.flush()
    audit.record("person.reopen", row.email)


def reset_password(session: Session, row: PersonRow) -> str:
    """Give an account a new password, end its sessions, and return the password, which nobody keeps."""
    password = make_password()
    row.password_hash = hash_password(password)
    sessions.revoke_all(session, row.id)
    session.flush()
    audit.record("person.password_reset", row.email)
    return password


def withdraw(session: Session, row: PersonRow, grant_id: UUID, actor: Person) -> bool:
    """Take a role back; False when the person does not hold it.

    Raises `OwnAccount` for one's own last administrator's role, `LastAdmin` for the tenant's last.
    """
    held = next((grant for grant in row.grants if grant.id == grant_id), None)
    if held is not None and held.role == ADMIN and not _is_admin(row, besides=grant_id):
        if row.id == actor.id:
            raise OwnAccount("People cannot take their own last administrator's role.")
        if row.active and not _other_admins(session, row.id):
            raise LastAdmin("This is the last administrator who can sign in.")
    return people.withdraw(session, row, grant_id)


def admins(session: Session) -> int:
    """Return how many administrators of the tenant can sign in."""
    return _other_admins(session, None)


def _is_admin(row: PersonRow, besides: UUID | None = None) -> bool:
    return any(g.role == ADMIN and g.unit_id is None and g.id != besides for g in row.grants)


def _other_admins(session: Session, person_id: UUID | None) -> int:
    query = (
        select(func.count(func.distinct(Grant.person_id)))
        .join(PersonRow, (PersonRow.id == Grant.person_id) & (PersonRow.tenant_id == Grant.tenant_id))
        .where(Grant.role == ADMIN, Grant.unit_id.is_(None), PersonRow.active)
    )
    if person_id is not None:
        query = query.where(Grant.person_id != person_id)
    return session.scalar(query) or 0
