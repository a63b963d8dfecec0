"""Showing a second factor, and looking after one's own: app, recovery codes. Passkeys are next door."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.addresses import local_path
from lumbung.context import current_scope, current_tenant
from lumbung.documents.qr import qr_svg
from lumbung.identity import devices, sessions
from lumbung.identity.attempts import WINDOW, TooManyAttempts
from lumbung.identity.models import PersonRow, SessionRow
from lumbung.identity.passwords import matches
from lumbung.identity.second_factor import factors, passkeys, recovery_codes, rules, totp
from lumbung.identity.second_factor.models import TotpRow
from lumbung.notifications import account_news
from lumbung.portal.passkey_party import party
from lumbung.portal.proof_forms import ConfirmAppForm, PasskeyShownForm, PasswordAgainForm, ShowFactorForm
from lumbung.portal.sign_in import awaiting_cookie, let_in, too_many_words
from lumbung.web.access import me as who_asks
from lumbung.web.access import public, signed_in
from lumbung.web.house import renew_session
from lumbung.web.i18n import core_domain
from lumbung.web.limits import rate_limit
from lumbung.web.proof import FACTOR_PAGE, PROOF_PAGE, need_fresh

blueprint = Blueprint("second_factor", __name__)
_ = core_domain.gettext

Page = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]


@blueprint.route(FACTOR_PAGE, methods=["GET", "POST"])
@public
def show() -> Page:
    """Ask for the second factor: after the password, or in a session whose person got a role that needs one."""
    target = local_path(request.values.get("next"), "")
    who = who_shows()
    if who is None:
        here = current_scope().person
        return redirect(target or "/" if here else f"/masuk?{urlencode({'next': target})}", 303)
    person, waiting = who
    if waiting is None and not rules.has_factor(current_scope().session, person.id):
        return redirect(url_for(".overview"), 303)
    code_form, key_form = ShowFactorForm(), PasskeyShownForm()
    if request.method == "POST":
        form = key_form if request.form.get("credential") else code_form
        answer = _proven(form, person, _("Kode ini tidak cocok atau sudah dipakai. Tunggu kode berikutnya."))
        if answer is None:
            return _came_through(person, waiting, target, trust=bool(form.trust.data))
        return _show_page(person, code_form, key_form, target), *answer
    return _show_page(person, code_form, key_form, target)


@blueprint.post(f"{FACTOR_PAGE}/tantangan")
@public
def challenge() -> Response:
    """Hand out what a passkey of this person has to sign."""
    who = who_shows()
    if who is None:
        abort(403)
    return challenge_for(who[0])


@blueprint.route(PROOF_PAGE, methods=["GET", "POST"])
@signed_in
def prove() -> Page:
    """Ask whoever is signed in to prove once more that it is them, before something sensitive."""
    target = local_path(request.values.get("next"), url_for(".overview"))
    person, scope = me(), current_scope()
    with_factor = rules.has_factor(scope.session, person.id)
    if who_asks().owes_factor and with_factor:
        return redirect(f"{FACTOR_PAGE}?{urlencode({'next': target})}", 303)
    code_form, key_form, password_form = ShowFactorForm(), PasskeyShownForm(), PasswordAgainForm()
    answer: tuple[int, dict[str, str]] | None = None
    if request.method == "POST":
        if with_factor:
            form = key_form if request.form.get("credential") else code_form
            answer = _proven(form, person, _("Kode ini tidak cocok atau sudah dipakai. Tunggu kode berikutnya."))
        elif not (password_form.validate() and _knows_password(person, password_form)):
            answer = 422, {}
        if answer is None:
            _note_proof(second_factor=with_factor)
            return redirect(target, 303)
    page = render_template(
        "portal/account/prove.html",
        next=target,
        with_factor=with_factor,
        passkeys=passkeys.of_person(scope.session, person.id),
        has_password=person.password_hash is not None,
        code_form=code_form,
        key_form=key_form,
        password_form=password_form,
    )
    return page if answer is None else (page, *answer)


@blueprint.post(f"{PROOF_PAGE}/tantangan")
@signed_in
def proof_challenge() -> Response:
    """Hand out what a passkey of this person has to sign."""
    return challenge_for(me())


@blueprint.get("/akun/keamanan")
@signed_in
def overview() -> Page:
    """Show a person their second factors, and what they can do about them."""
    if to_show := leads_away():
        return to_show
    scope, person = current_scope(), me()
    return render_template(
        "portal/account/security.html",
        app_since=totp.confirmed_at(scope.session, person.id),
        passkeys=passkeys.of_person(scope.session, person.id),
        codes=recovery_codes.remaining(scope.session, person.id),
        must=who_asks().owes_factor,
    )


@blueprint.post("/akun/keamanan/aplikasi/mulai")
@signed_in
def begin_app() -> Page:
    """Make a secret for an authenticator app; the next page shows it."""
    if to_show := leads_away():
        return to_show
    need_fresh(back_to=url_for(".overview"))
    rate_limit(f"totp {who_asks().id}", times=20, seconds=900)
    totp.begin(current_scope().session, who_asks().id)
    return redirect(url_for(".app"), 303)


@blueprint.route("/akun/keamanan/aplikasi", methods=["GET", "POST"])
@signed_in
def app() -> Page:
    """Show the secret as a QR code, and let it count once the app says a right code."""
    if to_show := leads_away():
        return to_show
    need_fresh()
    scope, person = current_scope(), me()
    row = totp.being_set_up(scope.session, person.id)
    if row is None:
        return redirect(url_for(".overview"), 303)
    form = ConfirmAppForm()
    if request.method == "POST":
        rate_limit(f"totp code {person.id}", times=10, seconds=900)
        if form.validate():
            if totp.confirm(scope.session, row, form.code.data or ""):
                return factor_added(person, "totp")
            form.code.errors = [_("Kode ini tidak cocok. Periksa jam ponsel Anda, lalu tulis kode yang sekarang.")]
        return _app_page(row, person, form), 422
    return _app_page(row, person, form)


@blueprint.post("/akun/keamanan/aplikasi/hapus")
@signed_in
def remove_app() -> Page:
    """Forget the app."""
    if to_show := leads_away():
        return to_show
    need_fresh(back_to=url_for(".overview"))
    person = me()
    if not factors.remove_app(current_scope().session, person):
        abort(404)
    account_news.factor_removed(person)
    flash(_("Aplikasi autentikator tidak dipakai lagi."), "baik")
    return redirect(url_for(".overview"), 303)


@blueprint.post("/akun/keamanan/kode")
@signed_in
def new_codes() -> Page:
    """Make new recovery codes, in place of those there were, and show them this once."""
    if to_show := leads_away():
        return to_show
    need_fresh(back_to=url_for(".overview"))
    person = me()
    if not rules.has_factor(current_scope().session, person.id):
        abort(404)
    audit.record("person.recovery_codes", person.email, about=person.id)
    return _codes_page(person, fresh=False)


@blueprint.post("/akun/keamanan/peramban/<uuid:device_id>/lupakan")
@signed_in
def forget_device(device_id: UUID) -> Page:
    """Forget a browser: it is a stranger's from now on, and signed out."""
    if not devices.forget(current_scope().session, who_asks().id, device_id):
        abort(404)
    flash(_("Peramban itu tidak dikenal lagi."), "baik")
    return redirect(url_for("profile.open_sessions"), 303)


