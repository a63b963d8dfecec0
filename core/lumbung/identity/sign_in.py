"""Signing in with e-mail and password: limited before anything is hashed, same answer for unknown accounts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import delete, func, select
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

    Raises `TooManyAttempts` or `SignInRefused`. The attempt is written down first, in a transaction of its own
    (the page's is rolled back on refusal), and taken back when the password is right.
    """
    email = email.strip().lower()
    kept = hashlib.sha256(email.encode("utf-8", "replace")).digest()
    with _aside(session) as aside:
        _one_at_a_time(aside, kept)
        if _failures(aside, SignInAttempt.email_hash == kept) >= limit:
            raise TooManyAttempts
        if _failures(aside, SignInAttempt.address == address) >= limit * PER_ADDRESS:
            raise TooManyAttempts
        attempt = SignInAttempt(email_hash=kept, address=address, at=utc_now())
        aside.add(attempt)
    person = session.scalar(select(PersonRow).where(PersonRow.email == email, PersonRow.active))
    if not matches(person.password_hash if person else None, password) or person is None:
        raise SignInRefused
    session.execute(delete(SignInAttempt).where(SignInAttempt.id == attempt.id))
    if is_outdated(person.password_hash or ""):
        person.password_hash = hash_password(password)
    return person, sessions.start(session, person.id, address=address, agent=agent)


def _failures(session: Session, condition: object) -> int:
    query = select(func.count()).select_from(SignInAttempt)
    return session.scalar(query.where(condition, SignInAttempt.at > utc_now() - WINDOW)) or 0  # type: ignore[arg-type]


@contextmanager
def _aside(session: Session) -> Iterator[Session]:
    """A transaction of its own for the same tenant."""
    opened = type(session)(session.get_bind(), expire_on_commit=False, info=dict(session.info))
    with opened as aside, aside.begin():
        yield aside


def _one_at_a_time(session: Session, email_hash: bytes) -> None:
    """Guesses that arrive together are counted one after the other, until the end of this transaction."""
    key = int.from_bytes(email_hash[:8], "big", signed=True)
    session.execute(select(func.pg_advisory_xact_lock(key)))
