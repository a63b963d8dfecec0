"""A citizen's NIK in their own account: given, changed and taken away with the password, shown masked."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import Length

from lumbung.context import current_scope
from lumbung.identity import nik
from lumbung.identity.models import PersonRow
from lumbung.identity.passwords import matches
from lumbung.notifications import account_news
from lumbung.portal.forms import required
from lumbung.web.access import me as who_asks
from lumbung.web.access import signed_in
from lumbung.web.i18n import core_domain
from lumbung.web.limits import rate_limit
from lumbung.web.refusals import words_of

blueprint = Blueprint("nik", __name__, url_prefix="/akun/nik")
_ = core_domain.gettext
_l = core_domain.lazy_gettext

Page = Response | str | tuple[str, int]


class ProofForm(FlaskForm):
    """The password, before something that only the owner may do."""

    current = PasswordField(
        _l("Kata sandi sekarang"),
        description=_l("Supaya tidak ada orang lain yang mengubahnya."),
        validators=[required(_l("Tulis kata sandi yang sekarang."))],
    )


class NikForm(ProofForm):
    """A NIK that its owner gives."""

    nik = StringField(
        _l("NIK"),
        description=_l("16 angka pada KTP atau KK. Spasi dan titik boleh."),
        validators=[required(_l("Tulis NIK Anda.")), Length(max=60, message=_l("NIK terdiri atas 16 angka."))],
    )


@blueprint.get("")
@signed_in
def show() -> str:
    """Show a person's NIK masked, with the form to give another."""
    return _page(_me(), NikForm())


@blueprint.post("")
@signed_in
def keep() -> Page:
    """Keep a person's NIK, once they prove with their password who they are."""
    me, form = _me(), NikForm()
    if form.validate() and _knows_password(me, form) and _keep(me, form):
        account_news.nik_changed(me, given=True)
        flash(_("NIK disimpan."), "baik")
        return redirect(url_for(".show"), 303)
    return _page(me, form), 422


@blueprint.route("/hapus", methods=["GET", "POST"])
@signed_in
def remove() -> Page:
    """Forget a person's NIK, once they prove with their password who they are."""
    me, form = _me(), ProofForm()
    if me.nik_set_at is None:
        return redirect(url_for(".show"), 303)
    if form.is_submitted():
        if form.validate() and _knows_password(me, form):
            nik.remove(current_scope().session, me)
            account_news.nik_changed(me, given=False)
            flash(_("NIK dihapus dari akun Anda."), "baik")
            return redirect(url_for(".show"), 303)
        return render_template("portal/account/nik_remove.html", form=form, shown=_shown(me)), 422
    return render_template("portal/account/nik_remove.html", form=form, shown=_shown(me))


def _keep(me: PersonRow, form: NikForm) -> bool:
    try:
        nik.keep(current_scope().session, me, form.nik.data or "")
    except (nik.NikWrong, nik.NikTaken) as refusal:
        form.nik.errors = [words_of(refusal)]
        return False
    return True


def _knows_password(me: PersonRow, form: ProofForm) -> bool:
    """Count first: whoever tries passwords, or which numbers have an account here, is stopped."""
    rate_limit(f"password {me.id}", times=10, seconds=900)
    if matches(me.password_hash, form.current.data or ""):
        return True
    form.current.errors = [_("Ini bukan kata sandi Anda yang sekarang.")]
    return False


def _page(me: PersonRow, form: NikForm) -> str:
    return render_template("portal/account/nik.html", form=form, shown=_shown(me))


def _shown(me: PersonRow) -> nik.Shown | None:
    return nik.shown(current_scope().session, me)


def _me() -> PersonRow:
    who = who_asks()
    return current_scope().session.get_one(PersonRow, (who.tenant_id, who.id))
