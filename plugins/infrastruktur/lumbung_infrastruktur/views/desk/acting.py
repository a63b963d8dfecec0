"""Doing something to a report: one address for each act, and what becomes of a form that comes too late."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, distance_m, find, find_or_404, format_number, requires, session

from ...forms.desk import ActForm, ChangeForm
from ...models import Asset, Category, Report
from ...services import assets, inbox, workflow
from ...services.inbox import READ
from ...words import _
from ..room import say
from . import blueprint
from .acts import ACTS, may_change
from .page import categories_for, here, report_page, trail_query

NEAR_M = 150


@blueprint.post("/laporan/<uuid:report_id>/<word>")
@requires(READ)
def act(report_id: UUID, word: str) -> ResponseReturnValue:
    """Do one act to a report, unless somebody else changed it since the page was opened."""
    found = ACTS.get(word) or abort(404)
    report = find_or_404(Report, report_id, lock=not found.crowd, permission=READ)
    if not found.allowed(report):
        abort(403)
    form = found.new_form(report, sent=True)
    if (late := _too_late(report, form)) is not None:
        return report_page(report, {word: late}), 409
    if form.validate_on_submit():
        try:
            said = found.do(report, form)
        except DomainError as refusal:
            report = _undo(report_id, form, refusal)
        else:
            flash(said, "baik")
            return redirect(here(report), 303)
    return report_page(report, {word: form}), 422


@blueprint.route("/laporan/<uuid:report_id>/ubah", methods=["GET", "POST"])
@requires(READ)
def change(report_id: UUID) -> ResponseReturnValue:
    """Put kind, severity and place of a report right."""
    report = find_or_404(Report, report_id, permission=READ)
    if not may_change(report):
        abort(403)
    form = _change_form(report)
    status = 200
    if form.is_submitted():
        report = find_or_404(Report, report_id, lock=True, permission=READ)
        status = 409 if _too_late(report, form) is not None else 422
    if status == 422 and form.validate_on_submit():
        try:
            changed = workflow.change(report, **_changes(form))
        except DomainError as refusal:
            report = _undo(report_id, form, refusal)
        else:
            words = _("Laporan %(number)s diperbaiki.") if changed else _("Tidak ada yang berubah pada %(number)s.")
            flash(words % {"number": report.number}, "baik" if changed else "laut")
            return redirect(here(report), 303)
    page = render_template("infrastruktur/desk/change.html", report=report, form=form, back=here(report),
                           trail=trail_query())  # fmt: skip
    return page, status


def _too_late(report: Report, form: ActForm) -> ActForm | None:
    """Return the form with a sentence when the report was changed meanwhile; what was typed stays in it."""
    if not inbox.is_stale(report, form.seen.data or ""):
        return None
    form.seen.data = inbox.stamp(report)
    form.seen.raw_data = None
    said = _(
        "Laporan %(number)s diubah orang lain sejak halaman ini Anda buka. Belum ada yang dilakukan. Lihat keadaannya "
        "sekarang; bila masih perlu, kirim lagi.",
        number=report.number,
    )
    say(form, DomainError(said))
    return form


def _undo(report_id: UUID, form: ActForm, refusal: DomainError) -> Report:
    """Take back what was begun and show the refusal on the form; return the report as it is."""
    session.rollback()
    report = find(Report, report_id) or abort(404)
    form.seen.data = inbox.stamp(report)
    say(form, refusal)
    return report


def _change_form(report: Report) -> ChangeForm:
    form = ChangeForm(
        category=str(report.category_id),
        severity=report.severity,
        lat=report.lat,
        lon=report.lon,
        address=report.address,
        asset=str(report.asset_id or ""),
        seen=inbox.stamp(report),
    )
    form.offer(categories_for(report), _assets_for(report))
    return form


def _assets_for(report: Report) -> list[tuple[Asset, str]]:
    """The assets a report may be about: those nearby, the nearest first, and the one it has."""
    found: dict[UUID, tuple[Asset, str]] = {}
    if report.lat is not None and report.lon is not None:
        for one in assets.near(report.lat, report.lon, report.category.asset_kind, within_m=NEAR_M):
            found[one.asset.id] = (one.asset, _("%(metres)s m", metres=format_number(round(one.metres))))
    if report.asset is not None and report.asset.id not in found:
        found[report.asset.id] = (report.asset, _far(report, report.asset))
    return list(found.values())


def _far(report: Report, asset: Asset) -> str:
    if None in (report.lat, report.lon, asset.lat, asset.lon):
        return ""
    metres = distance_m(report.lat, report.lon, asset.lat, asset.lon)  # type: ignore[arg-type]
    return str(_("%(metres)s m", metres=format_number(round(metres))))


def _changes(form: ChangeForm) -> dict[str, Any]:
    """What `workflow.change` takes. An empty place and an empty asset leave what there is."""
    return {
        "category": find(Category, UUID(form.category.data)),
        "severity": form.severity.data,
        "lat": float(form.lat.data) if form.lat.data is not None else None,
        "lon": float(form.lon.data) if form.lon.data is not None else None,
        "address": form.typed("address"),
        "asset_id": UUID(form.asset.data) if form.asset.data else None,
    }
