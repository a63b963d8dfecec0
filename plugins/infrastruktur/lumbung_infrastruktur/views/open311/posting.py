"""What programs send: a report, with a key."""

from __future__ import annotations

from typing import Any

from flask import request

from lumbung.sdk import format_date, machine

from ...models import ApiKey, Report
from ...rules.georeport import Refusal
from ...services import api_keys
from ...services.open311_posting import post
from ...words import _
from . import blueprint
from .answers import georeport

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@blueprint.post("/v2/requests.<form>")
@machine
@georeport("service_requests")
def send() -> list[dict[str, Any]]:
    """POST Service Request: its number is given at once."""
    if request.mimetype and request.mimetype not in FORMS:
        raise Refusal(400, _("Kirim sebagai application/x-www-form-urlencoded."))
    key = _key()
    api_keys.use(key)
    report, _new = post(request.form, request.files, key, client_id=_client_id())
    return [
        {
            "service_request_id": report.number,
            "service_notice": _notice(report),
            "account_id": request.form.get("account_id", "").strip()[:200] or None,
        }
    ]


def _key() -> ApiKey:
    text = request.form.get("api_key", "").strip()
    if not text:
        raise Refusal(403, _("api_key belum diisi."))
    key = api_keys.of(text)
    if key is None:
        raise Refusal(403, _("api_key tidak dikenal atau sudah dicabut."))
    return key


def _client_id() -> str:
    """The program's own name for what it sends, so that it may send it again after a broken line."""
    return (request.headers.get("Idempotency-Key") or request.form.get("client_request_id", "")).strip()


def _notice(report: Report) -> str:
    if report.visibility != "public":
        return _("Terima kasih. Laporan tampil setelah diperiksa petugas.")
    if report.due_on is None:
        return _("Terima kasih. Laporan kami teruskan kepada yang berwenang.")
    return _("Terima kasih. Laporan ditangani paling lambat %(date)s.", date=format_date(report.due_on))
