"""The map of an officer: the reports that they may read, hidden ones too, each leading to its page at the desk."""

from __future__ import annotations

from flask import Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import requires

from ...services import inbox as reports
from ...services.recap import mine
from ..browse.looking import choices, marks, warmth
from . import blueprint


@blueprint.get("/peta")
@requires(reports.READ)
def map_page() -> ResponseReturnValue:
    """The reports of one's units on a map, with filters."""
    return render_template("infrastruktur/desk/map.html", **choices(), asked=request.args)


@blueprint.get("/peta/titik.json")
@requires(reports.READ)
def points() -> Response:
    """What stands in the part of the map that somebody looks at."""
    return jsonify(marks(lambda _number, report_id: url_for("desk.report", report_id=report_id), *mine()))


@blueprint.get("/peta/panas.json")
@requires(reports.READ)
def heat() -> Response:
    """Where open reports are thick on the ground."""
    return jsonify(warmth(*mine()))