def who_shows() -> tuple[PersonRow, SessionRow | None] | None:
    """Return who is to show a second factor, with the row of the sign-in that waits for it; None when nobody is.

    Without such a row it is somebody who is signed in, and whose role asks for one.
    """
    scope = current_scope()
    token = request.cookies.get(awaiting_cookie(scope.kernel))
    waiting = sessions.awaiting(scope.session, token) if token else None
    if waiting is not None:
        return waiting.person, waiting
    return (me(), None) if scope.person is not None and scope.person.owes_factor else None


def me() -> PersonRow:
    """Return the row of whoever is signed in."""
    who = who_asks()
    return current_scope().session.get_one(PersonRow, (who.tenant_id, who.id))


def leads_away() -> Response | None:
    """Lead whoever owes a second factor, and has one, to show it before they change anything about it."""
    who = who_asks()
    if who.owes_factor and rules.has_factor(current_scope().session, who.id):
        return redirect(f"{FACTOR_PAGE}?{urlencode({'next': url_for('second_factor.overview')})}", 303)
    return None


def challenge_for(person: PersonRow) -> Response:
    """Answer with what a passkey of this person has to sign."""
    rate_limit(f"challenge {person.id}", times=30, seconds=900)
    return Response(
        passkeys.sign_in_options(current_scope().session, party(), person.id), content_type="application/json"
    )


