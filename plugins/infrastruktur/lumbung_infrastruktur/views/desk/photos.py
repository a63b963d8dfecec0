"""Photos for officers, whatever the public sees of them; and deciding what it sees."""

from __future__ import annotations

from uuid import UUID

from flask import Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import find, find_or_404, local_path, requires, staff

from ...models import Photo, Report, WorkOrder
from ...services import inbox, moderation
from ...services.inbox import MODERATE
from ...words import _
from . import blueprint

# Whoever handles reports, works on them or looks after assets sees the photos of their units.
LOOK = (inbox.READ, inbox.WORK, "infrastruktur.field", "infrastruktur.asset")


@blueprint.get("/foto/<uuid:photo_id>")
@staff
def photo(photo_id: UUID) -> ResponseReturnValue:
    """A photo as large as it is kept."""
    return _jpeg(_seen(photo_id).content)


@blueprint.get("/foto/<uuid:photo_id>/kecil")
@staff
def thumbnail(photo_id: UUID) -> ResponseReturnValue:
    """A small picture of it."""
    return _jpeg(_seen(photo_id).thumbnail)


@blueprint.post("/foto/<uuid:photo_id>/<word>")
@requires(MODERATE)
def decide(photo_id: UUID, word: str) -> ResponseReturnValue:
    """Show a photo to everybody, or to nobody."""
    found = find_or_404(Photo, photo_id, lock=True)
    report = _report_of(found)
    if report is None or not inbox.may(MODERATE, report.unit_id):
        abort(404)
    if word == "tampilkan":
        moderation.show_photo(found)
        flash(_("Foto laporan %(number)s tampil bagi umum.", number=report.number), "baik")
    elif word == "sembunyikan":
        moderation.hide_photo(found)
        flash(_("Foto laporan %(number)s disembunyikan.", number=report.number), "baik")
    else:
        abort(404)
    return redirect(local_path(request.form.get("kembali"), url_for(".report", report_id=report.id)), 303)


def _seen(photo_id: UUID) -> Photo:
    """The photo, when it belongs to something of one's own units; 404 otherwise."""
    found = find_or_404(Photo, photo_id)
    unit_id = _unit_of(found)
    if not any(inbox.may(permission, unit_id) for permission in LOOK):
        abort(404)
    return found


def _unit_of(photo: Photo) -> UUID | None:
    report = _report_of(photo)
    if report is not None:
        return report.unit_id
    order = find(WorkOrder, photo.work_order_id) if photo.work_order_id else None
    return order.unit_id if order else None


def _report_of(photo: Photo) -> Report | None:
    return find(Report, photo.report_id) if photo.report_id else None


def _jpeg(content: bytes) -> Response:
    answer = Response(content, mimetype="image/jpeg")
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer
