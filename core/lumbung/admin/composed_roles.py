"""Roles that the tenant's administrators compose out of permissions: the list, the form, removing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from lumbung.admin.role_form import RoleForm, role_form
from lumbung.admin.role_words import last_day
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.identity import composing, roles
from lumbung.identity.models import ComposedRole, Grant
from lumbung.identity.person import ADMIN
from lumbung.web import role_titles
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain, language
from lumbung.web.listing import ListColumn, Listing
from lumbung.web.permission_titles import by_application
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_composed", __name__, url_prefix="/admin/peran")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.get("/")
@requires("core.people")
def index() -> Page:
    """List the roles composed here, and below them those that may be copied."""
    listing = roles_listing()
    return listing.export() or render_template(
        "admin/composed.html", listing=listing, suggested=suggested(), title_in=title_in, permissions_of=in_words
    )


@blueprint.route("/susun", methods=["GET", "POST"])
@requires("core.people")
def add() -> Page:
    """Compose a role, from nothing or as a copy of another."""
    origin = request.args.get("dari", "")
    copied = roles.permissions_of(origin) if origin else None
    form = role_form(me(), copied=copied or ())
    if not form.is_submitted():
        return _form_page(form, None, origin if copied is not None else "")
    if form.validate():
        try:
            row = composing.compose(
                current_scope().session, me(), based_on=origin if copied is not None else None, **_typed(form)
            )
        except LumbungError as error:
            _say(form, error)
        else:
            current_scope().kernel.state.forget()
            flash(_("Peran %(title)s disusun. Berikan di halaman orangnya.", title=title_in(row)), "baik")
            return redirect(url_for(".index"), 303)
    return _form_page(form, None, origin if copied is not None else ""), 422


@blueprint.route("/<uuid:role_id>/", methods=["GET", "POST"])
@requires("core.people")
def edit(role_id: UUID) -> Page:
    """Show a role with those who hold it; change it for all of them."""
    row = _find(role_id)
    form = role_form(me(), row)
    if not form.is_submitted():
        return _form_page(form, row)
    if form.validate():
        try:
            composing.change(current_scope().session, row, me(), **_typed(form))
        except LumbungError as error:
            _say(form, error)
        else:
            current_scope().kernel.state.forget()
            flash(_("Peran %(title)s disimpan dan langsung berlaku bagi pemegangnya.", title=title_in(row)), "baik")
            return redirect(url_for(".edit", role_id=row.id), 303)
    return _form_page(form, row), 422


@blueprint.post("/<uuid:role_id>/hapus")
@requires("core.people")
def remove(role_id: UUID) -> Page:
    """Remove a role that nobody holds; with ``cabut`` take it back from those who do."""
    row = _find(role_id)
    title = title_in(row)
    try:
        count = composing.remove(current_scope().session, row, me(), take_back=request.form.get("cabut") == "ya")
    except composing.StillHeld as held:
        names = ", ".join(dict.fromkeys(one.person.name for one in held.grants[:5]))
        why = _("Peran ini masih dipegang %(count)s orang: %(names)s.", count=len(held.grants), names=names)
        return _form_page(role_form(me(), row), row, refusal=why), 422
    except LumbungError as error:
        return _form_page(role_form(me(), row), row, refusal=words_of(error)), 422
    current_scope().kernel.state.forget()
    said = _("Peran %(title)s dihapus dan dicabut dari %(count)s orang.", title=title, count=count)
    flash(said if count else _("Peran %(title)s dihapus.", title=title), "baik")
    return redirect(url_for(".index"), 303)


def roles_listing() -> Listing:
    """Return the composed roles as this request asks for them."""
    held = dict(current_scope().session.execute(_holders_counted()).all())
    return Listing(
        query=select(ComposedRole),
        columns=[
            ListColumn("nama", _("Peran"), value=title_in, sort=ComposedRole.title["id"].astext, width=30),
            ListColumn("izin", _("Izin"), value=lambda row: ", ".join(in_words(row.permissions)), width=60),
            ListColumn(
                "pemegang", _("Pemegang"), kind="number", value=lambda row: held.get(roles.COMPOSED + row.code, 0)
            ),
            ListColumn(
                "diubah", _("Diubah"), kind="date", value=lambda row: row.changed_at, sort=ComposedRole.changed_at
            ),
            ListColumn("oleh", _("Diubah oleh"), value=lambda row: row.changed_by, shown=False),
            ListColumn("tindakan", _("Tindakan"), kind="acts"),
        ],
        name="peran",
        title=_("Peran yang disusun daerah"),
        noun=_("peran"),
        default_sort="nama",
        search=[ComposedRole.title["id"].astext, ComposedRole.title["en"].astext, ComposedRole.description],
        search_label=_("Cari nama peran"),
    )


def suggested() -> list[tuple[role_titles.RoleTitle, list[str]]]:
    """Return the roles of the core and of the enabled plugins, each with its permissions in words."""
    offered = role_titles.offered(current_scope().kernel.snapshot(), current_tenant().id, language())
    return [
        (one, in_words(roles.permissions_of(one.role) or ()))
        for one in offered
        if not one.role.startswith(roles.COMPOSED) and one.role != ADMIN
    ]


def in_words(permissions: Any) -> list[str]:
    """Return permissions as readers know them, those of an application that is off with that added."""
    groups = by_application(frozenset(permissions), current_scope().kernel.snapshot(), current_tenant().id, language())
    return [
        one.title if one.available else _("%(title)s (aplikasi nonaktif)", title=one.title)
        for _of, titles in groups
        for one in titles
    ]


def title_in(row: ComposedRole) -> str:
    """Return what a role is called, in the language of this page."""
    return row.title["en" if language() == "en" else "id"]


def _holders_counted() -> Any:
    return (
        select(Grant.role, func.count(func.distinct(Grant.person_id)))
        .where(Grant.role.startswith(roles.COMPOSED, autoescape=True), Grant.live())
        .group_by(Grant.role)
    )


def _form_page(form: RoleForm, row: ComposedRole | None, origin: str = "", refusal: str | None = None) -> str:
    session = current_scope().session
    held = [one for one in composing.holders(session, row) if one.is_live] if row else []
    snapshot = current_scope().kernel.snapshot()
    return render_template(
        "admin/composed_role.html",
        form=form,
        row=row,
        held=held,
        refusal=refusal,
        mine=row is None or roles.may_compose(me(), row.permissions),
        title=title_in(row) if row else "",
        words=in_words(row.permissions) if row else [],
        last_day=last_day,
        origin=role_titles.title_of(origin, snapshot, current_tenant().id, language()) if origin else None,
    )


def _typed(form: RoleForm) -> dict[str, Any]:
    return {
        "title": form.title.data or "",
        "english": form.english.data or "",
        "description": form.description.data or "",
        "permissions": form.chosen,
    }


def _say(form: RoleForm, error: LumbungError) -> None:
    field = form.title if isinstance(error, composing.TitleTaken) or not form.groups else form.groups[0]
    field.errors = [words_of(error)]


def _find(role_id: UUID) -> ComposedRole:
    row = current_scope().session.get(ComposedRole, (current_tenant().id, role_id))
    return row if row is not None else abort(404)
