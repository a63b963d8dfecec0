"""Which roles must show a second factor, and whether a session has shown what its person's roles ask for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.identity.models import Grant
from lumbung.identity.second_factor.models import FactorRole, PasskeyRow, TotpRow

OPERATOR = "operator"  # the platform's staff, who hold no role in the table of grants


def owes(
    held: Collection[str],
    required: Mapping[str, bool] | None,
    *,
    begun_at: datetime,
    shown_at: datetime | None,
) -> bool:
    """Whether a session still has to show a second factor.

    ``held`` are the person's roles, ``required`` maps a role that needs it to whether it does so at every sign-in:
    then one shown before the session began (in a browser that is trusted) does not do.
    """
    asked = [required[role] for role in held if role in required] if required else []
    return bool(asked) and (shown_at is None or (any(asked) and shown_at < begun_at))


def has_factor(session: Session, person_id: UUID) -> bool:
    """Whether a person has an app or a passkey to prove who they are."""
    app = exists().where(TotpRow.person_id == person_id, TotpRow.confirmed_at.is_not(None))
    passkey = exists().where(PasskeyRow.person_id == person_id)
    return bool(session.scalar(select(or_(app, passkey))))


def required_roles(session: Session) -> dict[str, bool]:
    """Return the roles of the tenant that must show a second factor, with whether they do at every sign-in."""
    return {row.role: row.every_time for row in session.scalars(select(FactorRole).order_by(FactorRole.role))}


def asks_every_time(session: Session, person_id: UUID, *, operator: bool) -> bool:
    """Whether a person has a role that shows a second factor at every sign-in."""
    every_time = {role for role, always in required_roles(session).items() if always}
    if not every_time:
        return False
    held = session.scalars(select(Grant.role).where(Grant.person_id == person_id, Grant.live()))
    return not every_time.isdisjoint([*held, *([OPERATOR] if operator else [])])


def require(session: Session, wanted: Mapping[str, bool], by: str) -> bool:
    """Have these roles, and no others, show a second factor from now on; return whether that changed anything.

    It holds at once, for open sessions too.
    """
    before = required_roles(session)
    if before == dict(wanted):
        return False
    session.execute(delete(FactorRole))
    session.add_all(
        FactorRole(role=role, every_time=always, added_at=utc_now(), added_by=by[:160])
        for role, always in wanted.items()
    )
    session.flush()
    audit.record(
        "second_factor.require",
        ", ".join(sorted(wanted)) or "-",
        before=sorted(before),
        every_time=sorted(role for role, always in wanted.items() if always),
    )
    return True
