"""Putting background work into the queue (procrastinate, on PostgreSQL): in the caller's own transaction.

The tenant travels with the job. `lumbung.worker` does what is put here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import procrastinate

from lumbung.clock import utc_now
from lumbung.context import Scope, current_scope

LIFECYCLE = "lifecycle"
PUT_OFF = timedelta(minutes=5)
_QUEUE = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def defer(job: str, arguments: Mapping[str, Any] | None = None, *, delay: timedelta | None = None) -> None:
    """Have a job of the running plugin done in the background, if this transaction is committed.

    ``job`` is a name the plugin's ``jobs`` hook returns. ``arguments`` are plain JSON data: ids rather than
    people's data, since the queue is shared by every tenant.
    """
    scope = current_scope()
    if scope.plugin is None:
        raise RuntimeError("Only a plugin's code can defer a plugin's job.")
    _put(
        scope,
        "lumbung.run",
        {"plugin": scope.plugin, "job": job, "arguments": dict(arguments or {})},
        delay=delay,
    )


def defer_delivery(scope: Scope, delivery_id: UUID) -> None:
    """Have an event delivered to one listener, if this transaction is committed."""
    _put(scope, "lumbung.deliver", {"delivery": str(delivery_id)})


def defer_mail(scope: Scope, notification_id: UUID) -> None:
    """Have a notification sent by e-mail, if this transaction is committed. The queue learns its id and no more."""
    _put(scope, "lumbung.mail", {"notification": str(notification_id)})


def defer_letter(scope: Scope, letter_id: UUID) -> None:
    """Have a letter with a secret link sent, if this transaction is committed. Neither link nor address is queued."""
    _put(scope, "lumbung.letter", {"letter": str(letter_id)})


def defer_visitor_letter(scope: Scope, letter_id: UUID) -> None:
    """Have a letter to somebody without an account sent, if this transaction is committed."""
    _put(scope, "lumbung.visitor_letter", {"letter": str(letter_id)})


def defer_app_accounts(scope: Scope, person_id: UUID) -> None:
    """Have somebody's accounts in foreign applications brought in step, if this transaction is committed."""
    _put(scope, "lumbung.app_accounts", {"person": str(person_id)})


def defer_operation(scope: Scope, operation_id: UUID) -> None:
    """Have an install or uninstall done by the job worker, which alone holds the migrator's key."""
    _put(scope, "lumbung.operate", {"operation": str(operation_id)}, queue=LIFECYCLE, lock=LIFECYCLE)


def put_off(scope: Scope, task: str, arguments: dict[str, Any], plugin: str, *, once: str | None = None) -> None:
    """Put a job off whose ``plugin`` may not run now; lifting its suspension makes it due at once.

    With ``once``, a name, nothing is added while another of that name waits.
    """
    try:
        with scope.session.begin_nested():
            _put(scope, task, {**arguments, "put_off": plugin}, delay=PUT_OFF, queueing_lock=once)
    except procrastinate.exceptions.AlreadyEnqueued:
        pass


def _put(
    scope: Scope,
    task: str,
    arguments: dict[str, Any],
    *,
    delay: timedelta | None = None,
    queue: str = "default",
    lock: str | None = None,
    queueing_lock: str | None = None,
) -> None:
    json.dumps(arguments)  # a clear TypeError here, in the caller's line, rather than in the driver
    tenant = scope.tenant.slug if scope.tenant else None
    connection = scope.session.connection().connection.driver_connection
    deferrer = _QUEUE.configure_task(
        task,
        allow_unknown=True,
        connection=connection,
        queue=queue,
        lock=lock,
        queueing_lock=queueing_lock,
        schedule_at=utc_now() + delay if delay else None,
    )
    deferrer.defer(tenant=tenant, **arguments)
