"""The moderators' page: reports that wait to be shown, photos, personal data in what was typed. One press each."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, find_or_404, requires

from ...models import Report
from ...rules import sensitive
from ...services import moderation as moderate
from ...services.moderation import MODERATE
from ...words import _
from ..room import refused
from . import blueprint
from .listing import place_words


@blueprint.get("/moderasi")
@requires(MODERATE)
def moderation() -> ResponseReturnValue:
    """What waits for a moderator."""
    return render_template(
        "infrastruktur/desk/moderation.html",
        held=moderate.held(),
        photos=moderate.waiting_photos(),
        suspicious=moderate.suspicious(),
        parts=sensitive.parts,
        place_words=place_words,
        most=moderate.AT_ONCE,
    )


@blueprint.post("/moderasi/<uuid:report_id>/<word>")
@requires(MODERATE)
def moderate_report(report_id: UUID, word: str) -> ResponseReturnValue:
    """Decide about one report."""
    report = find_or_404(Report, report_id, lock=True, permission=MODERATE)
    back = url_for(".moderation")
    try:
        said = _decide(report, word)
    except DomainError as refusal:
        return refused(refusal, back)
    flash(said, "baik")
    return redirect(back, 303)


def _decide(report: Report, word: str) -> str:
    if word == "tampilkan":
        moderate.show_report(report)
        return _("Laporan %(number)s tampil bagi umum.", number=report.number)
    if word == "sembunyikan":
        moderate.hide_report(report, _("Diputuskan moderator."))
        return _("Laporan %(number)s disembunyikan dari umum.", number=report.number)
    if word == "samarkan":
        count = moderate.mask(report)
        return _("%(count)s bagian keterangan laporan %(number)s disamarkan.", count=count, number=report.number)
    if word == "biarkan":
        moderate.leave_text(report)
        return _("Keterangan laporan %(number)s dibiarkan seperti adanya.", number=report.number)
    abort(404)
