"""Sessions that live on the server: the browser holds a random token, the table its SHA-256, and either can die."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, text, update
from sqlalchemy.orm import Session

from lumbung.clock import utc_now
from lumbung.database.direct import first_row
from lumbung.identity import roles
from lumbung.identity.models import PersonRow, SessionRow
from lumbung.identity.person import ADMIN, OFFICER, Person, Powers, powers_of
from lumbung.identity.second_factor.rules import OPERATOR, owes
from lumbung.registry.state import Snapshot

NOTE_EVERY = timedelta(minutes=1)
KEEP_ENDED = timedelta(days=30)
GRACE = timedelta(seconds=30)  # requests under way with the token before
AWAITED = timedelta(minutes=10)  # how long a second factor may take

_told: list[Callable[[Session, UUID], None]] = []


def tell_also(follower: Callable[[Session, UUID], None]) -> None:
    """Have a room above this one told when what a person may do changes, or all their sessions end."""
    _told.append(follower)


@dataclass(frozen=True)
class Lifetime:
    """How long a session lasts: unused, and altogether."""

    idle: timedelta
    absolute: timedelta


def token_hash(token: str) -> bytes:
    """Return what the table keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def start(
    session: Session,
    person_id: UUID,
    *,
    address: str | None,
    agent: str | None,
    method: str = "password",
    second_factor: bool = False,
) -> str:
    """Begin a session for a person and return the token for their cookie.

    ``method`` says how they proved who they are, ``second_factor`` that a second factor was shown just now.
    """
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
            method=method,
            fresh_at=moment,
            second_factor_at=moment if second_factor else None,
        )
    )
    return token


_FIND = """
    WITH RECURSIVE
    found AS (
        SELECT s.id AS session_id, s.seen_at, s.created_at, s.second_factor_at, s.fresh_at, s.rotate,
               p.id, p.tenant_id, p.name, p.email, p.phone, p.operator
        FROM lumbung_session s JOIN lumbung_person p ON p.tenant_id = s.tenant_id AND p.id = s.person_id
        WHERE <token> AND s.revoked_at IS NULL AND NOT s.pending AND p.active
          AND s.seen_at > %(idle)s AND s.created_at > %(absolute)s
    ),
    held AS (
        SELECT g.role, g.unit_id FROM found JOIN lumbung_grant g ON g.tenant_id = found.tenant_id
          AND g.person_id = found.id AND (g.expires_at IS NULL OR g.expires_at > %(now)s)
    ),
    below(root, id) AS (
        SELECT unit_id, unit_id FROM held WHERE unit_id IS NOT NULL
        UNION SELECT below.root, u.id FROM lumbung_unit u JOIN below ON u.parent_id = below.id
    )
    SELECT found.*,
           ARRAY(SELECT role FROM held), ARRAY(SELECT unit_id FROM held),
           ARRAY(SELECT root FROM below), ARRAY(SELECT id FROM below),
           (SELECT count(*) FROM lumbung_notification n
            WHERE n.tenant_id = found.tenant_id AND n.person_id = found.id AND n.read_at IS NULL),
           (SELECT jsonb_object_agg(f.role, f.every_time) FROM lumbung_factor_role f
            WHERE f.tenant_id = found.tenant_id)
    FROM found
"""
_BY_TOKEN = _FIND.replace("<token>", "s.token_hash = %(hash)s")
_BY_VISIT = _FIND.replace(
    "FROM lumbung_session s",
    "FROM lumbung_app_visit v JOIN lumbung_session s ON s.tenant_id = v.tenant_id AND s.id = v.session_id",
).replace("<token>", "v.token_hash = %(hash)s AND v.plugin = %(plugin)s")
_BY_TOKEN_BEFORE = _FIND.replace("<token>", "s.previous_hash = %(hash)s AND s.rotated_at > %(grace)s")


