"""The answer for a service that is not open now: a page for readers, a passing word for htmx, JSON for programs."""

from __future__ import annotations

import json

from flask import Response, make_response, render_template, request

from lumbung.web import alone
from lumbung.web.i18n import core_domain
from lumbung.web.toasts import EVENT
from lumbung.web.view import Service

RETRY_AFTER = {"suspended": 1800, "safe": 600, "broken": 60}  # seconds, by reason


def answer(service: Service, reason: str) -> Response:
    """Return 503 with Retry-After. ``reason`` is ``suspended``, ``safe`` (no application runs) or ``broken``."""
    if alone.wants_json(request.accept_mimetypes):
        body = alone.as_json(503, one_sentence(service.title))
        made = make_response(body, 503, {"Content-Type": "application/json"})
    elif request.headers.get("HX-Request") == "true":
        toasts = [{"message": one_sentence(service.title), "tone": "gawat"}]  # it stays until it is dismissed
        made = make_response("", 503, {"HX-Trigger": json.dumps({EVENT: {"toasts": toasts}})})
    else:
        made = make_response(
            render_template("lumbung/service_unavailable.html", plugin=service, reason=reason), 503
        )  # fmt: skip
    made.headers["Retry-After"] = str(RETRY_AFTER[reason])
    made.headers["Cache-Control"] = "no-store"
    return made


def one_sentence(title: str) -> str:
    """Return what is said in one sentence where there is no page for more."""
    words: str = core_domain.gettext(
        "%(name)s sedang tidak dapat dipakai. Petugas sudah diberi tahu; coba lagi nanti.", name=title
    )
    return words
