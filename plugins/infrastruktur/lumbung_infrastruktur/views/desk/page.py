"""The page of one report: everything the office knows, and what may be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from lumbung.sdk import find_or_404, language, note_reading, requires, session

from ...forms.desk import ActForm
from ...models import Category, LogEntry, Question, Report, WorkOrder
from ...rules import sensitive, states
from ...services import assets, inbox, nearby, routing
from ...services.inbox import READ
from ...words import _
from . import blueprint
from .acts import ACTS, may_change
from .due import sla_lines
from .listing import PLACE, address_of, inbox_listing, place_words

ASSETS_WITHIN_M = 60


@blueprint.get("/laporan/<uuid:report_id>")
@requires(READ)
def report(report_id: UUID) -> ResponseReturnValue:
    """One report."""
    return report_page(find_or_404(Report, report_id, permission=READ))


def report_page(report: Report, typed: Mapping[str, ActForm] | None = None) -> str:
    """Show a report; ``typed`` are forms that were refused, with what was typed in them, by their word."""
    typed = typed or {}
    offered = [act for act in ACTS.values() if act.word in typed or act.offered(report)]
    sees_reporter = inbox.may(inbox.MODERATE, report.unit_id)
    if sees_reporter and (report.person_id or report.reporter_email or report.reporter_phone or report.reporter_name):
        note_reading(report.person_id or report.id, "infrastruktur.report.page", why=report.number)
    return render_template(
        "infrastruktur/desk/report.html",
        report=report,
        acts=[(act, typed.get(act.word) or act.new_form(report)) for act in offered],
        seen=inbox.stamp(report),
        trail=trail_query(),
        beside=_beside(report),
        sees_reporter=sees_reporter,
        may_moderate=sees_reporter,
        may_change=may_change(report),
        may_merge=ACTS["gabung"].offered(report),
        may_order=inbox.may(inbox.WORK, report.unit_id),
        place=place_words(report),
        text=sensitive.parts(report.description),
        answers=_answers(report),
        sla=sla_lines(report),
        reasons=routing.explain(report),
        log=[_entry(entry) for entry in reversed(report.log)],
        orders=session.scalars(select(WorkOrder).where(WorkOrder.report_id == report.id).order_by(WorkOrder.made_at)),
        **_around(report),
    )


def here(report: Report) -> str:
    """The address of the report's page, with the list from which one came."""
    return url_for(".report", report_id=report.id) + trail_query()


def trail_query() -> str:
    """What an address carries along to know the list: the end of it, with its question mark, or nothing."""
    asked = request.query_string.decode("ascii", "ignore")
    return f"?{asked}" if asked else ""


def _beside(report: Report) -> dict[str, Any]:
    """The list that one came from, and the reports before and after this one in it."""
    listing = inbox_listing(counted=False)
    asked = request.args.get(PLACE, "")
    place = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else None
    page = listing.page_url(place // listing.per + 1) if place and place >= listing.per else listing.address()
    kept = page.partition("?")[2]
    found: dict[str, Any] = {"list": url_for(".inbox") + (f"?{kept}" if kept else "")}
    spots = inbox.neighbours(listing.found, report.id, place) if place is not None else inbox.Neighbours()
    for name, spot in (("previous", spots.previous), ("following", spots.following)):
        found[name] = address_of(spot[0], listing, spot[1]) if spot else None
    return found


def _around(report: Report) -> dict[str, Any]:
    """What lies near: open reports of the same kind, assets, and all of it on a map."""
    if report.lat is None or report.lon is None:
        return {"similar": [], "assets": [], "points": []}
    close = nearby.similar(report.category, report.lat, report.lon)
    similar = [one for one in close if one.report.id != report.id and inbox.may(READ, one.report.unit_id)]
    things = assets.near(report.lat, report.lon, report.category.asset_kind, within_m=ASSETS_WITHIN_M)
    points = [  # what is within a few steps would lie upon it; the tables below tell how far it is
        {
            "lat": report.lat,
            "lon": report.lon,
            "title": _("Laporan ini, %(number)s", number=report.number),
            "text": report.category.title,
            "tone": "gawat",
        }
    ]
    return {"similar": similar, "assets": things, "points": points}


def _answers(report: Report) -> list[tuple[str, str]]:
    """What was asked and answered, in words. An answer whose question is gone keeps its code."""
    rows = session.scalars(select(Question).where(Question.category_id == report.category_id))
    questions = {one.code: one for one in rows}
    told = []
    for code, value in report.answers.items():
        question = questions.get(code)
        names = dict(question.choices) if question else {}
        values = value if isinstance(value, list) else [value]
        words = ", ".join(names.get(str(one), str(one)) for one in values if one not in (None, ""))
        if words:
            told.append((question.title if question else code, words))
    return told


_KIND_WORDS = {
    "made": lambda: _("Laporan masuk"),
    "state": lambda: _("Keadaan berubah"),
    "route": lambda: _("Didisposisi"),
    "forward": lambda: _("Diteruskan"),
    "note": lambda: _("Jawaban"),
    "escalate": lambda: _("Naik satu tingkat"),
    "merge": lambda: _("Penggabungan"),
    "support": lambda: _("Dukungan"),
    "work": lambda: _("Perintah kerja"),
    "photo": lambda: _("Foto"),
    "rating": lambda: _("Penilaian"),
    "change": lambda: _("Perubahan"),
}


def _entry(entry: LogEntry) -> dict[str, Any]:
    """A line of the log as `ui.timeline` shows it."""
    title = states.title(entry.to_state) if entry.to_state else _KIND_WORDS[entry.kind]()
    if entry.internal:
        title = _("%(what)s (internal)", what=title)
    return {
        "at": entry.at,
        "who": entry.by_name,
        "title": title,
        "text": (language() == "en" and entry.note_en) or entry.note,
        "tone": "muted" if entry.internal else states.tone(entry.to_state) if entry.to_state else "muted",
        "icon": "lock" if entry.internal else None,
    }


def categories_for(report: Report) -> list[Category]:
    """The categories that a report may be given: open ones, and its own."""
    query = select(Category).where(Category.open | (Category.id == report.category_id))
    return list(session.scalars(query.order_by(Category.group, Category.position, Category.name)))
