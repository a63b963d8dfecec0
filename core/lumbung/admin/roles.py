"""Giving roles and taking them back."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash
from werkzeug.wrappers import Response

from lumbung.admin.people import back, find_mine, grant_form, person_page, refused, role_title
from lumbung.context import current_scope, current_tenant
from lumbung.identity import accounts, people
from lumbung.notifications import account_news
from lumbung.tenancy.models import Unit
from lumbung.web import role_titles
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain

blueprint = Blueprint("admin_roles", __name__, url_prefix="/admin/orang/<uuid:person_id>/peran")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.post("/")
@requires("core.people")
def give(person_id: UUID) -> Page:
    """Give a role, for a unit or for the whole tenant. What may be given is what the form offers."""
    row = find_mine(person_id)
    form = grant_form()
    if not form.validate():
        return person_page(row, form), 422
    session = current_scope().session
    unit = session.get(Unit, (current_tenant().id, UUID(form.unit.data))) if form.unit.data else None
    held = list(row.grants)
    if people.grant(session, row, form.role.data, unit) not in held:
        title = role_titles.in_both(form.role.data, current_scope().kernel.snapshot())
        account_news.role_given(row, title, unit.name if unit else None)
    flash(
        _("Peran %(role)s diberikan kepada %(name)s.", role=role_title(form.role.data).title, name=row.name),
        "baik",
    )
    return back(row)


@blueprint.post("/<uuid:grant_id>/cabut")
@requires("core.people")
def take_back(person_id: UUID, grant_id: UUID) -> Page:
    """Take a role back; one's own last administrator's role stays."""
    row = find_mine(person_id)
    try:
        held = accounts.withdraw(current_scope().session, row, grant_id, me())
    except accounts.OwnAccount:
        return refused(row, _("Anda tidak dapat mencabut peran pengelola Anda sendiri yang terakhir."))
    except accounts.LastAdmin:
        return refused(row, _("Ini pengelola terakhir. Beri peran pengelola kepada orang lain dulu."))
    if not held:
        abort(404)
    flash(_("Peran dicabut dari %(name)s.", name=row.name), "baik")
    return back(row)
