"""What a crew's phone is told of its orders: enough to find the place and do the work, nothing about who reported."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from lumbung.sdk import format_date, format_number, session

from ..models import Photo, Question, Report, WorkOrder
from ..rules import kinds, sensitive, work
from . import work_photos
from .work_orders import is_late
from .work_places import asset_words, spot_of

MOST_PHOTOS = 4  # of a report, on the phone
SHORT = 8  # letters by which the phone says which pictures it has


def facts(orders: Sequence[WorkOrder], known: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return orders as plain data. Pictures of which the phone names the id in ``known`` come without their bytes."""
    questions = _questions(orders)
    shown = {order.id: _photos(order) for order in orders}
    pictures = _thumbnails(photo.id for photos in shown.values() for photo in photos if _short(photo) not in known)
    return [
        {**_facts(order, questions), "photos": [_photo(one, pictures.get(one.id)) for one in shown[order.id]]}
        for order in orders
    ]


def _facts(order: WorkOrder, questions: dict[UUID, list[Question]]) -> dict[str, Any]:
    report, asset, spot = order.report, order.asset, spot_of(order)
    return {
        "id": str(order.id),
        "number": order.number,
        "version": order.version,
        "state": order.state,
        "title": order.title,
        "instructions": order.instructions,
        "crew": order.crew.name if order.crew else "",
        "planned_on": order.planned_on.isoformat() if order.planned_on else "",
        "planned": format_date(order.planned_on, "EEEE, d MMMM y") if order.planned_on else "",
        "late": is_late(order),
        "result": order.result,
        "reason": order.reason,
        "place": {"text": spot.text, "lat": spot.lat, "lon": spot.lon, "rough": spot.rough},
        "asset": asset_words(asset),
        "report": report.number if report else "",
        "category": report.category.title if report else "",
        "severity": str(kinds.SEVERITIES.get(report.severity, "")) if report else "",
        "description": sensitive.masked(report.description) if report else "",
        "answers": answers(report, questions.get(report.category_id, [])) if report else [],
        "items": [
            {
                "kind": str(work.kind_title(item.kind)),
                "name": item.name,
                "quantity": format_number(item.quantity.normalize()),
                "measure": item.measure,
            }
            for item in order.items
        ],
    }


def answers(report: Report, questions: Sequence[Question]) -> list[list[str]]:
    """What was answered to the questions of a report's category, in words; personal data in it made unreadable."""
    return [list(pair) for pair in _answers(report, questions)]


def questions_of(report: Report) -> Sequence[Question]:
    """The questions of a report's category, in order."""
    query = select(Question).where(Question.category_id == report.category_id)
    return session.scalars(query.order_by(Question.position, Question.code)).all()


def _answers(report: Report, questions: Sequence[Question]) -> Iterator[tuple[str, str]]:
    for question in questions:
        given = report.answers.get(question.code)
        if given in (None, "", []):
            continue
        names = dict(question.choices)
        parts = given if isinstance(given, list) else [given]
        words = (names.get(str(one)) or _plain(one) for one in parts)
        yield question.title, sensitive.masked(", ".join(words))


def _plain(value: Any) -> str:
    return format_number(value) if isinstance(value, int | float) else str(value)


def _questions(orders: Sequence[WorkOrder]) -> dict[UUID, list[Question]]:
    categories = {order.report.category_id for order in orders if order.report}
    found: dict[UUID, list[Question]] = {}
    query = select(Question).where(Question.category_id.in_(categories)).order_by(Question.position, Question.code)
    for question in session.scalars(query) if categories else ():
        found.setdefault(question.category_id, []).append(question)
    return found


def _photos(order: WorkOrder) -> list[Photo]:
    reported = [one for one in order.report.photos if one.kind == "report"][:MOST_PHOTOS] if order.report else []
    return [*reported, *order.photos]


def _thumbnails(photo_ids: Iterable[UUID]) -> dict[UUID, bytes]:
    rows = session.execute(select(Photo.id, Photo.thumbnail).where(Photo.id.in_(list(photo_ids))))
    return {row[0]: row[1] for row in rows}


def _photo(photo: Photo, thumbnail: bytes | None) -> dict[str, str]:
    found = {"id": str(photo.id), "kind": photo.kind, "title": str(work_photos.KINDS.get(photo.kind, ""))}
    if thumbnail is not None:
        found["data"] = f"data:image/jpeg;base64,{b64encode(thumbnail).decode('ascii')}"
    return found


def _short(photo: Photo) -> str:
    return str(photo.id)[:SHORT]
