"""The way of a report in steps, for people: what is behind it, what is being done now, what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ..words import _, on
from .states import State

S = State
# The step that is being waited for; all before it are behind.
NOW = {S.NEW: 1, S.VERIFIED: 2, S.ROUTED: 3, S.REOPENED: 3, S.POSTPONED: 3, S.WORKING: 3, S.DONE: 5, S.CLOSED: 5}


@dataclass(frozen=True)
class Step:
    """A step, as `ui.status_steps` shows it: ``state`` is done, now, next or refused."""

    title: str
    state: str
    at: datetime | date | None = None
    text: str = ""


def way(report: Any, *, first_answer_due: date | None = None) -> list[Step]:
    """Return the steps of a report. One that was refused, forwarded or merged ends with that."""
    state = State(report.state)
    if state in (S.REFUSED, S.ELSEWHERE, S.DUPLICATE):
        return [Step(_("Dilaporkan"), "done", report.reported_at), _ended(report, state)]
    answer = _("Jawaban pertama paling lambat %(date)s.", date=on(first_answer_due)) if first_answer_due else ""
    due = _("Paling lambat %(date)s.", date=on(report.due_on)) if report.due_on else ""
    steps = (
        (_("Dilaporkan"), report.reported_at, ""),
        (_("Diperiksa"), report.verified_at, answer if state == S.NEW else ""),
        (_("Diserahkan kepada unit"), report.routed_at, ""),
        (_work(state), report.started_at if state in (S.WORKING, S.DONE, S.CLOSED) else None, _why(report, state)),
        (_("Selesai"), report.finished_at, due if state not in (S.DONE, S.CLOSED) else ""),
    )
    now = NOW[state]
    found = [
        Step(title, "done" if place < now else "now" if place == now else "next", at, text)
        for place, (title, at, text) in enumerate(steps)
    ]
    return [*found, Step(_("Ditutup"), "done", report.closed_at)] if state == S.CLOSED else found


def _ended(report: Any, state: State) -> Step:
    if state == S.REFUSED:
        return Step(_("Tidak ditindaklanjuti"), "refused", report.closed_at, report.state_note)
    if state == S.ELSEWHERE:
        to = report.forwarded_to or _("instansi yang berwenang")
        return Step(_("Diteruskan kepada %(name)s", name=to), "done", report.closed_at, report.state_note)
    return Step(_("Digabungkan dengan laporan lain"), "done", report.closed_at)


def _work(state: State) -> str:
    return {
        S.POSTPONED: _("Ditunda, menunggu anggaran"),
        S.ROUTED: _("Menunggu dikerjakan"),
        S.REOPENED: _("Dibuka kembali, ditangani lagi"),
    }.get(state, _("Dikerjakan"))


def _why(report: Any, state: State) -> str:
    return str(report.state_note or "") if state == S.POSTPONED else ""
