"""Passkeys: signing in with one, and looking after one's own."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from lumbung.addresses import local_path
from lumbung.context import current_scope
from lumbung.identity import sessions
from lumbung.identity.models import PersonRow
from lumbung.identity.second_factor import factors, passkeys
from lumbung.identity.second_factor.models import PasskeyRow
from lumbung.notifications import account_news
from lumbung.portal.browsers import browser_of
from lumbung.portal.forms import SignInForm
from lumbung.portal.passkey_party import party
from lumbung.portal.proof_forms import NewPasskeyForm, PasskeyNameForm, PasskeyShownForm
from lumbung.portal.second_factor import factor_added, leads_away, me, passkey_refusal
from lumbung.portal.sign_in import welcome
from lumbung.web.access import me as who_asks
from lumbung.web.access import public, signed_in
from lumbung.web.i18n import core_domain
from lumbung.web.limits import rate_limit
from lumbung.web.proof import need_fresh

blueprint = Blueprint("passkeys", __name__)
_ = core_domain.gettext

Page = BaseResponse | str | tuple[str, int] | tuple[str, int, dict[str, str]]
_LIST = "second_factor.overview"


@blueprint.post("/masuk/kunci-sandi/tantangan")
@public
def sign_in_challenge() -> Response:
    """Hand out what a passkey has to sign to sign its owner in; it is the same for everybody."""
    rate_limit(f"challenge {current_scope().address}", times=300, seconds=900)
    return _json(passkeys.sign_in_options(current_scope().session, party()))


@blueprint.post("/masuk/kunci-sandi")
@public
def sign_in() -> Page:
    """Sign somebody in with a passkey alone: it is something they have, and it made sure of them by finger or PIN."""
    scope, form = current_scope(), PasskeyShownForm()
    target = local_path(request.form.get("next"), "")
    person: PersonRow | None = None
    if form.validate():
        try:
            shown = passkeys.show(scope.session, party(), form.credential.data or "")
        except passkeys.PasskeyRefused:
            pass
        else:
            person = scope.session.get(PersonRow, (shown.row.tenant_id, shown.row.person_id))
    if person is None or not person.active:
        again = SignInForm(formdata=None)
        again.form_errors = [passkey_refusal()]
        return render_template("portal/sign_in.html", form=again, next=target), 422
    token = sessions.start(
        scope.session,
        person.id,
        address=scope.address,
        agent=request.user_agent.string,
        method="passkey",
        second_factor=True,
    )
    return welcome(person, token, target)


@blueprint.post("/akun/keamanan/kunci-sandi/tantangan")
@signed_in
def new_challenge() -> BaseResponse:
    """Hand out what a browser needs to make a passkey."""
    if to_show := leads_away():
        return to_show
    need_fresh(back_to=url_for(".add"))
    rate_limit(f"challenge {who_asks().id}", times=30, seconds=900)
    return _json(passkeys.registration_options(current_scope().session, me(), party()))


@blueprint.route("/akun/keamanan/kunci-sandi", methods=["GET", "POST"])
@signed_in
def add() -> Page:
    """Let a person add a passkey."""
    if to_show := leads_away():
        return to_show
    need_fresh()
    form = NewPasskeyForm(name=browser_of(request.user_agent.string)[:80])
    if request.method != "POST":
        return render_template("portal/account/passkey_new.html", form=form)
    if form.validate():
        try:
            passkeys.register(
                current_scope().session, me(), party(), form.credential.data or "", (form.name.data or "").strip()
            )
        except passkeys.PasskeyRefused:
            form.form_errors.append(
                _("Kunci sandi tidak dapat dibuat. Tekan tombolnya lagi; satu perangkat cukup didaftarkan sekali.")
            )
        else:
            return factor_added(me(), "passkey")
    return render_template("portal/account/passkey_new.html", form=form), 422


@blueprint.route("/akun/keamanan/kunci-sandi/<uuid:passkey_id>", methods=["GET", "POST"])
@signed_in
def rename(passkey_id: UUID) -> Page:
    """Let a person call a passkey something else."""
    if to_show := leads_away():
        return to_show
    row = _mine(passkey_id)
    form = PasskeyNameForm(obj=row)
    if request.method != "POST":
        return render_template("portal/account/passkey.html", form=form, row=row)
    if form.validate():
        row.name = " ".join((form.name.data or "").split())
        flash(_("Nama kunci disimpan."), "baik")
        return redirect(url_for(_LIST), 303)
    return render_template("portal/account/passkey.html", form=form, row=row), 422


@blueprint.post("/akun/keamanan/kunci-sandi/<uuid:passkey_id>/hapus")
@signed_in
def remove(passkey_id: UUID) -> Page:
    """Forget a passkey."""
    if to_show := leads_away():
        return to_show
    row = _mine(passkey_id)
    need_fresh(back_to=url_for(_LIST))
    person = me()
    factors.remove_passkey(current_scope().session, person, row)
    account_news.factor_removed(person)
    flash(_("Kunci sandi dihapus dari akun Anda. Hapus juga dari perangkatnya."), "baik")
    return redirect(url_for(_LIST), 303)


def _mine(passkey_id: UUID) -> PasskeyRow:
    row = passkeys.find(current_scope().session, who_asks().id, passkey_id)
    return row if row is not None else abort(404)


def _json(text: str) -> Response:
    return Response(text, content_type="application/json")
