"""The inbox: what came in and what waits, and acts on several reports at once."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, local_path, requires, selected_ids, units

from ...forms.desk import unit_choices
from ...models import Report
from ...services import inbox as reports
from ...services import moderation, workflow
from ...words import _
from ..room import refused
from . import blueprint
from .due import due_words
from .listing import address_of, inbox_listing, place_words


@blueprint.get("/laporan")
@requires(reports.READ)
def inbox() -> ResponseReturnValue:
    """Every report one may read: by what needs somebody, narrowed, searched, taken away."""
    listing = inbox_listing()
    if (file := listing.export()) is not None:
        return file
    first = (listing.page.number - 1) * listing.per
    places = {report.id: first + at for at, report in enumerate(listing.rows)}
    return render_template(
        "infrastruktur/desk/inbox.html",
        listing=listing,
        address=lambda report: address_of(report.id, listing, places[report.id]),
        due_words=due_words,
        place_words=place_words,
        unit_names={unit.id: unit.name for unit in units.all()},
        unit_choices=unit_choices(),
        may_verify=reports.verifies(),
    )


@blueprint.post("/laporan/pilihan/<what>")
@requires(reports.VERIFY)
def several(what: str) -> ResponseReturnValue:
    """Verify, route or refuse the reports that were ticked, and say what became of them."""
    back = local_path(request.form.get("kembali"), url_for(".inbox"))
    ids = selected_ids()
    try:
        act, words = _bulk_act(what)
        if not ids:
            raise DomainError(_("Pilih dulu laporannya dengan memberi tanda centang."))
    except DomainError as refusal:
        return refused(refusal, back)
    outcome = reports.act_on_several(ids, reports.VERIFY, act)
    if outcome.done:
        flash(words(outcome.done), "baik")
    if outcome.left:
        flash(outcome.words, "padi" if outcome.done else "gawat")
    return redirect(back, 303)


def _bulk_act(what: str) -> tuple[Callable[[Report], None], Callable[[int], str]]:
    """What is done to each, and what is said afterwards of so many."""
    if what == "verifikasi":
        return workflow.verify, lambda count: _("%(count)s laporan terverifikasi.", count=count)
    if what == "disposisi":
        unit_id, name = _unit()
        return (
            lambda report: workflow.route(report, unit_id),
            lambda count: _("%(count)s laporan didisposisi ke %(unit)s.", count=count, unit=name),
        )
    if what == "spam":
        return _refuse_as_spam, lambda count: _("%(count)s laporan ditolak sebagai spam.", count=count)
    abort(404)


def _unit() -> tuple[UUID, str]:
    found = {str(unit.id): unit for unit in units.all()}.get(request.form.get("unit", ""))
    if found is None:
        raise DomainError(_("Pilih dulu unit tujuan disposisi di bawah daftar."))
    return found.id, found.name


def _refuse_as_spam(report: Report) -> None:
    """Refuse a report that is none; who may moderate takes it out of sight as well."""
    workflow.refuse(report, _("Kiriman ini bukan laporan kerusakan."))
    if report.visibility != "hidden" and reports.may(reports.MODERATE, report.unit_id):
        moderation.hide_report(report, _("Spam"))
