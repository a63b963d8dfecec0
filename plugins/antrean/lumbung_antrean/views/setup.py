"""Setting up: places, their services with slots, their counters."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, current_person, current_unit, external_url, requires, units

from ..forms.setup import WEEKDAYS, CounterForm, EditSlotForm, LocationForm, NewSlotForm, ServiceForm
from ..models import Counter, Location, Service, Slot
from ..services import places, setup
from ..words import _
from .room import blueprint, refused, say

MANAGE = "antrean.manage"


@blueprint.get("/pengaturan")
@requires(MANAGE)
def settings() -> ResponseReturnValue:
    """My places, and the first step when there is none."""
    return render_template("antrean/settings.html", places=places.my_locations(MANAGE, closed_too=True))


@blueprint.get("/pengaturan/lokasi/<uuid:location_id>")
@requires(MANAGE)
def place_settings(location_id: UUID) -> ResponseReturnValue:
    """One place: services, counters, the addresses of its wall and kiosk."""
    place = places.my_location(location_id, MANAGE)
    return render_template(
        "antrean/place_settings.html", place=place, unit=units.get(place.unit_id) if place.unit_id else None,
        kiosk_address=external_url(url_for(".kiosk", key=place.kiosk_key)),
        wall_address=external_url(url_for(".wall", location_id=place.id)),
        live_address=external_url(url_for(".live", location_id=place.id)),
    )  # fmt: skip


@blueprint.route("/pengaturan/lokasi/baru", methods=["GET", "POST"])
@requires(MANAGE)
def new_place() -> ResponseReturnValue:
    """Add a place."""
    unit = current_unit()
    return _edit_place(None, LocationForm(unit=str(unit.id) if unit else ""))


@blueprint.route("/pengaturan/lokasi/<uuid:location_id>/ubah", methods=["GET", "POST"])
@requires(MANAGE)
def edit_place(location_id: UUID) -> ResponseReturnValue:
    """Change, close or open a place."""
    place = places.my_location(location_id, MANAGE)
    return _edit_place(place, LocationForm(obj=place, unit=str(place.unit_id or "")))


def _edit_place(place: Location | None, form: LocationForm) -> ResponseReturnValue:
    form.unit.choices = _my_units()
    if form.validate_on_submit():
        unit_id = UUID(form.unit.data) if form.unit.data else None
        try:
            made = setup.save_location(place, unit_id=unit_id, **form.values())
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Lokasi %(name)s tersimpan.", name=made.name), "baik")
            return redirect(url_for(".place_settings", location_id=made.id))
    page = render_template("antrean/edit_place.html", form=form, place=place)
    return page, 422 if form.is_submitted() else 200


@blueprint.route("/pengaturan/lokasi/<uuid:location_id>/layanan/baru", methods=["GET", "POST"])
@requires(MANAGE)
def new_service(location_id: UUID) -> ResponseReturnValue:
    """Add a service to a place."""
    return _edit_service(places.my_location(location_id, MANAGE), None, ServiceForm())


@blueprint.route("/pengaturan/layanan/<uuid:service_id>/ubah", methods=["GET", "POST"])
@requires(MANAGE)
def edit_service(service_id: UUID) -> ResponseReturnValue:
    """Change, close or open a service."""
    service = places.my_service(service_id, MANAGE)
    return _edit_service(service.location, service, ServiceForm(obj=service))


def _edit_service(place: Location, service: Service | None, form: ServiceForm) -> ResponseReturnValue:
    if form.validate_on_submit():
        try:
            made = setup.save_service(place, service, **form.values())
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Layanan %(name)s tersimpan.", name=made.name), "baik")
            return redirect(url_for(".service_settings", service_id=made.id))
    page = render_template("antrean/edit_service.html", form=form, place=place, service=service)
    return page, 422 if form.is_submitted() else 200


@blueprint.get("/pengaturan/layanan/<uuid:service_id>")
@requires(MANAGE)
def service_settings(service_id: UUID) -> ResponseReturnValue:
    """One service with its weekly slots."""
    service = places.my_service(service_id, MANAGE)
    return render_template("antrean/service_settings.html", service=service, place=service.location, weekdays=WEEKDAYS)


@blueprint.route("/pengaturan/layanan/<uuid:service_id>/sesi/baru", methods=["GET", "POST"])
@requires(MANAGE)
def new_slots(service_id: UUID) -> ResponseReturnValue:
    """Add the same hours on several weekdays."""
    service = places.my_service(service_id, MANAGE)
    form = NewSlotForm(weekdays=[0, 1, 2, 3, 4])
    if form.validate_on_submit():
        try:
            made = setup.add_slots(service, form.weekdays.data or [], **form.values())
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("%(count)s sesi ditambahkan.", count=len(made)), "baik")
            return redirect(url_for(".service_settings", service_id=service.id))
    page = render_template("antrean/edit_slot.html", form=form, service=service, slot=None, weekdays=WEEKDAYS)
    return page, 422 if form.is_submitted() else 200


@blueprint.route("/pengaturan/sesi/<uuid:slot_id>", methods=["GET", "POST"])
@requires(MANAGE)
def edit_slot(slot_id: UUID) -> ResponseReturnValue:
    """Change hours and quotas of one slot, or close it."""
    slot = places.my_slot(slot_id, MANAGE)
    form = EditSlotForm(obj=slot)
    if form.validate_on_submit():
        try:
            setup.save_slot(slot, open=form.open.data, **form.values())
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Sesi tersimpan. Nomor yang sudah terbit tidak berubah."), "baik")
            return redirect(url_for(".service_settings", service_id=slot.service_id))
    page = render_template("antrean/edit_slot.html", form=form, service=slot.service, slot=slot, weekdays=WEEKDAYS)
    return page, 422 if form.is_submitted() else 200


@blueprint.route("/pengaturan/lokasi/<uuid:location_id>/loket/baru", methods=["GET", "POST"])
@requires(MANAGE)
def new_counter(location_id: UUID) -> ResponseReturnValue:
    """Add a counter to a place."""
    place = places.my_location(location_id, MANAGE)
    free = max((counter.number for counter in place.counters), default=0) + 1
    return _edit_counter(place, None, CounterForm(number=free))


@blueprint.route("/pengaturan/loket/<uuid:counter_id>", methods=["GET", "POST"])
@requires(MANAGE)
def edit_counter(counter_id: UUID) -> ResponseReturnValue:
    """Change, close or open a counter."""
    counter = places.my_counter(counter_id, MANAGE)
    form = CounterForm(
        number=counter.number, name=counter.name, open=counter.open,
        services=[str(service.id) for service in counter.services],
    )  # fmt: skip
    return _edit_counter(counter.location, counter, form)


def _edit_counter(place: Location, counter: Counter | None, form: CounterForm) -> ResponseReturnValue:
    form.offer(place.services)
    if form.validate_on_submit():
        chosen = [service for service in place.services if str(service.id) in (form.services.data or [])]
        try:
            made = setup.save_counter(
                place, counter, chosen, number=form.number.data, name=form.name.data or "", open=form.open.data
            )
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Loket %(number)s tersimpan.", number=made.number), "baik")
            return redirect(url_for(".place_settings", location_id=place.id))
    page = render_template("antrean/edit_counter.html", form=form, place=place, counter=counter)
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/pengaturan/lokasi/<uuid:location_id>/kios")
@requires(MANAGE)
def renew_kiosk(location_id: UUID) -> ResponseReturnValue:
    """Give the kiosk a new secret address."""
    place = places.my_location(location_id, MANAGE)
    setup.renew_kiosk_key(place)
    flash(_("Alamat kios diganti. Buka alamat baru di layar sentuh; yang lama tidak berlaku lagi."), "baik")
    return redirect(url_for(".place_settings", location_id=place.id))


@blueprint.post("/pengaturan/<kind>/<uuid:thing_id>/hapus")
@requires(MANAGE)
def delete(kind: str, thing_id: UUID) -> ResponseReturnValue:
    """Delete a place, service, slot or counter that was never used."""
    thing, stay, gone = _thing(kind, thing_id)
    title = setup.title_of(thing)
    try:
        setup.delete(thing)
    except DomainError as refusal:
        return refused(refusal, stay)
    flash(_("%(title)s dihapus.", title=title), "baik")
    return redirect(gone)


def _thing(kind: str, thing_id: UUID) -> tuple[Location | Service | Slot | Counter, str, str]:
    """The thing, where one is when it stays, where one goes when it is gone."""
    thing: Location | Service | Slot | Counter
    if kind == "layanan":
        thing = places.my_service(thing_id, MANAGE)
        return thing, url_for(".service_settings", service_id=thing_id), _place_url(thing.location_id)
    if kind == "sesi":
        thing = places.my_slot(thing_id, MANAGE)
        back = url_for(".service_settings", service_id=thing.service_id)
        return thing, back, back
    if kind == "loket":
        thing = places.my_counter(thing_id, MANAGE)
        return thing, _place_url(thing.location_id), _place_url(thing.location_id)
    if kind != "lokasi":
        abort(404)
    thing = places.my_location(thing_id, MANAGE)
    return thing, _place_url(thing_id), url_for(".settings")


def _place_url(location_id: UUID) -> str:
    return url_for(".place_settings", location_id=location_id)


def _my_units() -> list[tuple[str, str]]:
    """The units a person may set places up for; without a unit only for whoever is in charge of all."""
    person = current_person()
    mine = person.units_with(MANAGE) if person else frozenset()
    everybody = [("", _("Tanpa unit (seluruh daerah)"))] if mine is None else []
    return everybody + [(str(unit.id), unit.name) for unit in units.all() if mine is None or unit.id in mine]
