"""Where citizens begin, and finding one's own report again."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import public, rate_limit, setting

from ...forms.report import FindForm
from ...rules.contacts import tidy_number
from ...services import places
from ...words import _
from . import blueprint

GUESSES = {"times": 20, "seconds": 600}
GUESSES_AT_ONE = {"times": 20, "seconds": 3600}


@blueprint.get("/")
@public
def start() -> ResponseReturnValue:
    """What can be done here, and what was reported last."""
    return render_template(
        "infrastruktur/citizen/start.html",
        newest=places.newest(),
        place_words=places.place_words,
        notice=setting("notice"),
    )


@blueprint.route("/cari", methods=["GET", "POST"])
@public
def find() -> ResponseReturnValue:
    """A report by its number and how its reporter may be reached; the same answer whichever of them is wrong."""
    form = FindForm(number=request.args.get("nomor", ""))
    if form.validate_on_submit():
        rate_limit(f"infrastruktur.find:{request.remote_addr}", **GUESSES)
        rate_limit(f"infrastruktur.find:{tidy_number(form.number.data or '')}", **GUESSES_AT_ONE)
        report = places.by_number_and_contact(form.number.data or "", form.contact.data or "")
        if report is not None:
            return redirect(url_for(".follow", token=report.token), 303)
        form.form_errors = [
            _(
                "Tidak ada laporan dengan nomor dan kontak itu. Periksa keduanya; laporan tanpa kontak hanya dapat "
                "dibuka dengan tautannya."
            )
        ]
    return render_template("infrastruktur/citizen/find.html", form=form), 422 if form.is_submitted() else 200
