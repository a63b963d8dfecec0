"""Something happened: plugins tell each other by events, through a transactional outbox.

`emit` writes the event and one delivery per listener in the sender's transaction, together with a job that
delivers it. Undone together, or kept together. A listener's own writes are committed with the note that it
heard the event, so that each event takes effect once however often its job runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, String, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lumbung.clock import utc_now
from lumbung.context import Scope, current_scope, current_tenant
from lumbung.database.core_model import CoreModel
from lumbung.database.model import belongs_to
from lumbung.hooks import Event
from lumbung.jobs import defer_delivery, put_off
from lumbung.registry.at_work import board
from lumbung.renewal import put_off_while_renewing


class EventRow(CoreModel):
    """An event as it was told."""

    __tablename__ = "lumbung_event"

    name: Mapped[str] = mapped_column(String(80))
    plugin: Mapped[str | None] = mapped_column(String(40))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class DeliveryRow(CoreModel):
    """One listener of one event; ``delivered_at`` is empty until it heard it."""

    __tablename__ = "lumbung_delivery"

    event_id: Mapped[UUID] = belongs_to("lumbung_event", ondelete="CASCADE")
    subscriber: Mapped[str] = mapped_column(String(40))
    delivered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    event: Mapped[EventRow] = relationship()


def emit(name: str, data: Mapping[str, Any]) -> None:
    """Tell that something happened, in the current transaction.

    ``data`` is plain JSON data. Who listens is read from the manifests of the plugins enabled for the tenant at
    this moment. Raises `ValueError` when the plugin's manifest does not list the event under ``emits``.
    """
    scope = current_scope()
    _refuse_unannounced(scope, name)
    event = EventRow(name=name, plugin=scope.plugin, data=dict(data), at=utc_now())
    scope.session.add(event)
    scope.session.flush()
    for listener in listeners(scope, name):
        delivery = DeliveryRow(event_id=event.id, subscriber=listener)
        scope.session.add(delivery)
        scope.session.flush()
        defer_delivery(scope, delivery.id)


def listeners(scope: Scope, name: str) -> list[str]:
    """Return the plugins enabled for the tenant that want to hear events of this name."""
    enabled = scope.kernel.snapshot().enabled_for(current_tenant().id)
    return [plugin.name for plugin in enabled if plugin.manifest.hears(name)]


def deliver(scope: Scope, delivery_id: UUID) -> None:
    """Let one listener hear one event, unless it has already or is no longer enabled. Called by the job worker.

    Raises `lumbung.renewal.PutOff` while the listener is being upgraded.
    """
    delivery = scope.session.scalar(select(DeliveryRow).where(DeliveryRow.id == delivery_id).with_for_update())
    if delivery is None or delivery.delivered_at is not None:
        return
    snapshot = scope.kernel.snapshot()
    if not snapshot.is_enabled(delivery.subscriber, current_tenant().id):
        return
    if snapshot.is_closed(delivery.subscriber):
        put_off(scope, "lumbung.deliver", {"delivery": str(delivery_id)}, delivery.subscriber)
        return
    put_off_while_renewing(scope.kernel, delivery.subscriber)
    event = delivery.event
    scope.plugin = delivery.subscriber
    with board.inside(delivery.subscriber, scope):
        scope.kernel.caller.ask(
            "on_event",
            delivery.subscriber,
            event=Event(id=str(event.id), name=event.name, data=event.data, at=event.at),
        )
    delivery.delivered_at = utc_now()


def _refuse_unannounced(scope: Scope, name: str) -> None:
    if scope.plugin is None:
        return
    installed = scope.kernel.snapshot().plugins.get(scope.plugin)
    if installed is not None and name not in installed.manifest.events.emits:
        raise ValueError(f"{scope.plugin} sends {name!r}, which its manifest does not list under [events] emits")
