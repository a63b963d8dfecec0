"""The answer while a plugin is being upgraded: a page for readers, a passing word for htmx, JSON for programs."""

from __future__ import annotations

import json

from flask import Response, make_response, render_template, request

from lumbung.renewal import READING, RETRY_AFTER
from lumbung.web import alone
from lumbung.web.i18n import core_domain
from lumbung.web.toasts import EVENT


def answer(title: str) -> Response:
    """Return 503 with Retry-After for the plugin of that title; nothing of the request was carried out."""
    if alone.wants_json(request.accept_mimetypes):
        body = alone.as_json(503, words(title))
        made = make_response(body, 503, {"Content-Type": "application/json"})
    elif request.headers.get("HX-Request") == "true":
        toasts = [{"message": words(title), "tone": "gawat"}]  # it stays until it is dismissed
        made = make_response("", 503, {"HX-Trigger": json.dumps({EVENT: {"toasts": toasts}})})
    else:
        writing = request.method not in READING
        body = render_template("lumbung/service_renewing.html", name=title, writing=writing, here=_here())
        made = make_response(body, 503)
    made.headers["Retry-After"] = str(RETRY_AFTER)
    made.headers["Cache-Control"] = "no-store"
    return made


def words(title: str) -> str:
    """Return what is said in one sentence where there is no page for more."""
    said = core_domain.gettext(
        "%(name)s sedang diperbarui. Tidak ada yang disimpan; coba lagi sebentar lagi.", name=title
    )
    return str(said)


def _here() -> str:
    return (request.script_root + request.full_path.rstrip("?")) if request.method == "GET" else "/"
