"""The monthly recap: on the page, as a workbook, as a signed sheet."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from lumbung.sdk import requires, send_document, send_spreadsheet, today

from ...services import recap as recaps
from ...services.recap_paper import blocks, name_of, percent, sheets, title_of
from . import blueprint


@blueprint.get("/rekap")
@requires(recaps.RECAP)
def recap() -> ResponseReturnValue:
    """A month in figures, by unit, district and category."""
    found = _asked()
    return render_template(
        "infrastruktur/figures/recap.html",
        recap=found,
        percent=percent,
        before=f"{found.first - timedelta(days=1):%Y-%m}",
        after=f"{found.after:%Y-%m}" if found.after <= today() else None,
        here=f"{found.first:%Y-%m}",
    )


@blueprint.get("/rekap.xlsx")
@requires(recaps.RECAP)
def recap_workbook() -> Response:
    """The same as a workbook."""
    found = _asked()
    return send_spreadsheet(name_of(found), sheets(found))


@blueprint.get("/rekap.pdf")
@requires(recaps.RECAP)
def recap_paper() -> Response:
    """The same on paper, to be signed."""
    found = _asked()
    return send_document(name_of(found), title_of(found), blocks(found))


def _asked() -> recaps.Recap:
    return recaps.recap(request.args.get("bulan", "")[:7])
