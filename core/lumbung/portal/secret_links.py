"""What every page behind a secret link has in common: limits before any work, no trace of the link, one refusal."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from lumbung.context import current_scope
from lumbung.notifications.secret_letters import KEY
from lumbung.web.limits import rate_limit


def token_asked() -> str:
    """Return the token of this request's link or form."""
    return request.values.get(KEY, "")[:200]


def limit_asking(email: str) -> None:
    """Count a wish for a letter, by visitor and by address, before anything is looked up. Raises `TooMany`."""
    rate_limit(f"letter from {current_scope().address}", times=30, seconds=3600)
    kept = hashlib.sha256(email.strip().lower().encode("utf-8", "replace")).hexdigest()
    rate_limit(f"letter to {kept}", times=5, seconds=3600)


def limit_opening() -> None:
    """Count a link that is opened or sent in. Raises `TooMany`."""
    rate_limit(f"link from {current_scope().address}", times=120, seconds=3600)


def opened(template: str, **facts: Any) -> Response:
    """Return the page of a link that works. Nobody keeps it, and its address is told to no other page."""
    answer = make_response(render_template(template, **facts))
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def closed(what: str) -> tuple[str, int]:
    """Answer 410 for a link that does not work: never made, used, expired, replaced, or another tenant's.

    Which of these is not told; ``what`` says how to get a new one.
    """
    return render_template("portal/letter_closed.html", what=what), 410
