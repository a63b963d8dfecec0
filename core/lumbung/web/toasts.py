"""A word in passing: shown over the page by an htmx answer, on the next page after a plain request."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, after_this_request, flash, g, request

EVENT = "lb:toast"


def toast(message: str, tone: str = "baik") -> None:
    """Say in passing that something was done.

    In the answer to htmx the words travel in the ``HX-Trigger`` header and appear over the page; where a page
    follows (a plain request, a redirect) they are told there, as with ``flash``. ``tone`` is laut, baik, padi or
    gawat; gawat stays until it is dismissed. Never the only place where something important is said: it passes.
    """
    if request.headers.get("HX-Request") != "true":
        flash(message, tone)
        return
    if "toasts" not in g:
        g.toasts = []
        after_this_request(_hand_over)
    g.toasts.append({"message": str(message), "tone": tone})


def _hand_over(answer: Response) -> Response:
    if _another_page_follows(answer):
        for one in g.toasts:
            flash(one["message"], one["tone"])
    else:
        events = _events(answer.headers.get("HX-Trigger", ""))
        events[EVENT] = {"toasts": g.toasts}
        answer.headers["HX-Trigger"] = json.dumps(events)  # ASCII: headers carry nothing else
    return answer


def _another_page_follows(answer: Response) -> bool:
    headers = ("HX-Redirect", "HX-Refresh", "HX-Location")
    return 300 <= answer.status_code < 400 or any(name in answer.headers for name in headers)


def _events(header: str) -> dict[str, Any]:
    """Read what a view put into the header itself: names with commas between them, or JSON."""
    if header.lstrip().startswith("{"):
        return dict(json.loads(header))
    return {name.strip(): None for name in header.split(",") if name.strip()}
