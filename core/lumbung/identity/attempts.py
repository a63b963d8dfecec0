"""Counting failed proofs before anything is hashed or compared, in transactions of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from lumbung.clock import utc_now
from lumbung.identity.models import SignInAttempt

WINDOW = timedelta(minutes=15)
OF_A_DEVICE = 5  # failures from a known device of the account


class TooManyAttempts(Exception):
    """This account, device or address failed too often in the last fifteen minutes; nothing was hashed."""


def begin(
    session: Session,
    about: bytes,
    *,
    limit: int,
    address: str,
    per_address: int | None = None,
    device_id: UUID | None = None,
) -> UUID:
    """Write an attempt down as failed, and return its id for `succeed`; raise `TooManyAttempts` past the limits.

    ``about`` is the hash of what is being guessed at: ``limit`` failures of it are allowed, and ``per_address`` (None:
    any number) from one network address. A known device of the account (OWASP's "device cookie") is
    counted by itself, and no guess from elsewhere stands in its way.
    """
    with aside(session) as own:
        _one_at_a_time(own, about)
        if device_id is not None:
            of_it = SignInAttempt.email_hash == about, SignInAttempt.device_id == device_id
            if _failures(own, *of_it) >= min(limit, OF_A_DEVICE):
                raise TooManyAttempts
        else:
            unknown = SignInAttempt.device_id.is_(None)
            if _failures(own, SignInAttempt.email_hash == about, unknown) >= limit:
                raise TooManyAttempts
            if per_address is not None and _failures(own, SignInAttempt.address == address, unknown) >= per_address:
                raise TooManyAttempts
        attempt = SignInAttempt(email_hash=about, address=address, at=utc_now(), device_id=device_id)
        own.add(attempt)
    return attempt.id


def succeed(session: Session, attempt_id: UUID) -> None:
    """Take an attempt back: it was no failure."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.id == attempt_id))


@contextmanager
def aside(session: Session) -> Iterator[Session]:
    """A transaction of its own for the same tenant."""
    opened = type(session)(session.get_bind(), expire_on_commit=False, info=dict(session.info))
    with opened as own, own.begin():
        yield own


def _failures(session: Session, *conditions: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(SignInAttempt)
    return session.scalar(query.where(*conditions, SignInAttempt.at > utc_now() - WINDOW)) or 0


def _one_at_a_time(session: Session, about: bytes) -> None:
    """Guesses that arrive together are counted one after the other, until the end of this transaction."""
    key = int.from_bytes(about[:8], "big", signed=True)
    session.execute(select(func.pg_advisory_xact_lock(key)))
