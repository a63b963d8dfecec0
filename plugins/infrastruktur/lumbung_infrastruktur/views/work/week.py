"""The week of the crews."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lumbung.sdk import requires

from ...services import crews
from ...services.work_orders import WORK
from . import blueprint
from .orders import words_of_orders


@blueprint.get("/regu/jadwal")
@requires(WORK)
def week() -> ResponseReturnValue:
    """Who does what on which day of a week."""
    found = crews.week(crews.first_day(request.args.get("minggu", "")[:8]))
    return render_template(
        "infrastruktur/work/week.html", week=found, here=crews.first_day("") == found.first, **words_of_orders()
    )
