"""A whole survey at once: a table of codes, days and conditions."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, requires

from ...forms.assets import SurveyForm
from ...services import conditions
from ...services.assets import ASSET
from ...words import _
from ..room import say
from . import blueprint

NAMED = 200


@blueprint.route("/survei", methods=["GET", "POST"])
@requires(ASSET)
def survey() -> ResponseReturnValue:
    """Take the findings of a survey in; rows that are wrong are named, and then nothing is written."""
    form, bad = SurveyForm(), []
    if form.validate_on_submit():
        name = form.file.data.filename or ""
        try:
            found = conditions.read_survey(form.file.data.read(), form.kind.data, form.source.data or "")
            bad = found.bad
            if not bad or (form.leave_out_bad.data and found.rows):
                added, replaced = conditions.take_in(found, name)
                flash(_("%(added)s kondisi dicatat, %(replaced)s diganti, %(bad)s baris dilewati.",
                        added=added, replaced=replaced, bad=len(bad)), "baik")  # fmt: skip
                return redirect(url_for("assets.summary", jenis=form.kind.data), 303)
            form.form_errors = [_("%(count)s baris bermasalah, jadi belum ada yang dicatat.", count=len(bad))]
        except DomainError as refusal:
            say(form, refusal)
    page = render_template("infrastruktur/assets/survey.html", form=form, bad=bad[:NAMED], many=len(bad))
    return page, 422 if form.is_submitted() else 200
