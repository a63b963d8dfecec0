"""Checking e-mail and password: limited before anything is hashed, same answer for unknown accounts."""

from __future__ import annotations

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from lumbung.identity import attempts, devices
from lumbung.identity.attempts import WINDOW, TooManyAttempts
from lumbung.identity.models import PersonRow
from lumbung.identity.passwords import hash_password, is_outdated, matches

__all__ = ["WINDOW", "SignInRefused", "TooManyAttempts", "check_password"]


PER_ADDRESS = 10  # times as many failures as for one account: a whole office may share one address


class SignInRefused(Exception):
    """E-mail and password do not belong together, or the account is closed: the page does not say which."""


def check_password(
    session: Session, email: str, password: str, *, limit: int, address: str, device_cookie: str | None = None
) -> PersonRow:
    """Return whose e-mail and password these are.

    Raises `TooManyAttempts` or `SignInRefused`. The attempt is written down first, in a transaction of its own
    (the page's is rolled back on refusal), and taken back when the password is right. Whoever brings the device
    cookie of this very account is not kept out by the guesses of others. A password is hashed exactly once, whether
    or not the account exists, is closed, or has no password.
    """
    email = email.strip().lower()
    about = hashlib.sha256(email.encode("utf-8", "replace")).digest()
    device = devices.of_account(session, device_cookie, email)
    attempt = attempts.begin(
        session,
        about,
        limit=limit,
        address=address,
        per_address=limit * PER_ADDRESS,
        device_id=device.id if device is not None else None,
    )
    person = session.scalar(select(PersonRow).where(PersonRow.email == email, PersonRow.active))
    if not matches(person.password_hash if person else None, password) or person is None:
        raise SignInRefused
    attempts.succeed(session, attempt)
    if is_outdated(person.password_hash or ""):
        person.password_hash = hash_password(password)
    return person
