"""The job worker: does what was put into the queue, each job inside a scope of the tenant that it came from.

The gate is asked again: a job of a plugin that is no longer enabled is left undone. A job is committed when it
returns; one that raises is tried again, then kept as failed, and counts as a fault of its plugin.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import procrastinate
from croniter import croniter
from procrastinate import JobContext, RetryDecision, RetryStrategy
from procrastinate.jobs import Job
from sqlalchemy import text

from lumbung import events
from lumbung.context import Scope
from lumbung.errors import DatabaseUnavailable, LumbungError
from lumbung.housekeeping import sweep_all
from lumbung.instances import accounts
from lumbung.jobs import LIFECYCLE, defer, put_off
from lumbung.kernel import Kernel
from lumbung.lifecycle.operations import carry_out, resume
from lumbung.lifecycle.outdated import forget_outdated
from lumbung.mail import Mailer, MailRefused, mailer_for
from lumbung.notifications.anchors import anchor_trails
from lumbung.notifications.fault_news import announce_suspensions
from lumbung.notifications.mailing import send_by_mail
from lumbung.notifications.secret_letters import send_letter
from lumbung.notifications.visitor_letters import send_visitor_letter
from lumbung.privacy.clocks import remind_everywhere
from lumbung.registry.at_work import board
from lumbung.registry.code import follow_while_idle
from lumbung.registry.discovery import describe_error
from lumbung.registry.faults import record_deaths, record_fault
from lumbung.renewal import PutOff, put_off_while_renewing
from lumbung.tenancy.tenant import Tenant

logger = logging.getLogger(__name__)

SHORTEST_LIFE = 5.0  # seconds; a younger worker does not leave by itself: a bad state must not be a storm


class PatientRetry(RetryStrategy):
    """What waits for the end of an upgrade is tried again soon; an error, ever more slowly, a few times."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to try again, None for never."""
        if isinstance(exception, PutOff):
            return RetryDecision(retry_in={"seconds": exception.seconds})
        return super().get_retry_decision(exception=exception, job=job)


RETRY = PatientRetry(max_attempts=4, exponential_wait=5)


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

    @app.task(name="lumbung.run", retry=RETRY, pass_context=True)
    def run(context: JobContext, /, tenant: str, plugin: str, job: str, arguments: dict[str, Any], **more: Any) -> None:
        with _uncounted_when_put_off(kernel, context):
            run_job(kernel, tenant, plugin, job, arguments, once=bool(more.get("once")))

    @app.task(name="lumbung.deliver", retry=RETRY, pass_context=True)
    def deliver(context: JobContext, /, tenant: str, delivery: str, put_off: str = "") -> None:
        with _uncounted_when_put_off(kernel, context), kernel.scope(kernel.tenant(tenant), actor="worker") as scope:
            _counting_faults(scope, "on_event", lambda: events.deliver(scope, UUID(delivery)), "event")

    @app.task(name="lumbung.mail", retry=MAIL_RETRY)
    def mail(tenant: str, notification: str) -> None:
        with kernel.scope(kernel.tenant(tenant), actor="worker") as scope:
            _noting_refusals(lambda: send_by_mail(scope, UUID(notification), mailer))

    @app.task(name="lumbung.letter", retry=MAIL_RETRY)
    def letter(tenant: str, letter: str) -> None:
        with kernel.scope(kernel.tenant(tenant), actor="worker") as scope:
            _noting_refusals(lambda: send_letter(scope, UUID(letter), mailer))

    @app.task(name="lumbung.visitor_letter", retry=MAIL_RETRY)
    def visitor_letter(tenant: str, letter: str) -> None:
        with kernel.scope(kernel.tenant(tenant), actor="worker") as scope:
            _noting_refusals(lambda: send_visitor_letter(scope, UUID(letter), mailer))

    @app.task(name="lumbung.app_accounts", retry=MAIL_RETRY)
    def app_accounts(tenant: str, person: str) -> None:
        with kernel.scope(kernel.tenant(tenant), actor="worker") as scope:
            accounts.follow(scope, UUID(person))

    @app.task(name="lumbung.operate", queue=LIFECYCLE, lock=LIFECYCLE)
    def operate(operation: str, tenant: str | None = None) -> None:
        carry_out(kernel, UUID(operation))

    _by_the_clock(app, kernel, mailer)
    return app


def _by_the_clock(app: procrastinate.App, kernel: Kernel, mailer: Mailer) -> None:
    """Add what is done at certain times."""

    @app.periodic(cron="* * * * *")
    @app.task(name="lumbung.tick", pass_context=False)
    def tick(timestamp: int) -> None:
        defer_due_jobs(kernel, timestamp)

    @app.periodic(cron="* * * * *")
    @app.task(name="lumbung.faults", queueing_lock="lumbung.faults", pass_context=False)
    def faults(timestamp: int) -> None:
        record_deaths(kernel)
        announce_suspensions(kernel)

    @app.periodic(cron="17 18 * * *")  # at night in every zone of Indonesia
    @app.task(name="lumbung.sweep", queueing_lock="lumbung.sweep", pass_context=False)
    def sweep(timestamp: int) -> None:
        logger.info("%s outdated rows swept away", sweep_all(kernel))
        forget_outdated(kernel)

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


