"""The pictures of a work order."""

from __future__ import annotations

from uuid import UUID

from flask import Response, abort, flash, make_response, redirect, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, find, find_or_404, requires

from ...models import Photo, WorkOrder
from ...services import work_photos
from ...services.work_orders import WORK
from ...words import _
from ..room import refused
from . import blueprint


@blueprint.get("/foto/<uuid:photo_id>")
@requires(WORK)
def photo(photo_id: UUID) -> Response:
    """A picture."""
    return served(_found(photo_id).content)


@blueprint.get("/foto/<uuid:photo_id>/kecil")
@requires(WORK)
def thumbnail(photo_id: UUID) -> Response:
    """The same, small."""
    return served(_found(photo_id).thumbnail)


@blueprint.post("/foto/<uuid:photo_id>/hapus")
@requires(WORK)
def drop_photo(photo_id: UUID) -> ResponseReturnValue:
    """Take a picture away again."""
    found = _found(photo_id)
    order = find_or_404(WorkOrder, found.work_order_id)
    back = url_for(".order", order_id=order.id, _anchor="foto")
    try:
        work_photos.drop_photo(order, found)
    except DomainError as refusal:
        return refused(refusal, back)
    flash(_("Foto dihapus."), "baik")
    return redirect(back, 303)


def served(content: bytes) -> Response:
    """A JPEG that only whoever asked may keep; what has this address never changes."""
    answer = make_response(content)
    answer.headers["Content-Type"] = "image/jpeg"
    answer.headers["Cache-Control"] = "private, max-age=86400"
    return answer


def _found(photo_id: UUID) -> Photo:
    found = find(Photo, photo_id)
    if found is None or found.work_order_id is None:
        abort(404)
    find_or_404(WorkOrder, found.work_order_id, permission=WORK)
    return found
