"""The citizen's home, the switch of language, the tenant's logo."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, session
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from lumbung.context import current_scope, current_tenant
from lumbung.hooks import Affair
from lumbung.tenancy import cards as units
from lumbung.tenancy.models import TenantRow
from lumbung.web.access import public
from lumbung.web.i18n import COOKIE_FREE_KEY, language
from lumbung.web.security import local_path
from lumbung.web.view import Service, service_of

blueprint = Blueprint("portal", __name__)

OFFICES = 6  # shown at once on the first page; the others unfold


@blueprint.get("/")
@public
def home() -> str:
    """Show the services of this tenant, its offices, and to whoever is signed in their open affairs."""
    words = request.args.get("q", "").strip()[:100]
    offices = [unit for unit in units.all() if unit.address]
    return render_template(
        "portal/home.html",
        words=words,
        services=find_services(words),
        affairs=_affairs(),
        offices=offices[:OFFICES],
        more_offices=offices[OFFICES:],
    )


@blueprint.post("/bahasa")
@public
def choose_language() -> BaseResponse:
    """Remember the language that a visitor chose and bring them back to where they were."""
    chosen = request.form.get("language", "")
    if chosen in current_tenant().languages:
        session[COOKIE_FREE_KEY] = chosen
    return redirect(local_path(request.form.get("next")), 303)


@blueprint.get("/_tenant/logo")
@public
def logo() -> Response:
    """Serve the tenant's logo: a PNG that we encoded ourselves when it was uploaded."""
    picture = current_scope().session.scalar(select(TenantRow.logo).where(TenantRow.id == current_tenant().id))
    if picture is None:
        abort(404)
    answer = make_response(picture)
    answer.headers["Content-Type"] = "image/png"
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


def find_services(words: str) -> list[Service]:
    """Return the enabled services in whose name, summary (in either language) or giver all words occur."""
    scope = current_scope()
    wanted = words.casefold().split()
    found = []
    for plugin in scope.kernel.snapshot().enabled_for(current_tenant().id):
        of = plugin.manifest
        text = f"{of.title.id} {of.title.en} {of.summary.id} {of.summary.en} {of.donor.name}".casefold()
        if all(word in text for word in wanted):
            found.append(service_of(of, language()))
    return sorted(found, key=lambda service: service.title.casefold())


def _affairs() -> list[Affair]:
    """Ask the enabled plugins what this person has open; one that fails is left out and written down."""
    scope = current_scope()
    if scope.person is None or scope.tenant is None:
        return []
    answers = scope.kernel.caller.ask_all(
        "my_affairs", scope.kernel.snapshot(), scope.tenant.id, each=Affair, person=scope.person
    )
    return [one for said in answers.values.values() for one in said if local_path(one.url, "") == one.url]
