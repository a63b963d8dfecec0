"""Signing in and out, registering, and what a person can do with their own account."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.identity import people, sessions
from lumbung.identity.models import PersonRow
from lumbung.identity.passwords import hash_password, matches
from lumbung.identity.person import Person
from lumbung.identity.sign_in import SignInRefused, TooManyAttempts, sign_in
from lumbung.portal.browsers import browser_of
from lumbung.portal.forms import PasswordForm, RegisterForm, SignInForm
from lumbung.web.access import public, signed_in
from lumbung.web.house import lifetime, sid_cookie
from lumbung.web.i18n import COOKIE_FREE_KEY, core_domain, language
from lumbung.web.limits import rate_limit
from lumbung.web.role_titles import RoleTitle, title_of
from lumbung.web.security import local_path

blueprint = Blueprint("account", __name__)
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.route("/masuk", methods=["GET", "POST"])
@public
def sign_in_page() -> Page:
    """Ask for e-mail and password; on success go on to where the person wanted to be."""
    form = SignInForm()
    target = local_path(request.values.get("next"))
    if not form.is_submitted():
        if current_scope().person:
            return redirect(target, 303)
        return render_template("portal/sign_in.html", form=form, next=target)
    if not form.validate():
        return render_template("portal/sign_in.html", form=form, next=target), 422
    scope = current_scope()
    try:
        person, token = sign_in(
            scope.session,
            form.email.data or "",
            form.password.data or "",
            limit=scope.kernel.settings.sign_in_attempts,
            address=scope.address or "-",
            agent=request.user_agent.string,
        )
    except TooManyAttempts:
        form.form_errors.append(_("Terlalu banyak percobaan. Tunggu 15 menit, lalu coba lagi."))
        return render_template("portal/sign_in.html", form=form, next=target), 429
    except SignInRefused:
        form.form_errors.append(_("Alamat surel dan kata sandi ini tidak cocok. Periksa keduanya, lalu coba lagi."))
        return render_template("portal/sign_in.html", form=form, next=target), 422
    return _welcome(person, token, target)


@blueprint.post("/keluar")
@public
def sign_out() -> Response:
    """End the session on the server: a copy of the cookie is dead too."""
    scope = current_scope()
    name = sid_cookie(scope.kernel)
    token = request.cookies.get(name)
    if token:
        sessions.end(scope.session, token)
    _forget_browser()
    answer = redirect(url_for("portal.home"), 303)
    answer.delete_cookie(name, path="/", secure=scope.kernel.settings.secure_cookies, httponly=True)
    return answer


@blueprint.route("/daftar", methods=["GET", "POST"])
@public
def register() -> Page:
    """Let a citizen make an account, and sign them in."""
    form = RegisterForm()
    target = local_path(request.values.get("next"))
    if not form.is_submitted():
        return render_template("portal/register.html", form=form, next=target)
    if not form.validate():
        return render_template("portal/register.html", form=form, next=target), 422
    scope = current_scope()
    rate_limit(f"register {scope.address}", times=60, seconds=3600)  # before a password is hashed
    scope.memory["actor"] = (form.name.data or "")[:120]
    try:
        person = people.add_person(
            scope.session,
            email=form.email.data or "",
            name=form.name.data or "",
            password=form.password.data or "",
            phone=form.phone.data,
        )
    except people.EmailTaken:
        form.email.errors = [_("Alamat ini sudah punya akun di sini. Masuk dengan akun itu.")]
    except people.PasswordTooWeak:
        form.password.errors = [_("Kata sandi ini mudah ditebak. Pakai kalimat dari beberapa kata.")]
    except LumbungError:
        form.email.errors = [_("Ini bukan alamat surel. Contoh: nama@contoh.id")]
    else:
        token = sessions.start(scope.session, person.id, address=scope.address, agent=request.user_agent.string)
        return _welcome(person, token, target)
    return render_template("portal/register.html", form=form, next=target), 422


@blueprint.route("/akun", methods=["GET", "POST"])
@signed_in
def account() -> Page:
    """Show a person their roles and open sessions, and let them change their password."""
    form = PasswordForm()
    person = _me()
    if form.is_submitted():
        if form.validate() and _change_password(person, form):
            flash(_("Kata sandi diganti. Peramban lain yang masih masuk sudah dikeluarkan."), "baik")
            return redirect(url_for(".account"), 303)
        return _account_page(person, form), 422
    return _account_page(person, form)


@blueprint.post("/akun/sesi/<uuid:session_id>/akhiri")
@signed_in
def revoke(session_id: UUID) -> Response:
    """End one of the person's own sessions."""
    if not sessions.revoke(current_scope().session, _who().id, session_id):
        abort(404)
    flash(_("Sesi itu sudah diakhiri."), "baik")
    return redirect(url_for(".account"), 303)


@blueprint.post("/akun/sesi/akhiri-lainnya")
@signed_in
def revoke_others() -> Response:
    """End every session of the person but this one."""
    who = _who()
    ended = sessions.revoke_all(current_scope().session, who.id, keep=who.session_id)
    flash(_("%(count)s sesi lain diakhiri.", count=ended), "baik")
    return redirect(url_for(".account"), 303)


def _account_page(person: PersonRow, form: PasswordForm) -> str:
    scope = current_scope()
    open_sessions = sessions.open_sessions(scope.session, person.id, lifetime(scope.kernel))
    return render_template(
        "portal/account.html",
        form=form,
        me=person,
        roles=[(_role_title(grant.role), grant.unit) for grant in person.grants],
        sessions=[(one, browser_of(one.agent), one.id == _who().session_id) for one in open_sessions],
    )


def _role_title(role: str) -> RoleTitle:
    scope = current_scope()
    return title_of(role, scope.kernel.snapshot(), current_tenant().id, language())


def _change_password(person: PersonRow, form: PasswordForm) -> bool:
    rate_limit(f"password {person.id}", times=10, seconds=900)
    if not matches(person.password_hash, form.current.data or ""):
        form.current.errors = [_("Ini bukan kata sandi Anda yang sekarang.")]
        return False
    try:
        people.check_password(form.password.data or "", person.email)
    except people.PasswordTooWeak:
        form.password.errors = [_("Kata sandi ini mudah ditebak. Pakai kalimat dari beberapa kata.")]
        return False
    person.password_hash = hash_password(form.password.data or "")
    sessions.revoke_all(current_scope().session, person.id, keep=_who().session_id)
    audit.record("person.password", person.email)
    return True


def _who() -> Person:
    person = current_scope().person
    assert person is not None  # noqa: S101  (@signed_in)
    return person


def _me() -> PersonRow:
    who = _who()
    return current_scope().session.get_one(PersonRow, (who.tenant_id, who.id))


def _welcome(person: PersonRow, token: str, target: str) -> Response:
    """Set the cookie of a fresh session; what the browser carried as a visitor is dropped (session fixation)."""
    scope = current_scope()
    old = request.cookies.get(sid_cookie(scope.kernel))
    if old:
        sessions.end(scope.session, old)
    _forget_browser()
    scope.memory["actor"] = person.name
    audit.record("person.sign_in", person.email)
    answer = redirect(target, 303)
    answer.set_cookie(
        sid_cookie(scope.kernel),
        token,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=scope.kernel.settings.secure_cookies,
        max_age=scope.kernel.settings.session_hours * 3600,
    )
    return answer


def _forget_browser() -> None:
    language = session.get(COOKIE_FREE_KEY)
    session.clear()
    if language:
        session[COOKIE_FREE_KEY] = language
