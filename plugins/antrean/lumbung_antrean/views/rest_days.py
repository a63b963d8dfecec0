"""Days off and sudden closings."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, current_person, find_or_404, requires, today

from ..forms.setup import ClosureForm, HolidayForm, ImportForm
from ..models import Closure, Holiday, Location, Service
from ..services import closures, places
from ..words import _
from .room import blueprint, refused, say

MANAGE = "antrean.manage"


@blueprint.route("/pengaturan/libur", methods=["GET", "POST"])
@requires(MANAGE)
def holidays() -> ResponseReturnValue:
    """Days off, and a form for one more."""
    mine = list(places.my_locations(MANAGE))
    form = HolidayForm()
    form.offer(mine, all_places=_in_charge_of_all())
    if form.validate_on_submit():
        place = _one_of(mine, form.location.data)
        try:
            closures.add_holiday(form.date.data, form.name.data or "", place)
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Hari libur tercatat. Warga tidak dapat memesan hari itu."), "baik")
            return redirect(url_for(".holidays"))
    page = render_template(
        "antrean/holidays.html", form=form, import_form=ImportForm(), holidays=_visible(mine),
        all_places=_in_charge_of_all(),
    )  # fmt: skip
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/pengaturan/libur/impor")
@requires(MANAGE)
def import_holidays() -> ResponseReturnValue:
    """Take over the national days off of a year."""
    form = ImportForm()
    if not _in_charge_of_all():
        abort(403)
    if not form.validate_on_submit():
        abort(400)
    try:
        added = closures.import_national(form.year.data, joint_leave=form.joint_leave.data)
    except DomainError as refusal:
        return refused(refusal, url_for(".holidays"))
    flash(_("%(count)s hari libur nasional ditambahkan.", count=added), "baik")
    return redirect(url_for(".holidays"))


@blueprint.post("/pengaturan/libur/<uuid:holiday_id>/hapus")
@requires(MANAGE)
def remove_holiday(holiday_id: UUID) -> ResponseReturnValue:
    """Open the day again."""
    holiday = find_or_404(Holiday, holiday_id)
    if holiday.location is None and not _in_charge_of_all():
        abort(403)
    if holiday.location:
        places.guard(holiday.location, MANAGE)
    closures.remove_holiday(holiday)
    flash(_("Hari libur dihapus; hari itu dapat dipesan lagi."), "baik")
    return redirect(url_for(".holidays"))


@blueprint.route("/pengaturan/tutup", methods=["GET", "POST"])
@requires(MANAGE)
def close_day() -> ResponseReturnValue:
    """Close a day all of a sudden; the page lists whom to ring."""
    mine = list(places.my_locations(MANAGE))
    form = ClosureForm(date=today())
    form.offer(mine)
    if form.validate_on_submit():
        try:
            cancelled = _close(form)
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Hari itu ditutup; %(count)s nomor dibatalkan.", count=len(cancelled)), "baik")
            return redirect(url_for(".close_day"))
    rows = [row for row in closures.closures_from(today()) if row.location in mine]
    page = render_template(
        "antrean/close_day.html", form=form, closures=[(row, closures.cancelled_by(row)) for row in rows]
    )
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/pengaturan/tutup/<uuid:closure_id>/buka")
@requires(MANAGE)
def reopen_day(closure_id: UUID) -> ResponseReturnValue:
    """Take a closing back."""
    closure = find_or_404(Closure, closure_id)
    places.guard(closure.location, MANAGE)
    closures.reopen_day(closure)
    flash(_("Hari itu dibuka lagi. Nomor yang sudah dibatalkan tetap batal."), "baik")
    return redirect(url_for(".close_day"))


def _close(form: ClosureForm) -> list[object]:
    place_id, _colon, service_id = (form.what.data or "").partition(":")
    place = places.my_location(UUID(place_id), MANAGE)
    service = find_or_404(Service, UUID(service_id)) if service_id else None
    return list(closures.close_day(place, form.date.data, form.reason.data or "", service))


def _one_of(mine: list[Location], chosen: str | None) -> Location | None:
    return next((place for place in mine if str(place.id) == chosen), None)


def _visible(mine: list[Location]) -> list[Holiday]:
    return [row for row in closures.holidays_from(today()) if row.location is None or row.location in mine]


def _in_charge_of_all() -> bool:
    person = current_person()
    return person is not None and person.units_with(MANAGE) is None
