"""The desk of announcements: written, looked at as citizens see them, shown, ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from lumbung.admin.announcement_form import AnnouncementForm, values_of
from lumbung.announcements import services
from lumbung.announcements.models import DRAFT, ENDED, NOW, PLANNED, Announcement
from lumbung.announcements.plain_text import as_html
from lumbung.bilingual import LANGUAGES
from lumbung.context import current_scope, current_tenant
from lumbung.tenancy import cards as units
from lumbung.tenancy.services import unit_tree
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain, language
from lumbung.web.listing import ChoiceFilter, ListColumn, Listing

blueprint = Blueprint("admin_announcements", __name__, url_prefix="/admin/pengumuman")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.get("/")
@requires("core.announce")
def index() -> Response | str:
    """List announcements, the newest first, all or those of one state; or the same as a file."""
    listing = announcements_listing()
    return listing.export() or render_template("admin/announcements.html", listing=listing, state_title=state_title)


def announcements_listing() -> Listing:
    """Return the announcements as this request asks for them."""
    return Listing(
        query=select(Announcement),
        columns=[
            ListColumn(
                "judul",
                _("Judul"),
                value=lambda row: row.title_in(language()),
                sort=Announcement.title["id"].astext,
                width=48,
            ),
            ListColumn("keadaan", _("Keadaan"), value=lambda row: state_title(row.state)),
            ListColumn(
                "mulai",
                _("Mulai"),
                value=lambda row: row.shown_from,
                kind="datetime",
                sort=func.coalesce(Announcement.shown_from, Announcement.written_at),
            ),
            ListColumn(
                "selesai",
                _("Selesai"),
                value=lambda row: row.shown_until,
                kind="datetime",
                sort=Announcement.shown_until,
            ),
            ListColumn("penulis", _("Ditulis oleh"), value=lambda row: row.written_by, sort=Announcement.written_by),
            ListColumn("tindakan", _("Tindakan"), kind="acts"),
        ],
        name="pengumuman",
        title=_("Pengumuman"),
        noun=_("pengumuman"),
        default_sort="-mulai",
        search=[column[code].astext for column in (Announcement.title, Announcement.text) for code in LANGUAGES],
        search_label=_("Judul atau isi"),
        filters=[
            ChoiceFilter(
                "keadaan",
                _("Keadaan pengumuman"),
                [(state, state_title(state)) for state in (NOW, PLANNED, DRAFT, ENDED)],
                where=services.states,
                tabs=True,
                counts=services.counts(current_scope().session),
            )
        ],
    )


def state_title(state: str) -> str:
    """Return what the state of an announcement is called."""
    titles: dict[str, str] = {
        DRAFT: _("Konsep"),
        PLANNED: _("Dijadwalkan"),
        NOW: _("Tampil"),
        ENDED: _("Selesai"),
    }
    return titles[state]


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
