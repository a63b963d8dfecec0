"""Keys with which programs send reports: shown once when they are made, kept as a hash, limited by the hour."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from lumbung.sdk import DomainError, audit, current_person, now, rate_limit, session

from ..models import ApiKey, Report
from ..words import _

PREFIX = "inf_"
MOST_PER_HOUR = 10_000
NOTED_EVERY = timedelta(minutes=1)  # a busy program is not one write the more at each of its requests


@dataclass(frozen=True)
class Use:
    """What a key was used for: how many reports came with it, and the last of them."""

    reports: int = 0
    last: datetime | None = None


def make(name: str, contact: str = "", *, per_hour: int = 60) -> tuple[ApiKey, str]:
    """Make a key; return it and its text, which nobody can read again. Raises `DomainError`."""
    name, contact = name.strip(), contact.strip()
    if not name:
        raise DomainError(_("Isi nama program atau pemiliknya."))
    if not 1 <= per_hour <= MOST_PER_HOUR:
        raise DomainError(_("Isi angka %(low)s sampai %(high)s.", low=1, high=MOST_PER_HOUR))
    text = PREFIX + secrets.token_urlsafe(30)
    person = current_person()
    key = ApiKey(
        name=name[:120],
        contact=contact[:254],
        key_hash=_hash(text),
        key_tail=text[-4:],
        per_hour=per_hour,
        made_at=now(),
        made_by=person.name[:160] if person else "",
    )
    session.add(key)
    session.flush()
    audit("infrastruktur.api_key.make", key.name, about=key.id, per_hour=per_hour)
    return key, text


def of(text: str) -> ApiKey | None:
    """Return the key that somebody shows, None when there is none or it was revoked."""
    if not text:
        return None
    return session.scalar(select(ApiKey).where(ApiKey.key_hash == _hash(text), ApiKey.revoked_at.is_(None)))


def use(key: ApiKey) -> None:
    """Count one more use of a key. Raises `TooMany` past its limit of the hour."""
    rate_limit(f"infrastruktur.api_key:{key.id}", times=key.per_hour, seconds=3600)
    if key.used_at is None or key.used_at <= now() - NOTED_EVERY:
        key.used_at = now()


def revoke(key: ApiKey) -> None:
    """End a key at once. What came with it stays. Raises `DomainError` when it has ended already."""
    if key.revoked_at is not None:
        raise DomainError(_("Kunci %(name)s sudah dicabut.", name=key.name))
    key.revoked_at = now()
    audit("infrastruktur.api_key.revoke", key.name, about=key.id)


def change_limit(key: ApiKey, per_hour: int) -> None:
    """Let a key be used more or less often. Raises `DomainError`."""
    if key.revoked_at is not None:
        raise DomainError(_("Kunci %(name)s sudah dicabut.", name=key.name))
    if not 1 <= per_hour <= MOST_PER_HOUR:
        raise DomainError(_("Isi angka %(low)s sampai %(high)s.", low=1, high=MOST_PER_HOUR))
    if per_hour != key.per_hour:
        audit("infrastruktur.api_key.limit", key.name, about=key.id, before=key.per_hour, per_hour=per_hour)
        key.per_hour = per_hour


def all_keys() -> Sequence[ApiKey]:
    """Every key that was ever made, those that work first, the newest on top."""
    return session.scalars(
        select(ApiKey).order_by(ApiKey.revoked_at.is_not(None), ApiKey.made_at.desc(), ApiKey.name)
    ).all()


def uses() -> dict[UUID, Use]:
    """What each key was used for; one that never was is not in it."""
    key = func.split_part(Report.source_key, ":", 2)
    rows = session.execute(
        select(key, func.count(), func.max(Report.reported_at))
        .where(Report.channel == "open311", Report.source_key.like("open311:%"))
        .group_by(key)
    )
    return {UUID(text): Use(count, last) for text, count, last in rows}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
