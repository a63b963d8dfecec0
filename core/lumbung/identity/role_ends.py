"""Roles that end: which are about to, and taking away those that did. Run nightly, in a tenant's scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lumbung import audit
from lumbung.clock import utc_now
from lumbung.identity import people
from lumbung.identity.models import Grant, PersonRow

NOTICE = timedelta(days=7)  # before the end, holder and administrators are told
AT_A_TIME = 500
A_MOMENT = timedelta(microseconds=1)


def end_of_day(day: date, time_zone: str) -> datetime:
    """Return when a role ends that holds until the end of ``day`` where the tenant is: the midnight after it."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(time_zone))


def last_day(held: Grant, time_zone: str) -> date | None:
    """Return the last day on which a grant holds, where the tenant is; None for one that does not end."""
    if held.expires_at is None:
        return None
    return (held.expires_at.astimezone(ZoneInfo(time_zone)) - A_MOMENT).date()


def about_to_end(session: Session) -> Sequence[Grant]:
    """Return the grants of open accounts that end within `NOTICE` and whose end nobody was told of; note that it is.

    By name of the holder. What is told of them has to be told in the same transaction.
    """
    moment = utc_now()
    query = (
        select(Grant)
        .join(Grant.person)
        .where(
            Grant.expires_at > moment,
            Grant.expires_at <= moment + NOTICE,
            Grant.reminded_at.is_(None),
            PersonRow.active,
        )
        .options(selectinload(Grant.person), selectinload(Grant.unit))
        .order_by(PersonRow.name, Grant.id)
        .limit(AT_A_TIME)
        .with_for_update(of=Grant, skip_locked=True)
    )
    ending = session.scalars(query).all()
    for one in ending:
        one.reminded_at = moment
    session.flush()
    return ending


def sweep(session: Session) -> int:
    """Take away grants that ended; return how many. They gave nothing since their end."""
    ended = session.scalars(
        select(Grant)
        .where(Grant.expires_at <= utc_now())
        .options(selectinload(Grant.person))
        .order_by(Grant.expires_at)
        .limit(AT_A_TIME)
        .with_for_update(skip_locked=True)
    ).all()
    for one in ended:
        person, role = one.person, one.role
        people.end_grant(session, person, one, "expired")
        audit.record("person.role_ended", person.email, about=person.id, role=role)
    return len(ended)
