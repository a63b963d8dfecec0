"""Duplicates: reports of the same damage become one, and everybody who cared for any of them follows that one.

A duplicate never points at a duplicate: when what it points at is merged further, it points there too. The reporter of
a duplicate becomes a supporter of the main report, with the duplicate's own ``token``; its supporters move along. Each
remembers by ``came_from_id`` where they came from, so that a split gives back who belongs to it.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import OperationalError

from lumbung.sdk import DomainError, audit, find, now, session

from ..models import Report, Support
from ..rules import states
from ..rules.contacts import key_of
from ..rules.states import OPEN, State
from ..words import _, both
from . import clock, events, history, telling
from .moving import answered, category_name, joined, typed

ROUNDS = 5  # as often another officer may merge in between


def main_of(report: Report) -> Report:
    """The report that a duplicate was merged into; any other is its own."""
    if report.state == State.DUPLICATE and report.duplicate_of_id is not None:
        return find(Report, report.duplicate_of_id) or report
    return report


def merge(report: Report, into: Report) -> Report:
    """Make a report the duplicate of another and return the one that is left; led on when that is itself a duplicate.

    Give both as they were found, not locked: they are locked here, in the order of their ids, so that two officers
    who merge crosswise do not wait for each other for ever. Raises `DomainError`.
    """
    report, main = _hold_with_main(report, into)
    if main.id == report.id and into.id != report.id:
        raise DomainError(_("Laporan %(number)s adalah duplikat dari laporan ini.", number=into.number))
    if main.id == report.id:
        raise DomainError(_("Sebuah laporan tidak dapat digabungkan dengan dirinya sendiri."))
    states.check(report.number, report.state, State.DUPLICATE)
    if main.state not in OPEN:
        raise DomainError(
            _(
                "Laporan %(number)s sudah berakhir (%(state)s); gabungkan dengan laporan yang masih terbuka.",
                number=main.number,
                state=states.title(main.state).lower(),
            )
        )
    answered(report)
    whom = list(telling.followers(report))
    history.note(
        report, "merge", both("Digabungkan dengan laporan %(number)s.", number=main.number), to_state=State.DUPLICATE
    )
    report.duplicate_of_id, report.closed_at = main.id, now()
    _lead_on(report, main)
    moved = _move_supports(report, main)
    moved += _reporter_supports(report, main)
    main.supports += moved
    history.note(main, "merge", both("Laporan %(number)s digabungkan ke sini.", number=report.number))
    audit("infrastruktur.report.merge", report.number, about=report.id, into=main.number, supports=moved)
    audit("infrastruktur.report.merge", main.number, about=main.id, duplicate=report.number)
    telling.tell(
        whom,
        both("Laporan %(number)s digabungkan dengan %(main)s", number=report.number, main=main.number),
        both(
            "%(category)s di tempat itu sudah dilaporkan. Anda akan diberi kabar tentang laporan %(main)s.",
            category=category_name(report),
            main=main.number,
        ),
    )
    events.tell("merged", report, into=main.number)
    return main


def split(report: Report, reason: str = "") -> None:
    """Undo a merge: the report is open again with its whole time, and gets back who followed it.

    ``reopened`` does not count it: it was the office that erred.
    """
    report, main = _hold_with_main(report, report)
    if report.state != State.DUPLICATE:
        raise DomainError(_("Laporan %(number)s bukan duplikat.", number=report.number))
    reason = typed(reason)
    back = _give_back(report, main)
    clock.restart(report)
    report.duplicate_of_id = report.closed_at = None
    report.state_note = reason
    sentence = both("Dipisahkan lagi dari laporan %(number)s.", number=main.number)
    history.note(report, "merge", joined(sentence, reason), to_state=State.REOPENED)
    history.note(main, "merge", both("Laporan %(number)s dipisahkan lagi.", number=report.number))
    audit("infrastruktur.report.split", report.number, about=report.id, of=main.number, supports=back)
    telling.changed(
        report,
        both("Laporan %(number)s ditangani tersendiri lagi", number=report.number),
        both("Ternyata bukan kerusakan yang sama dengan laporan %(number)s.", number=main.number),
    )
    events.tell("reopened", report, by_citizen=False, split_from=main.number)


def voter_of(report: Report) -> str:
    """The key by which the reporter of a duplicate supports the main report: their account, address, or this report."""
    from .supports import voter_key

    if report.person_id is None and not report.reporter_email:
        return key_of("report", str(report.id))
    return voter_key(person_id=report.person_id, email=report.reporter_email or "")


def _hold_with_main(report: Report, other: Report) -> tuple[Report, Report]:
    """Lock a report and the main one of another, in the order of ids; look again when somebody merged in between."""
    for _round in range(ROUNDS):
        main_id, others = _main_id(other.id), _duplicates(report.id)
        undo = session.begin_nested()
        try:
            held = _locked({report.id, main_id, *others})
        except OperationalError:  # each of two waits for what the other holds: one has to give way
            undo.rollback()
            break
        if _main_id(other.id) == main_id and _duplicates(report.id) == others:
            undo.commit()
            return held[report.id], held[main_id]
        undo.rollback()
    raise DomainError(_("Petugas lain sedang mengubah laporan ini. Coba lagi."))


def _locked(ids: set[UUID]) -> dict[UUID, Report]:
    query = select(Report).where(Report.id.in_(ids)).order_by(Report.id).with_for_update()
    rows = session.scalars(query.execution_options(populate_existing=True)).all()
    return {row.id: row for row in rows}


def _main_id(report_id: UUID) -> UUID:
    """The id that a report leads to now; asked of the database, whatever was read before."""
    found = session.scalar(
        select(Report.duplicate_of_id).where(Report.id == report_id, Report.state == State.DUPLICATE)
    )
    return found or report_id


def _duplicates(report_id: UUID) -> frozenset[UUID]:
    return frozenset(session.scalars(select(Report.id).where(Report.duplicate_of_id == report_id)))


def _lead_on(report: Report, main: Report) -> None:
    """What was merged into a report that is merged itself points at the one that is left."""
    session.execute(update(Report).where(Report.duplicate_of_id == report.id).values(duplicate_of_id=main.id))


def _move_supports(report: Report, main: Report) -> int:
    """Let those who follow a duplicate follow the main report, unless they do already; return how many moved."""
    there = select(Support.voter_key).where(Support.report_id == main.id)
    movable = (Support.report_id == report.id, Support.voter_key.not_in([*session.scalars(there), voter_of(main)]))
    moved = session.execute(
        update(Support)
        .where(*movable)
        .values(report_id=main.id, came_from_id=func.coalesce(Support.came_from_id, report.id))
        .returning(Support.id)
    ).all()
    report.supports = max(0, report.supports - len(moved))
    return len(moved)


def _reporter_supports(report: Report, main: Report) -> int:
    """Let the reporter of a duplicate support the main report, unless it is theirs or they do already."""
    key = voter_of(report)
    is_theirs = key == voter_of(main) or (report.phone_key is not None and report.phone_key == main.phone_key)
    known = select(Support.id).where(Support.report_id == main.id, Support.voter_key == key)
    if is_theirs or session.scalar(known) is not None:
        return 0
    session.add(
        Support(
            report_id=main.id,
            came_from_id=report.id,
            person_id=report.person_id,
            email=report.reporter_email,
            email_key=report.email_key,
            voter_key=key,
            token=report.token,
            language=report.language,
            at=now(),
        )
    )
    session.flush()
    return 1


def _give_back(report: Report, main: Report) -> int:
    """Give a report that is split off those who came from it; its reporter no longer supports the main one."""
    came = (Support.report_id == main.id, Support.came_from_id == report.id)
    ended = session.execute(delete(Support).where(*came, Support.token == report.token).returning(Support.id)).all()
    back = session.execute(
        update(Support).where(*came).values(report_id=report.id, came_from_id=None).returning(Support.id)
    ).all()
    main.supports = max(0, main.supports - len(ended) - len(back))
    report.supports += len(back)
    return len(back)
