"""Browsers that signed in to an account before: strangers' guesses do not lock them out, and some are trusted.

The cookie holds a random token for each of the accounts that this browser knows, separated by dots; the table holds
their SHA-256. See OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from lumbung.clock import utc_now
from lumbung.identity.models import DeviceRow, PersonRow

KNOWN_FOR = timedelta(days=180)  # since it was used last
TRUSTED_FOR = timedelta(days=30)
MOST = 5  # accounts that one browser knows
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def of_account(session: Session, cookie: str | None, email: str) -> DeviceRow | None:
    """Return the known device behind a cookie if it belongs to the account with this address."""
    hashes = [_hash(token) for token in _tokens(cookie)]
    if not hashes:
        return None
    return session.scalar(
        _known(hashes).join(PersonRow, DeviceRow.person_id == PersonRow.id).where(PersonRow.email == email)
    )


def of_person(session: Session, cookie: str | None, person_id: UUID) -> DeviceRow | None:
    """Return the known device behind a cookie if it belongs to this person."""
    hashes = [_hash(token) for token in _tokens(cookie)]
    return session.scalar(_known(hashes).where(DeviceRow.person_id == person_id)) if hashes else None


def remember(session: Session, person_id: UUID, cookie: str | None, agent: str | None) -> tuple[DeviceRow, str]:
    """Know this browser from now on, and return its row and the cookie it is to keep."""
    device, tokens = of_person(session, cookie, person_id), _tokens(cookie)
    if device is None:
        tokens = [*tokens, secrets.token_urlsafe(32)][-MOST:]
        device = DeviceRow(person_id=person_id, token_hash=_hash(tokens[-1]), created_at=utc_now())
        session.add(device)
    device.seen_at, device.agent = utc_now(), (agent or "")[:200]
    session.flush()
    return device, ".".join(tokens)


def is_trusted(device: DeviceRow) -> bool:
    """Whether a second factor was shown here lately, with the wish not to be asked again for thirty days."""
    return device.trusted_at is not None and device.trusted_at > utc_now() - TRUSTED_FOR


def trusted_until(device: DeviceRow) -> datetime | None:
    """Return until when no second factor is asked for here, None when it is."""
    return device.trusted_at + TRUSTED_FOR if device.trusted_at and is_trusted(device) else None


def known(session: Session, person_id: UUID) -> Sequence[DeviceRow]:
    """Return the browsers of a person that are known, the latest first."""
    query = select(DeviceRow).where(DeviceRow.person_id == person_id, DeviceRow.seen_at > utc_now() - KNOWN_FOR)
    return session.scalars(query.order_by(DeviceRow.seen_at.desc()).limit(50)).all()


def forget(session: Session, person_id: UUID, device_id: UUID) -> bool:
    """Forget one browser of a person, which ends its sessions; False when they have no such browser."""
    gone = delete(DeviceRow).where(DeviceRow.id == device_id, DeviceRow.person_id == person_id)
    return session.execute(gone.returning(DeviceRow.id)).first() is not None


def forget_all(session: Session, person_id: UUID, *, keep: UUID | None = None) -> None:
    """Forget every browser of a person, but for the one to ``keep``; their sessions end."""
    gone = delete(DeviceRow).where(DeviceRow.person_id == person_id)
    session.execute(gone if keep is None else gone.where(DeviceRow.id != keep))


def trust_none(session: Session, person_id: UUID) -> None:
    """Ask for the second factor in every browser of a person again."""
    session.execute(update(DeviceRow).where(DeviceRow.person_id == person_id).values(trusted_at=None))


def sweep(session: Session) -> int:
    """Delete browsers that were not used for half a year; return how many. Run nightly."""
    old = delete(DeviceRow).where(DeviceRow.seen_at < utc_now() - KNOWN_FOR)
    return len(session.execute(old.returning(DeviceRow.id)).all())


def _known(hashes: list[bytes]) -> Select[DeviceRow]:
    return select(DeviceRow).where(DeviceRow.token_hash.in_(hashes), DeviceRow.seen_at > utc_now() - KNOWN_FOR)


def _tokens(cookie: str | None) -> list[str]:
    """Return what is a token in a cookie; whatever else stands there is not looked at."""
    parts = (cookie or "")[:400].split(".")[:MOST]
    return [part for part in parts if _TOKEN.fullmatch(part)]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
