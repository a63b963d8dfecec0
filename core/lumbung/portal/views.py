"""The citizen's home, the switch of language, the tenant's logo."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, session
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from lumbung.context import current_scope, current_tenant
from lumbung.hooks import Affair
from lumbung.tenancy.models import TenantRow
from lumbung.web.access import public
from lumbung.web.i18n import COOKIE_FREE_KEY
from lumbung.web.security import local_path

blueprint = Blueprint("portal", __name__)
logger = logging.getLogger(__name__)


@blueprint.get("/")
@public
def home() -> str:
    """Show the services of this tenant, and to whoever is signed in their open affairs."""
    return render_template("portal/home.html", affairs=_affairs(), words=request.args.get("q", "").strip())


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
    picture = current_scope().session.scalar(
        select(TenantRow.logo).where(TenantRow.id == current_tenant().id)
    )
    if picture is None:
        abort(404)
    answer = make_response(picture)
    answer.headers["Content-Type"] = "image/png"
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


def _affairs() -> list[Affair]:
    """Ask the enabled plugins what this person has open; one that fails is left out and written down."""
    scope = current_scope()
    if scope.person is None or scope.tenant is None:
        return []
    answers = scope.kernel.caller.ask_all(
        "my_affairs", scope.kernel.snapshot(), scope.tenant.id, person=scope.person
    )
    return [affair for affairs in answers.values.values() for affair in affairs]
