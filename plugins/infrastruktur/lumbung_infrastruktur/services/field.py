"""Work in the field: whose orders a phone gets, and what becomes of what it sends, perhaps hours later, perhaps twice.

Every update has a key that the phone made, and the version of the order that its writer saw. What only adds, a photo or
a line of material, is taken whatever happened since; what moves the order, begun or finished, is not when somebody at
the desk changed it meanwhile. Then the phone is told, keeps what was typed, and may send it once more, insisting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import selectinload

from lumbung.sdk import DomainError, current_person, now, read_picture, session, within

from ..models import FieldUpdate, Report, WorkOrder
from ..rules import work
from ..rules.work import Line, OrderState
from ..words import _
from . import crews, work_costs, work_orders, work_photos
from .field_facts import facts
from .work_orders import FIELD

MOST_ORDERS = 60  # on one phone
MOST_UPDATES = 20  # in one sending
KEY = re.compile(r"[A-Za-z0-9-]{8,40}")
KINDS = ("start", "photo", "item", "finish")
OK, CONFLICT, REFUSED = "ok", "conflict", "refused"
OLDEST = timedelta(days=90)  # a phone's clock is not believed further back


# Whose orders


def reachable() -> ColumnElement[bool]:
    """The condition of orders that who is at work may fill in: those of their crews and of their units."""
    me = current_person()
    led = crews.led_by(me.id) if me else ()
    return or_(within(FIELD, WorkOrder.unit_id), WorkOrder.crew_id.in_(led))


def order(order_id: UUID) -> WorkOrder | None:
    """An order that who is at work may fill in, None for any other and for drafts."""
    query = select(WorkOrder).where(WorkOrder.id == order_id, WorkOrder.state != OrderState.DRAFT, reachable())
    return session.scalar(query)


def my_orders() -> tuple[Sequence[WorkOrder], int]:
    """The orders that are out there for who is at work, the next planned first, and how many more there are.

    Who leads crews gets theirs, and those of the unit that no crew has. Anybody else gets all of their units.
    """
    me = current_person()
    led = crews.led_by(me.id) if me else ()
    whose: list[ColumnElement[bool]] = [reachable()]
    if led:
        whose.append(or_(WorkOrder.crew_id.in_(led), WorkOrder.crew_id.is_(None)))
    out = and_(WorkOrder.state.in_(sorted(work.IN_THE_FIELD)), *whose)
    count = session.scalar(select(func.count()).select_from(WorkOrder).where(out)) or 0
    query = select(WorkOrder).where(out).order_by(WorkOrder.planned_on.nulls_last(), WorkOrder.number)
    query = query.limit(MOST_ORDERS).options(
        selectinload(WorkOrder.report).selectinload(Report.category),
        selectinload(WorkOrder.report).selectinload(Report.photos),
        selectinload(WorkOrder.asset),
        selectinload(WorkOrder.crew),
        selectinload(WorkOrder.items),
        selectinload(WorkOrder.photos),
    )
    found = session.scalars(query).all()
    return found, max(0, count - len(found))


# What a phone sends


@dataclass(frozen=True)
class Update:
    """One thing that was done on a phone. ``insists``: the writer was told that the order changed, and means it."""

    key: str
    order_id: UUID
    version: int
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)
    insists: bool = False
    at: datetime | None = None
    file: Any = None


@dataclass(frozen=True)
class Outcome:
    """What became of an update: ok, conflict or refused; why; the version that the phone knows now."""

    key: str
    outcome: str
    message: str = ""
    version: int | None = None
    order: dict[str, Any] | None = None
    again: bool = False

    def as_data(self) -> dict[str, Any]:
        """The answer for the phone."""
        found = {"key": self.key, "outcome": self.outcome, "message": self.message, "version": self.version}
        return {**found, "again": self.again, **({"order": self.order} if self.order else {})}


def read(data: Any, files: Mapping[str, Any]) -> list[Update]:
    """Read what a phone sent. Raises `DomainError` for what no phone of ours sends."""
    if not isinstance(data, list) or not 0 < len(data) <= MOST_UPDATES:
        raise DomainError(_("Kiriman dari lapangan tidak terbaca."))
    try:
        return [_read(one, files) for one in data]
    except (KeyError, TypeError, ValueError):
        raise DomainError(_("Kiriman dari lapangan tidak terbaca.")) from None


def receive(updates: Sequence[Update]) -> list[Outcome]:
    """Take in what a phone sent, each by itself: one that is refused does not undo another."""
    moved: dict[tuple[UUID, int], int] = {}
    found = []
    for update in updates:
        based_on = update.version
        while (update.order_id, based_on) in moved:  # earlier ones of the same sending brought it further
            based_on = moved[update.order_id, based_on]
        outcome = _receive(update, based_on)
        if outcome.outcome == OK and outcome.version is not None and outcome.version > based_on:
            moved[update.order_id, based_on] = outcome.version
        found.append(outcome)
    return found


def _receive(update: Update, based_on: int) -> Outcome:
    found = order(update.order_id)
    if found is None:
        return Outcome(update.key, REFUSED, _("Perintah kerja itu tidak ada lagi, atau diberikan kepada regu lain."))
    held = work_orders.hold(found)  # a twin that comes at the same moment waits here
    before = session.scalar(select(FieldUpdate).where(FieldUpdate.key == update.key))
    if before is not None:
        return _again(update, before)
    stale = based_on != held.version
    conflict = _conflict(held, update, stale)
    if conflict and not update.insists:
        (now_there,) = facts([held])
        return Outcome(update.key, CONFLICT, conflict, held.version, now_there)
    try:
        with session.begin_nested():
            _apply(held, update)
            session.flush()
    except DomainError as refusal:
        return Outcome(update.key, REFUSED, str(refusal))
    version = based_on if stale and not update.insists else held.version
    session.add(FieldUpdate(work_order_id=held.id, key=update.key, version=version, at=now()))
    session.flush()
    return Outcome(update.key, OK, version=version)


def _again(update: Update, before: FieldUpdate) -> Outcome:
    if before.work_order_id != update.order_id:
        return Outcome(update.key, REFUSED, _("Kiriman dari lapangan tidak terbaca."))
    return Outcome(update.key, OK, version=before.version, again=True)


def _conflict(held: WorkOrder, update: Update, stale: bool) -> str:
    """Why an update does not fit any more what the desk says; empty when it does."""
    if held.state == OrderState.CANCELLED:
        return _("Perintah kerja ini dibatalkan di kantor: %(reason)s", reason=held.reason)
    if update.kind in ("photo", "item"):
        return ""
    if held.state == OrderState.DONE:
        return _("Perintah kerja ini sudah dinyatakan selesai.")
    if update.kind == "start" and held.state == OrderState.WORKING:
        return ""
    return _("Perintah kerja ini diubah di kantor sejak terakhir Anda mengambilnya.") if stale else ""


def _apply(held: WorkOrder, update: Update) -> None:
    if update.kind == "start":
        if held.state != OrderState.WORKING:
            work_orders.start(held)
    elif update.kind == "photo":
        if update.file is None:
            raise DomainError(_("Fotonya tidak ikut terkirim. Ambil foto sekali lagi."))
        picture = read_picture(update.file)
        work_photos.add_photo(held, picture, str(update.values.get("kind", "")), taken_at=update.at)
    elif update.kind == "item":
        work_costs.add_line(held, line_of(update.values))
    elif held.state in work.OPEN:
        work_orders.finish(held, str(update.values.get("result", "")))
    else:
        work_orders.add_remark(held, str(update.values.get("result", "")))


def line_of(values: Mapping[str, Any]) -> Line:
    """Return a line as a crew types it; prices are the office's matter."""
    return Line(
        name=str(values.get("name", "")),
        quantity=work.quantity(str(values.get("quantity", "")) or "1"),
        measure=str(values.get("measure", "")),
        kind=str(values.get("kind", "") or "material"),
    )


def _read(one: Mapping[str, Any], files: Mapping[str, Any]) -> Update:
    key, kind, values = str(one["key"]), str(one["kind"]), one.get("values") or {}
    if not KEY.fullmatch(key) or kind not in KINDS or not isinstance(values, dict):
        raise ValueError(key)
    return Update(
        key=key,
        order_id=UUID(str(one["order"])),
        version=int(one["version"]),
        kind=kind,
        values=values,
        insists=one.get("insists") is True,
        at=_moment(str(one.get("at") or "")),
        file=files.get(key),
    )


def _moment(text: str) -> datetime | None:
    """A moment of the phone's clock; None for one that cannot be."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is None or not now() - OLDEST < found < now() + timedelta(hours=1):
        return None
    return found
