"""The keys that sign ID tokens: a pair of its own for each tenant, the next one shown before it is used.

RS256, since every client must understand it (OpenID Connect Core 1.0, section 15.1). A key is called by its
thumbprint (RFC 7638). Rotation makes the next key the active one and throws the old private part away; its public part
is shown until no ID token signed with it can still be good, and kept longer to read the hints of sign-outs.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from joserfc.jwk import RSAKey
from sqlalchemy import delete, or_, select, text
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.openid.models import ACTIVE, NEXT, RETIRED, KeyRow

ALGORITHM = "RS256"
BITS = 2048
LASTS = timedelta(days=90)
SHOWN = timedelta(days=1)  # after its retirement; an ID token is good for minutes
KEPT = timedelta(days=90)  # after its retirement, for hints of sign-outs

_ALONE = text("SELECT pg_advisory_xact_lock(7_205_001, :tenant)")


def published(session: Session) -> list[dict[str, Any]]:
    """Return the public keys as a JWK Set shows them (RFC 7517): the next, the active and those just retired."""
    _have_keys(session)
    shown = or_(KeyRow.state != RETIRED, KeyRow.retired_at > utc_now() - SHOWN)
    rows = session.scalars(select(KeyRow).where(shown).order_by(KeyRow.created_at, KeyRow.kid))
    return [{**row.public, "kid": row.kid, "use": "sig", "alg": ALGORITHM} for row in rows]


def signing_key(session: Session) -> tuple[str, RSAKey]:
    """Return the name of the active key and the key; raises `Unreadable` when its private part cannot be read."""
    _have_keys(session)
    row = session.scalars(select(KeyRow).where(KeyRow.state == ACTIVE)).one()
    return row.kid, RSAKey.import_key(row.private or "")


def key_named(session: Session, kid: object) -> RSAKey | None:
    """Return the public part of a key of this tenant by its name, None when there is no such key any more."""
    row = session.scalar(select(KeyRow).where(KeyRow.kid == str(kid)))
    return RSAKey.import_key(row.public) if row is not None else None


def rotate(session: Session) -> str:
    """Sign with the next key from here on; return its name."""
    _make_missing(session)
    rows = {row.state: row for row in session.scalars(select(KeyRow).where(KeyRow.state != RETIRED))}
    old, new = rows[ACTIVE], rows[NEXT]
    old.state, old.private, old.retired_at = RETIRED, None, utc_now()
    session.flush()
    new.state, new.activated_at = ACTIVE, utc_now()
    session.flush()
    session.add(_new_row(NEXT))
    session.flush()
    audit.record("openid.rotate", new.kid, about=new.id)
    return new.kid


def look_after(session: Session) -> int:
    """Rotate a key that was active for `LASTS`, drop those long retired; return how many went. Run nightly."""
    moment = utc_now()
    if session.scalar(select(KeyRow.id).where(KeyRow.state == ACTIVE, KeyRow.activated_at < moment - LASTS)):
        rotate(session)
    old = delete(KeyRow).where(KeyRow.state == RETIRED, KeyRow.retired_at < moment - KEPT).returning(KeyRow.id)
    return len(session.execute(old).all())


def _have_keys(session: Session) -> None:
    """Make the first keys of a tenant, in a transaction of their own: reading a page writes nothing else."""
    if session.scalar(select(KeyRow.id).where(KeyRow.state == ACTIVE)) is None:
        with current_scope().kernel.scope(current_tenant(), actor="openid") as aside:
            _make_missing(aside.session)


def _make_missing(session: Session) -> None:
    session.execute(_ALONE, {"tenant": current_tenant().id})
    there = set(session.scalars(select(KeyRow.state).where(KeyRow.state != RETIRED)))
    session.add_all(_new_row(state) for state in (ACTIVE, NEXT) if state not in there)
    session.flush()


def _new_row(state: str) -> KeyRow:
    key = RSAKey.generate_key(BITS)
    moment = utc_now()
    return KeyRow(
        kid=key.thumbprint(),
        state=state,
        public=key.as_dict(private=False),
        private=key.as_pem(private=True).decode(),
        created_at=moment,
        activated_at=moment if state == ACTIVE else None,
    )
