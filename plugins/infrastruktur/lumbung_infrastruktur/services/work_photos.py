"""Photos of the work: before and after. The public sees them beside the report once the work is finished."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from lumbung.sdk import DomainError, Picture, audit, now, session

from ..models import Photo, WorkOrder
from ..rules.work import OrderState
from ..words import _, _l
from .work_orders import hold, report_of, touched

MOST = 24
KINDS = {"before": _l("Sebelum"), "after": _l("Sesudah"), "more": _l("Lainnya")}


def add_photo(order: WorkOrder, picture: Picture, kind: str, *, taken_at: datetime | None = None) -> Photo:
    """Put a picture with an order; the very same picture once only. Returns its row."""
    order = hold(order)
    if kind not in KINDS:
        raise DomainError(_("Jenis foto itu tidak dikenal."))
    twin = session.scalar(
        select(Photo).where(Photo.work_order_id == order.id, Photo.sha256 == picture.sha256, Photo.kind == kind)
    )
    if twin is not None:
        return twin
    if len(order.photos) >= MOST:
        raise DomainError(_("Perintah kerja %(number)s sudah punya %(most)s foto.", number=order.number, most=MOST))
    report = report_of(order) if order.state == OrderState.DONE and kind != "more" else None
    photo = Photo(
        work_order_id=order.id,
        report_id=report.id if report else None,
        kind=kind,
        content=picture.content,
        thumbnail=picture.thumbnail,
        width=picture.width,
        height=picture.height,
        sha256=picture.sha256,
        taken_at=picture.taken_at or taken_at,
        added_at=now(),
        shown=report is not None,
    )
    session.add(photo)
    session.flush()
    session.expire(order, ["photos"])
    touched(order)
    audit("infrastruktur.work.photo", order.number, about=order.id, kind=kind)
    return photo


def drop_photo(order: WorkOrder, photo: Photo) -> None:
    """Take a picture away again, for good."""
    order = hold(order)
    if photo.work_order_id != order.id:
        raise DomainError(_("Foto itu bukan milik perintah kerja ini."))
    session.delete(photo)
    session.flush()
    session.expire(order, ["photos"])
    touched(order)
    audit("infrastruktur.work.drop_photo", order.number, about=order.id)


def of_kind(order: WorkOrder, kind: str) -> Sequence[Photo]:
    """The pictures of an order of one kind, as they were added."""
    return [photo for photo in order.photos if photo.kind == kind]
