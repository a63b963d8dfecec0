"""What every page of a tenant points to: the switch of language, the logo."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, request, session
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from lumbung.addresses import local_path
from lumbung.context import current_scope, current_tenant
from lumbung.identity.preferences import choose_language as choose_language_of
from lumbung.tenancy.models import TenantRow
from lumbung.web.access import public
from lumbung.web.i18n import COOKIE_FREE_KEY
from lumbung.web.security import FOR_EVER

blueprint = Blueprint("commons", __name__)


@blueprint.post("/bahasa")
@public
def choose_language() -> BaseResponse:
    """Remember the language that was chosen, on the person too when one is signed in, and lead back."""
    chosen = request.form.get("language", "")
    if chosen in current_tenant().languages:
        session[COOKIE_FREE_KEY] = chosen
        if person := current_scope().person:
            choose_language_of(current_scope().session, person.id, chosen)
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
    answer.headers["Cache-Control"] = FOR_EVER
    return answer