class _Found(NamedTuple):
    """What `_FIND` selects, in its order. ``roles`` and ``units`` go together, so do ``roots`` and ``below``."""

    session_id: UUID
    seen_at: datetime
    created_at: datetime
    second_factor_at: datetime | None
    fresh_at: datetime
    rotate: bool
    id: UUID
    tenant_id: int
    name: str
    email: str
    phone: str | None
    operator: bool
    roles: list[str]
    units: list[UUID | None]
    roots: list[UUID]
    below: list[UUID]
    unread: int
    factor_roles: dict[str, bool] | None

    def grants(self) -> list[tuple[str, frozenset[UUID] | None]]:
        """Return each role with the units it covers, None for the whole tenant."""
        covered: dict[UUID, set[UUID]] = {}
        for root, unit in zip(self.roots, self.below, strict=True):
            covered.setdefault(root, set()).add(unit)
        return [
            (role, None if unit is None else frozenset(covered.get(unit, ())))
            for role, unit in zip(self.roles, self.units, strict=True)
        ]


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
    row, is_current = _find(session, token, lifetime, moment)
    return None if row is None else _person_of(session, row, snapshot, moment, renews=row.rotate and is_current)


def find_person_of_visit(
    session: Session, token: str, plugin: str, snapshot: Snapshot, lifetime: Lifetime
) -> Person | None:
    """Return who is behind the cookie of an application's host, None once their session here ended.

    ``session`` is bound to the tenant of that host. It is their session itself that counts: what it may do now, and
    that somebody is at work in it.
    """
    moment = utc_now()
    row = first_row(session, _BY_VISIT, {**_values(token, lifetime, moment), "plugin": plugin})
    return None if row is None else _person_of(session, _Found._make(row), snapshot, moment, renews=False)


def _person_of(session: Session, row: _Found, snapshot: Snapshot, moment: datetime, *, renews: bool) -> Person:
    if moment - row.seen_at > NOTE_EVERY:
        _note_seen(session, row.session_id, moment)
    return Person(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        email=row.email,
        phone=row.phone,
        is_operator=row.operator,
        is_admin=ADMIN in row.roles,
        is_officer=OFFICER in row.roles,
        powers=_powers(session, row, snapshot),
        session_id=row.session_id,
        unread=row.unread,
        owes_factor=owes(
            [*row.roles, OPERATOR] if row.operator else row.roles,
            row.factor_roles,
            begun_at=row.created_at,
            shown_at=row.second_factor_at,
        ),
        proven_at=row.fresh_at,
        renews=renews,
    )


def _find(session: Session, token: str, lifetime: Lifetime, moment: datetime) -> tuple[_Found | None, bool]:
    """Return the session with this token, and whether the token is the current one rather than the one before."""
    values = _values(token, lifetime, moment)
    row = first_row(session, _BY_TOKEN, values)
    if row is not None:
        return _Found._make(row), True
    before = first_row(session, _BY_TOKEN_BEFORE, {**values, "grace": moment - GRACE})
    return (_Found._make(before) if before else None), False


def _values(token: str, lifetime: Lifetime, moment: datetime) -> dict[str, bytes | datetime]:
    return {
        "hash": token_hash(token),
        "idle": moment - lifetime.idle,
        "absolute": moment - lifetime.absolute,
        "now": moment,
    }


def _powers(session: Session, row: _Found, snapshot: Snapshot) -> Powers:
    """Return what the roles of a person allow, worked out once in a generation for the same roles.

    An administrator of a tenant with many plugins has hundreds of permissions. Roles for units are worked out each
    time: they hold few permissions, and the tree of units may change without a new generation.
    """

    def work_out() -> Powers:
        own = roles.of_grants(row.roles, snapshot, row.tenant_id, session.get_bind())
        return powers_of(row.grants(), snapshot, row.tenant_id, operator=row.operator, composed=own)

    if any(row.units):
        return work_out()
    return snapshot.remember(("powers", row.tenant_id, row.operator, tuple(sorted(row.roles))), work_out)


