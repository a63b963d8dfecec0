"""The reporter's own page, by its link: what becomes of the report, and what they may still say about it."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from lumbung.sdk import DomainError, external_url, public, rate_limit

from ...forms.report import AddForm, RatingForm, ReopenForm
from ...models import Report
from ...services import adding, clock, places, supports, workflow
from ...words import _
from ..room import refused, say
from . import blueprint
from .supporting import facts_of

GUESSES = {"times": 60, "seconds": 600}
ADDS = {"times": 30, "seconds": 3600}


@blueprint.get("/ikuti/<token>")
@public
def follow(token: str) -> ResponseReturnValue:
    """Everything for the reporter; after sending, the number large and what happens next."""
    return _page(_own(token))


@blueprint.post("/ikuti/<token>/tambah")
@public
def add(token: str) -> ResponseReturnValue:
    """Add words or photos."""
    report, form = _own(token), AddForm()
    rate_limit(f"infrastruktur.add:{report.id}", **ADDS)
    if form.validate_on_submit():
        try:
            adding.add(report, form.text.data or "", form.pictures)
        except DomainError as refusal:
            say(form, refusal)
        else:
            return _done(report, _("Tambahan Anda sudah diterima."))
    return _page(report, add=form), 422


@blueprint.post("/ikuti/<token>/nilai")
@public
def rate(token: str) -> ResponseReturnValue:
    """Say how well it was done."""
    report, form = _own(token), RatingForm()
    if form.validate_on_submit():
        try:
            workflow.rate(report, int(form.stars.data), form.note.data or "")
        except DomainError as refusal:
            return refused(refusal, url_for(".follow", token=token))
        return _done(report, _("Terima kasih atas penilaian Anda."))
    return _page(report, rating=form), 422


@blueprint.post("/ikuti/<token>/buka")
@public
def reopen(token: str) -> ResponseReturnValue:
    """Say that it is not mended."""
    report, form = _own(token), ReopenForm()
    if form.validate_on_submit():
        try:
            workflow.reopen(report, form.reason.data or "", by_citizen=True)
        except DomainError as refusal:
            return refused(refusal, url_for(".follow", token=token))
        return _done(report, _("Laporan dibuka kembali dan akan ditangani lagi."))
    return _page(report, reopening=form), 422


@blueprint.post("/ikuti/<token>/hapus-kontak")
@public
def forget(token: str) -> ResponseReturnValue:
    """Take back name and contact; the damage stays reported."""
    report = _own(token)
    adding.forget_contact(report)
    return _done(report, _("Kontak Anda sudah dihapus dari laporan ini. Simpan tautan halaman ini."))


@blueprint.route("/ikuti/dukungan/<token>", methods=["GET", "POST"])
@public
def support_page(token: str) -> ResponseReturnValue:
    """What somebody follows by e-mail, and the button that ends it."""
    found = supports.by_token(token)
    if request.method == "POST":
        if found is not None:
            supports.drop(token)
        return render_template("infrastruktur/citizen/stopped.html")
    if found is None or found.report.visibility != "public":
        _guessed()
        abort(404, _("Tautan ini sudah tidak berlaku."))
    return render_template("infrastruktur/citizen/support.html", support=found, **facts_of(found.report, public=True))


def _page(report: Report, **forms: FlaskForm) -> Response:
    answer = make_response(
        render_template(
            "infrastruktur/citizen/follow.html",
            **facts_of(report, public=False),
            **_acts(report, forms),
            just_sent="terkirim" in request.args,
            own_address=external_url(url_for(".follow", token=report.token)),
            first_answer_due=clock.first_answer_due(report),
            has_contact=adding.had_contact(report),
        )
    )
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _acts(report: Report, forms: dict[str, FlaskForm]) -> dict[str, Any]:
    """The forms for what the reporter may do now; the one that was refused as it was typed."""
    return {
        "add_form": forms.get("add") or (AddForm(formdata=None) if adding.may_add(report) else None),
        "rating_form": forms.get("rating") or (RatingForm(formdata=None) if workflow.may_rate(report) else None),
        "reopen_form": forms.get("reopening") or (ReopenForm(formdata=None) if workflow.may_reopen(report) else None),
    }


def _own(token: str) -> Report:
    report = places.by_token(token)
    if report is None:
        _guessed()
        abort(404, _("Tidak ada laporan dengan tautan ini. Periksa tautannya, atau cari dengan nomor laporan."))
    return report


def _guessed() -> None:
    rate_limit(f"infrastruktur.token:{request.remote_addr}", **GUESSES)


def _done(report: Report, words: str) -> ResponseReturnValue:
    flash(words, "baik")
    return redirect(url_for(".follow", token=report.token), 303)
