"""How every answer of GeoReport v2 is written: in the format that the address names, errors too."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, request
from werkzeug.exceptions import HTTPException

from lumbung.sdk import DomainError, TooMany

from ...rules.georeport import FORMATS, Refusal, written
from ...services.open311 import is_ours
from ...words import _
from . import blueprint

View = Callable[..., Any]


def georeport(root: str) -> Callable[[View], View]:
    """Write what a view returns as XML or JSON, ``root`` around it in XML. Format and region are looked at first.

    A view that returns a `Response` wrote it itself.
    """

    def around(view: View) -> View:
        @wraps(view)
        def answered(form: str, **given: Any) -> Response:
            if form not in FORMATS:
                raise Refusal(404, _("Format %(name)s tidak ada. Pilihannya xml dan json.", name=form[:20]))
            asked = request.values.get("jurisdiction_id", "")
            if not is_ours(asked):
                raise Refusal(404, _("jurisdiction_id %(name)s tidak dikenal di sini.", name=asked[:120]))
            told = view(**given)
            return told if isinstance(told, Response) else answer(root, told)

        return answered

    return around


def answer(root: str, data: Any, code: int = 200) -> Response:
    """Return data in the format that is asked for. Whoever has the very same already is told so (304)."""
    form = asked_format()
    response = Response(written(root, data, form), code, content_type=FORMATS[form])
    if code == 200 and request.method in ("GET", "HEAD"):
        response.add_etag()
        response.make_conditional(request)
    return response


def asked_format() -> str:
    """The format that the address names; XML, which is always there, when it names none."""
    ending = request.path.rpartition(".")[2]
    return ending if ending in FORMATS else "xml"


def _errors(refusal: Refusal) -> Response:
    return answer("errors", refusal.errors, refusal.code)


@blueprint.errorhandler(Refusal)
def refused(refusal: Refusal) -> Response:
    """What cannot be done, for a program."""
    return _errors(refusal)


@blueprint.errorhandler(DomainError)
def domain_error(refusal: DomainError) -> Response:
    """A rule of the office said no: a general error."""
    return _errors(Refusal(400, str(refusal)))


@blueprint.errorhandler(TooMany)
def too_many(refusal: TooMany) -> Response:
    """Asked for too often: when to come again stands in the header too."""
    response = _errors(Refusal(429, str(refusal)))
    if refusal.seconds is not None:
        response.headers["Retry-After"] = str(refusal.seconds)
    return response


@blueprint.errorhandler(HTTPException)
def http_error(error: HTTPException) -> Response:
    """Whatever else the house says no to."""
    return _errors(Refusal(error.code or 500, error.description or error.name))
