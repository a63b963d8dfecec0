"""The desk's inbox: which reports an officer sees, which of them need somebody, and acts on several at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select

from lumbung.sdk import DomainError, current_person, current_units, find, session, today, within

from ..models import Report
from ..rules.contacts import tidy_number
from ..rules.states import ON_THE_CLOCK, OPEN, State
from ..words import _
from . import clock

READ, VERIFY, WORK = "infrastruktur.recap", "infrastruktur.verify", "infrastruktur.work"
MODERATE = "infrastruktur.moderate"

_WHOLE_NUMBER = re.compile(r"L\d{2}-?\d{1,6}|\d{2}-\d{1,6}", re.IGNORECASE)


def may(permission: str, unit_id: UUID | None) -> bool:
    """Whether who is at work holds a permission for a report of this unit; one of no unit is for the whole tenant."""
    person = current_person()
    if person is None:
        return False
    held = person.units_with(permission)
    return held is None or unit_id in held


def verifies() -> bool:
    """Whether who is at work checks reports, of some unit at least."""
    person = current_person()
    return person is not None and person.can(VERIFY)


def readable() -> Select[tuple[Report]]:
    """The reports that who is at work may read, in the unit they work in now."""
    query = select(Report).where(within(READ, Report.unit_id))
    chosen = current_units()
    return query if chosen is None else query.where(Report.unit_id.in_(chosen))


# What needs somebody


def needs() -> Mapping[str, ColumnElement[bool]]:
    """The tabs of the inbox, each with its condition. Every one leans on the index of states."""
    return {
        "baru": Report.state == State.NEW,
        "belum-dijawab": clock.unanswered_condition(today()),
        "menunggu": Report.state.in_([State.VERIFIED, State.ROUTED]),
        "dikerjakan": Report.state == State.WORKING,
        "lewat-sla": clock.late_condition(today()),
        "dibuka-kembali": Report.state == State.REOPENED,
        "ditunda": Report.state == State.POSTPONED,
    }


def counts() -> dict[str, int]:
    """How many reports stand under each tab. Only open ones are looked at: ended ones need nobody."""
    wanted = needs()
    query = readable().where(Report.state.in_(sorted(OPEN)))
    figures = session.execute(query.with_only_columns(*(func.count().filter(one) for one in wanted.values()))).one()
    found = dict(zip(wanted, figures, strict=True))
    # Tabs overlap, and the list adds them up for "all": what is missing to the true total goes under no tab's name.
    total = session.scalar(readable().with_only_columns(func.count(), maintain_column_froms=True)) or 0
    return {**found, "": total - sum(found.values())}


def occurs(word: str) -> ColumnElement[bool]:
    """The condition of a word that is searched for. A whole number is looked up; other words are read through."""
    if _WHOLE_NUMBER.fullmatch(word):
        return Report.number == tidy_number(word)
    return or_(
        Report.description.icontains(word, autoescape=True),
        Report.address.icontains(word, autoescape=True),
        Report.number.icontains(word, autoescape=True),
    )


def by_number(text: str) -> Report | None:
    """Find a report that who is at work may read, by its number as people write it."""
    number = tidy_number(text)
    return session.scalar(select(Report).where(Report.number == number, within(READ, Report.unit_id)))


# Going through the list


@dataclass(frozen=True)
class Neighbours:
    """The reports before and after one in a list, with their places in it, counted from 0."""

    previous: tuple[UUID, int] | None = None
    following: tuple[UUID, int] | None = None


def neighbours(query: Select[tuple[Report]], report_id: UUID, place: int) -> Neighbours:
    """Return what stands beside a report in a list. When it left the list by an act, what moved up comes next."""
    first = max(0, place - 1)
    ids = session.scalars(query.with_only_columns(Report.id).offset(first).limit(place - first + 2)).all()
    spots = [(one, first + at) for at, one in enumerate(ids)]
    before = [spot for spot in spots if spot[1] < place and spot[0] != report_id]
    after = [spot for spot in spots if spot[1] >= place and spot[0] != report_id]
    return Neighbours(before[-1] if before else None, after[0] if after else None)


# Acts on several


@dataclass
class Outcome:
    """What an act on several reports came to: how many, and why others were left as they were."""

    done: int = 0
    left: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """One sentence about those that were left; empty when there are none."""
        if not self.left:
            return ""
        why = dict.fromkeys(self.left)
        told = " ".join(list(why)[:3])
        return _("%(count)s tidak diubah: %(why)s", count=len(self.left), why=told)


def act_on_several(ids: Iterable[UUID], permission: str, act: Callable[[Report], None]) -> Outcome:
    """Do something to each report that allows it; one that refuses stays as it was and the others go on.

    They are locked in one order whoever asks, so that two officers never wait for each other in a circle.
    """
    outcome = Outcome()
    for report_id in sorted(ids):
        report = find(Report, report_id, lock=True)
        if report is None or not may(READ, report.unit_id):
            outcome.left.append(_("Laporan tidak ditemukan."))
        elif not may(permission, report.unit_id):
            outcome.left.append(_("Laporan %(number)s bukan wewenang Anda.", number=report.number))
        else:
            try:
                with session.begin_nested():
                    act(report)
                    session.flush()
                outcome.done += 1
            except DomainError as refusal:
                outcome.left.append(str(refusal))
    return outcome


# Two officers at one report


def stamp(report: Report) -> str:
    """What a form remembers of a report: another stamp later means that somebody changed it since."""
    return f"{report.updated_at.timestamp():.6f}/{report.state}/{report.unit_id or ''}"


def is_stale(report: Report, seen: str) -> bool:
    """Whether a report was changed since the page was opened from which a form comes. No stamp at all is stale too."""
    return seen != stamp(report)


def late_on(report: Report, day: date) -> bool:
    """Whether a report on the clock is past its last day; asks nothing, for files of many rows."""
    return State(report.state) in ON_THE_CLOCK and report.due_on is not None and report.due_on < day
