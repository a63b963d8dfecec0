"""Who held which role, from when until when; and what an officer saw to be somebody's own."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, render_template, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from lumbung.admin.people import back, find_mine
from lumbung.admin.role_words import role_title, why_title
from lumbung.context import current_scope
from lumbung.errors import LumbungError
from lumbung.identity import post_history, verification
from lumbung.identity.models import PersonRow
from lumbung.identity.post_models import Post
from lumbung.web.access import requires
from lumbung.web.i18n import core_domain
from lumbung.web.listing import ChoiceFilter, ListColumn, Listing

blueprint = Blueprint("admin_posts", __name__, url_prefix="/admin")
_ = core_domain.gettext

Page = Response | str


@blueprint.get("/jabatan/")
@requires("core.people")
def index() -> Page:
    """List who holds and held which role, of which unit, from when until when."""
    listing = _listing()
    return listing.export() or render_template("admin/posts.html", listing=listing)


@blueprint.post("/orang/<uuid:person_id>/pastikan/<any(surel,ponsel):what>")
@requires("core.people")
def seen(person_id: UUID, what: str) -> Response:
    """Mark an address or number as verified: the officer saw for themself that it is this person's."""
    row = find_mine(person_id)
    try:
        verification.seen(current_scope().session, row, "email" if what == "surel" else "phone")
    except LumbungError:
        abort(404)
    flash(_("Sudah dicatat sebagai dipastikan di tempat."), "baik")
    return back(row)


def _listing() -> Listing:
    session = current_scope().session
    used = session.scalars(select(Post.role).distinct().order_by(Post.role)).all()
    named = select(Post.unit_id, func.max(Post.unit_name)).where(Post.unit_id.is_not(None)).group_by(Post.unit_id)
    units = session.execute(named.order_by(func.max(Post.unit_name))).all()
    return Listing(
        query=select(Post).join(Post.person).options(*post_history.with_person()),
        columns=[
            ListColumn("nama", _("Nama"), value=lambda row: row.person.name, sort=PersonRow.name, width=30,
                       link=lambda row: url_for("admin_people.detail", person_id=row.person_id)),
            ListColumn("peran", _("Peran"), value=lambda row: role_title(row.role).title, width=30),
            ListColumn("di", _("Berlaku di"), value=lambda row: row.unit_name or _("Seluruh daerah"),
                       sort=Post.unit_name, width=30),
            ListColumn("sejak", _("Sejak"), kind="datetime", value=lambda row: row.began_at, sort=Post.began_at),
            ListColumn("sampai", _("Sampai"), kind="datetime", value=lambda row: row.ended_at, sort=Post.ended_at),
            ListColumn("sebab", _("Sebab berakhir"), value=lambda row: why_title(row.why)),
            ListColumn("diberi", _("Diberi oleh"), value=lambda row: row.given_by),
            ListColumn("diakhiri", _("Diakhiri oleh"), value=lambda row: row.ended_by, shown=False),
        ],
        name="jabatan",
        title=_("Riwayat jabatan"),
        noun=_("jabatan"),
        default_sort="-sejak",
        search=[PersonRow.name, PersonRow.email],
        search_label=_("Cari nama atau surel"),
        filters=[
            ChoiceFilter("kini", _("Tampilkan"), [("ya", _("Sekarang")), ("tidak", _("Sudah berakhir"))],
                         where=lambda now: Post.ended_at.is_(None) if now == "ya" else Post.ended_at.is_not(None),
                         tabs=True),
            ChoiceFilter("peran", _("Peran"), [(role, role_title(role).title) for role in used],
                         where=lambda role: Post.role == role),
            ChoiceFilter("unit", _("Perangkat daerah"),
                         [(str(unit_id), name or "–") for unit_id, name in units],
                         where=lambda unit: Post.unit_id == UUID(unit)),
        ],
    )  # fmt: skip
