"""The citizen's first page: what is one's own, what is announced, and the way to every service."""

from __future__ import annotations

from flask import Blueprint, render_template

from lumbung.announcements import services as announcements
from lumbung.context import current_scope
from lumbung.portal.affairs import my_affairs
from lumbung.portal.catalogue import catalogue
from lumbung.web.access import public

blueprint = Blueprint("portal", __name__)

AFFAIRS = 3
ANNOUNCEMENTS = 4
UNITS = 10
SERVICES = 6  # shown as tiles; with more, life events and offices lead to them
OFFICES = 6  # shown at once; the others unfold


@blueprint.get("/")
@public
def home() -> str:
    """Show the search, the person's affairs, announcements, and the services by life event and by office."""
    known = catalogue()
    offices = [unit for unit in known.units if unit.address]
    return render_template(
        "portal/home.html",
        affairs=my_affairs(),
        most_affairs=AFFAIRS,
        announcements=announcements.on_top(current_scope().session, ANNOUNCEMENTS),
        catalogue=known,
        most_services=SERVICES,
        most_units=UNITS,
        run_by={unit.id for unit, _offers in known.by_unit},
        offices=offices[:OFFICES],
        more_offices=offices[OFFICES:],
    )
