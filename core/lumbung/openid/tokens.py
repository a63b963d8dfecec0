"""Codes and tokens: random texts of which only the SHA-256 is kept, and what ends them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from lumbung.clock import utc_now
from lumbung.identity.models import PersonRow, SessionRow
from lumbung.openid.models import ACCESS, REFRESH, CodeRow, TokenRow

CODE_LASTS = timedelta(seconds=60)
ACCESS_LASTS = timedelta(minutes=15)
REFRESH_LASTS = timedelta(days=30)  # unused; each use gives another
KEEP = timedelta(days=1)  # after its end: a refresh token that was used is known until it would have ended anyway

AMR = {"password": "pwd", "passkey": "hwk"}  # RFC 8176


@dataclass(frozen=True)
class SignedIn:
    """Who signed in when and how: what a code is given out for."""

    person_id: UUID
    session_id: UUID
    auth_time: datetime
    amr: list[str]


def digest(secret: str) -> bytes:
    """Return what a table keeps of a code or token."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def signed_in(session: Session, session_id: UUID) -> SignedIn | None:
    """Return what is known of a sign-in by its session, None when that ended."""
    row = session.scalar(select(SessionRow).where(SessionRow.id == session_id, SessionRow.revoked_at.is_(None)))
    if row is None or row.pending:
        return None
    amr = [AMR[row.method]] if row.method in AMR else []
    if row.second_factor_at is not None:
        amr.append("mfa")
    return SignedIn(row.person_id, row.id, row.fresh_at or row.created_at, amr)


def give_code(
    session: Session,
    signed: SignedIn,
    *,
    code: str,
    client_id: UUID,
    redirect_uri: str,
    scopes: Iterable[str],
    nonce: str | None,
    challenge: str,
) -> None:
    """Keep a code that was given out; see `take_code`."""
    session.add(
        CodeRow(
            code_hash=digest(code),
            client_id=client_id,
            person_id=signed.person_id,
            session_id=signed.session_id,
            redirect_uri=redirect_uri,
            scopes=list(scopes),
            nonce=nonce,
            challenge=challenge,
            auth_time=signed.auth_time,
            amr=signed.amr,
            expires_at=utc_now() + CODE_LASTS,
        )
    )


def take_code(session: Session, code: str, client_id: UUID) -> CodeRow | None:
    """Use a code up and return it; None when this client has no such code that is still good.

    Of two who come at once one waits at the database for the other, and gets nothing.
    """
    moment = utc_now()
    return session.scalars(
        update(CodeRow)
        .where(
            CodeRow.code_hash == digest(code),
            CodeRow.client_id == client_id,
            CodeRow.used_at.is_(None),
            CodeRow.expires_at > moment,
            CodeRow.person.has(PersonRow.active),
            CodeRow.session.has(and_(SessionRow.revoked_at.is_(None), SessionRow.pending.is_(False))),
        )
        .values(used_at=moment)
        .returning(CodeRow)
    ).one_or_none()


def family_of_used_code(session: Session, code: str, client_id: UUID) -> tuple[UUID, UUID] | None:
    """Return family and person of a code that was used before, None for one that never was."""
    row = session.execute(
        select(CodeRow.id, CodeRow.person_id).where(
            CodeRow.code_hash == digest(code), CodeRow.client_id == client_id, CodeRow.used_at.is_not(None)
        )
    ).first()
    return (row[0], row[1]) if row else None


def keep(
    session: Session, kind: str, secret: str, of: CodeRow | TokenRow, *, scopes: list[str], session_id: UUID | None
) -> None:
    """Keep a token that descends from a code or from a refresh token."""
    moment = utc_now()
    session.add(
        TokenRow(
            kind=kind,
            token_hash=digest(secret),
            family=of.id if isinstance(of, CodeRow) else of.family,
            client_id=of.client_id,
            person_id=of.person_id,
            session_id=session_id,
            scopes=scopes,
            auth_time=of.auth_time,
            amr=of.amr,
            issued_at=moment,
            expires_at=moment + (ACCESS_LASTS if kind == ACCESS else REFRESH_LASTS),
        )
    )