async def pick_up_left_jobs(app: procrastinate.App) -> int:
    """Put back the jobs of a worker that died while it did them, and the locks they hold; return how many."""
    left = list(await app.job_manager.get_stalled_jobs())
    for job in left:
        logger.warning("job %s of a worker that died is done again: %s", job.id, job.task_name)
        await app.job_manager.retry_job(job)
    return len(left)


def run_job(
    kernel: Kernel, tenant_slug: str, plugin: str, job: str, arguments: Mapping[str, Any], *, once: bool = False
) -> None:
    """Do one job of a plugin for a tenant, unless the plugin is no longer enabled there.

    While the plugin is suspended, or in safe mode, the job is put off. ``once`` marks one of a schedule: of those
    that were missed meanwhile, a single one is made up for. Raises `PutOff` while the plugin is being upgraded.
    """
    tenant = kernel.tenant(tenant_slug)
    snapshot = kernel.snapshot()
    if not snapshot.is_enabled(plugin, tenant.id):
        logger.info("job %s of %s left undone: not enabled for %s", job, plugin, tenant_slug)
        return
    with kernel.scope(tenant, actor="worker", plugin=plugin) as scope:
        if snapshot.is_closed(plugin):
            _put_job_off(scope, plugin, job, arguments, once=once)
            return
        put_off_while_renewing(kernel, plugin)
        with board.inside(plugin, scope):
            _counting_faults(scope, f"job {job}", lambda: _find_job(kernel, plugin, job)(**arguments), "job")


def _put_job_off(scope: Scope, plugin: str, job: str, arguments: Mapping[str, Any], *, once: bool) -> None:
    assert scope.tenant is not None  # noqa: S101  (jobs are done for a tenant)
    name = f"{scope.tenant.slug}/{plugin}/{job}" if once else None
    what = {"plugin": plugin, "job": job, "arguments": dict(arguments), "once": once}
    put_off(scope, "lumbung.run", what, plugin, once=name)


def _find_job(kernel: Kernel, plugin: str, job: str) -> Callable[..., None]:
    known: Mapping[str, Callable[..., None]] = kernel.caller.ask("jobs", plugin) or {}
    if job not in known:
        raise LumbungError(f"Plugin {plugin} has no job {job!r}; it has: {', '.join(known) or 'none'}.")
    return known[job]


def _counting_faults(scope: Scope, place: str, work: Callable[[], None], kind: str) -> None:
    try:
        work()
    except (DatabaseUnavailable, PutOff):
        raise
    except Exception as error:
        if scope.plugin and scope.kernel.is_renewing(scope.plugin):
            raise PutOff(scope.plugin) from error  # it began before the upgrade did
        if isinstance(error, MemoryError):
            kind = "memory"
        record_fault(scope.plugin or "-", place, describe_error(error), kind=kind)
        raise
    except SystemExit as error:  # donated code may call sys.exit; the worker stays
        record_fault(scope.plugin or "-", place, describe_error(error), kind=kind)
        raise LumbungError(f"{scope.plugin} tried to stop the worker in {place}.") from error


@contextmanager
def _uncounted_when_put_off(kernel: Kernel, context: JobContext) -> Iterator[None]:
    """What waits for an upgrade is no attempt that failed: take back, ahead, the one that the queue will count."""
    try:
        yield
    except PutOff as later:
        logger.info("job %s is put off: %s", context.job.id, later)
        with kernel.database.new_session(None) as session, session.begin():
            count = text("UPDATE procrastinate_jobs SET attempts = attempts - 1 WHERE id = :id AND status = 'doing'")
            session.execute(count, {"id": context.job.id})
        raise


def _noting_refusals(work: Callable[[], object]) -> None:
    """A letter refused for good is a fault that the operator's page shows: nobody else would ever know."""
    try:
        work()
    except MailRefused as refusal:
        record_fault("-", "mail", str(refusal), kind="mail")
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
                    with kernel.scope(tenant, actor="worker", plugin=plugin.name) as scope:
                        if snapshot.is_closed(plugin.name):
                            _put_job_off(scope, plugin.name, job.name, {}, once=True)
                            continue
                        defer(job.name)
                    deferred += 1
    return deferred


def is_due(cron: str, timestamp: int, tenant: Tenant) -> bool:
    """Whether a cron line names the minute at ``timestamp``, in the tenant's time zone."""
    return bool(croniter.match(cron, datetime.fromtimestamp(timestamp, ZoneInfo(tenant.time_zone))))


def run_worker(kernel: Kernel) -> bool:
    """Do jobs until SIGTERM or SIGINT; jobs that are running are finished first.

    It also ends by itself when it has imported a plugin of which another version is installed by now, and returns
    True then: it is to be started anew.
    """
    board.keep_in(kernel.settings.home / "run", "jobs")
    record_deaths(kernel)
    resume(kernel)  # an upgrade that renewed this very process holds its plugin until it is ended
    app = worker_app(kernel)
    begun, left = time.monotonic(), threading.Event()

    def leave() -> None:
        if time.monotonic() - begun >= SHORTEST_LIFE:
            left.set()
            os.kill(os.getpid(), signal.SIGTERM)

    kernel.code.replaceable(leave, is_leaving=left.is_set)
    follow_while_idle(kernel.code, kernel.snapshot)
    try:
        app.run_worker(
            name="lumbung",
            concurrency=2,
            fetch_job_polling_interval=2.0,
            shutdown_graceful_timeout=8.0,
            delete_jobs="successful",
        )
    finally:
        board.leave()
    return left.is_set()
