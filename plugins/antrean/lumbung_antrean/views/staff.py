"""The information desk: today's numbers, check-in, booking for somebody who has no phone."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, find_or_404, format_time, local_path, note_reading, requires, today

from ..forms.booking import CodeForm, ReasonForm, StaffBookingForm
from ..forms.setup import date_or_none
from ..models import Location, Service, Slot, Ticket
from ..services import booking, calling, opening_hours, places
from ..services import todays_numbers as todays
from ..services.board import ahead_of
from ..words import _
from .room import blueprint, refused, say
from .ticket import ticket_address
from .todays_listing import todays_listing

ASSIST = "antrean.assist"


@blueprint.get("/hari-ini")
@requires(ASSIST)
def todays_numbers() -> ResponseReturnValue:
    """All numbers of today in one of my places."""
    mine, place = _place()
    if place is None:
        return render_template("antrean/no_place.html")
    counts = todays.state_counts(place)
    listing = todays_listing(place, counts)
    return listing.export() or render_template(
        "antrean/todays_numbers.html", places=mine, place=place, listing=listing, counts=counts, form=CodeForm()
    )


@blueprint.post("/hari-ini/hadir")
@requires(ASSIST)
def check_in_by_code() -> ResponseReturnValue:
    """Check somebody in with the code of their ticket."""
    found = booking.by_code(CodeForm().code.data or "")
    back = url_for(".todays_numbers", lokasi=request.form.get("lokasi"))
    try:
        if found is None or not places.is_mine(found.location, ASSIST):
            raise DomainError(_("Tidak ada tiket dengan kode itu."))
        booking.check_in(found, by_officer=True)
    except DomainError as refusal:
        return refused(refusal, back)
    flash(_("Nomor %(label)s tercatat hadir.", label=found.label), "baik")
    return redirect(url_for(".todays_numbers", lokasi=found.location_id))


@blueprint.get("/petugas/tiket/<uuid:ticket_id>")
@requires(ASSIST)
def staff_ticket(ticket_id: UUID) -> ResponseReturnValue:
    """One ticket with its log, and what an officer may do with it."""
    found = places.my_ticket(ticket_id, ASSIST)
    if found.person_id:
        note_reading(found.person_id, "antrean.ticket.page")
    return render_template(
        "antrean/staff_ticket.html", ticket=found, calls=todays.calls_of(found), form=ReasonForm(),
        earliest=booking.earliest_service(found), ahead=ahead_of(found), address=ticket_address(found),
    )  # fmt: skip


@blueprint.post("/petugas/tiket/<uuid:ticket_id>/hadir")
@requires(ASSIST)
def staff_check_in(ticket_id: UUID) -> ResponseReturnValue:
    """Check somebody in who stands at the desk."""
    found = places.my_ticket(ticket_id, ASSIST)
    back = _back(found)
    try:
        booking.check_in(found, by_officer=True)
    except DomainError as refusal:
        return refused(refusal, back)
    flash(_("Nomor %(label)s tercatat hadir.", label=found.label), "baik")
    return redirect(back)


@blueprint.post("/petugas/tiket/<uuid:ticket_id>/batal")
@requires(ASSIST)
def staff_cancel(ticket_id: UUID) -> ResponseReturnValue:
    """Cancel for the office, with a reason the citizen reads."""
    found = places.my_ticket(ticket_id, ASSIST)
    form = ReasonForm()
    here = url_for(".staff_ticket", ticket_id=ticket_id)
    try:
        if not form.validate_on_submit():
            raise DomainError(_("Isi alasan pembatalan, sedikitnya lima huruf; warga membacanya pada tiket."))
        booking.cancel_by_office(found, form.reason.data or "")
    except DomainError as refusal:
        return refused(refusal, here)
    flash(_("Nomor %(label)s dibatalkan.", label=found.label), "baik")
    return redirect(here)


@blueprint.post("/petugas/tiket/<uuid:ticket_id>/tidak-hadir")
@requires(ASSIST)
def staff_no_show(ticket_id: UUID) -> ResponseReturnValue:
    """Say that somebody skipped will not come any more."""
    found = places.my_ticket(ticket_id, ASSIST)
    here = url_for(".staff_ticket", ticket_id=ticket_id)
    try:
        calling.end_as_no_show(found, None)
    except DomainError as refusal:
        return refused(refusal, here)
    return redirect(here)


@blueprint.get("/petugas")
@requires(ASSIST)
def choose_service() -> ResponseReturnValue:
    """For which service an officer takes a number."""
    mine = [(place, places.open_services(place)) for place in places.my_locations(ASSIST)]
    return render_template("antrean/staff_services.html", places=mine)


@blueprint.route("/petugas/<uuid:service_id>", methods=["GET", "POST"])
@requires(ASSIST)
def book_for(service_id: UUID) -> ResponseReturnValue:
    """Take a number for somebody: date, hour and person on one page."""
    service = places.my_service(service_id, ASSIST)
    chosen = date_or_none(request.values.get("tanggal")) or today()
    form, day, why = StaffBookingForm(), None, ""
    try:
        day = opening_hours.open_day(service, chosen)
    except DomainError as refusal:
        why = str(refusal)
    form.slot.choices = _hours(day)
    if form.validate_on_submit():
        try:
            return _taken(_book_for(form, service, chosen))
        except DomainError as refusal:
            say(form, refusal)
    page = render_template(
        "antrean/staff_book.html", service=service, form=form, chosen=chosen, day=day, why=why,
        last=opening_hours.last_bookable_date(service),
    )  # fmt: skip
    return page, 422 if form.is_submitted() else 200


def _book_for(form: StaffBookingForm, service: Service, day: date) -> Ticket:
    slot = find_or_404(Slot, UUID(str(form.slot.data)))
    if slot.service_id != service.id:
        abort(404)
    made = booking.book(slot, day, form.visitor(), "staff")
    if form.arrived.data:
        booking.check_in(made, by_officer=True)
    return made


def _taken(made: Ticket) -> ResponseReturnValue:
    flash(_("Nomor %(label)s sudah diambil. Cetak atau sebutkan kodenya.", label=made.label), "baik")
    return redirect(url_for(".staff_ticket", ticket_id=made.id))


def _hours(day: opening_hours.Day | None) -> list[tuple[str, str]]:
    return [
        (
            str(seats.slot.id),
            _(
                "%(starts)s–%(ends)s, sisa %(left)s",
                starts=format_time(seats.slot.starts),
                ends=format_time(seats.slot.ends),
                left=seats.left("staff"),
            ),
        )
        for seats in (day.slots if day else [])
    ]


def _place() -> tuple[list[Location], Location | None]:
    mine = list(places.my_locations(ASSIST))
    asked = request.args.get("lokasi", "")
    return mine, next((place for place in mine if str(place.id) == asked), mine[0] if mine else None)


def _back(ticket: Ticket) -> str:
    return local_path(request.form.get("kembali"), url_for(".staff_ticket", ticket_id=ticket.id))
