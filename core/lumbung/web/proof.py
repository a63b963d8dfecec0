"""Proving who one is, in the middle of a visit: before something sensitive, and where a role asks for a second factor.

::

    @blueprint.post("/akun/keamanan/aplikasi/hapus")
    @signed_in
    def remove_app():
        need_fresh()
        ...
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from flask import Request, Response, abort, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from lumbung.clock import utc_now
from lumbung.web import alone
from lumbung.web.access import me
from lumbung.web.i18n import core_domain

_ = core_domain.gettext

FRESH_FOR = 10  # minutes
PROOF_PAGE = "/akun/pastikan"
FACTOR_PAGE = "/masuk/faktor-kedua"
READING = frozenset(("GET", "HEAD", "OPTIONS"))

# What somebody may still open in the portal who owes a second factor: the pages to show or get one, the way out, the
# language, and what their browser fetches for these pages.
_ROOMS = frozenset(("second_factor", "passkeys", "commons", "pwa"))
_PAGES = frozenset(("sign_in.sign_out",))


def need_fresh(minutes: int = FRESH_FOR, *, back_to: str | None = None) -> None:
    """Go on only when it was proven in the last ``minutes`` who sits there; else lead them to prove it, and back.

    Call it first in a view, before anything is written. Back is this page, or ``back_to`` where a form was sent. A
    sign-in is such a proof.
    """
    proven = me().proven_at
    if proven is not None and proven > utc_now() - timedelta(minutes=minutes):
        return
    here = request.script_root + request.full_path.rstrip("?") if request.method in READING else "/akun/keamanan"
    abort(redirect(f"{PROOF_PAGE}?{urlencode({'next': back_to or here})}", 303))


def leads_to_factor(asked: Request, *, in_portal: bool) -> bool:
    """Whether a request of somebody who owes a second factor is to be led to the page where they show it."""
    if not in_portal:
        return True
    return asked.blueprint not in _ROOMS and asked.endpoint not in _PAGES


def lead_to_factor() -> BaseResponse:
    """Lead a page to where the second factor is shown; a form is refused, so that what was typed is still there."""
    words = _("Peran Anda menuntut faktor kedua. Buka halaman lain di situs ini dulu untuk menunjukkannya.")
    if request.method not in READING or alone.wants_json(request.accept_mimetypes):
        abort(403, words)
    if request.headers.get("HX-Request") == "true":
        return Response(status=401, headers={"HX-Refresh": "true"})
    here = request.script_root + request.full_path.rstrip("?")
    return redirect(f"{FACTOR_PAGE}?{urlencode({'next': here})}")
