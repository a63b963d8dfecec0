"""Signing in with an identity from elsewhere: there, back, and what is asked the first time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lumbung.addresses import local_path, public_address
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.identity import sessions
from lumbung.identity.models import PersonRow
from lumbung.identity.second_factor import rules
from lumbung.identity.sign_in import WINDOW, SignInRefused, TooManyAttempts, check_password
from lumbung.kernel import Kernel
from lumbung.notifications import account_news
from lumbung.openid.upstream import discovery, flow, mapping, proof, services
from lumbung.openid.upstream.mapping import Step
from lumbung.openid.upstream.models import UpstreamRow
from lumbung.openid.upstream.proof import Found
from lumbung.openid.upstream.refusals import Reason, UpstreamRefused, UpstreamUnsound
from lumbung.openid.upstream.services import Way
from lumbung.outgoing import OutgoingFailed, OutgoingRefused
from lumbung.portal.sign_in import too_many_words, welcome
from lumbung.portal.upstream_forms import LinkForm, NewAccountForm
from lumbung.privacy import consents
from lumbung.web.access import public
from lumbung.web.house import device_cookie
from lumbung.web.i18n import core_domain, language
from lumbung.web.limits import rate_limit

blueprint = Blueprint("upstream", __name__, url_prefix="/masuk/dari")
logger = logging.getLogger("lumbung.upstream")
_ = core_domain.gettext

Page = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]

_STATUS = {Reason.AWAY: 503, Reason.UNWELCOME: 403}
_BACK = ("code", "state", "iss", "error")  # what a provider may send, and we read


@blueprint.post("/<code>")
@public
def start(code: str) -> Page:
    """Begin to sign in with an identity of a provider: the answer leads there."""
    way = find_way(code)
    target = local_path(request.form.get("next"), "")
    if (official := _official_page(target)) is not None:
        return make_response(render_template("portal/upstream/leave.html", title=None, address=official))
    return lead_away(way, target, None)


@blueprint.get("/<code>/kembali")
@public
def returned(code: str) -> Page:
    """Take what a provider sent into a form, which the browser sends on: reading a page changes nothing here."""
    way = find_way(code)
    sent = {name: request.args[name] for name in _BACK if name in request.args}
    answer = make_response(render_template("portal/upstream/returned.html", way=way, sent=sent))
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.post("/<code>/kembali")
@public
def finish(code: str) -> Page:
    """Check what a provider said, and let in, link, or ask."""
    way, scope = find_way(code), current_scope()
    rate_limit(f"upstream {scope.address}", times=60, seconds=900)
    scope.session.rollback()  # no connection is held while the provider is asked
    redeemed = None
    try:
        redeemed = flow.redeem(way, request.form.get("state", ""), request.cookies.get(browser_cookie(scope.kernel)))
        if redeemed.person_id is not None:
            return _link(way, redeemed)
        found = flow.finish(scope.kernel.settings, way, redeemed, request.form)
        outcome = mapping.decide(scope.session, way, found)
    except UpstreamRefused as error:
        return refused(way, error, linking=redeemed is not None and redeemed.person_id is not None)
    if outcome.step is Step.LET_IN and outcome.person is not None:
        mapping.used(scope.session, way, found)
        return _let_in(way, found, outcome.person, flow.path_of(scope.session, redeemed.id))
    row = flow.keep_found(scope.session, redeemed.id, found)
    return redirect(url_for(".ask", code=way.code, flow_id=row.id), 303)


@blueprint.route("/<code>/lanjut/<uuid:flow_id>", methods=["GET", "POST"])
@public
def ask(code: str, flow_id: UUID) -> Page:
    """Ask somebody whom the provider knows and we do not: for the password of their account, or whether to make one."""
    way, scope = find_way(code), current_scope()
    rate_limit(f"upstream ask {scope.address}", times=120, seconds=900)
    browser = request.cookies.get(browser_cookie(scope.kernel))
    kept = flow.waiting(scope.session, way, flow_id, browser)
    if kept is None and scope.person is not None and request.method == "GET":
        return redirect(url_for("portal.home"), 303)  # came back by the browser's history
    if kept is None:
        return refused(way, UpstreamRefused(Reason.EXPIRED, "Nobody is asked this any more."))
    row, found = kept
    done: PersonRow | Page | None
    try:
        outcome = mapping.decide(scope.session, way, found)
        if outcome.step is Step.MAKE_ACCOUNT:
            done = _make_account(way, found)
        elif outcome.person is not None and outcome.step is Step.ASK_PASSWORD:
            done = _ask_password(way, found, outcome.person)
        else:
            done = outcome.person
    except UpstreamRefused as error:
        return refused(way, error)
    if not isinstance(done, PersonRow):
        return done if done is not None else abort(404)
    target = row.next_path
    scope.session.delete(row)
    mapping.used(scope.session, way, found)
    return _let_in(way, found, done, target)


@blueprint.app_context_processor
def _ways() -> dict[str, Callable[[], list[tuple[str, str]]]]:
    """Give templates the providers that people may come from: code and title."""
    return {"ways_from_elsewhere": _list_ways}


def _list_ways() -> list[tuple[str, str]]:
    return [(row.code, title_of(row)) for row in services.active(current_scope().session)]


def title_of(row: UpstreamRow) -> str:
    """Return what a provider is called, in the language of the page."""
    return row.title.get(language()) or row.title["id"]


def find_way(code: str) -> Way:
    """Return a provider that people may come from; 404 for any other, and for those of another tenant."""
    found = services.way(current_scope().session, code)
    return found if found is not None else abort(404)


def browser_cookie(kernel: Kernel) -> str:
    """Return the name of the cookie that binds a way to the browser that began it."""
    return "__Host-lumbung-upstream" if kernel.settings.secure_cookies else "lumbung_upstream"


def lead_away(way: Way, target: str, person_id: UUID | None) -> Page:
    """Begin a way and answer with the page that leads to the provider.

    A page and not a redirect: ``form-action 'self'`` forbids a form to end elsewhere, in Chromium by a redirect too.
    """
    scope = current_scope()
    rate_limit(f"upstream start {scope.address}", times=60, seconds=900)
    browser = request.cookies.get(browser_cookie(scope.kernel), "")
    if not 40 <= len(browser) <= 100:
        browser = flow.new_browser()
    scope.session.rollback()  # no connection is held while the provider is asked
    try:
        provider = discovery.provider(scope.kernel.settings, way.issuer)
    except (OutgoingFailed, OutgoingRefused, UpstreamUnsound) as error:
        refusal = UpstreamRefused(Reason.AWAY, "%(reason)s", reason=error)
        return refused(way, refusal, linking=person_id is not None)
    begun = flow.begin(way, provider, browser, target, person_id)
    scope.session.add(begun.row)
    scope.session.flush()
    answer = make_response(
        render_template("portal/upstream/leave.html", title=way.title(language()), address=begun.address)
    )
    answer.headers["Cache-Control"] = "private, no-store"
    answer.set_cookie(
        browser_cookie(scope.kernel),
        browser,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=scope.kernel.settings.secure_cookies,
        max_age=int(2 * flow.LASTS.total_seconds()),
    )
    return answer


def refused(way: Way, error: UpstreamRefused, *, linking: bool = False) -> tuple[str, int, dict[str, str]]:
    """Answer with one polite page; the log has the reason."""
    logger.warning("upstream %s of %s refused: %s (%s)", way.code, current_tenant().slug, error, error.reason.value)
    status = _STATUS.get(error.reason, 422)
    page = render_template(
        "portal/upstream/refused.html", way=way, title=way.title(language()), reason=error.reason.name, linking=linking
    )
    return page, status, {"Retry-After": "60"} if status == 503 else {}


def _link(way: Way, redeemed: flow.Redeemed) -> Page:
    """Link an identity to who is signed in, and began it."""
    scope = current_scope()
    if scope.person is None or scope.person.id != redeemed.person_id or scope.person.owes_factor:
        raise UpstreamRefused(Reason.EXPIRED, "Who began to link this identity is not signed in any more.")
    found = flow.finish(scope.kernel.settings, way, redeemed, request.form)
    person = scope.session.get_one(PersonRow, (current_tenant().id, scope.person.id))
    if mapping.link(scope.session, way, found, person):
        account_news.identity_linked(person, way.title)
    return redirect(url_for("my_identities.overview"), 303)


def _ask_password(way: Way, found: Found, person: PersonRow) -> PersonRow | Page:
    scope, form = current_scope(), LinkForm()
    status, headers = 200, {}
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                check_password(
                    scope.session,
                    person.email,
                    form.password.data or "",
                    limit=scope.kernel.settings.sign_in_attempts,
                    address=scope.address or "-",
                    device_cookie=request.cookies.get(device_cookie(scope.kernel)),
                )
            except TooManyAttempts:
                form.form_errors.append(too_many_words())
                status, headers = 429, {"Retry-After": str(WINDOW.seconds)}
            except SignInRefused:
                form.password.errors = [_("Ini bukan kata sandi akun itu.")]
            else:
                scope.memory["actor"] = person.name
                if mapping.link(scope.session, way, found, person):
                    account_news.identity_linked(person, way.title)
                return person
    title = way.title(language())
    return render_template("portal/upstream/link.html", form=form, title=title, email=person.email), status, headers


def _make_account(way: Way, found: Found) -> PersonRow | Page:
    scope = current_scope()
    asked = consents.asked(scope.session, consents.ACCOUNT)
    form = NewAccountForm(name=found.name)
    facts = {"title": way.title(language()), "email": found.email, "asked": asked, "form": form}
    if request.method != "POST":
        form.version.data = str(asked.version)
        return render_template("portal/upstream/new.html", **facts)
    if form.validate():
        if form.version.data != str(asked.version):
            form.form_errors.append(_("Teks persetujuannya baru saja diperbarui. Bacalah sekali lagi."))
        else:
            scope.memory["actor"] = (form.name.data or "")[:120]
            try:
                person = mapping.make_account(scope.session, way, found, form.name.data or "")
            except UpstreamRefused:
                raise
            except LumbungError:
                form.name.errors = [_("Nama berisi 2 sampai 120 huruf.")]
            else:
                person.language = language()
                consents.give(scope.session, person.id, consents.ACCOUNT, on=f"masuk/dari/{way.code}")
                return person
    form.version.data = str(asked.version)
    return render_template("portal/upstream/new.html", **facts), 422


def _let_in(way: Way, found: Found, person: PersonRow, target: str) -> Response:
    """Begin a session, and go on as after every other way in: to the second factor where there is one."""
    scope = current_scope()
    token = sessions.start(
        scope.session, person.id, address=scope.address, agent=request.user_agent.string, method="upstream"
    )
    row = sessions.by_token(scope.session, token)
    if row is not None:
        row.fresh_at = _proven_at(person, found, row.created_at)
    answer = welcome(person, token, local_path(target, ""))
    secure = scope.kernel.settings.secure_cookies
    answer.delete_cookie(browser_cookie(scope.kernel), path="/", secure=secure, httponly=True)
    return answer


def _proven_at(person: PersonRow, found: Found, now: datetime) -> datetime | None:
    """Return when it was last proven who sits there.

    A provider lets whoever sits at a machine pass whose owner signed in there this morning. That is no fresh proof
    here, unless the account has nothing else to prove itself by.
    """
    if person.password_hash is None and not rules.has_factor(current_scope().session, person.id):
        return now
    return proof.moment_of(found)


def _official_page(target: str) -> str | None:
    """Return the sign-in page of the official host when this is another: providers know that one only."""
    settings, tenant = current_scope().kernel.settings, current_tenant()
    if not tenant.host or request.host.split(":")[0].lower() == tenant.host:
        return None
    return public_address(settings, tenant, f"/masuk?{urlencode({'next': target})}" if target else "/masuk")
