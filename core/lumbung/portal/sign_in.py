"""Signing in and out. Every way in ends in `welcome`, which asks for a second factor where there is one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.addresses import local_path
from lumbung.context import current_scope, current_tenant
from lumbung.identity import devices, sessions
from lumbung.identity.models import PersonRow, SessionRow
from lumbung.identity.person import Person
from lumbung.identity.second_factor import factors
from lumbung.identity.sign_in import WINDOW, SignInRefused, TooManyAttempts, check_password
from lumbung.kernel import Kernel
from lumbung.portal.forms import SignInForm
from lumbung.web.access import public
from lumbung.web.house import device_cookie, lifetime, set_sid, sid_cookie
from lumbung.web.i18n import COOKIE_FREE_KEY, core_domain
from lumbung.web.proof import FACTOR_PAGE

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
        person = check_password(
            scope.session,
            form.email.data or "",
            form.password.data or "",
            limit=scope.kernel.settings.sign_in_attempts,
            address=scope.address or "-",
            device_cookie=request.cookies.get(device_cookie(scope.kernel)),
        )
    except TooManyAttempts:
        form.form_errors.append(too_many_words())
        return render_template("portal/sign_in.html", form=form, next=target), 429, {"Retry-After": str(WINDOW.seconds)}
    except SignInRefused:
        form.form_errors.append(_("Alamat surel dan kata sandi ini tidak cocok. Periksa keduanya, lalu coba lagi."))
        return render_template("portal/sign_in.html", form=form, next=target), 422
    token = sessions.start(scope.session, person.id, address=scope.address, agent=request.user_agent.string)
    return welcome(person, token, target)


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
    """Let a session that `sessions.start` just began in; with no ``target``, to the person's first page.

    Whoever has a second factor, and did not show it yet, is led to show it: until then ``token`` opens nothing.
    """
    scope = current_scope()
    row = sessions.by_token(scope.session, token)
    if row is None or row.person_id != person.id:
        raise LookupError("welcome() takes the token of a session that was begun in this request")
    device = devices.of_person(scope.session, request.cookies.get(device_cookie(scope.kernel)), person.id)
    if not factors.awaited(scope.session, person, row, device):
        return let_in(person, row, token, target)
    row.pending = True
    answer = redirect(f"{FACTOR_PAGE}?{urlencode({'next': target})}" if target else FACTOR_PAGE, 303)
    secure = scope.kernel.settings.secure_cookies
    seconds = int(sessions.AWAITED.total_seconds())
    answer.set_cookie(
        awaiting_cookie(scope.kernel), token, path="/", httponly=True, samesite="Lax", secure=secure, max_age=seconds
    )
    return answer


def let_in(person: PersonRow, row: SessionRow, token: str, target: str, *, trust: bool = False) -> Response:
    """Set the cookie of a fresh session; what the browser carried as a visitor is dropped (session fixation).

    From here on the pages speak the person's own language, if they ever chose one, and the account knows this
    browser; with ``trust`` it asks for no second factor here for thirty days.
    """
    scope = current_scope()
    kernel = scope.kernel
    old = request.cookies.get(sid_cookie(kernel))
    if old:
        sessions.end(scope.session, old)
    _forget_browser()
    if person.language in current_tenant().languages:
        session[COOKIE_FREE_KEY] = person.language
    known = request.cookies.get(device_cookie(kernel))
    device, cookie = devices.remember(scope.session, person.id, known, request.user_agent.string)
    row.device_id = device.id
    if trust:
        device.trusted_at = row.second_factor_at
    scope.memory["actor"] = person.name
    detail: dict[str, Any] = {"method": row.method} if row.method != "password" else {}
    audit.record("person.sign_in", person.email, **detail)
    answer = redirect(target or _first_page(_who_holds(token)), 303)
    set_sid(answer, kernel, token)
    secure, seconds = kernel.settings.secure_cookies, int(devices.KNOWN_FOR.total_seconds())
    answer.set_cookie(
        device_cookie(kernel), cookie, path="/", httponly=True, samesite="Lax", secure=secure, max_age=seconds
    )
    if request.cookies.get(awaiting_cookie(kernel)):
        answer.delete_cookie(awaiting_cookie(kernel), path="/", secure=secure, httponly=True)
    return answer


def awaiting_cookie(kernel: Kernel) -> str:
    """Return the name of the cookie of a sign-in that waits for its second factor."""
    return "__Host-lumbung-half" if kernel.settings.secure_cookies else "lumbung_half"


def too_many_words() -> str:
    """Return what is said after too many failures."""
    return str(_("Terlalu banyak percobaan. Tunggu 15 menit, lalu coba lagi."))


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
