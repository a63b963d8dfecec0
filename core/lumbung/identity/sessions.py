"""Sessions that live on the server: the browser holds a random token, the table its SHA-256, and either can die."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from lumbung.clock import utc_now
from lumbung.identity.models import SessionRow
from lumbung.identity.person import ADMIN, OFFICER, Person, powers_of
from lumbung.registry.state import Snapshot

NOTE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Lifetime:
    """How long a session lasts: unused, and altogether."""

    idle: timedelta
    absolute: timedelta


def token_hash(token: str) -> bytes:
    """Return what the table keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def start(session: Session, person_id: UUID, *, address: str | None, agent: str | None) -> str:
    """Begin a session for a person and return the token for their cookie."""
    token = secrets.token_urlsafe(32)
    moment = utc_now()
    session.add(
        SessionRow(
            person_id=person_id,
            token_hash=token_hash(token),
            created_at=moment,
            seen_at=moment,
            address=address,
            agent=(agent or "")[:200],
        )
    )
    return token


_FIND = text(
    """
    SELECT s.id AS session_id, s.seen_at, p.id, p.tenant_id, p.name, p.email, p.phone, p.operator,
           COALESCE(array_agg(g.role) FILTER (WHERE g.role IS NOT NULL), '{}') AS roles,
           COALESCE(array_agg(g.unit_id) FILTER (WHERE g.role IS NOT NULL), '{}') AS units,
           (SELECT count(*) FROM lumbung_notification n
            WHERE n.tenant_id = p.tenant_id AND n.person_id = p.id AND n.read_at IS NULL) AS unread
    FROM lumbung_session s
    JOIN lumbung_person p ON p.tenant_id = s.tenant_id AND p.id = s.person_id
    LEFT JOIN lumbung_grant g ON g.tenant_id = p.tenant_id AND g.person_id = p.id
    WHERE s.token_hash = :hash AND s.revoked_at IS NULL AND p.active
      AND s.seen_at > :idle AND s.created_at > :absolute
    GROUP BY s.id, s.seen_at, p.id, p.tenant_id, p.name, p.email, p.phone, p.operator
    """
)

_BELOW = text(
    """
    WITH RECURSIVE below(root, id) AS (
        SELECT id, id FROM lumbung_unit WHERE id = ANY(:roots)
        UNION SELECT below.root, u.id FROM lumbung_unit u JOIN below ON u.parent_id = below.id
    )
    SELECT root, array_agg(id) FROM below GROUP BY root
    """
)


def find_person(session: Session, token: str, snapshot: Snapshot, lifetime: Lifetime) -> Person | None:
    """Return who is behind a cookie's token, None when the session ended, was revoked or never was.

    ``session`` is bound to the tenant of the host that was asked: a token of another tenant is nobody's here.
    """
    moment = utc_now()
    row = session.execute(
        _FIND,
        {
            "hash": token_hash(token),
            "idle": moment - lifetime.idle,
            "absolute": moment - lifetime.absolute,
        },
    ).one_or_none()
    if row is None:
        return None
    if moment - row.seen_at > NOTE_EVERY:
        _note_seen(session, row.session_id, moment)
    covered = units_below(session, [unit for unit in row.units if unit is not None])
    grants = [
        (role, None if unit is None else covered.get(unit, frozenset()))
        for role, unit in zip(row.roles, row.units, strict=True)
    ]
    return Person(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        email=row.email,
        phone=row.phone,
        is_operator=row.operator,
        is_admin=ADMIN in row.roles,
        is_officer=OFFICER in row.roles,
        powers=powers_of(grants, snapshot, row.tenant_id, operator=row.operator),
        session_id=row.session_id,
        unread=row.unread,
    )


def units_below(session: Session, roots: list[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Return, for each unit named, itself and every unit below it: a role in a dinas covers its UPTD."""
    if not roots:
        return {}
    return {root: frozenset(units) for root, units in session.execute(_BELOW, {"roots": roots})}


def _note_seen(session: Session, session_id: UUID, moment: datetime) -> None:
    """Reading a page writes nothing but this, in a transaction of its own."""
    with type(session)(session.get_bind(), info=dict(session.info)) as aside, aside.begin():
        aside.execute(update(SessionRow).where(SessionRow.id == session_id).values(seen_at=moment))


def end(session: Session, token: str) -> None:
    """End the session behind a cookie: a copy of the cookie is dead from here on."""
    session.execute(
        update(SessionRow)
        .where(SessionRow.token_hash == token_hash(token), SessionRow.revoked_at.is_(None))
        .values(revoked_at=utc_now())
    )


def revoke(session: Session, person_id: UUID, session_id: UUID) -> bool:
    """End one session of a person; False when they have no such session that is still open."""
    ended = session.execute(
        update(SessionRow)
        .where(SessionRow.id == session_id, SessionRow.person_id == person_id, SessionRow.revoked_at.is_(None))
        .values(revoked_at=utc_now())
        .returning(SessionRow.id)
    )
    return ended.first() is not None


def revoke_all(session: Session, person_id: UUID, *, keep: UUID | None = None) -> int:
    """End every session of a person, but for the one to ``keep``; return how many ended."""
    condition = [SessionRow.person_id == person_id, SessionRow.revoked_at.is_(None)]
    if keep is not None:
        condition.append(SessionRow.id != keep)
    ended = session.execute(update(SessionRow).where(*condition).values(revoked_at=utc_now()).returning(SessionRow.id))
    return len(ended.all())


def open_sessions(session: Session, person_id: UUID, lifetime: Lifetime) -> list[SessionRow]:
    """Return the sessions of a person that still work, the latest first."""
    moment = utc_now()
    return list(
        session.scalars(
            select(SessionRow)
            .where(
                SessionRow.person_id == person_id,
                SessionRow.revoked_at.is_(None),
                SessionRow.seen_at > moment - lifetime.idle,
                SessionRow.created_at > moment - lifetime.absolute,
            )
            .order_by(SessionRow.seen_at.desc())
        )
    )


def sweep(session: Session, lifetime: Lifetime) -> int:
    """Delete sessions that ended long ago; return how many. Run nightly."""
    swept = session.execute(
        delete(SessionRow)
        .where(SessionRow.created_at < utc_now() - lifetime.absolute - timedelta(days=30))
        .returning(SessionRow.id)
    )
    return len(swept.all())
