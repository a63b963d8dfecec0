"""Adding people and giving them roles: plain functions for pages, commands and tests."""

from __future__ import annotations

from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.errors import LumbungError
from lumbung.identity.models import Grant, PersonRow
from lumbung.identity.passwords import LONGEST, SHORTEST, hash_password
from lumbung.identity.person import ADMIN
from lumbung.tenancy.models import Unit

PHONE = r"^\+?[0-9 .-]{8,18}$"


class EmailTaken(LumbungError):
    """Another account of this tenant already uses the e-mail address."""


class EmailUnsound(LumbungError):
    """This is not an address that a message could be sent to."""


class PasswordTooWeak(LumbungError):
    """The password is too short, too long, or the e-mail address itself."""


def normal_email(email: str) -> str:
    """Return an e-mail address as it is kept: trimmed, lower case. Raises `LumbungError` when it is none."""
    try:
        return validate_email(email.strip(), check_deliverability=False, globally_deliverable=False).normalized.lower()
    except EmailNotValidError as error:
        raise EmailUnsound("%(email)r is not an e-mail address: %(reason)s", email=email, reason=error) from None


def normal_name(name: str) -> str:
    """Return a person's name as it is kept: single spaces. Raises `LumbungError` when it is empty or too long."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120:
        raise LumbungError("A person's name has 1 to 120 letters.")
    return name


def check_password(password: str, email: str) -> None:
    """Refuse a password that is easy to guess; raises `PasswordTooWeak`."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordTooWeak("A password has %(least)s to %(most)s characters.", least=SHORTEST, most=LONGEST)
    if password.lower() in (email, email.partition("@")[0]) or len(set(password)) < 4:
        raise PasswordTooWeak("This password is too easy to guess: choose a sentence of a few words.")


def add_person(
    session: Session,
    *,
    email: str,
    name: str,
    password: str | None,
    phone: str | None = None,
    operator: bool = False,
) -> PersonRow:
    """Add a person to the current tenant and return them.

    Raises `EmailTaken`, `PasswordTooWeak` or `LumbungError` (no name, no e-mail address); nothing is written then.
    Two that register the same address at once: the second is told `EmailTaken`.
    """
    email, name = normal_email(email), normal_name(name)
    if password is not None:
        check_password(password, email)
    if session.scalar(select(PersonRow.id).where(PersonRow.email == email)):
        raise EmailTaken("%(email)s already has an account here.", email=email)
    person = PersonRow(
        email=email,
        name=name,
        phone=phone or None,
        password_hash=hash_password(password) if password else None,
        operator=operator,
    )
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:
        raise EmailTaken("%(email)s already has an account here.", email=email) from None
    audit.record("person.add", email, about=person.id, operator=operator)
    return person


def grant(session: Session, person: PersonRow, role: str, unit: Unit | None = None) -> Grant:
    """Give a role, for a unit or for the whole tenant. Giving it twice changes nothing.

    Raises `LumbungError` for an administrator of a single unit: what an administrator opens is the tenant's.
    """
    if role == ADMIN and unit is not None:
        raise LumbungError("The role admin is given for the whole tenant, not for one unit.")
    unit_id = unit.id if unit else None
    for held in person.grants:
        if held.role == role and held.unit_id == unit_id:
            return held
    given = Grant(person_id=person.id, role=role, unit_id=unit_id)
    person.grants.append(given)
    session.flush()
    audit.record("person.grant", person.email, about=person.id, role=role, unit=unit.code if unit else None)
    return given


def withdraw(session: Session, person: PersonRow, grant_id: UUID) -> bool:
    """Take a role back; False when the person does not hold it."""
    for held in person.grants:
        if held.id == grant_id:
            person.grants.remove(held)
            session.flush()
            audit.record("person.withdraw", person.email, about=person.id, role=held.role)
            return True
    return False
