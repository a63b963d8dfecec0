"""The desk of announcements: written, looked at as citizens see them, shown, ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from lumbung.admin.announcement_form import AnnouncementForm, values_of
from lumbung.announcements import services
from lumbung.announcements.models import DRAFT, STATES, Announcement
from lumbung.announcements.plain_text import as_html
from lumbung.context import current_scope, current_tenant
from lumbung.tenancy import cards as units
from lumbung.tenancy.services import unit_tree
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain
from lumbung.web.paging import page_number, page_url, paginate

blueprint = Blueprint("admin_announcements", __name__, url_prefix="/admin/pengumuman")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.get("/")
@requires("core.announce")
def index() -> str:
    """List announcements, the newest first, all or those of one state."""
    asked = request.args.get("keadaan", "")
    state = asked if asked in STATES else ""
    newest = func.coalesce(Announcement.shown_from, Announcement.written_at).desc()
    query = select(Announcement).order_by(newest, Announcement.id)
    if state:
        query = query.where(services.states(state))
    session = current_scope().session
    return render_template(
        "admin/announcements.html",
        page=paginate(session, query, page_number()),
        page_url=page_url(),
        state=state,
        counts={one: session.scalar(select(func.count(Announcement.id)).where(services.states(one))) for one in STATES},
    )


@blueprint.route("/tulis", methods=["GET", "POST"])
@requires("core.announce")
def add() -> Page:
    """Write an announcement, as a draft or to be shown."""
    form = AnnouncementForm().offer(unit_tree(current_scope().session))
    if form.is_submitted() and form.validate():
        return _kept(services.add(current_scope().session, form.content(), by=me().name, draft=_as_draft()))
    page = render_template("admin/announcement.html", form=form, announcement=None)
    return (page, 422) if form.is_submitted() else page


@blueprint.route("/<uuid:announcement_id>/", methods=["GET", "POST"])
@requires("core.announce")
def edit(announcement_id: UUID) -> Page:
    """Write an announcement anew."""
    row, session = _find(announcement_id), current_scope().session
    form = AnnouncementForm(data=values_of(row)).of(row).offer(unit_tree(session))
    if form.is_submitted() and form.validate():
        services.change(session, row, form.content(), draft=_as_draft())
        return _kept(row)
    page = render_template("admin/announcement.html", form=form, announcement=row)
    return (page, 422) if form.is_submitted() else page


@blueprint.get("/<uuid:announcement_id>/pratinjau")
@requires("core.announce")
def preview(announcement_id: UUID) -> str:
    """Show an announcement as citizens see it, whatever its state."""
    row = _find(announcement_id)
    unit = units.get(row.unit_id) if row.unit_id else None
    return render_template("admin/announcement_preview.html", announcement=row, unit=unit, as_html=as_html)


@blueprint.post("/<uuid:announcement_id>/akhiri")
@requires("core.announce")
def end(announcement_id: UUID) -> Response:
    """Stop showing an announcement; its text stays here."""
    row = _find(announcement_id)
    if services.end(current_scope().session, row):
        flash(_("“%(title)s” tidak tampil lagi. Teksnya tetap ada di sini.", title=row.title["id"]), "baik")
    else:
        flash(_("“%(title)s” memang sedang tidak tampil. Tidak ada yang diubah.", title=row.title["id"]), "padi")
    return redirect(url_for(".index"), 303)


@blueprint.post("/<uuid:announcement_id>/hapus")
@requires("core.announce")
def delete(announcement_id: UUID) -> Response:
    """Remove an announcement for good."""
    row = _find(announcement_id)
    title = row.title["id"]
    services.delete(current_scope().session, row)
    flash(_("“%(title)s” dihapus.", title=title), "baik")
    return redirect(url_for(".index"), 303)


def _kept(row: Announcement) -> Response:
    """Say what became of it: a draft is looked at next, what is published is found in the list."""
    if row.state == DRAFT:
        flash(_("Konsep disimpan. Warga belum melihatnya."), "baik")
        return redirect(url_for(".preview", announcement_id=row.id), 303)
    said: dict[str, Any] = {
        "planned": _("“%(title)s” disimpan dan tampil pada waktunya.", title=row.title["id"]),
        "now": _("“%(title)s” disimpan dan sudah tampil bagi warga.", title=row.title["id"]),
    }
    flash(said.get(row.state) or _("“%(title)s” disimpan.", title=row.title["id"]), "baik")
    return redirect(url_for(".index"), 303)


def _as_draft() -> bool:
    return request.form.get("act") == "draft"


def _find(announcement_id: UUID) -> Announcement:
    row = current_scope().session.get(Announcement, (current_tenant().id, announcement_id))
    return row if row is not None else abort(404)
