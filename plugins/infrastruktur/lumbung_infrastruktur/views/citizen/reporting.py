"""Reporting damage, on one page that is the same for everybody: a phone keeps it for where there is no network."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, current_person, language, public, rate_limit, session, setting

from ...forms.report import ReportForm, answer_name, given_answers
from ...models import Report
from ...rules import kinds
from ...rules.answers import AnswersRefused
from ...services import nearby, places
from ...services.nearby import Near
from ...services.reporting import NewReport, Reporter, by_source, make_report, same_photo
from ...words import _
from ..room import say
from . import blueprint

# Generous for one address: behind that of a village office or a school there are many.
PER_ADDRESS = {"times": 90, "seconds": 600}
PER_PHONE = {"times": 10, "seconds": 3600}
LOOKS = {"times": 300, "seconds": 600}
KEY = re.compile(r"[\w-]{16,80}")


@blueprint.route("/lapor", methods=["GET", "POST"])
@public
def new() -> ResponseReturnValue:
    """The report: photo, kind, questions, place, words, and who it is from if they wish to say."""
    form = ReportForm(places.open_categories())
    if request.method == "GET":
        form.category.data = request.args.get("kategori", "")[:40]
        return _page(form)
    _not_too_often(form)
    if (known := _sent_before(form)) is not None:
        return _thanks(known)
    if form.validate_on_submit():
        near = [] if form.anyway.data else _similar(form)
        if near:
            return _page(form, near), 422
        try:
            return _thanks(_report(form))
        except AnswersRefused as refusal:
            session.rollback()
            form.answer_errors = refusal.errors
            say(form, refusal)
        except DomainError as refusal:
            session.rollback()
            say(form, refusal)
    return _page(form), 422


@blueprint.get("/lapor/serupa")
@public
def similar() -> ResponseReturnValue:
    """Open reports of the same kind near a place, as a part of the page."""
    rate_limit(f"infrastruktur.similar:{request.remote_addr}", **LOOKS)
    category = places.category_by_code(request.args.get("kategori", ""))
    spot = [_degrees(request.args.get(name, "")) for name in ("lat", "lon")]
    near = nearby.similar(category, *spot) if category else ()
    return render_template("infrastruktur/citizen/_similar.html", near=near)


def _page(form: ReportForm, near: Sequence[Near] = ()) -> str:
    return render_template(
        "infrastruktur/citizen/new.html",
        form=form,
        groups=[(group, str(kinds.GROUPS.get(group, group)), categories) for group, categories in form.groups],
        near=near,
        notice=setting("notice"),
        answer_name=answer_name,
        given=given_answers(form.chosen) if form.chosen and request.method == "POST" else {},
    )


def _thanks(report: Report) -> ResponseReturnValue:
    return redirect(url_for(".follow", token=report.token, terkirim=1), 303)


def _similar(form: ReportForm) -> Sequence[Near]:
    return nearby.similar(form.chosen, *form.spot) if form.chosen and form.spot else ()


def _report(form: ReportForm) -> Report:
    category = form.chosen
    if category is None:
        raise DomainError(_("Pilih apa yang rusak."))
    twin = same_photo(category, form.pictures)
    if twin is not None:
        raise DomainError(
            _("Foto yang sama sudah dikirim dengan laporan %(number)s, yang masih ditangani.", number=twin.number)
            if twin.visibility == "public"
            else _("Foto yang sama sudah dikirim dengan laporan lain, yang masih ditangani.")
        )
    placed = form.lat.data is not None and form.lon.data is not None
    accuracy = int(form.accuracy.data) if (form.accuracy.data or "").isdecimal() and placed else None
    return make_report(
        NewReport(
            category=category,
            description=form.description.data or "",
            lat=float(form.lat.data) if placed else None,
            lon=float(form.lon.data) if placed else None,
            accuracy_m=accuracy,
            place_from="map" if accuracy is None else "gps",
            village_code=form.village.data or "",
            address=form.address.data or "",
            answers=given_answers(category),
            photos=form.pictures,
            severity=form.severity.data or "sedang",
            reporter=_reporter(form),
            language=language(),
            source_key=_source_key(form),
        )
    )


def _reporter(form: ReportForm) -> Reporter:
    """Who reports: what was typed, and of somebody who is signed in what is known, where nothing was."""
    person = current_person()
    return Reporter(
        name=form.name.data or (person.name if person else ""),
        email=form.email.data or "",
        phone=form.phone.data or ((person.phone or "") if person else ""),
        person_id=person.id if person else None,
        show_name=bool(form.show_name.data),
    )


def _sent_before(form: ReportForm) -> Report | None:
    """The report of a draft that a phone sends again, not knowing that it arrived."""
    key = _source_key(form)
    return by_source(key) if key else None


def _source_key(form: ReportForm) -> str | None:
    key = form.key.data or ""
    return f"web:{key}" if KEY.fullmatch(key) else None


def _not_too_often(form: ReportForm) -> None:
    """Count the attempt before any row is locked: the count is kept in a transaction of its own."""
    rate_limit(f"infrastruktur.report:{request.remote_addr}", **PER_ADDRESS)
    if digits := re.sub(r"\D", "", form.phone.data or "")[-9:]:
        rate_limit(f"infrastruktur.report.phone:{digits}", **PER_PHONE)


def _degrees(text: str) -> float | None:
    try:
        found = float(text.replace(",", "."))
    except ValueError:
        return None
    return found if -180 <= found <= 180 else None