def factor_added(person: PersonRow, kind: str) -> Page:
    """A factor counts from now on: this session has shown it, the others take new tokens; show codes if none are."""
    session = current_scope().session
    sessions.rotate_all(session, person.id)
    _note_proof(second_factor=True)
    audit.record("person.second_factor_add", person.email, about=person.id, method=kind)
    account_news.factor_added(person)
    if recovery_codes.remaining(session, person.id) == 0:
        return _codes_page(person, fresh=True)
    flash(_("Faktor kedua ditambahkan."), "baik")
    return redirect(url_for("second_factor.overview"), 303)


def _came_through(person: PersonRow, waiting: SessionRow | None, target: str, *, trust: bool) -> Response:
    """Go on after a second factor was shown: with a fresh session, or with this one."""
    scope = current_scope()
    if waiting is None:
        _note_proof(second_factor=True)
        return redirect(target or "/", 303)
    method = waiting.method
    scope.session.delete(waiting)
    token = sessions.start(
        scope.session,
        person.id,
        address=scope.address,
        agent=request.user_agent.string,
        method=method,
        second_factor=True,
    )
    row = sessions.by_token(scope.session, token)
    if row is None:
        raise LookupError("a session that was just begun is not there")
    may_trust = trust and not rules.asks_every_time(scope.session, person.id, operator=person.operator)
    return let_in(person, row, token, target, trust=may_trust)


def _proven(
    form: ShowFactorForm | PasskeyShownForm, person: PersonRow, wrong: str
) -> tuple[int, dict[str, str]] | None:
    """Check what was shown; None when it is right, else status and headers of the refusal, its words in the form."""
    if not form.validate():
        return 422, {}
    scope = current_scope()
    if isinstance(form, PasskeyShownForm):
        try:
            passkeys.show(scope.session, party(), form.credential.data or "", person.id)
        except passkeys.PasskeyRefused:
            form.form_errors.append(passkey_refusal())
            return 422, {}
        return None
    try:
        kind = factors.check_code(scope.session, person, form.code.data or "", address=scope.address or "-")
    except TooManyAttempts:
        form.form_errors.append(too_many_words())
        return 429, {"Retry-After": str(WINDOW.seconds)}
    if kind is None:
        form.code.errors = [wrong]
        return 422, {}
    if kind == "recovery":
        left = recovery_codes.remaining(scope.session, person.id)
        flash(_("Kode cadangan itu terpakai. Tersisa %(count)s kode.", count=left), "padi")
    return None


def passkey_refusal() -> str:
    """Return what is said when a passkey was not taken."""
    return str(_("Kunci sandi ini tidak diterima. Coba sekali lagi, atau masuk dengan cara lain."))


def _knows_password(person: PersonRow, form: PasswordAgainForm) -> bool:
    rate_limit(f"password {person.id}", times=10, seconds=900)
    if matches(person.password_hash, form.password.data or ""):
        return True
    form.password.errors = [_("Ini bukan kata sandi Anda yang sekarang.")]
    return False


def _note_proof(*, second_factor: bool) -> None:
    """The session may do more from now on, under another token."""
    session_id = who_asks().session_id
    if session_id is not None:
        renew_session(sessions.prove(current_scope().session, session_id, second_factor=second_factor))


def _show_page(person: PersonRow, code_form: ShowFactorForm, key_form: PasskeyShownForm, target: str) -> str:
    session = current_scope().session
    return render_template(
        "portal/second_factor.html",
        next=target,
        code_form=code_form,
        key_form=key_form,
        passkeys=passkeys.of_person(session, person.id),
        may_trust=not rules.asks_every_time(session, person.id, operator=person.operator),
    )


def _app_page(row: TotpRow, person: PersonRow, form: ConfirmAppForm) -> str:
    address = totp.address_of(row, issuer=current_tenant().name, account=person.email)
    groups = " ".join(row.secret[at : at + 4] for at in range(0, len(row.secret), 4))
    label = _("Kode QR untuk aplikasi autentikator")
    return render_template(
        "portal/account/app.html", form=form, qr=qr_svg(address, label=label), label=label, secret=groups
    )


def _codes_page(person: PersonRow, *, fresh: bool) -> str:
    codes = recovery_codes.renew(current_scope().session, person.id)
    return render_template("portal/account/codes.html", codes=codes, fresh=fresh)
