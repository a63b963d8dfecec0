"""Announcements as citizens read them: the list, one by itself, and closing the bar of an urgent one."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, session
from werkzeug.wrappers import Response

from lumbung.addresses import local_path
from lumbung.announcements import services
from lumbung.announcements.plain_text import as_html, beginning
from lumbung.context import current_scope
from lumbung.tenancy import cards as units
from lumbung.web.access import public
from lumbung.web.paging import page_number, page_url, paginate
from lumbung.web.view import TOLD_KEY

blueprint = Blueprint("announcements", __name__, url_prefix="/pengumuman")

PER_PAGE = 10
MOST_TOLD = 20  # ids kept in the visitor's cookie


@blueprint.get("/")
@public
def index() -> str:
    """List what is announced at this moment, the newest first."""
    page = paginate(current_scope().session, services.visible(), page_number(), size=PER_PAGE)
    return render_template("portal/announcements.html", page=page, page_url=page_url(), beginning=beginning)


@blueprint.get("/<uuid:announcement_id>")
@public
def show(announcement_id: UUID) -> str:
    """Show one announcement; a draft, one still to come and one that is over are not found."""
    announcement = services.find_visible(current_scope().session, announcement_id)
    if announcement is None:
        abort(404)
    unit = units.get(announcement.unit_id) if announcement.unit_id else None
    return render_template("portal/announcement.html", announcement=announcement, unit=unit, as_html=as_html)


@blueprint.post("/<uuid:announcement_id>/tutup")
@public
def close(announcement_id: UUID) -> Response | str:
    """Take the bar of an urgent announcement away for the rest of this visit, and lead back.

    Kept in the visit's cookie and nowhere else. htmx asks for no page: it takes the bar away itself.
    """
    told = [one for one in session.get(TOLD_KEY, ()) if one != str(announcement_id)]
    session[TOLD_KEY] = [*told, str(announcement_id)][-MOST_TOLD:]
    if request.headers.get("HX-Request"):
        return ""
    return redirect(local_path(request.form.get("next")), 303)
