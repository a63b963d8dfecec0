"""When something goes wrong, in words that help: what happened, what is kept, what to do."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, Response, current_app, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from psycopg.errors import QueryCanceled
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from lumbung.context import scope_or_none
from lumbung.errors import DatabaseUnavailable, DomainError, LumbungError
from lumbung.registry.discovery import describe_error
from lumbung.registry.faults import record_fault
from lumbung.web import alone, renewing
from lumbung.web.i18n import core_domain, language

logger = logging.getLogger("lumbung.web")


class TooMany(DomainError):
    """Asked for too often in too short a time: 429. ``seconds`` says when it may be asked for again, if known."""

    def __init__(self, message: str, seconds: int | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


def set_up(app: Flask) -> None:
    """Register the error pages of a room."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(TooMany, _too_many)
    app.register_error_handler(DomainError, lambda error: page(409, str(error)))
    app.register_error_handler(LumbungError, _operator_error)
    for kind in (DatabaseUnavailable, OperationalError, PoolTimeout):
        app.register_error_handler(kind, _database_away)
    app.register_error_handler(DataError, lambda error: page(400))
    app.register_error_handler(Exception, _unexpected)


def page(code: int, message: str | None = None, reference: str | None = None) -> Response:
    """Return an error page, or a short JSON object to whoever asked for JSON.

    Where the page itself cannot be rendered any more, one that needs nothing of the house takes its place.
    """
    if alone.wants_json(request.accept_mimetypes):
        return make_response(alone.as_json(code, message, reference), code, {"Content-Type": "application/json"})
    try:
        body = render_template("lumbung/error.html", code=code, message=message, reference=reference, here=_here())
    except Exception:
        logger.exception("the error page itself failed")
        body = alone.away(retry=False) if code == 503 else alone.broken(reference or str(code))
    return make_response(body, code)


def _here() -> str:
    """Return the page's own path, to come back to after signing in; a form that was sent has none."""
    return (request.script_root + request.full_path.rstrip("?")) if request.method == "GET" else "/"


def _too_many(error: TooMany) -> Response:
    answer = page(429, str(error))
    if error.seconds is not None:
        answer.headers["Retry-After"] = str(error.seconds)
    return answer


def _http_error(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return make_response(error.get_response())
    own_words = error.description if error.description != type(error).description else None
    answer = page(error.code or 500, own_words)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            answer.headers[name] = value
    return answer


def _stale_form(_error: CSRFError) -> Response:
    return page(
        400,
        core_domain.gettext(
            "Formulir ini sudah terlalu lama terbuka, atau dibuka di peramban lain. Kembali, muat ulang halamannya, "
            "lalu kirim lagi; tidak ada yang tersimpan dua kali."
        ),
    )


def _operator_error(error: LumbungError) -> Response:
    logger.error("%s %s: %s", request.method, request.path, error)
    return page(500, str(error) if current_app.testing else None, _reference())


def _database_away(error: Exception) -> Response:
    logger.error("%s %s: database: %s", request.method, request.path, describe_error(error))
    scope = scope_or_none()
    if scope and scope.plugin and isinstance(getattr(error, "orig", None), QueryCanceled):
        record_fault(scope.plugin, _place(), describe_error(error), kind="slow")  # its own query took too long
    answer = page(503)
    answer.headers["Retry-After"] = "5"
    return answer


def _unexpected(error: Exception) -> Response:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return _database_away(error)
    reference = _reference()
    logger.exception("%s %s failed (%s)", request.method, request.path, reference)
    scope = scope_or_none()
    if scope and scope.plugin and scope.kernel.is_renewing(scope.plugin):
        return renewing.answer(current_app.manifest.title(language()))  # type: ignore[attr-defined]
    if scope and scope.plugin:
        kind = "memory" if isinstance(error, MemoryError) else "request"
        record_fault(scope.plugin, _place(), f"{describe_error(error)} ({reference})", kind=kind)
    return page(500, None, reference)


def _place() -> str:
    """Name the page by its rule: its address may hold somebody's number, and there are as many as one likes."""
    rule = request.url_rule.rule if request.url_rule else ""
    return f"{request.method} {request.script_root}{rule}"


def _reference() -> str:
    return secrets.token_hex(4).upper()
