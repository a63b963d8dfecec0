"""The OpenID provider as people meet it: signing in to an application, allowing, taking back, signing out.

Chromium holds the redirects after a form to the page's ``form-action``, so whoever comes here by one of our own forms
(signing in, allowing) is led to the application by a page that goes on by itself instead of by a redirect.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from authlib.oauth2.rfc6749 import InvalidClientError, OAuth2Error
from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.context import current_scope, current_tenant
from lumbung.identity import sessions
from lumbung.openid import addresses, authorizing, consents, signing_out, tokens
from lumbung.openid.asked import Asked
from lumbung.openid.authorizing import Authorization
from lumbung.openid.clients import SCOPES, Client
from lumbung.openid.models import WEB
from lumbung.openid.tokens import SignedIn
from lumbung.web.access import me, public, signed_in
from lumbung.web.house import sid_cookie
from lumbung.web.i18n import COOKIE_FREE_KEY, core_domain, language
from lumbung.web.proof import PROOF_PAGE

blueprint = Blueprint("openid", __name__)
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.get("/openid/authorize")
@public
def authorize() -> Page:
    """Sign a person in to an application: with what they allowed before, or after asking them."""
    wanted = _read()
    if not isinstance(wanted, Authorization):
        return wanted
    signed = _who()
    if signed is None:
        if "none" in wanted.prompts:
            return _lead(wanted.need_sign_in(), wanted.client)
        return redirect("/masuk?" + urlencode({"next": _here(wanted)}))
    if wanted.prompts & {"login", "select_account"} or wanted.is_stale(signed.auth_time):
        if "none" in wanted.prompts:
            return _lead(wanted.need_sign_in(), wanted.client)
        return redirect(f"{PROOF_PAGE}?" + urlencode({"next": _here(wanted)}))
    scope = current_scope()
    needed = consents.is_needed(scope.session, wanted.client, signed.person_id, wanted.scopes)
    if "none" in wanted.prompts and needed:
        return _lead(wanted.need_consent(), wanted.client)
    if needed or "consent" in wanted.prompts:
        return _ask(wanted)
    with scope.kernel.scope(
        current_tenant(), person=scope.person, address=scope.address
    ):  # a page itself writes nothing
        target = wanted.grant_code(signed)
    return _lead(target, wanted.client)


@blueprint.post("/openid/consent")
@signed_in
def consent() -> Page:
    """Take the person's answer and bring it to the application."""
    wanted = _read()
    if not isinstance(wanted, Authorization):
        return wanted
    signed = _who() or abort(401)
    if request.form.get("answer") != "allow":
        return _leave(wanted.deny(), wanted.client)
    consents.give(current_scope().session, wanted.client, signed.person_id, wanted.scopes)
    return _leave(wanted.grant_code(signed), wanted.client)


@blueprint.get("/openid/logout")
@public
def logout() -> Page:
    """Sign out because an application says so; without its ID token of this person, ask first."""
    scope = current_scope()
    asked = signing_out.read(request.args, scope.person)
    if scope.person is None:
        return _lead(asked.target, asked.client) if asked.target else _signed_out()
    if not asked.sure:
        return render_template("portal/openid/logout.html", client=asked.client, query=request.query_string.decode())
    with scope.kernel.scope(current_tenant(), person=scope.person, address=scope.address) as aside:
        sessions.end(aside.session, request.cookies.get(sid_cookie(scope.kernel), ""))
        audit.record("openid.sign_out", asked.client.name.id if asked.client else "-")
    return _forget(_lead(asked.target, asked.client) if asked.target else _signed_out())


@blueprint.post("/openid/keluar")
@public
def logout_confirmed() -> Response:
    """Sign out after asking."""
    scope = current_scope()
    asked = signing_out.read(request.args, scope.person)
    answer = _leave(asked.target, asked.client) if asked.target else _signed_out()
    if scope.person is None:
        return answer
    sessions.end(scope.session, request.cookies.get(sid_cookie(scope.kernel), ""))
    audit.record("openid.sign_out", asked.client.name.id if asked.client else "-")
    return _forget(answer)


