"""Background work on PostgreSQL, with procrastinate: the tenant travels with the job, the gate is asked again.

A job is put into the queue by the caller's own transaction. The worker runs it inside a scope of the tenant
that deferred it, if the plugin is still enabled there, and commits when it returns.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import procrastinate
from croniter import croniter
from procrastinate import RetryStrategy

from lumbung.clock import utc_now
from lumbung.context import Scope, current_scope
from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.registry.discovery import describe_error
from lumbung.registry.faults import record_fault
from lumbung.tenancy.tenant import Tenant

logger = logging.getLogger(__name__)

RETRY = RetryStrategy(max_attempts=4, exponential_wait=5)
_QUEUE = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
_LIFECYCLE = "lifecycle"


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


def defer_operation(scope: Scope, operation_id: UUID) -> None:
    """Have an install or uninstall done by the job worker, which alone holds the migrator's key."""
    _put(scope, "lumbung.operate", {"operation": str(operation_id)}, queue=_LIFECYCLE, lock=_LIFECYCLE)


def _put(
    scope: Scope,
    task: str,
    arguments: dict[str, Any],
    *,
    delay: timedelta | None = None,
    queue: str = "default",
    lock: str | None = None,
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
        schedule_at=utc_now() + delay if delay else None,
    )
    deferrer.defer(tenant=tenant, **arguments)


def worker_app(kernel: Kernel) -> procrastinate.App:
    """Return the procrastinate application whose worker does this site's jobs."""
    conninfo = kernel.database.url.replace("postgresql+psycopg://", "postgresql://", 1)
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4)
    )

    @app.task(name="lumbung.run", retry=RETRY)
    def run(tenant: str, plugin: str, job: str, arguments: dict[str, Any]) -> None:
        run_job(kernel, tenant, plugin, job, arguments)

    @app.task(name="lumbung.deliver", retry=RETRY)
    def deliver(tenant: str, delivery: str) -> None:
        from lumbung import events

        with kernel.scope(kernel.tenant(tenant), actor="worker") as scope:
            _counting_faults(scope, "on_event", lambda: events.deliver(scope, UUID(delivery)))

    @app.task(name="lumbung.operate", queue=_LIFECYCLE, lock=_LIFECYCLE)
    def operate(operation: str, tenant: str | None = None) -> None:
        from lumbung.lifecycle.operations import carry_out

        carry_out(kernel, UUID(operation))

    @app.periodic(cron="* * * * *")
    @app.task(name="lumbung.tick", queueing_lock="lumbung.tick", pass_context=False)
    def tick(timestamp: int) -> None:
        defer_due_jobs(kernel, timestamp)

    return app


def run_job(kernel: Kernel, tenant_slug: str, plugin: str, job: str, arguments: Mapping[str, Any]) -> None:
    """Do one job of a plugin for a tenant, unless the plugin is no longer enabled there."""
    tenant = kernel.tenant(tenant_slug)
    if not kernel.snapshot().is_enabled(plugin, tenant.id):
        logger.info("job %s of %s left undone: not enabled for %s", job, plugin, tenant_slug)
        return
    with kernel.scope(tenant, actor="worker", plugin=plugin) as scope:
        _counting_faults(scope, f"job {job}", lambda: _find_job(kernel, plugin, job)(**arguments))


def _find_job(kernel: Kernel, plugin: str, job: str) -> Callable[..., None]:
    known: Mapping[str, Callable[..., None]] = kernel.caller.ask("jobs", plugin) or {}
    if job not in known:
        raise LumbungError(f"Plugin {plugin} has no job {job!r}; it has: {', '.join(known) or 'none'}.")
    return known[job]


def _counting_faults(scope: Scope, place: str, work: Callable[[], None]) -> None:
    try:
        work()
    except Exception as error:
        record_fault(scope.plugin or "-", place, describe_error(error))
        raise
    except SystemExit as error:  # donated code may call sys.exit; the worker stays
        record_fault(scope.plugin or "-", place, describe_error(error))
        raise LumbungError(f"{scope.plugin} tried to stop the worker in {place}.") from error


def defer_due_jobs(kernel: Kernel, timestamp: int) -> int:
    """Defer the scheduled jobs that fall into the minute at ``timestamp`` (seconds); return how many.

    Each plugin's cron line is read in the tenant's own time zone: midnight in Sumbawa is 16:00 UTC.
    """
    deferred = 0
    snapshot = kernel.snapshot()
    for tenant in snapshot.tenants.values():
        for plugin in snapshot.enabled_for(tenant.id):
            for job in plugin.manifest.jobs:
                if is_due(job.cron, timestamp, tenant):
                    with kernel.scope(tenant, actor="worker", plugin=plugin.name):
                        defer(job.name)
                    deferred += 1
    return deferred


def is_due(cron: str, timestamp: int, tenant: Tenant) -> bool:
    """Whether a cron line names the minute at ``timestamp``, in the tenant's time zone."""
    return croniter.match(cron, datetime.fromtimestamp(timestamp, ZoneInfo(tenant.time_zone)))


def run_worker(kernel: Kernel) -> None:
    """Do jobs until SIGTERM or SIGINT; jobs that are running are finished first."""
    worker_app(kernel).run_worker(
        name="lumbung",
        concurrency=2,
        fetch_job_polling_interval=2.0,
        shutdown_graceful_timeout=8.0,
        delete_jobs="successful",
    )
