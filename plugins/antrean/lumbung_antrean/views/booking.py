"""Taking a number: place, service, date, hour, who."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, current_person, find, public, rate_limit, setting, signed_in, today

from ..forms.booking import BookingForm, FindForm
from ..models import Slot, Ticket
from ..rules.states import ACTIVE
from ..services import booking, opening_hours, places
from ..services.board import lines
from ..words import _
from .room import blueprint, day_of, say

# Generous for one address: a village office or a school books for many behind one.
PER_ADDRESS = {"times": 150, "seconds": 600}
PER_PHONE = {"times": 6, "seconds": 600}
GUESSES = {"times": 12, "seconds": 600}


@blueprint.get("/")
@blueprint.get("/ambil")
@public
def start() -> ResponseReturnValue:
    """Where numbers can be taken."""
    return render_template(
        "antrean/start.html",
        places=[(place, lines(place)) for place in places.open_locations()],
        notice=setting("notice"),
    )


@blueprint.get("/lokasi/<uuid:location_id>")
@public
def location(location_id: UUID) -> ResponseReturnValue:
    """One place and its services."""
    place = places.public_location(location_id)
    return render_template("antrean/location.html", place=place, lines=lines(place))


@blueprint.get("/ambil/<uuid:service_id>")
@public
def choose_date(service_id: UUID) -> ResponseReturnValue:
    """The calendar of a service: seats left on each day, and why a day is closed."""
    service = places.public_service(service_id)
    days = opening_hours.bookable_days(service)
    first = next((day for day in days if day.left("web") > 0), None)
    return render_template("antrean/choose_date.html", service=service, weeks=_weeks(days), days=days, first=first)


@blueprint.get("/ambil/<uuid:service_id>/<day>")
@public
def choose_slot(service_id: UUID, day: str) -> ResponseReturnValue:
    """The hours of a day."""
    service, chosen = places.public_service(service_id), day_of(day)
    try:
        found = opening_hours.open_day(service, chosen)
    except DomainError as refusal:
        return _back_to_calendar(service_id, refusal)
    if len(found.slots) == 1 and found.left("web") > 0:
        return redirect(url_for(".take", service_id=service_id, day=day, slot_id=found.slots[0].slot.id))
    advice = "" if found.left("web") else opening_hours.advice(service, "web", after=chosen)
    return render_template(
        "antrean/choose_slot.html", service=service, day=found, advice=advice,
        next_date=opening_hours.next_open_date(service, "web", after=chosen) if advice else None,
    )  # fmt: skip


@blueprint.route("/ambil/<uuid:service_id>/<day>/<uuid:slot_id>", methods=["GET", "POST"])
@public
def take(service_id: UUID, day: str, slot_id: UUID) -> ResponseReturnValue:
    """The short form, and the number."""
    form = BookingForm(data=_known_about_me())
    if request.method == "POST":
        _not_too_often(form)
    service, chosen, slot = places.public_service(service_id), day_of(day), find(Slot, slot_id)
    if slot is None or slot.service_id != service.id:
        return _back_to_calendar(service_id, DomainError(_("Sesi itu tidak ada lagi. Pilih tanggal dan jam lagi.")))
    if request.method == "GET":
        return _form(form, slot, chosen)
    if form.validate_on_submit():
        try:
            ticket = _book(form, slot, chosen)
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Nomor Anda sudah tercatat. Simpan atau foto halaman ini."), "baik")
            return redirect(url_for(".ticket", code=ticket.code))
    return _form(form, slot, chosen), 422


@blueprint.route("/cari", methods=["GET", "POST"])
@public
def find_ticket() -> ResponseReturnValue:
    """A ticket by its code and the phone number it was taken with."""
    form = FindForm(code=request.args.get("kode", ""))
    if form.validate_on_submit():
        rate_limit(f"antrean.find:{request.remote_addr}", **GUESSES)
        try:
            found = booking.by_code_and_phone(form.code.data or "", form.phone.data or "")
        except DomainError as refusal:
            say(form, refusal)
        else:
            return redirect(url_for(".ticket", code=found.code))
    return render_template("antrean/find.html", form=form), 422 if form.is_submitted() else 200


@blueprint.get("/tiket-saya")
@signed_in
def my_tickets() -> ResponseReturnValue:
    """What a signed-in citizen has taken."""
    person = current_person()
    tickets = booking.tickets_of(person.id) if person else []
    coming = [ticket for ticket in tickets if ticket.date >= today() and ticket.state in ACTIVE]
    return render_template(
        "antrean/my_tickets.html",
        coming=sorted(coming, key=lambda ticket: (ticket.date, ticket.starts)),
        past=[ticket for ticket in tickets if ticket not in coming],
    )


def _book(form: BookingForm, slot: Slot, day: date) -> Ticket:
    person = current_person()
    return booking.book(slot, day, form.visitor(person.id if person else None))


def _not_too_often(form: BookingForm) -> None:
    """Count the attempt before any row is locked: the count is kept in a transaction of its own."""
    rate_limit(f"antrean.book:{request.remote_addr}", **PER_ADDRESS)
    if digits := re.sub(r"\D", "", form.phone.data or "")[-9:]:
        rate_limit(f"antrean.phone:{digits}", **PER_PHONE)


def _form(form: BookingForm, slot: Slot, day: date) -> str:
    return render_template("antrean/take.html", form=form, service=slot.service, slot=slot, day=day)


def _known_about_me() -> dict[str, str]:
    person = current_person()
    return {"name": person.name, "phone": person.phone or ""} if person else {}


def _back_to_calendar(service_id: UUID, refusal: DomainError) -> ResponseReturnValue:
    flash(str(refusal), "padi")
    return redirect(url_for(".choose_date", service_id=service_id))


def _weeks(days: list[opening_hours.Day]) -> list[list[opening_hours.Day | None]]:
    """Days in rows from Monday to Sunday, with holes before the first and after the last."""
    cells: list[opening_hours.Day | None] = [None] * days[0].date.weekday() + list(days)
    cells += [None] * (-len(cells) % 7)
    return [cells[start : start + 7] for start in range(0, len(cells), 7)]
