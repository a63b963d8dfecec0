"""Letters with a secret link: one way to make and to redeem them, for whatever they are good for.

A link works once, for a while, in its own tenant, and until a newer letter of the same purpose is made. Its token is
the letter's id and a keyed hash of it, which only this site can make: so the job worker writes the link anew from the
id, and neither the queue nor the table holds anything that opens an account. After RFC 2104 and OWASP's Forgot
Password cheat sheet; `docs/decisions/0017` says why.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from binascii import Error as NotBase64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.identity.models import PersonRow
from lumbung.identity.post_models import SecretLetter

VERIFICATION = "verification"  # the address is the person's; a new one takes effect with it
REGISTRATION = "registration"
INVITATION = "invitation"
FORGOTTEN = "forgotten"

# Letters without a link: what somebody has to know of their account, whatever they chose about notifications.
KNOWN = "known"  # who registers has an account already
UNKNOWN = "unknown"  # who forgot a password has none
ADDRESS = "address"  # to the old address: the account has, or is to have, another one
PASSWORD = "password"  # noqa: S105  (a purpose, no password)

LASTS = {
    VERIFICATION: timedelta(hours=24),
    REGISTRATION: timedelta(hours=24),
    INVITATION: timedelta(days=7),
    FORGOTTEN: timedelta(minutes=30),
}
_NOTICE_LASTS = timedelta(hours=24)  # how long the worker may still send one
KEEP = timedelta(days=7)
KEEP_INVITATIONS = timedelta(days=365)

_ID, _MAC = 16, 26  # bytes of a token: together 56 letters, without padding
_ABOUT = b"lumbung secret letter 1\0"


class LetterDead(LumbungError):
    """The link was never made here, or is used, expired or replaced: which of these, nobody is told."""

    def __init__(self) -> None:
        super().__init__("This link is no longer valid. Ask for a new one.")


def write(
    session: Session,
    purpose: str,
    *,
    email: str,
    language: str,
    person: PersonRow | None = None,
    detail: Mapping[str, Any] | None = None,
) -> SecretLetter:
    """Write a letter and void older ones of its purpose to the same person or address; posting it is another matter.

    ``email`` is where it goes, ``detail`` plain JSON data that its redeeming needs.
    """
    void(session, purpose, email=email, person_id=person.id if person else None)
    scope, moment = current_scope(), utc_now()
    letter = SecretLetter(
        purpose=purpose,
        person_id=person.id if person else None,
        email=email,
        language=language,
        detail=dict(detail or {}),
        made_by=(scope.person.name if scope.person else str(scope.memory.get("actor", "-")))[:160],
        made_by_id=scope.person.id if scope.person else None,
        created_at=moment,
        expires_at=moment + LASTS.get(purpose, _NOTICE_LASTS),
    )
    session.add(letter)
    session.flush()
    return letter


def renew(session: Session, letter: SecretLetter) -> None:
    """Make the link of an unused letter a fresh one that lasts its full time; the old link is dead."""
    if letter.used_at is not None:
        raise LetterDead
    letter.created_at, letter.sent_at, letter.voided_at = utc_now(), None, None
    letter.expires_at = letter.created_at + LASTS[letter.purpose]
    session.flush()


def token_of(letter: SecretLetter) -> str:
    """Return the secret part of a letter's link."""
    return base64.urlsafe_b64encode(letter.id.bytes + _mac(letter)).decode("ascii")


def find(session: Session, purpose: str, token: str) -> SecretLetter:
    """Return the letter behind a link, and use nothing up: a mail scanner opens links too. Raises `LetterDead`."""
    return _living(session, purpose, token, lock=False)


def redeem(session: Session, purpose: str, token: str) -> SecretLetter:
    """Use a link up and return its letter; of two at once the second waits, and is refused. Raises `LetterDead`."""
    letter = _living(session, purpose, token, lock=True)
    letter.used_at = utc_now()
    session.flush()
    void(session, purpose, email=letter.email, person_id=letter.person_id)
    return letter


def void(session: Session, *purposes: str, email: str | None = None, person_id: UUID | None = None) -> None:
    """Make the open letters of these purposes to this person or address worthless."""
    whose: list[ColumnElement[bool]] = []
    if person_id is not None:
        whose.append(SecretLetter.person_id == person_id)
    if email is not None:
        whose.append(SecretLetter.email == email)
    session.execute(
        update(SecretLetter)
        .where(
            SecretLetter.purpose.in_(purposes),
            SecretLetter.used_at.is_(None),
            SecretLetter.voided_at.is_(None),
            or_(*whose),
        )
        .values(voided_at=utc_now())
    )


def sweep(session: Session) -> int:
    """Delete letters a week after their end, invitations after a year; return how many. Run nightly."""
    now = utc_now()
    past = or_(
        (SecretLetter.purpose != INVITATION) & (SecretLetter.expires_at < now - KEEP),
        SecretLetter.expires_at < now - KEEP_INVITATIONS,
    )
    return len(session.execute(delete(SecretLetter).where(past).returning(SecretLetter.id)).all())


def _living(session: Session, purpose: str, token: str, *, lock: bool) -> SecretLetter:
    letter_id, mac = _parts(token)
    query = select(SecretLetter).where(SecretLetter.id == letter_id, SecretLetter.purpose == purpose)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    letter = session.scalar(query)
    if letter is None or not hmac.compare_digest(mac, _mac(letter)) or not letter.is_open:
        raise LetterDead
    if letter.person is not None and not letter.person.active:
        raise LetterDead
    return letter


def _parts(token: str) -> tuple[UUID, bytes]:
    try:
        parts = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (NotBase64, UnicodeEncodeError, ValueError):
        raise LetterDead from None
    if len(parts) != _ID + _MAC:
        raise LetterDead
    return UUID(bytes=parts[:_ID]), parts[_ID:]


def _mac(letter: SecretLetter) -> bytes:
    key = hashlib.sha256(_ABOUT + current_scope().kernel.settings.signing_key().encode()).digest()
    moment = int(letter.created_at.timestamp() * 1_000_000)
    facts = f"{current_tenant().id} {letter.id} {letter.purpose} {moment}"
    return hmac.digest(key, facts.encode(), "sha256")[:_MAC]
