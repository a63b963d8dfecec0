"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.addresses import local_path
from lumbung.context import current_scope, current_tenant
from lumbung.identity import sessions
from lumbung.identity.models import PersonRow
from lumbung.identity.person import Person
from lumbung.identity.sign_in import WINDOW, SignInRefused, TooManyAttempts, sign_in
from lumbung.portal.forms import SignInForm
from lumbung.web.access import public
from lumbung.web.house import lifetime, sid_cookie
from lumbung.web.i18n import COOKIE_FREE_KEY, core_domain

blueprint = Blueprint("sign_in", __name__)
_ = core_domain.gettext

Page = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]


@blueprint.route("/masuk", methods=["GET", "POST"])
@public
def sign_in_page() -> Page:
    """Ask for e-mail and password; on success go on to where the person wanted to be."""
    form = SignInForm()
    target = local_path(request.values.get("next"), "")
    if not form.is_submitted():
        if here := current_scope().person:
            return redirect(target or _first_page(here), 303)
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
        return render_template("portal/sign_in.html", form=form, next=target), 429, {"Retry-After": str(WINDOW.seconds)}
    except SignInRefused:
        form.form_errors.append(_("Alamat surel dan kata sandi ini tidak cocok. Periksa keduanya, lalu coba lagi."))
        return render_template("portal/sign_in.html", form=form, next=target), 422
    return welcome(person, token, target or _first_page(_who_holds(token)))


@blueprint.post("/keluar")
@public
def sign_out() -> Response:
    """End the session on the server, where a copy of the cookie is dead too; go on to ``next``, or to the home."""
    scope = current_scope()
    name = sid_cookie(scope.kernel)
    token = request.cookies.get(name)
    if token:
        sessions.end(scope.session, token)
    _forget_browser()
    answer = redirect(local_path(request.form.get("next")), 303)
    answer.delete_cookie(name, path="/", secure=scope.kernel.settings.secure_cookies, httponly=True)
    return answer


def welcome(person: PersonRow, token: str, target: str) -> Response:
    """Set the cookie of a fresh session; what the browser carried as a visitor is dropped (session fixation).

    From here on the pages speak the person's own language, if they ever chose one.
    """
    scope = current_scope()
    old = request.cookies.get(sid_cookie(scope.kernel))
    if old:
        sessions.end(scope.session, old)
    _forget_browser()
    if person.language in current_tenant().languages:
        session[COOKIE_FREE_KEY] = person.language
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


def _first_page(person: Person | None) -> str:
    """Where one goes on to without having asked for a page: officers to their desk, citizens home."""
    return url_for("desk.home") if person is not None and person.is_staff else url_for("portal.home")


def _who_holds(token: str) -> Person | None:
    """Who begins this session, with what they may do."""
    scope = current_scope()
    scope.session.flush()
    return sessions.find_person(scope.session, token, scope.kernel.snapshot(), lifetime(scope.kernel))


def _forget_browser() -> None:
    language = session.get(COOKIE_FREE_KEY)
    session.clear()
    if language:
        session[COOKIE_FREE_KEY] = language
