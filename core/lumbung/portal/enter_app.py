"""The way from the portal into a foreign application, which has a host and so a cookie of its own.

An application's host sends browsers here (`lumbung.runtimes.foreign`); whoever is signed in goes back with a ticket.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from lumbung.context import current_scope, current_tenant
from lumbung.runtimes.foreign import hosts, visits
from lumbung.runtimes.foreign.own_paths import TICKET
from lumbung.web.access import me, signed_in
from lumbung.web.i18n import language

blueprint = Blueprint("enter_app", __name__)


@blueprint.get(f"{hosts.ENTER}<name>")
@signed_in
def enter(name: str) -> Response:
    """Give who is signed in a ticket for the application called ``name``, and lead back to its host."""
    scope, snapshot = current_scope(), current_scope().kernel.snapshot()
    plugin = snapshot.plugins.get(name) if snapshot.is_enabled(name, current_tenant().id) else None
    if plugin is None or not plugin.usable or plugin.manifest.process is None:
        abort(404)
    state = request.args.get("s", "")
    if not visits.SHOWN_STATE.fullmatch(state):
        abort(400)
    origin = hosts.app_origin(scope.kernel.settings, current_tenant(), name, scheme=request.scheme, host=request.host)
    if origin is None:
        abort(404)
    back = hosts.back_path(request.args.get("kembali"))
    ticket = visits.issue(scope, name, me(), state)
    target = f"{origin}{TICKET}?" + urlencode({"t": ticket, "kembali": back})
    return _lead(target, plugin.manifest.title(language()))


def _lead(target: str, title: str) -> Response:
    """Lead to the application; by a page after a form of ours, whose policy lets forms lead nowhere else."""
    ours = f"{request.scheme}://{request.host}/"
    if request.headers.get("Sec-Fetch-Site") == "same-origin" or (request.referrer or "").startswith(ours):
        answer: Response = make_response(render_template("portal/openid/leave.html", target=target, name=title))
        answer.headers["Refresh"] = f"0; url={target}"
    else:
        answer = redirect(target)
    answer.headers["Cache-Control"] = "no-store"
    return answer
