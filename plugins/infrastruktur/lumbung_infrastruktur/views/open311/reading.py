"""What programs read: where the endpoint is, what can be reported, what was."""

from __future__ import annotations

from typing import Any

from flask import request

from lumbung.sdk import machine

from ...rules.georeport import Refusal
from ...services import open311, open311_asking
from ...words import _
from . import blueprint
from .answers import georeport

EVERY = ("GET", "POST", "PUT", "PATCH", "DELETE")


@blueprint.get("/discovery.<form>")
@blueprint.get("/v2/discovery.<form>")
@machine
@georeport("discovery")
def discovery() -> dict[str, Any]:
    """Where the endpoint is."""
    return open311.discovery()


@blueprint.get("/v2/services.<form>")
@machine
@georeport("services")
def service_list() -> list[dict[str, Any]]:
    """GET Service List."""
    return [open311.service(category) for category in open311.categories()]


@blueprint.get("/v2/services/<code>.<form>")
@machine
@georeport("service_definition")
def service_definition(code: str) -> dict[str, Any]:
    """GET Service Definition."""
    category = open311.category(code)
    if category is None:
        raise Refusal(404, _("service_code %(code)s tidak ada di sini.", code=code[:40]))
    return open311.definition(category)


@blueprint.get("/v2/requests.<form>")
@machine
@georeport("service_requests")
def service_requests() -> list[dict[str, Any]]:
    """GET Service Requests."""
    return _telling().requests(open311_asking.requests(_asked()))


@blueprint.get("/v2/requests/<number>.<form>")
@machine
@georeport("service_requests")
def service_request(number: str) -> list[dict[str, Any]]:
    """GET Service Request: a list of one."""
    report = open311_asking.one(number)
    if report is None:
        raise Refusal(404, _("service_request_id %(number)s tidak ada di sini.", number=number[:40]))
    return _telling().requests([report])


@blueprint.get("/v2/tokens/<token>.<form>")
@machine
@georeport("service_requests")
def token(token: str) -> list[dict[str, Any]]:
    """GET service_request_id from a token. None is ever given out: a report has its number at once."""
    raise Refusal(404, _("token %(token)s tidak ada: nomor laporan langsung diberikan saat dikirim.", token=token[:40]))


@blueprint.route("/v2", methods=EVERY, defaults={"rest": ""})
@blueprint.route("/v2/", methods=EVERY, defaults={"rest": ""})
@blueprint.route("/<path:rest>", methods=EVERY)
@machine
def nothing(rest: str) -> Any:
    """Whatever else is asked for below here."""
    raise Refusal(404, _("Di sini tidak ada %(method)s %(path)s.", method=request.method, path=f"/{rest[:100]}"))


def _asked() -> dict[str, str]:
    """The arguments; what is a list may be given several times, or with commas."""
    lists = open311_asking.LISTS
    return {name: ",".join(all_of) if name in lists else all_of[0] for name, all_of in request.args.lists()}


def _telling() -> open311.Telling:
    return open311.Telling(extended=request.args.get("extensions", "").strip().lower() in ("true", "1"))
