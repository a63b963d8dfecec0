"""Pictures of reports, for everybody, and those of one's own report."""

from __future__ import annotations

from uuid import UUID

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from lumbung.sdk import public

from ...models import Photo
from ...services import places
from . import blueprint

FOR_EVERYBODY = "public, max-age=3600"  # what is hidden today is gone from caches within the hour
FOR_ONE = "private, no-cache"


@blueprint.get("/foto/<uuid:photo_id>")
@public
def photo(photo_id: UUID) -> ResponseReturnValue:
    """A picture that everybody may see."""
    return picture(places.public_photo(photo_id, small=False), small=False, kept=FOR_EVERYBODY)


@blueprint.get("/foto/<uuid:photo_id>/kecil")
@public
def thumbnail(photo_id: UUID) -> ResponseReturnValue:
    """The same, small."""
    return picture(places.public_photo(photo_id, small=True), small=True, kept=FOR_EVERYBODY)


@blueprint.get("/ikuti/<token>/foto/<uuid:photo_id>")
@public
def own_photo(token: str, photo_id: UUID) -> ResponseReturnValue:
    """A picture of one's own report, shown to others or not; ``?kecil`` for a small one."""
    report = places.by_token(token) or abort(404)
    small = "kecil" in request.args
    return picture(places.own_photo(report, photo_id, small=small), small=small, kept=FOR_ONE)


def picture(found: Photo | None, *, small: bool, kept: str) -> Response:
    """Answer with a picture, or with 304 to whoever has it already."""
    if found is None:
        abort(404)
    answer = Response(found.thumbnail if small else found.content, mimetype="image/jpeg")
    answer.headers["Cache-Control"] = kept
    answer.set_etag(f"{found.sha256[:40]}{'-kecil' if small else ''}")
    answer.make_conditional(request)
    return answer
