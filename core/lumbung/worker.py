"""The job worker: does what was put into the queue, each job inside a scope of the tenant that it came from.

The gate is asked again: a job of a plugin that is no longer enabled is left undone. A job is committed when it
returns; one that raises is tried again, then kept as failed, and counts as a fault of its plugin.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import procrastinate
from croniter import croniter
from procrastinate import RetryDecision, RetryStrategy
from procrastinate.jobs import Job

from lumbung import events
from lumbung.context import Scope
from lumbung.errors import LumbungError
from lumbung.housekeeping import sweep_all
from lumbung.jobs import LIFECYCLE, defer
from lumbung.kernel import Kernel
from lumbung.lifecycle.operations import carry_out, resume
from lumbung.mail import MailRefused, mailer_for
from lumbung.notifications.anchors import anchor_trails
from lumbung.notifications.mailing import send_by_mail
from lumbung.notifications.secret_letters import send_letter
from lumbung.privacy.clocks import remind_everywhere
from lumbung.registry.discovery import describe_error
from lumbung.registry.faults import record_fault
from lumbung.tenancy.tenant import Tenant

logger = logging.getLogger(__name__)

RETRY = RetryStrategy(max_attempts=4, exponential_wait=5)


class MailRetry(RetryStrategy):
    """What the server refuses for good is not sent again; all else is, ever more slowly, for about a day."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to try again, None for never."""
        if isinstance(exception, MailRefused):
            return None
        return super().get_retry_decision(exception=exception, job=job)


MAIL_RETRY = MailRetry(max_attempts=10, exponential_wait=3)


def worker_app(kernel: Kernel) -> procrastinate.App:
    """Return the procrastinate application whose worker does this site's jobs."""
    conninfo = kernel.database.url.replace("postgresql+psycopg://", "postgresql://", 1)
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4))
    mailer = mailer_for(kernel.settings)

    @app.task(name="lumbung.run", retry=RETRY)
    def run(tenant: str, plugin: str, job: str, arguments: dict[str, Any]) -> None:
        run_job(kernel, tenant, plugin, job, arguments)

    @app.task(name="lumbung.deliver", retry=RETRY)
    def deliver(tenant: str, delivery: str) -> None:
        with kernel.scope(kernel.tenant(tenant), actor="worker") as scope:
            _counting_faults(scope, "on_event", lambda: events.deliver(scope, UUID(delivery)))

    @app.task(name="lumbung.mail", retry=MAIL_RETRY)
    def mail(tenant: str, notification: str) -> None:
        with kernel.scope(kernel.tenant(tenant), actor="worker") as scope:
            _noting_refusals(lambda: send_by_mail(scope, UUID(notification), mailer))

    @app.task(name="lumbung.letter", retry=MAIL_RETRY)
    def letter(tenant: str, letter: str) -> None:
        with kernel.scope(kernel.tenant(tenant), actor="worker") as scope:
            _noting_refusals(lambda: send_letter(scope, UUID(letter), mailer))

    @app.task(name="lumbung.operate", queue=LIFECYCLE, lock=LIFECYCLE)
    def operate(operation: str, tenant: str | None = None) -> None:
        carry_out(kernel, UUID(operation))

    @app.periodic(cron="* * * * *")
    @app.task(name="lumbung.tick", pass_context=False)
    def tick(timestamp: int) -> None:
        defer_due_jobs(kernel, timestamp)

    @app.periodic(cron="17 18 * * *")  # at night in every zone of Indonesia
    @app.task(name="lumbung.sweep", queueing_lock="lumbung.sweep", pass_context=False)
    def sweep(timestamp: int) -> None:
        logger.info("%s outdated rows swept away", sweep_all(kernel))

    @app.periodic(cron="47 18 * * *")
    @app.task(name="lumbung.anchor", queueing_lock="lumbung.anchor", pass_context=False, retry=RETRY)
    def anchor(timestamp: int) -> None:
        anchor_trails(kernel, mailer)

    @app.periodic(cron="7 * * * *")
    @app.task(name="lumbung.data_clocks", queueing_lock="lumbung.data_clocks", pass_context=False)
    def data_clocks(timestamp: int) -> None:
        remind_everywhere(kernel)

    @app.periodic(cron="* * * * *")
    @app.task(name="lumbung.pick_up", queueing_lock="lumbung.pick_up", pass_context=False)
    async def pick_up(timestamp: int) -> None:
        await pick_up_left_jobs(app)

    @app.periodic(cron="* * * * *")
    @app.task(name="lumbung.resume", queueing_lock="lumbung.resume", pass_context=False)
    def resume_operations(timestamp: int) -> None:
        resume(kernel)

    return app


async def pick_up_left_jobs(app: procrastinate.App) -> int:
    """Put back the jobs of a worker that died while it did them, and the locks they hold; return how many."""
    left = list(await app.job_manager.get_stalled_jobs())
    for job in left:
        logger.warning("job %s of a worker that died is done again: %s", job.id, job.task_name)
        await app.job_manager.retry_job(job)
    return len(left)


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


def _noting_refusals(work: Callable[[], object]) -> None:
    """A letter refused for good is a fault that the operator's page shows: nobody else would ever know."""
    try:
        work()
    except MailRefused as refusal:
        record_fault("-", "mail", str(refusal))
        raise


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
    return bool(croniter.match(cron, datetime.fromtimestamp(timestamp, ZoneInfo(tenant.time_zone))))


def run_worker(kernel: Kernel) -> None:
    """Do jobs until SIGTERM or SIGINT; jobs that are running are finished first."""
    app = worker_app(kernel)
    app.run_worker(
        name="lumbung",
        concurrency=2,
        fetch_job_polling_interval=2.0,
        shutdown_graceful_timeout=8.0,
        delete_jobs="successful",
    )
