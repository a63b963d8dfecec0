"""Who takes a report up: a unit of ours, an authority elsewhere, or the budget of a later quarter."""

from __future__ import annotations

import re
from uuid import UUID

from lumbung.sdk import Bilingual, DomainError, audit, now, today, units

from ..models import Destination, Report
from ..rules.kinds import OURS
from ..rules.states import State
from ..words import _, both
from . import clock, events, history, telling
from .moving import answered, category_name, checked, hold, joined, typed

QUARTER = re.compile(r"(20\d\d)-Q([1-4])")
LONGEST_REFERENCE = 80


def route(report: Report, unit_id: UUID, note: str = "") -> None:
    """Hand a report to a unit of the regency, checking it in the same step when nobody did.

    From one unit to another its clock goes on; what was postponed is on the clock again from today.
    """
    report, note = hold(report, State.ROUTED), typed(note)
    unit = units.get(unit_id)
    if unit is None:
        raise DomainError(_("Unit itu tidak ada."))
    if report.state == State.ROUTED and report.unit_id == unit.id:
        raise DomainError(
            _("Laporan %(number)s sudah didisposisi kepada %(unit)s.", number=report.number, unit=unit.name)
        )
    is_new, came_back = report.state == State.NEW, report.state == State.POSTPONED
    checked(report)
    answered(report)
    report.unit_id, report.authority, report.destination_id, report.destination = unit.id, OURS, None, None
    report.routed_at = now()
    if came_back or report.due_on is None:
        clock.restart(report)
    sentence = both("Didisposisikan kepada %(unit)s.", unit=unit.name)
    history.note(report, "route", joined(sentence, note), to_state=State.ROUTED)
    audit("infrastruktur.report.route", report.number, about=report.id, unit=unit.name)
    _tell_routed(report, unit.name)
    if is_new:
        events.tell("verified", report)
    events.tell("routed", report)


def forward(report: Report, destination: Destination, note: str = "", reference: str = "") -> bool:
    """Send a report on to an authority outside, which ends it here and stops its clock.

    ``reference`` is the number of the letter. Whoever has an address gets an e-mail with the public page; returns
    whether one was sent. What they answer is written down by `outside_answer`.
    """
    report, note = hold(report, State.ELSEWHERE), typed(note)
    reference = typed(reference, longest=LONGEST_REFERENCE)
    if not destination.open:
        raise DomainError(_("%(name)s tidak menerima penerusan lagi.", name=destination.name))
    checked(report)
    answered(report)
    clock.stop(report)
    report.authority, report.destination_id, report.destination = destination.authority, destination.id, destination
    report.forwarded_to, report.forward_reference = destination.name, reference
    report.closed_at, report.state_note = now(), note
    sent = telling.outside(report, destination, note)
    history.note(report, "forward", joined(_forward_words(report, sent), note), to_state=State.ELSEWHERE)
    audit("infrastruktur.report.forward", report.number, about=report.id, to=destination.name, reference=reference)
    telling.changed(
        report,
        both("Laporan %(number)s diteruskan", number=report.number),
        joined(
            both(
                "%(category)s di tempat itu adalah kewenangan %(name)s; laporan diteruskan ke sana.",
                category=category_name(report),
                name=destination.name,
            ),
            note,
        ),
    )
    events.tell("forwarded", report, destination=destination.name, reference=reference, mailed=sent)
    return sent


def outside_answer(report: Report, text: str, reference: str = "") -> None:
    """Write down what the authority outside answered, by letter, mail or telephone; followers are told."""
    report = hold(report)
    text = typed(text, needed=_("Tulis jawaban instansi itu."))
    if report.state != State.ELSEWHERE:
        raise DomainError(_("Laporan %(number)s tidak sedang diteruskan ke instansi lain.", number=report.number))
    report.forward_reference = typed(reference, longest=LONGEST_REFERENCE) or report.forward_reference
    history.note(report, "forward", joined(both("Jawaban %(name)s:", name=report.forwarded_to), text))
    audit("infrastruktur.report.outside_answer", report.number, about=report.id)
    telling.changed(
        report,
        both("%(name)s menjawab laporan %(number)s", name=report.forwarded_to, number=report.number),
        Bilingual(text, text),
    )


def postpone(report: Report, quarter: str, note: str, budget_reference: str = "") -> None:
    """Put a report off until there is money: ``quarter`` such as 2027-Q1. It leaves the clock until it comes back.

    Tells the house that a budget is wanted; whoever keeps the budget may answer with ``*.budget_proposed``.
    """
    report = hold(report, State.POSTPONED)
    quarter, note = _quarter(quarter), typed(note, needed=_("Tulis mengapa laporan ini ditunda."))
    reference = typed(budget_reference, longest=LONGEST_REFERENCE)
    checked(report)
    answered(report)
    clock.stop(report)
    report.planned_quarter, report.state_note = quarter, note
    report.budget_reference = reference or report.budget_reference
    words = quarter_words(quarter)
    history.note(
        report, "state", joined(both("Ditunda sampai %(quarter)s.", quarter=words), note), to_state=State.POSTPONED
    )
    audit("infrastruktur.report.postpone", report.number, about=report.id, quarter=quarter, reference=reference)
    telling.changed(
        report,
        both("Laporan %(number)s ditunda", number=report.number),
        joined(both("Pekerjaan ini menunggu anggaran dan direncanakan pada %(quarter)s.", quarter=words), note),
    )
    events.tell("postponed", report, quarter=quarter)
    events.tell("budget_wanted", report, quarter=quarter, reference=report.budget_reference, note=note)


def quarter_words(quarter: str) -> Bilingual:
    """A quarter such as 2027-Q1 in words."""
    found = QUARTER.fullmatch(quarter)
    return (
        both("triwulan %(number)s %(year)s", number=found[2], year=found[1]) if found else Bilingual(quarter, quarter)
    )


def _quarter(text: str) -> str:
    """Check a quarter; one that is over is nothing to wait for."""
    found = QUARTER.fullmatch(text.strip().upper())
    if found is None:
        raise DomainError(_("Tulis triwulan seperti 2027-Q1."))
    day = today()
    if (int(found[1]), int(found[2])) < (day.year, (day.month + 2) // 3):
        raise DomainError(_("Triwulan %(quarter)s sudah lewat.", quarter=found[0]))
    return found[0]


def _tell_routed(report: Report, unit: str) -> None:
    telling.changed(
        report,
        both("Laporan %(number)s didisposisi", number=report.number),
        both("%(category)s akan ditangani oleh %(unit)s.", category=category_name(report), unit=unit),
    )
    if report.severity == "darurat":
        telling.office(
            telling.unit_officers(report),
            both("Laporan darurat %(number)s untuk %(unit)s", number=report.number, unit=unit),
            both("%(category)s: segera periksa.", category=category_name(report)),
            telling.desk_page(report),
        )


def _forward_words(report: Report, sent: bool) -> Bilingual:
    words = both("Diteruskan kepada %(name)s", name=report.forwarded_to)
    if report.forward_reference:
        words = both("%(before)s dengan nomor %(reference)s", before=words, reference=report.forward_reference)
    return both("%(before)s, surel terkirim.", before=words) if sent else both("%(before)s.", before=words)
