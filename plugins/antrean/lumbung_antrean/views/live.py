"""The queue as it stands now, without signing in: one page for a phone, and its renewing part."""

from __future__ import annotations

from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from lumbung.sdk import now, public

from ..services import places
from ..services.board import lines
from .room import blueprint


@blueprint.get("/langsung/<uuid:location_id>")
@public
def live(location_id: UUID) -> ResponseReturnValue:
    """The queue of a place. Renews itself; without scripts there is a link."""
    place = places.public_location(location_id)
    return render_template("antrean/live.html", place=place, lines=lines(place), at=now())


@blueprint.get("/langsung/<uuid:location_id>/isi")
@public
def live_part(location_id: UUID) -> ResponseReturnValue:
    """The part that renews itself."""
    place = places.public_location(location_id)
    return render_template("antrean/_live.html", place=place, lines=lines(place), at=now())
