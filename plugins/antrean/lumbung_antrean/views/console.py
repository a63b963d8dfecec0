"""The operator's console: one counter, one number at a time, large buttons and keys."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, Person, current_person, requires

from ..models import Counter, Ticket
from ..services import calling, counters, places
from ..services.todays_numbers import figures_of
from ..words import _
from .room import blueprint, refused

SERVE = "antrean.serve"


@blueprint.get("/loket")
@requires(SERVE)
def console() -> ResponseReturnValue:
    """The counter this operator sits at; without one, the counters to choose from."""
    counter = counters.counter_of(_me())
    if counter is None:
        return redirect(url_for(".choose_counter"))
    return render_template("antrean/console.html", **_scene(counter))


@blueprint.get("/loket/isi")
@requires(SERVE)
def console_part() -> ResponseReturnValue:
    """Who waits, renewed every few seconds."""
    counter = counters.counter_of(_me())
    if counter is None:
        abort(404)
    return render_template("antrean/_waiting.html", **_scene(counter))


@blueprint.get("/loket/pilih")
@requires(SERVE)
def choose_counter() -> ResponseReturnValue:
    """The counters of one's places."""
    mine = [(place, counters.counters_at(place)) for place in places.my_locations(SERVE)]
    return render_template("antrean/choose_counter.html", places=mine, here=counters.counter_of(_me()))


@blueprint.post("/loket/<uuid:counter_id>/duduk")
@requires(SERVE)
def sit_down(counter_id: UUID) -> ResponseReturnValue:
    """Take a seat at a counter."""
    counter = places.my_counter(counter_id, SERVE)
    try:
        counters.sit_down(counter, _me())
    except DomainError as refusal:
        return refused(refusal, url_for(".choose_counter"))
    return redirect(url_for(".console"))


@blueprint.post("/loket/tinggalkan")
@requires(SERVE)
def stand_up() -> ResponseReturnValue:
    """Leave the counter."""
    counters.stand_up(_me())
    return redirect(url_for(".choose_counter"))


@blueprint.post("/loket/panggil")
@requires(SERVE)
def call_next() -> ResponseReturnValue:
    """Call the next number."""
    return _act(lambda counter: calling.call_next(counter))


@blueprint.post("/loket/panggil/<uuid:ticket_id>")
@requires(SERVE)
def call_this(ticket_id: UUID) -> ResponseReturnValue:
    """Call one chosen number out of turn."""
    return _act(lambda counter: calling.call_this(counter, places.my_ticket(ticket_id, SERVE)))


@blueprint.post("/loket/selesai-panggil/<uuid:ticket_id>")
@requires(SERVE)
def finish_and_call(ticket_id: UUID) -> ResponseReturnValue:
    """Finish, and call the next number in the same breath. An empty queue does not undo the finishing."""

    def both(counter: Counter) -> None:
        calling.finish(places.my_ticket(ticket_id, SERVE), counter)
        if not calling.waiting_for(counter, limit=1):
            flash(_("Selesai. Belum ada yang menunggu."), "baik")
            return
        calling.call_next(counter)

    return _act(both)


ACTS: dict[str, Callable[[Ticket, Counter], None]] = {
    "ulang": calling.call_again,
    "lewati": calling.skip,
    "mulai": calling.start,
    "selesai": calling.finish,
    "tidak-hadir": calling.end_as_no_show,
}


@blueprint.post("/loket/tiket/<uuid:ticket_id>/<act>")
@requires(SERVE)
def act(ticket_id: UUID, act: str) -> ResponseReturnValue:
    """One of the buttons, pressed for the number it was shown with."""
    if act not in ACTS:
        abort(404)
    return _act(lambda counter: ACTS[act](places.my_ticket(ticket_id, SERVE), counter))


@blueprint.post("/loket/tiket/<uuid:ticket_id>/alihkan")
@requires(SERVE)
def hand_on(ticket_id: UUID) -> ResponseReturnValue:
    """Hand the person on: ``ke`` is loket:<id> or layanan:<id>."""
    kind, _colon, text = request.form.get("ke", "").partition(":")

    def transfer(counter: Counter) -> None:
        ticket, target = places.my_ticket(ticket_id, SERVE), _uuid(text)
        if kind == "loket":
            calling.transfer_to_counter(ticket, counter, places.my_counter(target, SERVE))
        elif kind == "layanan":
            calling.transfer_to_service(ticket, counter, places.my_service(target, SERVE))
        else:
            raise DomainError(_("Pilih loket atau layanan tujuan dulu."))
        flash(_("Nomor %(label)s dialihkan.", label=ticket.label), "baik")

    return _act(transfer)


def _act(work: Callable[[Counter], object]) -> ResponseReturnValue:
    """Do one thing at my counter and show the console again; a refusal is said there."""
    counter = counters.counter_of(_me())
    if counter is None:
        return redirect(url_for(".choose_counter"))
    places.guard(counter.location, SERVE)
    try:
        work(counter)
    except DomainError as refusal:
        return refused(refusal, url_for(".console"))
    return redirect(url_for(".console"))


def _scene(counter: Counter) -> dict[str, object]:
    here = calling.at_counter(counter)
    return {
        "counter": counter,
        "place": counter.location,
        "services": counters.services_at(counter),
        "here": here,
        "waiting": calling.waiting_for(counter),
        "figures": figures_of(counter),
        "other_counters": [other for other in counters.counters_at(counter.location) if other.id != counter.id],
        "other_services": [
            service for service in places.open_services(counter.location) if here and service.id != here.queue_id
        ],
    }


def _me() -> Person:
    person = current_person()
    return person if person is not None else abort(401)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise DomainError(_("Pilih loket atau layanan tujuan dulu.")) from None
