"""Every service of the tenant: all, by life event, by the unit that runs it."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from lumbung.portal.catalogue import catalogue
from lumbung.portal.life_events import BY_SLUG
from lumbung.web.access import public

blueprint = Blueprint("directory", __name__, url_prefix="/layanan")


@blueprint.get("/")
@public
def index() -> str:
    """List all services, by unit."""
    return render_template("portal/services.html", catalogue=catalogue())


@blueprint.get("/peristiwa/<slug>")
@public
def life_event(slug: str) -> str:
    """List the services of a life event; one that no service serves is not found."""
    event, known = BY_SLUG.get(slug), catalogue()
    offers = known.of_life_event(event.key) if event else []
    if event is None or not offers:
        abort(404)
    return render_template("portal/life_event.html", event=event, offers=offers, catalogue=known)


@blueprint.get("/unit/<code>")
@public
def unit(code: str) -> str:
    """List the services that a unit runs; one that runs none is not found."""
    for card, offers in catalogue().by_unit:
        if card.code == code.upper():
            return render_template("portal/unit.html", unit=card, offers=offers)
    abort(404)
