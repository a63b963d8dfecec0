"""Signing in with e-mail and password: limited before anything is hashed, same answer for unknown accounts."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lumbung.clock import utc_now
from lumbung.identity import sessions
from lumbung.identity.models import PersonRow, SignInAttempt
from lumbung.identity.passwords import hash_password, is_outdated, matches

WINDOW = timedelta(minutes=15)
PER_ADDRESS = 10  # times as many as for one account: a whole office may share one address


class SignInRefused(Exception):
    """E-mail and password do not belong together, or the account is closed: the page does not say which."""


class TooManyAttempts(Exception):
    """This account, or this address, failed too often in the last fifteen minutes; nothing was hashed."""


def sign_in(
    session: Session, email: str, password: str, *, limit: int, address: str, agent: str | None
) -> tuple[PersonRow, str]:
    """Check a password and begin a session; return the person and the token for the cookie.

    Raises `TooManyAttempts` or `SignInRefused`. A refusal is kept in a transaction of its own, since the page's
    will be rolled back.
    """
    email = email.strip().lower()
    kept = hashlib.sha256(email.encode("utf-8", "replace")).digest()
    if _failures(session, SignInAttempt.email_hash == kept) >= limit:
        raise TooManyAttempts
    if _failures(session, SignInAttempt.address == address) >= limit * PER_ADDRESS:
        raise TooManyAttempts
    person = session.scalar(select(PersonRow).where(PersonRow.email == email, PersonRow.active))
    if not matches(person.password_hash if person else None, password) or person is None:
        _note_failure(session, kept, address)
        raise SignInRefused
    if is_outdated(person.password_hash or ""):
        person.password_hash = hash_password(password)
    return person, sessions.start(session, person.id, address=address, agent=agent)


def _failures(session: Session, condition: object) -> int:
    query = select(func.count()).select_from(SignInAttempt)
    return session.scalar(query.where(condition, SignInAttempt.at > utc_now() - WINDOW)) or 0  # type: ignore[arg-type]


def _note_failure(session: Session, email_hash: bytes, address: str) -> None:
    with type(session)(session.get_bind(), info=dict(session.info)) as aside, aside.begin():
        aside.add(SignInAttempt(email_hash=email_hash, address=address, at=utc_now()))
