"""Ten codes on paper, for the day the phone is lost. Each works once; only their SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from lumbung.clock import utc_now
from lumbung.identity.second_factor.models import RecoveryCode

HOW_MANY = 10

# No letters or digits that are mistaken for one another on paper. Fifteen of them are 74 bits: too many to try out,
# also for somebody who has the hashes.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 3, 5


def renew(session: Session, person_id: UUID) -> list[str]:
    """Make a person new codes, in place of those they had, and return them: this once."""
    remove(session, person_id)
    codes = [_make() for _ in range(HOW_MANY)]
    moment = utc_now()
    session.add_all(RecoveryCode(person_id=person_id, code_hash=_hash(code), created_at=moment) for code in codes)
    session.flush()
    return codes


def check(session: Session, person_id: UUID, code: str) -> bool:
    """Use up one of a person's codes. Of two requests with the same code, one gets True."""
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person_id,
            RecoveryCode.code_hash == _hash(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=utc_now())
        .returning(RecoveryCode.id)
        .execution_options(synchronize_session=False)
    )
    return used.first() is not None


def remaining(session: Session, person_id: UUID) -> int:
    """Return how many codes a person has left."""
    query = select(func.count()).select_from(RecoveryCode)
    return session.scalar(query.where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))) or 0


def remove(session: Session, person_id: UUID) -> None:
    """Forget a person's codes."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))


def _make() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def _hash(code: str) -> bytes:
    plain = "".join(letter for letter in code[:80].lower() if letter.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "replace")).digest()
