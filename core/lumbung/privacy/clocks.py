"""Three times 24 hours, in calendar hours: nights, weekends and holidays count (UU 27/2022, articles 30 to 41).

The law gives the controller 3x24 hours for access, correction, erasure, withdrawal and restriction. So a clock is a
length of time from the moment of receipt, whatever the office hours; the page of the domain is 9.5.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import select
from sqlalchemy.orm import Session

from lumbung.bilingual import Bilingual, Catalogue
from lumbung.clock import utc_now
from lumbung.context import current_tenant
from lumbung.identity import cards
from lumbung.kernel import Kernel
from lumbung.notifications.services import notify
from lumbung.privacy.models import DataRequest

LIMIT = timedelta(hours=72)
SOON = timedelta(hours=24)
OPEN = ("received", "verified", "working")
OFFICERS = "core.privacy"

both = Catalogue("lumbung").both


def due_from(received: datetime) -> datetime:
    """Return the moment until which a request received then has to be answered."""
    return received + LIMIT


def hours_left(due: datetime, at: datetime | None = None) -> int:
    """Return the hours left, rounded up; below zero the hours it is overdue, rounded up too."""
    seconds = (due - (at or utc_now())).total_seconds()
    return ceil(seconds / 3600) if seconds >= 0 else -ceil(-seconds / 3600)


def left_in_words(due: datetime) -> Bilingual:
    """Return how much is left: "sisa 26 jam", or "lewat 3 jam"."""
    hours = hours_left(due)
    if due < utc_now():
        return both("lewat %(hours)s jam", hours=-hours)
    return both("sisa %(hours)s jam", hours=hours)


def tone_of(due: datetime) -> str:
    """Return the colour family of a clock: overdue, less than a day, or time enough."""
    left = due - utc_now()
    return "gawat" if left < timedelta(0) else "padi" if left < SOON else "laut"


def remind(session: Session) -> int:
    """Tell the officers of the current tenant what is due within a day, and once more what is overdue.

    Returns how many requests were told of. Each stage is told once, however often this is called.
    """
    told, now = 0, utc_now()
    waiting = (
        select(DataRequest)
        .where(DataRequest.state.in_(OPEN), DataRequest.due_at < now + SOON, DataRequest.reminded < 2)
        .order_by(DataRequest.due_at)
        .with_for_update(skip_locked=True)
    )
    for row in session.scalars(waiting).all():
        stage = 2 if row.due_at <= now else 1
        if stage <= row.reminded:
            continue
        row.reminded = stage
        tell_officers(
            both("Permintaan data %(code)s lewat waktu", code=code_of(row))
            if stage == 2
            else both("Permintaan data %(code)s hampir habis waktunya", code=code_of(row)),
            both(
                "Batas 3x24 jam menurut UU 27/2022 adalah %(due)s. Buka permintaannya dan jawablah.",
                due=row.due_at.astimezone(current_tenant().now().tzinfo),
            ),
            row,
        )
        told += 1
    return told


def remind_everywhere(kernel: Kernel) -> int:
    """Remind the officers of every tenant, each in a transaction of its own; return how many requests were told of."""
    told = 0
    for tenant in kernel.snapshot().tenants.values():
        with kernel.scope(tenant, actor="clock") as scope:
            told += remind(scope.session)
    return told


def tell_officers(title: Bilingual, text: Bilingual, row: DataRequest) -> None:
    """Tell everybody who may look after personal data something about a request."""
    for officer in cards.with_permission(OFFICERS):
        notify(officer.id, title, text, f"/admin/data-pribadi/{row.id}/")


def code_of(row: DataRequest) -> str:
    """Return the number of a request as people quote it: PDP-0007."""
    return f"PDP-{row.number:04d}"