def units_below(session: Session, roots: list[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Return, for each unit named, itself and every unit below it: a role in a dinas covers its UPTD."""
    if not roots:
        return {}
    return {root: frozenset(units) for root, units in session.execute(_BELOW, {"roots": roots})}


def _note_seen(session: Session, session_id: UUID, moment: datetime) -> None:
    """Reading a page writes nothing but this, in a transaction of its own."""
    with type(session)(session.get_bind(), info=dict(session.info)) as aside, aside.begin():
        aside.execute(update(SessionRow).where(SessionRow.id == session_id).values(seen_at=moment))


def by_token(session: Session, token: str) -> SessionRow | None:
    """Return the open session with this token as its row, also one that still waits for a second factor."""
    session.flush()
    return session.scalar(
        select(SessionRow).where(SessionRow.token_hash == token_hash(token), SessionRow.revoked_at.is_(None))
    )


def awaiting(session: Session, token: str) -> SessionRow | None:
    """Return the row behind the cookie of a sign-in that waits for a second factor, None when it waited too long."""
    return session.scalar(
        select(SessionRow)
        .join(PersonRow, SessionRow.person_id == PersonRow.id)
        .where(
            SessionRow.token_hash == token_hash(token),
            SessionRow.pending,
            SessionRow.revoked_at.is_(None),
            SessionRow.created_at > utc_now() - AWAITED,
            PersonRow.active,
        )
        .with_for_update(of=SessionRow)
    )


def prove(session: Session, session_id: UUID, *, second_factor: bool) -> str | None:
    """Note that it was just proven who sits there, and return a new token: the session may do more from now on."""
    values = {"fresh_at": utc_now()} | ({"second_factor_at": utc_now()} if second_factor else {})
    session.execute(update(SessionRow).where(SessionRow.id == session_id).values(values))
    return renew(session, session_id, grace=True)


def rotate_all(session: Session, person_id: UUID) -> None:
    """Have every session of a person take a new token at its next page: call it when what they may do changes."""
    session.execute(
        update(SessionRow).where(SessionRow.person_id == person_id, SessionRow.revoked_at.is_(None)).values(rotate=True)
    )
    for follower in _told:
        follower(session, person_id)


def renew(session: Session, session_id: UUID, *, grace: bool, if_asked: bool = False) -> str | None:
    """Give a session another token and return it; its age stays what it is.

    With ``grace`` the token before works half a minute longer, for requests under way. ``if_asked``: only where
    `rotate_all` asked for it, so that of two pages at once one does it. None when there was nothing to do.
    """
    token = secrets.token_urlsafe(32)
    condition: list[ColumnElement[bool]] = [SessionRow.id == session_id, SessionRow.revoked_at.is_(None)]
    if if_asked:
        condition.append(SessionRow.rotate.is_(True))
    done = session.execute(
        update(SessionRow)
        .where(*condition)
        .values(
            token_hash=token_hash(token),
            previous_hash=SessionRow.token_hash if grace else None,
            rotated_at=utc_now(),
            rotate=False,
        )
        .returning(SessionRow.id)
        .execution_options(synchronize_session=False)
    )
    return token if done.first() is not None else None


def renew_aside(session: Session, session_id: UUID) -> str | None:
    """As `renew` where it was asked for, in a transaction of its own: reading a page keeps nothing else."""
    with type(session)(session.get_bind(), info=dict(session.info)) as aside, aside.begin():
        return renew(aside, session_id, grace=True, if_asked=True)


def end(session: Session, token: str) -> None:
    """End the session behind a cookie: a copy of the cookie is dead from here on."""
    kept = token_hash(token)
    session.execute(
        update(SessionRow)
        .where(or_(SessionRow.token_hash == kept, SessionRow.previous_hash == kept), SessionRow.revoked_at.is_(None))
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
    count = len(ended.all())
    for follower in _told:
        follower(session, person_id)
    return count


def open_sessions(session: Session, person_id: UUID, lifetime: Lifetime) -> list[SessionRow]:
    """Return the sessions of a person that still work, the latest first."""
    moment = utc_now()
    return list(
        session.scalars(
            select(SessionRow)
            .where(
                SessionRow.person_id == person_id,
                SessionRow.revoked_at.is_(None),
                ~SessionRow.pending,
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
        .where(
            or_(
                SessionRow.created_at < utc_now() - lifetime.absolute - KEEP_ENDED,
                SessionRow.pending & (SessionRow.created_at < utc_now() - AWAITED),
            )
        )
        .returning(SessionRow.id)
    )
    return len(swept.all())
