"""The page of a report that everybody sees, and saying "me too"."""

from __future__ import annotations

import secrets
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask import session as visit
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, current_person, external_url, language, public, rate_limit

from ...forms.report import SupportForm
from ...models import Report
from ...rules import answers, states
from ...rules.states import OPEN
from ...rules.way import way
from ...services import clock, merging, places, supports
from ...words import _
from ..room import refused
from . import blueprint
from .story import story

PER_ADDRESS = {"times": 60, "seconds": 3600}
DEVICE = "infrastruktur_device"  # of the visit's cookie: one voice a browser


@blueprint.get("/laporan/<number>")
@public
def page(number: str) -> ResponseReturnValue:
    """What was reported and what becomes of it, without who reported unless they wished so."""
    return _page(_public(number), SupportForm(formdata=None))


@blueprint.post("/laporan/<number>/dukung")
@public
def support(number: str) -> ResponseReturnValue:
    """Say that one has it too; with an address one is told what becomes of it."""
    report, form = _public(number), SupportForm()
    main = merging.main_of(report)
    if main.visibility != "public":
        abort(404)
    rate_limit(f"infrastruktur.support:{request.remote_addr}", **PER_ADDRESS)
    if not form.validate_on_submit():
        return _page(report, form), 422
    person = current_person()
    try:
        made = supports.support(
            report,
            person_id=person.id if person else None,
            email=form.email.data or "",
            device=_device(),
            language=language(),
        )
    except DomainError as refusal:
        return refused(refusal, url_for(".page", number=report.number))
    if made is None:
        flash(_("Dukungan Anda untuk laporan %(number)s sudah tercatat.", number=main.number), "padi")
    elif made.email or made.person_id:
        flash(_("Tercatat. Anda akan diberi kabar tentang laporan %(number)s.", number=main.number), "baik")
    else:
        flash(_("Tercatat: Anda juga mengalaminya."), "baik")
    return redirect(url_for(".page", number=main.number), 303)


@blueprint.post("/laporan/<number>/berhenti")
@public
def stop_supporting(number: str) -> ResponseReturnValue:
    """Take back one's support, signed in."""
    report, person = _public(number), current_person()
    found = supports.of_person(report, person.id) if person else None
    if found is not None:
        supports.drop(found.token)
        flash(_("Dukungan Anda dicabut. Anda tidak akan diberi kabar lagi."), "baik")
    return redirect(url_for(".page", number=report.number), 303)


def facts_of(report: Report, *, public: bool) -> dict[str, Any]:
    """What the pages of everybody and of the reporter both show."""
    answered = report.answered_at is not None or not clock.is_on_the_clock(report)
    return {
        "report": report,
        "photos": places.photos_of(report, public=public),
        "steps": way(report, first_answer_due=None if answered else clock.first_answer_due(report)),
        "entries": story(report, public=public),
        "answers": answers.shown(report.category.questions, report.answers),
        "place": places.place_words(report),
        "author": places.author(report),
        "main": places.main_report(report),
        "duplicates": places.duplicates_of(report),
        "address": external_url(url_for(".page", number=report.number)),
        "is_open": report.state in OPEN,
        "late": clock.is_late(report),
    }


def _page(report: Report, form: SupportForm) -> str:
    person = current_person()
    mine = supports.of_person(report, person.id) if person else None
    title = states.title(report.state)
    return render_template(
        "infrastruktur/citizen/page.html",
        **facts_of(report, public=True),
        form=form,
        mine=mine,
        state_word=title,
    )


def _public(number: str) -> Report:
    return places.public_report(number) or abort(404, _("Tidak ada laporan dengan nomor itu. Periksa nomornya."))


def _device() -> str:
    """A random word that stays with this browser; made when it is first needed, never by looking at a page."""
    if DEVICE not in visit:
        visit[DEVICE] = secrets.token_urlsafe(16)
    return str(visit[DEVICE])
