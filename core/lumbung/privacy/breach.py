"""Breaches (kegagalan pelindungan data pribadi): who was affected, told from the access log, and the clock of 72 hours.

UU 27/2022 article 46: within three times 24 hours the persons affected and the agency are told in writing what was
disclosed, when and how, and what is done about it; in some cases the public too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.audit.models import AccessRow
from lumbung.bilingual import Bilingual, Catalogue
from lumbung.clock import utc_now
from lumbung.context import current_tenant
from lumbung.errors import LumbungError
from lumbung.identity.models import PersonRow
from lumbung.notifications.services import notify
from lumbung.privacy.clocks import due_from
from lumbung.privacy.retention_models import Breach, BreachTold

both = Catalogue("lumbung").both


class BreachRefused(LumbungError):
    """What was asked for does not fit the state of the breach, or what was written makes no sense."""


@dataclass(frozen=True)
class Affected:
    """Somebody whose data were read: how often, first and last, and when they were told, if they were."""

    person: PersonRow
    readings: int
    first: datetime
    last: datetime
    told_at: datetime | None


def open_case(session: Session, *, by: str, **facts: Any) -> Breach:
    """Write down a breach and start its clock; ``facts`` are the columns of `Breach` that people fill in.

    Raises `BreachRefused` when it was found before it happened, or in the future.
    """
    _refuse_nonsense(facts)
    session.execute(select(func.pg_advisory_xact_lock(current_tenant().id, 27)))
    number = (session.scalar(select(func.max(Breach.number))) or 0) + 1
    row = Breach(number=number, due_at=due_from(facts["found_at"]), written_by=by[:160], written_at=utc_now(), **facts)
    session.add(row)
    session.flush()
    audit.record("privacy.breach.add", code_of(row), about=row.id)
    return row


def change(session: Session, row: Breach, **facts: Any) -> None:
    """Correct what is known of a breach that is not closed; raises `BreachRefused`."""
    _lock_open(session, row)
    _refuse_nonsense(facts)
    for name, value in facts.items():
        setattr(row, name, value)
    row.due_at = due_from(row.found_at)
    session.flush()
    audit.record("privacy.breach.change", code_of(row), about=row.id)


def affected(session: Session, row: Breach) -> list[Affected]:
    """Return whose data were read within what is known of the breach, by name. The reader is not among them."""
    told = {one.person_id: one.at for one in session.scalars(select(BreachTold).where(BreachTold.breach_id == row.id))}
    found = session.execute(_readings(row)).all()
    people = {
        person.id: person
        for person in session.scalars(select(PersonRow).where(PersonRow.id.in_([one.subject_id for one in found])))
    }
    listed = [
        Affected(people[one.subject_id], one.readings, one.first, one.last, told.get(one.subject_id))
        for one in found
        if one.subject_id in people
    ]
    return sorted(listed, key=lambda one: (one.person.name, str(one.person.id)))


def tell(session: Session, row: Breach) -> int:
    """Tell everybody affected who was not told yet, in the portal and by e-mail whatever they wish; return how many.

    Doing it again tells only those who came to light since. Raises `BreachRefused` for a breach that is closed.
    """
    _lock_open(session, row)
    told = 0
    for one in affected(session, row):
        if one.told_at or not one.person.active:
            continue
        notify(one.person.id, *notice(row), "/akun/data", must_reach=True)
        session.add(BreachTold(breach_id=row.id, person_id=one.person.id, at=utc_now(), readings=one.readings))
        told += 1
    row.told_at = row.told_at or utc_now()
    session.flush()
    audit.record("privacy.breach.tell", code_of(row), about=row.id, count=told)
    return told


def note_report(session: Session, row: Breach, *, to: str) -> None:
    """Note that the agency was told in writing, and which office of it; raises `BreachRefused` for a closed one."""
    _lock_open(session, row)
    row.reported_at, row.reported_to = utc_now(), to[:160]
    session.flush()
    audit.record("privacy.breach.report", code_of(row), about=row.id)


def close(session: Session, row: Breach) -> None:
    """Close a breach; raises `BreachRefused` while somebody affected or the agency was not told."""
    _lock_open(session, row)
    if row.reported_at is None:
        raise BreachRefused("The agency was not told yet: note when it was, then close the breach.")
    waiting = [one for one in affected(session, row) if one.told_at is None and one.person.active]
    if waiting:
        raise BreachRefused("%(count)s people affected were not told yet.", count=len(waiting))
    row.closed_at = utc_now()
    session.flush()
    audit.record("privacy.breach.close", code_of(row), about=row.id)


def open_cases(session: Session) -> Sequence[Breach]:
    """Return the breaches that are not closed, what is due first in front."""
    return session.scalars(select(Breach).where(Breach.closed_at.is_(None)).order_by(Breach.due_at)).all()


def code_of(row: Breach) -> str:
    """Return the number of a breach as people quote it: KPDP-0003."""
    return f"KPDP-{row.number:04d}"


def notice(row: Breach) -> tuple[Bilingual, Bilingual]:
    """Return what a person affected is told: that, what, when, and what is done (article 46, paragraph 2)."""
    zone = current_tenant().now().tzinfo
    return both("Data pribadi Anda dibuka pihak yang tidak berhak"), both(
        "Data yang terbuka: %(data)s Terjadi antara %(since)s dan %(until)s. %(story)s Yang dilakukan: %(measures)s",
        data=_sentence(row.data),
        since=row.since.astimezone(zone),
        until=row.until.astimezone(zone),
        story=_sentence(row.story),
        measures=_sentence(row.measures),
    )


def _lock_open(session: Session, row: Breach) -> None:
    """Have officers act one after the other, and nobody on a breach that is closed."""
    session.refresh(row, with_for_update=True)
    if row.closed_at:
        raise BreachRefused("This breach is closed; nothing of it changes any more.")


def _readings(row: Breach) -> Select[UUID, int, datetime, datetime]:
    narrowed: list[ColumnElement[bool]] = [AccessRow.at >= row.since, AccessRow.at <= row.until]
    if row.reader_id:
        narrowed += [AccessRow.reader_id == row.reader_id]
    if row.plugin:
        narrowed += [func.coalesce(AccessRow.plugin, "core") == row.plugin]
    if row.address:
        narrowed += [AccessRow.address == row.address]
    count, first, last = func.count(), func.min(AccessRow.at), func.max(AccessRow.at)
    return (
        select(AccessRow.subject_id, count.label("readings"), first.label("first"), last.label("last"))
        .where(*narrowed)
        .group_by(AccessRow.subject_id)
    )


def _refuse_nonsense(facts: dict[str, Any]) -> None:
    if facts["found_at"] > utc_now():
        raise BreachRefused("The breach was found in the future: check the date and time.")
    if facts["since"] >= facts["until"]:
        raise BreachRefused("The breach ends before it begins: check both moments.")
    if facts["since"] > facts["found_at"]:
        raise BreachRefused("The breach began after it was found: check both moments.")


def _sentence(words: str) -> str:
    words = " ".join(words.split())
    return words if words.endswith((".", "!", "?")) else f"{words}."
