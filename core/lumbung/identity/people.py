"""Adding people and giving them roles: plain functions for pages, commands and tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.context import current_scope
from lumbung.errors import LumbungError
from lumbung.identity import post_history, roles, sessions
from lumbung.identity.models import ComposedRole, Grant, PersonRow
from lumbung.identity.passwords import LONGEST, SHORTEST, hash_password
from lumbung.identity.person import ADMIN, OF_NO_UNIT
from lumbung.identity.post_history import Ended
from lumbung.tenancy.models import Unit

PHONE = r"^\+?[0-9 .-]{8,18}$"
_ADMINS = 18  # the room of the advisory lock around "is anybody left to administer this?"


class EmailTaken(LumbungError):
    """Another account of this tenant already uses the e-mail address."""


class EmailUnsound(LumbungError):
    """This is not an address that a message could be sent to."""


class EndsInThePast(LumbungError):
    """A role would end before it begins."""


class LastAdmin(LumbungError):
    """The change would leave the tenant without an administrator who can still sign in."""


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


def grant(
    session: Session, person: PersonRow, role: str, unit: Unit | None = None, *, until: datetime | None = None
) -> Grant:
    """Give a role, for a unit or for the whole tenant, for good or ``until`` a moment.

    Giving it twice changes nothing, but for its end when that is another one. Whether the actor may give it is asked
    before (`lumbung.identity.roles.may_give`). Raises `EndsInThePast`, `LastAdmin` where nobody would be left to
    administer the tenant after ``until``, and `LumbungError` for a composed role that the tenant does not have and
    for a single unit's role with permissions that know no units: what an administrator opens is the tenant's.
    """
    if until is not None and until <= utc_now():
        raise EndsInThePast("A role cannot end before it begins: choose a later day.")
    _refuse_unfit(session, role, unit)
    if role == ADMIN and until is not None and not other_admins(session, person.id):
        raise LastAdmin("This is the last administrator who can sign in.")
    _lock(session, person)
    unit_id = unit.id if unit else None
    held = next((one for one in person.grants if one.role == role and one.unit_id == unit_id), None)
    if held is not None and not held.is_live:
        end_grant(session, person, held, "expired")
        held = None
    if held is not None and held.expires_at == until:
        return held
    fresh = held is None
    if held is None:
        held = Grant(person_id=person.id, role=role, unit_id=unit_id, granted_at=utc_now())
        person.grants.append(held)
    held.expires_at, held.granted_by, held.reminded_at = until, giver(), None
    session.flush()
    if fresh:
        post_history.began(session, held, unit)
    ends = {"until": until.astimezone(UTC).isoformat()} if until else {}
    audit.record("person.grant", person.email, about=person.id, role=role, unit=unit.code if unit else None, **ends)
    privileges_changed(session, [person.id])
    return held


def withdraw(session: Session, person: PersonRow, grant_id: UUID) -> bool:
    """Take a role back; False when the person does not hold it."""
    for held in person.grants:
        if held.id == grant_id:
            end_grant(session, person, held, "withdrawn")
            audit.record("person.withdraw", person.email, about=person.id, role=held.role)
            return True
    return False


def end_grant(session: Session, person: PersonRow, held: Grant, why: Ended) -> None:
    """Take a grant away and keep in the history who held it from when until when, and why it ended."""
    post_history.ended(session, held, why)
    person.grants.remove(held)
    session.flush()
    privileges_changed(session, [person.id])


def privileges_changed(session: Session, person_ids: Iterable[UUID]) -> None:
    """Have the sessions of people whose roles changed take another token, so that an old copy of one is dead."""
    for person_id in person_ids:
        sessions.rotate_all(session, person_id)


def giver() -> str:
    """Return who gives a role now, as it is kept with the grant."""
    scope = current_scope()
    return (scope.person.name if scope.person else str(scope.memory.get("actor", "-")))[:160]


def other_admins(session: Session, person_id: UUID | None) -> int:
    """Return how many administrators besides ``person_id`` can sign in and hold the role for good.

    Whoever asks before taking an administrator away waits for others who ask the same: of two at once who would
    take each other away, one is refused.
    """
    query = (
        select(func.count(func.distinct(Grant.person_id)))
        .join(PersonRow, (PersonRow.id == Grant.person_id) & (PersonRow.tenant_id == Grant.tenant_id))
        .where(Grant.role == ADMIN, Grant.unit_id.is_(None), Grant.expires_at.is_(None), PersonRow.active)
    )
    if person_id is not None:
        lock = text("SELECT pg_advisory_xact_lock(:room, :tenant)")
        session.execute(lock, {"room": _ADMINS, "tenant": session.info["tenant"]})
        query = query.where(Grant.person_id != person_id)
    return session.scalar(query) or 0


def _refuse_unfit(session: Session, role: str, unit: Unit | None) -> None:
    if role.startswith(roles.COMPOSED):
        code = role.removeprefix(roles.COMPOSED)
        composed = session.scalar(select(ComposedRole).where(ComposedRole.code == code).with_for_update(read=True))
        if composed is None:
            raise LumbungError("There is no role %(role)r here.", role=role)
        tenant_wide = bool(OF_NO_UNIT & set(composed.permissions))
    else:
        tenant_wide = roles.is_tenant_wide(role)
    if tenant_wide and unit is not None:
        raise LumbungError("The role %(role)s is given for the whole tenant, not for one unit.", role=role)


def _lock(session: Session, person: PersonRow) -> None:
    """Have two who give this person a role at once go one after the other; the second sees what the first gave."""
    session.flush()
    session.execute(select(PersonRow.id).where(PersonRow.id == person.id).with_for_update(key_share=True))
    session.expire(person, ["grants"])
