"""Giving roles and taking them back."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash
from werkzeug.wrappers import Response

from lumbung.admin.forms import GrantForm
from lumbung.admin.people import back, find_mine, grant_form, person_page, refused
from lumbung.admin.role_words import role_title
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.identity import accounts, people, roles
from lumbung.identity.models import PersonRow
from lumbung.identity.person import ADMIN
from lumbung.notifications import account_news
from lumbung.tenancy.models import Unit
from lumbung.web import role_titles
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain
from lumbung.web.refusals import words_of

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
    why_not = _why_not(row, form, unit)
    if why_not:
        form.role.errors = [why_not]
        return person_page(row, form), 422
    held = list(row.live_grants)
    try:
        given = people.grant(session, row, form.role.data, unit, until=form.ends())
    except accounts.LastAdmin:
        form.until.errors = [_("Ini pengelola terakhir, jadi perannya tidak dapat diberi batas waktu.")]
        return person_page(row, form), 422
    except LumbungError as error:  # the role was removed or changed meanwhile
        form.role.errors = [words_of(error)]
        return person_page(row, form), 422
    if given not in held:
        title = role_titles.in_both(form.role.data, current_scope().kernel.snapshot())
        account_news.role_given(row, title, unit.name if unit else None)
    flash(
        _("Peran %(role)s diberikan kepada %(name)s.", role=role_title(form.role.data).title, name=row.name),
        "baik",
    )
    return back(row)


def _why_not(row: PersonRow, form: GrantForm, unit: Unit | None) -> str:
    """Return why one may not give this role here, empty when one may."""
    if not roles.may_give(me(), form.role.data, unit.id if unit else None):
        return str(_("Peran ini memuat izin yang tidak Anda pegang sendiri di sana. Pilih unit atau peran yang lain."))
    if row.id == me().id and form.role.data == ADMIN and form.until.data:
        return str(_("Anda tidak dapat memberi batas waktu pada peran pengelola Anda sendiri."))
    return ""


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
