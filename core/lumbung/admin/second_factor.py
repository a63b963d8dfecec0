"""Which roles must show a second factor; and taking a person's away who lost all of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import SelectChoice, SelectField

from lumbung.admin.people import back, find_mine, refused
from lumbung.context import current_scope, current_tenant
from lumbung.identity.second_factor import factors, rules
from lumbung.notifications import account_news
from lumbung.web import role_titles
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain, language
from lumbung.web.proof import need_fresh
from lumbung.web.role_titles import RoleTitle

blueprint = Blueprint("admin_second_factor", __name__, url_prefix="/admin")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]
_NO, _ONCE, _ALWAYS = "tidak", "wajib", "setiap"


@blueprint.route("/faktor-kedua/", methods=["GET", "POST"])
@requires("core.people")
def index() -> Page:
    """Choose, for each role that one may give oneself, whether its holders must show a second factor."""
    scope = current_scope()
    roles = _roles_to_decide()
    before = rules.required_roles(scope.session)
    form, field_of = _form(roles, before)
    if request.method != "POST":
        return _page(form, field_of, roles)
    need_fresh(back_to=url_for(".index"))
    if not form.validate():
        return _page(form, field_of, roles), 422
    wanted = {role: always for role, always in before.items() if role not in field_of}
    for role, name in field_of.items():
        if form[name].data != _NO:
            wanted[role] = form[name].data == _ALWAYS
    rules.require(scope.session, wanted, me().name)
    flash(_("Aturan faktor kedua disimpan dan berlaku mulai sekarang."), "baik")
    return redirect(url_for(".index"), 303)


@blueprint.post("/orang/<uuid:person_id>/faktor-kedua/atur-ulang")
@requires("core.people")
def reset(person_id: UUID) -> Page:
    """Take every second factor of a person away, after having made sure that it is them who asks."""
    row = find_mine(person_id)
    if row.id == me().id:
        return refused(row, _("Atur faktor kedua Anda sendiri di halaman Akun saya."))
    need_fresh(back_to=url_for("admin_people.detail", person_id=row.id))
    factors.reset(current_scope().session, row)
    account_news.factors_reset(row)
    flash(_("Faktor kedua %(name)s diatur ulang dan semua sesinya diakhiri.", name=row.name), "baik")
    return back(row)


def _roles_to_decide() -> Sequence[RoleTitle]:
    scope = current_scope()
    scope.kernel.state.forget()
    found = role_titles.offered(scope.kernel.snapshot(), current_tenant().id, language(), actor=me())
    if me().is_operator:
        found = [*found, RoleTitle(rules.OPERATOR, str(_("Operator platform")))]
    return found


def _form(roles: Sequence[RoleTitle], before: dict[str, bool]) -> tuple[FlaskForm, dict[str, str]]:
    """Return a form with a field for each role, and the name of the field of each."""
    choices = [
        SelectChoice(_NO, _("tidak wajib")),
        SelectChoice(_ONCE, _("wajib")),
        SelectChoice(_ALWAYS, _("wajib setiap kali masuk")),
    ]
    field_of = {role.role: f"peran_{role.role.replace('.', '_')}" for role in roles}
    fields = {
        field_of[role.role]: SelectField(
            role.title,
            description=role.of,
            choices=choices,
            default=_NO if role.role not in before else _ALWAYS if before[role.role] else _ONCE,
        )
        for role in roles
    }
    return type("RolesForm", (FlaskForm,), fields)(), field_of


def _page(form: FlaskForm, field_of: dict[str, str], roles: Sequence[RoleTitle]) -> str:
    mine = rules.has_factor(current_scope().session, me().id)
    return render_template("admin/second_factor.html", form=form, names=list(field_of.values()), i_have_one=mine)
