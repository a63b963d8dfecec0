"""Codes of an authenticator app (RFC 6238): six digits, half a minute each, each taken once."""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from lumbung.clock import utc_now
from lumbung.identity.second_factor.models import TotpRow

STEP = 30  # seconds, RFC 6238 section 5.2
WINDOW = 1  # steps before and after: for clocks that differ, and people who type slowly
SET_UP_WITHIN = timedelta(minutes=15)
_CODE = re.compile(r"[0-9]{6}")


def begin(session: Session, person_id: UUID) -> TotpRow:
    """Make a secret for a person. It counts only once `confirm` saw a code of it; one made before and unused goes."""
    session.execute(delete(TotpRow).where(TotpRow.person_id == person_id, TotpRow.confirmed_at.is_(None)))
    row = TotpRow(person_id=person_id, secret=pyotp.random_base32(), created_at=utc_now())
    session.add(row)
    session.flush()
    return row


def being_set_up(session: Session, person_id: UUID) -> TotpRow | None:
    """Return the secret that waits for its first code, None when there is none or it waited too long."""
    return session.scalar(
        select(TotpRow).where(
            TotpRow.person_id == person_id,
            TotpRow.confirmed_at.is_(None),
            TotpRow.created_at > utc_now() - SET_UP_WITHIN,
        )
    )


def confirm(session: Session, row: TotpRow, code: str) -> bool:
    """Let a secret count from now on, in place of an older one, when ``code`` is one of it now."""
    step = _step_of(row.secret, code, None)
    if step is None:
        return False
    session.execute(delete(TotpRow).where(TotpRow.person_id == row.person_id, TotpRow.id != row.id))
    row.confirmed_at, row.last_step = utc_now(), step
    session.flush()
    return True


def confirmed_at(session: Session, person_id: UUID) -> datetime | None:
    """Return since when a person's app counts, None when they have none."""
    query = select(TotpRow.confirmed_at).where(TotpRow.person_id == person_id, TotpRow.confirmed_at.is_not(None))
    return session.scalar(query)


def check(session: Session, person_id: UUID, code: str) -> bool:
    """Take a code of a person's app. Of two requests with the same code, one gets True."""
    row = session.scalar(select(TotpRow).where(TotpRow.person_id == person_id, TotpRow.confirmed_at.is_not(None)))
    step = _step_of(row.secret, code, row.last_step) if row else None
    if row is None or step is None:
        return False
    taken = session.execute(
        update(TotpRow)
        .where(TotpRow.id == row.id, or_(TotpRow.last_step.is_(None), TotpRow.last_step < step))
        .values(last_step=step)
        .returning(TotpRow.id)
        .execution_options(synchronize_session=False)
    )
    return taken.first() is not None


def remove(session: Session, person_id: UUID) -> None:
    """Forget a person's app."""
    session.execute(delete(TotpRow).where(TotpRow.person_id == person_id))


def address_of(row: TotpRow, *, issuer: str, account: str) -> str:
    """Return the ``otpauth:`` address that an app reads from a QR code."""
    return pyotp.TOTP(row.secret).provisioning_uri(name=account, issuer_name=issuer)


def _step_of(secret: str, code: str, last: int | None) -> int | None:
    """Return the step whose code this is: within the window, and after the one that was taken last."""
    code = code[:40].replace(" ", "").replace("-", "")
    if not _CODE.fullmatch(code):  # ASCII digits only
        return None
    now = int(utc_now().timestamp()) // STEP
    totp = pyotp.TOTP(secret)
    found = None
    for step in range(now - WINDOW, now + WINDOW + 1):  # all of them, whichever fits: the answer takes as long
        if hmac.compare_digest(totp.generate_otp(step), code) and (last is None or step > last):
            found = step
    return found