def new_secret() -> str:
    """Return a text that nobody guesses."""
    return secrets.token_urlsafe(32)


def find_access(session: Session, secret: str) -> TokenRow | None:
    """Return an access token that is good now: neither it, nor its session, nor the account has ended."""
    return session.scalar(
        select(TokenRow).where(
            TokenRow.token_hash == digest(secret),
            TokenRow.kind == ACCESS,
            TokenRow.revoked_at.is_(None),
            TokenRow.expires_at > utc_now(),
            TokenRow.person.has(PersonRow.active),
            or_(TokenRow.session_id.is_(None), TokenRow.session.has(SessionRow.revoked_at.is_(None))),
        )
    )


def take_refresh(session: Session, secret: str, client_id: UUID) -> TokenRow | None:
    """Use a refresh token up and return it; None when this client has no such token that is still good."""
    moment = utc_now()
    return session.scalars(
        update(TokenRow)
        .where(
            TokenRow.token_hash == digest(secret),
            TokenRow.kind == REFRESH,
            TokenRow.client_id == client_id,
            TokenRow.used_at.is_(None),
            TokenRow.revoked_at.is_(None),
            TokenRow.expires_at > moment,
            TokenRow.person.has(PersonRow.active),
        )
        .values(used_at=moment)
        .returning(TokenRow)
    ).one_or_none()


def family_of_used_refresh(session: Session, secret: str, client_id: UUID) -> tuple[UUID, UUID] | None:
    """Return family and person of a refresh token that was used before and whose family is not ended yet."""
    row = session.execute(
        select(TokenRow.family, TokenRow.person_id).where(
            TokenRow.token_hash == digest(secret),
            TokenRow.kind == REFRESH,
            TokenRow.client_id == client_id,
            TokenRow.used_at.is_not(None),
            TokenRow.revoked_at.is_(None),
        )
    ).first()
    return (row[0], row[1]) if row else None


def find_any(session: Session, secret: str, client_id: UUID) -> TokenRow | None:
    """Return a token of this client, whatever became of it."""
    return session.scalar(
        select(TokenRow).where(TokenRow.token_hash == digest(secret), TokenRow.client_id == client_id)
    )


def end_family(session: Session, family: UUID) -> int:
    """End every token that descends from one code; return how many."""
    return _end(session, TokenRow.family == family)


def end_all(session: Session, *, client_id: UUID, person_id: UUID | None = None) -> int:
    """End every token of a client, or those it has for one person; codes not yet used too. Return how many tokens."""
    of_whom = [CodeRow.client_id == client_id] + ([CodeRow.person_id == person_id] if person_id else [])
    session.execute(update(CodeRow).where(*of_whom, CodeRow.used_at.is_(None)).values(expires_at=utc_now()))
    condition = [TokenRow.client_id == client_id] + ([TokenRow.person_id == person_id] if person_id else [])
    return _end(session, *condition)


def sweep(session: Session) -> int:
    """Delete codes and tokens that ended; return how many. Run nightly.

    A code stays as long as tokens of its family do, so that its second use is still known.
    """
    past = utc_now() - KEEP
    gone = session.execute(delete(TokenRow).where(TokenRow.expires_at < past).returning(TokenRow.id)).all()
    alive = select(TokenRow.id).where(TokenRow.family == CodeRow.id).exists()
    codes = delete(CodeRow).where(CodeRow.expires_at < past, ~alive).returning(CodeRow.id)
    return len(gone) + len(session.execute(codes).all())


def _end(session: Session, *condition: Any) -> int:
    """End tokens until none is left: while one was waited for, another may have been given in its place."""
    ending = update(TokenRow).where(*condition, TokenRow.revoked_at.is_(None)).values(revoked_at=utc_now())
    count = 0
    while ended := len(session.execute(ending.returning(TokenRow.id)).all()):
        count += ended
    return count
