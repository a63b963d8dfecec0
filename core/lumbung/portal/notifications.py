"""What a person was told: the list behind the bell."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from lumbung.context import current_scope
from lumbung.notifications import services
from lumbung.web.access import me, signed_in
from lumbung.web.i18n import core_domain
from lumbung.web.paging import page_number, page_url, paginate

blueprint = Blueprint("notifications", __name__, url_prefix="/pemberitahuan")
_ = core_domain.gettext


@blueprint.get("/")
@signed_in
def index() -> str:
    """List what the person was told, unread first."""
    page = paginate(current_scope().session, services.list_query(me().id), page_number())
    return render_template("portal/notifications.html", page=page, page_url=page_url())


@blueprint.post("/<uuid:notification_id>/buka")
@signed_in
def open_one(notification_id: UUID) -> Response:
    """Mark one as read and go on to where it leads."""
    target = services.open_one(current_scope().session, me().id, notification_id)
    return redirect(target, 303) if target is not None else abort(404)


@blueprint.post("/semua-terbaca")
@signed_in
def read_all() -> Response:
    """Mark all as read."""
    count = services.read_all(current_scope().session, me().id)
    flash(_("%(count)s pemberitahuan ditandai terbaca.", count=count), "baik")
    return redirect(url_for(".index"), 303)
