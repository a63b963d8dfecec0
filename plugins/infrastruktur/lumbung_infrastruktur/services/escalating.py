"""Late reports go up: from who inspects to the head of the office, a level for each few working days past the limit.

The level follows from the dates alone: a night that was missed is made up for by the next one, and a second run on the
same day finds nothing to do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Select, and_, or_, select

from lumbung.sdk import Bilingual, add_working_days, audit, people, session, setting, today

from ..models import Report
from ..rules.states import State
from ..words import _l, both
from . import clock, events, history, telling
from .telling import RECAP, VERIFY, WORK

HIGHEST = 4
LEVELS = {1: _l("Penilik"), 2: _l("Koordinator"), 3: _l("PPK atau kepala bidang"), 4: _l("Kepala dinas")}
AT_ONCE = 2000  # reports in one night; the rest is for the next

Told = dict[UUID, list[Report]]


def level_title(level: int) -> str:
    """The name of a level in the reader's language, empty for 0."""
    return str(LEVELS[level]) if level in LEVELS else ""


def level_words(level: int) -> Bilingual:
    """The name of a level in both languages, for a log or a message."""
    names = (both("penilik"), both("koordinator"), both("PPK atau kepala bidang"), both("kepala dinas"))
    return names[level - 1]


def escalate() -> int:
    """Move every late report to the level that its lateness asks for; return how many moved."""
    whom: Told = defaultdict(list)
    answerable: dict[tuple[UUID | None, int], Sequence[UUID]] = {}
    moved = 0
    limits = _limits(today(), int(setting("escalate_after")))
    for report in session.scalars(_query(limits)).all():
        level = max(level for level, last in limits.items() if report.due_on is not None and report.due_on <= last)
        _raise(report, level)
        unit = None if report.state in (State.NEW, State.VERIFIED) else report.unit_id
        if (unit, level) not in answerable:
            answerable[unit, level] = _answerable(unit, level)
        for person_id in answerable[unit, level]:
            whom[person_id].append(report)
        moved += 1
    for person_id, reports in whom.items():
        _tell(person_id, reports)
    return moved


def _limits(day: date, step: int) -> Mapping[int, date]:
    """For each level, the last ``due_on`` that has reached it on ``day``: so many working days have passed since."""
    found: dict[int, date] = {}
    last = day
    for level in range(1, HIGHEST + 1):
        while add_working_days(last, level * step) > day:
            last -= timedelta(days=1)
        found[level] = last
    return found


def _query(limits: Mapping[int, date]) -> Select[Report]:
    """The reports below their level, each held; what somebody else holds right now waits for the next night."""
    due = [and_(Report.due_on <= last, Report.escalation < level) for level, last in limits.items()]
    return (
        select(Report)
        .where(Report.state.in_(clock.ON_CLOCK), Report.due_on <= limits[1], or_(*due))
        .order_by(Report.due_on, Report.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )


def _raise(report: Report, level: int) -> None:
    report.escalation = level
    note = both("Lewat batas waktu; naik ke tingkat %(level)s (%(name)s).", level=level, name=level_words(level))
    history.note(report, "escalate", note, internal=True)
    audit("infrastruktur.report.escalate", report.number, about=report.id, level=level)
    events.tell("escalated", report, level=level)


def _answerable(unit: UUID | None, level: int) -> Sequence[UUID]:
    """Who is told: higher levels are for people higher up, and those below them hear it as well.

    What was not handed to a unit yet is with those who check reports.
    """
    if unit is None:
        return _ids(VERIFY, None)
    if level == 1:
        return _ids(WORK, unit, above=False) or _ids(WORK, unit)
    if level == 2:
        return _ids(WORK, unit)
    return [*_ids(WORK, unit), *_ids(RECAP, unit, above=level == HIGHEST)]


def _ids(permission: str, unit: UUID | None, *, above: bool = True) -> list[UUID]:
    return [card.id for card in people.with_permission(permission, unit=unit, above=above)]


def _tell(person_id: UUID, reports: Sequence[Report]) -> None:
    """One message a night, however many reports went up."""
    several = {report.id: report for report in reports}
    if len(several) == 1:
        report = reports[0]
        text = both(
            "%(category)s, seharusnya selesai %(day)s. Tingkat %(level)s: %(name)s.",
            category=Bilingual(report.category.name, report.category.name_en or report.category.name),
            day=report.due_on,
            level=report.escalation,
            name=level_words(report.escalation),
        )
        title, path = both("Laporan %(number)s lewat batas waktu", number=report.number), telling.desk_page(report)
    else:
        title = both("%(count)s laporan lewat batas waktu", count=len(several))
        highest = max(report.escalation for report in reports)
        text = both("Tingkat tertinggi: %(level)s, %(name)s.", level=highest, name=level_words(highest))
        path = "/infrastruktur/petugas/sla"
    telling.office([person_id], title, text, path)
