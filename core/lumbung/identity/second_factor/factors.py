"""The second factors of a person, all kinds together: what they have, checking one, taking all away."""

from __future__ import annotations

import hashlib
from typing import Literal

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.identity import attempts, devices, sessions
from lumbung.identity.models import DeviceRow, PersonRow, SessionRow
from lumbung.identity.second_factor import recovery_codes, rules, totp
from lumbung.identity.second_factor.models import PasskeyRow

CODES = 5  # wrong codes in fifteen minutes before a pause
Kind = Literal["totp", "recovery"]


def awaited(session: Session, person: PersonRow, row: SessionRow, device: DeviceRow | None) -> bool:
    """Whether a session that just began has to wait for a second factor.

    In a browser that is trusted it need not: then it is noted when one was shown there.
    """
    if row.second_factor_at is not None or not rules.has_factor(session, person.id):
        return False
    if device is None or not devices.is_trusted(device):
        return True
    if rules.asks_every_time(session, person.id, operator=person.operator):
        return True
    row.second_factor_at = device.trusted_at
    return False


def check_code(session: Session, person: PersonRow, code: str, *, address: str) -> Kind | None:
    """Take a code of the person's app, or a recovery code; None when it is neither, or was used before.

    Raises `attempts.TooManyAttempts` after five wrong ones in fifteen minutes, before anything is compared.
    """
    about = hashlib.sha256(b"second factor " + person.id.bytes).digest()
    attempt = attempts.begin(session, about, limit=CODES, address=address)
    kind: Kind
    if totp.check(session, person.id, code):
        kind = "totp"
    elif rules.has_factor(session, person.id) and recovery_codes.check(session, person.id, code):
        kind = "recovery"
        audit.record("person.recovery_code", person.email, about=person.id)
    else:
        return None
    attempts.succeed(session, attempt)
    return kind


def remove_app(session: Session, person: PersonRow) -> bool:
    """Forget a person's app; False when they have none."""
    if totp.confirmed_at(session, person.id) is None:
        return False
    totp.remove(session, person.id)
    _removed(session, person, "totp")
    return True


def remove_passkey(session: Session, person: PersonRow, row: PasskeyRow) -> None:
    """Forget a passkey of a person."""
    session.delete(row)
    session.flush()
    _removed(session, person, "passkey")


def _removed(session: Session, person: PersonRow, kind: str) -> None:
    """Note it; with the last factor go the codes on paper, and what sessions and browsers had shown."""
    audit.record("person.second_factor_remove", person.email, about=person.id, method=kind)
    if not rules.has_factor(session, person.id):
        recovery_codes.remove(session, person.id)
        devices.trust_none(session, person.id)
        shown = update(SessionRow).where(SessionRow.person_id == person.id)
        session.execute(shown.values(second_factor_at=None))


def reset(session: Session, person: PersonRow) -> None:
    """Take every second factor of a person away, for whoever lost all of them; their sessions end.

    Whoever asks for it has made sure that it is them (docs/operating/sign-in.md).
    """
    totp.remove(session, person.id)
    recovery_codes.remove(session, person.id)
    session.execute(delete(PasskeyRow).where(PasskeyRow.person_id == person.id))
    devices.trust_none(session, person.id)
    sessions.revoke_all(session, person.id)
    session.flush()
    audit.record("person.second_factor_reset", person.email, about=person.id)
