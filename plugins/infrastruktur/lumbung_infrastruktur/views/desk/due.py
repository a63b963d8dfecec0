"""How much time a report has left, in words with a tone."""

from __future__ import annotations

from lumbung.sdk import format_date, format_number

from ...models import Report
from ...rules.states import State
from ...services import clock
from ...words import _


def due_words(report: Report) -> tuple[str, str]:
    """What stands in the list: the time left and its tone; an empty text off the clock."""
    left = clock.days_left(report)
    if left is None:
        postponed = report.state == State.POSTPONED and report.planned_quarter
        return (_("Rencana %(quarter)s", quarter=report.planned_quarter), "muted") if postponed else ("", "muted")
    if left < 0 or clock.is_late(report):
        return _("Lewat %(days)s hari", days=format_number(max(1, -left))), "gawat"
    if left == 0:
        return _("Hari ini"), "padi"
    return _("%(days)s hari lagi", days=format_number(left)), "padi" if left <= 2 else "muted"


def sla_lines(report: Report) -> list[tuple[str, str]]:
    """What stands on the report's page: the day to mend it, and the first answer as long as there is none."""
    lines = []
    left = clock.days_left(report)
    if left is not None and report.due_on is not None:
        day = format_date(report.due_on)
        if clock.is_late(report):
            lines.append((_("Lewat batas %(date)s, %(days)s hari kerja.", date=day, days=max(1, -left)), "gawat"))
        elif left == 0:
            lines.append((_("Batasnya hari ini, %(date)s.", date=day), "padi"))
        else:
            tone = "padi" if left <= 2 else "laut"
            lines.append((_("Sisa %(days)s hari kerja, sampai %(date)s.", days=left, date=day), tone))
    elif report.state == State.POSTPONED:
        lines.append((_("Ditunda, direncanakan pada %(quarter)s.", quarter=report.planned_quarter), "muted"))
    if report.answered_at is None and clock.is_on_the_clock(report):
        until = format_date(clock.first_answer_due(report))
        if clock.is_unanswered(report):
            lines.append((_("Belum dijawab; jawaban pertama paling lambat %(date)s.", date=until), "gawat"))
        else:
            lines.append((_("Jawaban pertama paling lambat %(date)s.", date=until), "laut"))
    return lines
