"""Those to whom the same damage matters ("saya juga mengalaminya"): they count, and may be told what becomes of it."""

from __future__ import annotations

import secrets
from uuid import UUID

from sqlalchemy import or_, select

from lumbung.sdk import DomainError, now, session

from ..models import Report, Support
from ..rules.contacts import checked_email, email_key, key_of
from ..rules.states import OPEN
from ..words import _
from .merging import main_of, voter_of
from .moving import hold


def voter_key(*, person_id: UUID | None = None, email: str = "", device: str = "") -> str:
    """The key by which somebody counts once for a report: their account, else their address, else their device."""
    if person_id is not None:
        return key_of("account", str(person_id))
    return email_key(email) or key_of("device", device)


def support(
    report: Report,
    *,
    person_id: UUID | None = None,
    email: str = "",
    device: str = "",
    language: str = "id",
    came_from: Report | None = None,
) -> Support | None:
    """Let somebody support a report, or the main one of a duplicate; None when they do already, or reported it.

    Who supported it as nobody in particular and comes back with an address or account is told from now on. Raises
    `DomainError` for a report that has ended and for an address that is none.
    """
    address = checked_email(email)
    report = hold(main_of(report))
    if report.state not in OPEN:
        raise DomainError(
            _("Laporan %(number)s sudah berakhir. Bila rusak lagi, buat laporan baru.", number=report.number)
        )
    keys = _keys(person_id, address, device)
    if not keys:
        raise DomainError(_("Dukungan tidak tercatat. Muat ulang halaman ini, lalu coba lagi."))
    known = _known(report, keys, address)
    if known is not None and known.email is None and known.person_id is None and (address or person_id):
        known.person_id, known.email, known.email_key = person_id, address or None, email_key(address)
        known.language = language
        return known
    if known is not None or voter_of(report) in keys or (address and email_key(address) == report.email_key):
        return None
    made = Support(
        report_id=report.id,
        came_from_id=came_from.id if came_from else None,
        person_id=person_id,
        email=address or None,
        email_key=email_key(address),
        voter_key=keys[0],
        token=secrets.token_urlsafe(24),
        language=language,
        at=now(),
    )
    session.add(made)
    report.supports += 1
    session.flush()
    return made


def by_token(token: str) -> Support | None:
    """Return the support that a link belongs to, None when it has ended."""
    return session.scalar(select(Support).where(Support.token == token[:40]))


def drop(token: str) -> Report | None:
    """End a support by its link; return its report, None when there was nothing to end."""
    found = by_token(token)
    if found is None:
        return None
    report = hold(found.report)
    session.delete(found)
    report.supports = max(0, report.supports - 1)
    session.flush()
    return report


def of_person(report: Report, person_id: UUID) -> Support | None:
    """Return how somebody with an account supports a report, None when they do not."""
    return session.scalar(select(Support).where(Support.report_id == report.id, Support.person_id == person_id))


def _keys(person_id: UUID | None, email: str, device: str) -> list[str]:
    """Every key of whoever asks, the one they are counted by first."""
    found = [
        voter_key(person_id=person_id) if person_id else "",
        voter_key(device=device) if device else "",  # an address beside it is found by its own column
        voter_key(email=email) if email else "",
    ]
    return [key for key in found if key]


def _known(report: Report, keys: list[str], email: str) -> Support | None:
    same = or_(Support.voter_key.in_(keys), *([Support.email_key == email_key(email)] if email else []))
    return session.scalars(select(Support).where(Support.report_id == report.id, same).limit(1)).first()