@blueprint.get("/akun/aplikasi")
@signed_in
def connections() -> str:
    """Show the applications a person is connected with, and what these know."""
    found = consents.connections(current_scope().session, me().id)
    return render_template("portal/account/connections.html", connections=found, words=scope_words, language=language())


@blueprint.post("/akun/aplikasi/<uuid:client_id>/cabut")
@signed_in
def withdraw(client_id: UUID) -> Response:
    """Take back what one allowed an application; its tokens end at once."""
    row = consents.withdraw(current_scope().session, me().id, client_id)
    if row is None:
        abort(404)
    flash(
        _("Izin %(name)s dicabut. Aplikasi itu tidak dapat lagi membaca data Anda.", name=row.name[language()]), "baik"
    )
    return redirect(url_for(".connections"), 303)


def scope_words(scopes: Collection[str]) -> list[str]:
    """Return in words what these scopes pass on."""
    words: dict[str, str] = {
        "openid": _("Kode pengenal Anda, yang berbeda untuk tiap aplikasi"),
        "profile": _("Nama, bahasa, dan zona waktu Anda"),
        "email": _("Alamat surel Anda"),
        "phone": _("Nomor ponsel Anda"),
        "roles": _("Peran Anda di aplikasi ini"),
        "offline_access": _("Tetap terhubung, juga setelah Anda keluar dari situs ini"),
    }
    told = [one for one in SCOPES if one in scopes]
    return [words[one] for one in told if one != "openid" or len(told) == 1]


def _read() -> Authorization | Page:
    """Return what is asked for, or the answer to somebody who may not ask: at the client's address, or as a page."""
    try:
        return authorizing.read(request.args)
    except OAuth2Error as error:
        if error.redirect_uri:
            return _lead(authorizing.error_address(error, Asked(request.args)), None)
        unknown = isinstance(error, InvalidClientError)
        page = render_template("portal/openid/refused.html", unknown=unknown, error=error.error)
        return page, 400


def _who() -> SignedIn | None:
    person = current_scope().person
    if person is None or person.session_id is None:
        return None
    return tokens.signed_in(current_scope().session, person.session_id)


def _here(wanted: Authorization) -> str:
    return f"{request.path}?{urlencode(wanted.without_login())}"


def _ask(wanted: Authorization) -> str:
    host = urlsplit(wanted.redirect_uri).hostname if wanted.client.row.kind == WEB else None
    return render_template(
        "portal/openid/consent.html",
        client=wanted.client,
        name=wanted.client.row.name[language()],
        host=host,
        told=scope_words(wanted.scopes),
        query=request.query_string.decode(),
    )


def _lead(target: str, client: Client | None) -> Response:
    """Lead to the application: by a redirect, or by a page where one of our own forms led here."""
    ours = f"{request.scheme}://{request.host}/"
    from_form = request.headers.get("Sec-Fetch-Site") == "same-origin" or (request.referrer or "").startswith(ours)
    if from_form and not target.startswith((ours, f"{addresses.issuer()}/")):
        return _leave(target, client)
    answer = redirect(target)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _leave(target: str, client: Client | None) -> Response:
    """Show a page that goes on to the application by itself, with a link for whoever does not."""
    name = client.row.name[language()] if client is not None else ""
    answer = make_response(render_template("portal/openid/leave.html", target=target, name=name))
    answer.headers["Refresh"] = f"0; url={target}"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _signed_out() -> Response:
    return make_response(render_template("portal/openid/signed_out.html"))


def _forget(answer: Response) -> Response:
    chosen = session.get(COOKIE_FREE_KEY)
    session.clear()
    if chosen:
        session[COOKIE_FREE_KEY] = chosen
    kernel = current_scope().kernel
    answer.delete_cookie(sid_cookie(kernel), path="/", secure=kernel.settings.secure_cookies, httponly=True)
    return answer
