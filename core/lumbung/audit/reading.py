"""Who read whose personal data: the log from which an access is explained and a breach is reported.

UU 27/2022 articles 7 (a person may know who had access), 31 and 35 (processing is recorded and guarded), 46 (who was
affected by a breach). Written in a transaction of its own: what a GET does besides is rolled back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lumbung.audit.models import AccessRow
from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant

KEEP = timedelta(days=5 * 365)  # the function in the database knows no other
KEEP = timedelta(days=5 * 365 + 1)  # five years; the function of the database that sweeps holds the same
SAME_READING = timedelta(minutes=10)  # opening a page again and again is one reading
_NOTE = text(
    """
    INSERT INTO lumbung_access (at, reader_id, reader_name, subject_id, what, why, plugin, address)
    SELECT :at, CAST(:reader AS uuid), :reader_name, subject, CAST(:what AS varchar), CAST(:why AS varchar),
           CAST(:plugin AS varchar), :address
    FROM (SELECT DISTINCT unnest(CAST(:subjects AS uuid[])) AS subject) AS read
    WHERE NOT EXISTS (
        SELECT 1 FROM lumbung_access a
        WHERE a.tenant_id = NULLIF(current_setting('lumbung.tenant', true), '')::integer AND a.subject_id = subject
          AND a.at > :since AND a.at <= :at AND a.reader_id = CAST(:reader AS uuid) AND a.what = CAST(:what AS varchar)
          AND a.why = CAST(:why AS varchar)
          AND a.plugin IS NOT DISTINCT FROM CAST(:plugin AS varchar)
    )
    """
)


def note_reading(subject_id: UUID | Sequence[UUID], what: str, *, why: str = "") -> None:
    """Record that whoever is signed in reads the personal data of one or several people of the tenant.

    ``what`` is a short code such as ``person.page``; ``why`` the reader's own words, where a page asks for them. It
    stands at once, whatever becomes of the request. One's own data are not recorded, nor is the same reading within
    ten minutes. An error of the database is raised: what cannot be recorded is not to be shown.
    """
    scope = current_scope()
    reader = scope.person
    given = [subject_id] if isinstance(subject_id, UUID) else list(subject_id)
    subjects = [one for one in given if reader is None or one != reader.id]
    if not subjects:
        return
    now = utc_now()
    values = {
        "at": now,
        "since": now - SAME_READING,
        "reader": reader.id if reader else None,
        "reader_name": (reader.name if reader else str(scope.memory.get("actor", "-")))[:160],
        "subjects": subjects,
        "what": what[:80],
        "why": " ".join(why.replace("\0", " ").split())[:200],
        "plugin": scope.plugin,
        "address": scope.address,
    }
    with scope.database.new_session(current_tenant().id) as session:
        session.execute(_NOTE, values)
        session.commit()


@dataclass(frozen=True)
class Reading:
    """One reading, as the person whose data were read may know it: without the reader's network address."""

    at: datetime
    reader: str
    what: str
    why: str
    plugin: str | None


def readings_of(person_id: UUID, *, limit: int = 50) -> list[Reading]:
    """Return the latest readings of a person's data by others, the newest first: for that person's own page."""
    query = select(AccessRow).where(AccessRow.subject_id == person_id).order_by(AccessRow.at.desc(), AccessRow.id)
    rows = current_scope().session.scalars(query.limit(limit))
    return [Reading(row.at, row.reader_name, row.what, row.why, row.plugin) for row in rows]


def sweep(session: Session) -> int:
    """Take away readings that are over five years old; return how many.

    The app role may not delete here; a function of the database does it, which knows no other age.
    """
    return int(session.execute(text("SELECT lumbung_access_sweep()")).scalar_one())
