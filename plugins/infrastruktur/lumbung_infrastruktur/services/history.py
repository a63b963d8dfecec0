"""The log of a report: each step it took, for the citizen, the office and the recap."""

from __future__ import annotations

from sqlalchemy import select

from lumbung.sdk import Bilingual, Person, current_person, now, session

from ..models import LogEntry, Report
from ..rules.states import State


def note(
    report: Report,
    kind: str,
    note: Bilingual | str,
    *,
    internal: bool = False,
    to_state: State | None = None,
    by_citizen: bool = False,
) -> LogEntry:
    """Write a line into the log of a report and return it.

    ``kind`` is one of those that `LogEntry` lists. With ``to_state`` the report goes there, in this very line: log and
    state cannot differ. What is ``internal`` leaves ``updated_at`` alone, as the public sees nothing of it.
    ``by_citizen`` says that whoever is signed in acts as the reporter or as a supporter, not as an officer.
    """
    officer = None if by_citizen else _officer()
    words = note if isinstance(note, Bilingual) else Bilingual(note, "")
    entry = LogEntry(
        report_id=report.id,
        by_id=officer.id if officer else None,
        by_name=officer.name if officer else "",
        at=now(),
        kind=kind,
        from_state="" if kind == "made" or to_state is None else report.state,
        to_state=str(to_state) if to_state else "",
        note=words.id,
        note_en=words.en,
        internal=internal,
    )
    session.add(entry)
    if to_state is not None:
        report.state = str(to_state)
    if not internal:
        report.updated_at = entry.at
    return entry


def said(report: Report, words: Bilingual) -> bool:
    """Whether the log of a report holds a line with these very words."""
    same = (LogEntry.report_id == report.id, LogEntry.note == words.id)
    return session.scalar(select(LogEntry.id).where(*same).limit(1)) is not None


def _officer() -> Person | None:
    person = current_person()
    return person if person is not None and person.is_staff else None
