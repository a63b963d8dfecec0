"""The hall: the kiosk that gives numbers, and the wall that shows and speaks them."""

from __future__ import annotations

from uuid import UUID

from flask import Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, find, public, rate_limit

from ..forms.booking import CodeForm, KioskForm
from ..models import Location, Service
from ..rules.visitors import Visitor, tidy_code
from ..services import board, booking, places
from ..services.opening_hours import seats_today
from ..words import _
from .room import blueprint, refused
from .ticket import ticket_address


@blueprint.get("/layar")
@public
def walls() -> ResponseReturnValue:
    """Which wall to open on this screen."""
    return render_template("antrean/walls.html", places=places.open_locations())


@blueprint.get("/layar/<uuid:location_id>")
@public
def wall(location_id: UUID) -> ResponseReturnValue:
    """The wall of a place: the number being called, huge, and the next."""
    place = places.public_location(location_id)
    return render_template("antrean/wall.html", place=place, state=board.wall(place))


@blueprint.get("/layar/<uuid:location_id>/keadaan.json")
@public
def wall_state(location_id: UUID) -> Response:
    """What the wall shows, as data; 304 as long as nothing happened."""
    answer = jsonify(board.wall(places.public_location(location_id)))
    answer.add_etag()
    answer.headers["Cache-Control"] = "no-cache"
    answer.make_conditional(request)
    return answer


@blueprint.get("/kios/<key>")
@public
def kiosk(key: str) -> ResponseReturnValue:
    """The touch screen: services one can join now, and a field for a booking code."""
    place = places.kiosk_location(key)
    services = [service for service in places.open_services(place) if service.walk_in]
    return render_template(
        "antrean/kiosk.html", place=place, key=key, services=services,
        left=seats_today(services, "kiosk"), code_form=CodeForm(), form=KioskForm(),
    )  # fmt: skip


@blueprint.post("/kios/<key>/<uuid:service_id>")
@public
def kiosk_take(key: str, service_id: UUID) -> ResponseReturnValue:
    """A number for somebody who stands here."""
    place = places.kiosk_location(key)
    service = _service_here(place, service_id)
    rate_limit(f"antrean.kiosk:{place.id}", times=60, seconds=60)
    form = KioskForm()
    if not form.validate_on_submit():
        abort(400)
    try:
        taken = booking.walk_in(service, Visitor("", priority=form.priority.data or ""))
    except DomainError as refusal:
        return refused(refusal, url_for(".kiosk", key=key))
    return redirect(url_for(".kiosk_ticket", key=key, code=taken.code))


@blueprint.post("/kios/<key>/hadir")
@public
def kiosk_arrive(key: str) -> ResponseReturnValue:
    """Check-in with a scanned or typed code."""
    place = places.kiosk_location(key)
    rate_limit(f"antrean.kiosk_code:{place.id}", times=60, seconds=60)
    found = booking.by_code(tidy_code(CodeForm().code.data or ""))
    try:
        if found is None or found.location_id != place.id:
            raise DomainError(_("Kode itu bukan untuk lokasi ini. Periksa kodenya atau tanya petugas."))
        booking.check_in(found)
    except DomainError as refusal:
        return refused(refusal, url_for(".kiosk", key=key))
    flash(_("Anda tercatat hadir."), "baik")
    return redirect(url_for(".kiosk_ticket", key=key, code=found.code))


@blueprint.get("/kios/<key>/nomor/<code>")
@public
def kiosk_ticket(key: str, code: str) -> ResponseReturnValue:
    """The number that was just given, printed at once on the roll."""
    place, found = places.kiosk_location(key), booking.by_code(code)
    if found is None or found.location_id != place.id:
        abort(404)
    return render_template(
        "antrean/kiosk_ticket.html", place=place, key=key, ticket=found, address=ticket_address(found),
        ahead=board.ahead_of(found),
    )  # fmt: skip


def _service_here(place: Location, service_id: UUID) -> Service:
    service = find(Service, service_id)
    if service is None or service.location_id != place.id or not service.open:
        abort(404)
    return service
