"""Looking at a report: taking it for real, answering it, hiding it."""

from __future__ import annotations

from lumbung.sdk import Bilingual, DomainError, audit

from ..models import Report
from ..rules.states import State
from ..words import _, both
from . import events, history, telling
from .moving import answered, category_name, checked, hold, joined, typed


def verify(report: Report, note: str = "") -> None:
    """The report is real and clear: it is shown, and waits to be handed to a unit."""
    report, note = hold(report, State.VERIFIED), typed(note)
    checked(report)
    answered(report)
    sentence = both("Laporan diperiksa dan diterima.")
    history.note(report, "state", joined(sentence, note), to_state=State.VERIFIED)
    audit("infrastruktur.report.verify", report.number, about=report.id)
    telling.changed(
        report,
        both("Laporan %(number)s diterima", number=report.number),
        joined(both("Laporan tentang %(category)s sudah diperiksa.", category=category_name(report)), note),
    )
    events.tell("verified", report)


def reply(report: Report, text: str, *, internal: bool = False) -> None:
    """Write something under a report: to its followers, or ``internal`` for officers alone. It moves nothing."""
    report = hold(report)
    text = typed(text, needed=_("Tulis jawabannya."))
    history.note(report, "note", text, internal=internal)
    audit("infrastruktur.report.reply", report.number, about=report.id, internal=internal)
    if internal:
        return
    answered(report)
    telling.changed(
        report,
        both("Kabar tentang laporan %(number)s", number=report.number),
        Bilingual(text, text),
    )


def hide(report: Report, reason: str) -> None:
    """Take a report out of everybody's sight; its reporter and the office still see it."""
    report, reason = hold(report), typed(reason, needed=_("Tulis alasannya."), longest=300)
    if report.visibility == "hidden":
        raise DomainError(_("Laporan %(number)s sudah disembunyikan.", number=report.number))
    report.visibility = "hidden"
    history.note(report, "change", joined(both("Disembunyikan dari umum."), reason), internal=True)
    audit("infrastruktur.report.hide", report.number, about=report.id, reason=reason)


def show(report: Report) -> None:
    """Let everybody see a report that was hidden or held."""
    report = hold(report)
    if report.visibility == "public":
        raise DomainError(_("Laporan %(number)s sudah tampil bagi umum.", number=report.number))
    report.visibility = "public"
    history.note(report, "change", both("Ditampilkan bagi umum."), internal=True)
    audit("infrastruktur.report.show", report.number, about=report.id)
