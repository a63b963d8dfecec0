"""The job worker: each job inside its own tenant, left undone where the plugin is off, never stopped by one."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from lumbung import worker
from lumbung.errors import LumbungError
from lumbung.events import emit
from lumbung.jobs import defer
from lumbung.kernel import Kernel
from lumbung.lifecycle.enable import disable
from lumbung.lifecycle.operations import ask, receive_wheel
from lumbung.mail import MailDelayed, MailRefused
from lumbung.tenancy.tenant import Tenant
from lumbung.testing import TestHouse, make_wheel
from lumbung.worker import MAIL_RETRY, RETRY, defer_due_jobs, is_due, pick_up_left_jobs, run_job, worker_app

INIT = """
from lumbung.sdk import current_person, current_tenant, emit, hookimpl, session
from sqlalchemy import text

def note(words="x"):
    kept = {"words": f"{words} {current_tenant().slug}"}
    session.execute(text("INSERT INTO kerja_note (words) VALUES (:words)"), kept)
    assert current_person() is None

def count():
    seen = session.execute(text("SELECT count(*) FROM kerja_note")).scalar()
    note(f"terlihat {seen}")

def raises():
    note("setengah")
    raise ValueError("gagal")

def leaves():
    note("setengah")
    raise SystemExit(3)

@hookimpl
def jobs():
    return {"note": note, "count": count, "raises": raises, "leaves": leaves}
@hookimpl
def routes():
    return []
"""
TABLE = """
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.create_tenant_table("kerja_note", sa.Column("words", sa.Text, nullable=False))
"""
NIGHTLY = '\n[[jobs]]\nname = "note"\ncron = "5 0 * * *"\n'


@pytest.fixture
def kerja(gift: Any) -> None:
    gift(
        "kerja",
        init=INIT,
        files={"lumbung_kerja/migrations/0001_x.py": TABLE},
        hooks=["routes", "jobs"],
        more=NIGHTLY,
        tenants=("sumbawa", "sumbawabarat"),
    )


def put(house: TestHouse, job: str, tenant: str = "sumbawa", **arguments: Any) -> None:
    with house.scope(tenant, plugin="kerja"):
        defer(job, arguments)


def work(house: TestHouse) -> None:
    """Run the real worker until its queue is empty."""

    async def run() -> None:
        app = worker_app(house.kernel)
        async with app.open_async():
            await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False, concurrency=1)

    asyncio.run(run())


def states(as_owner: Any) -> list[tuple[object, ...]]:
    return as_owner(  # type: ignore[no-any-return]
        "SELECT args ->> 'job', status::text, attempts FROM procrastinate_jobs "
        "WHERE task_name = 'lumbung.run' ORDER BY id"
    )


@pytest.mark.usefixtures("kerja")
def test_a_real_worker_does_each_job_inside_its_own_tenant(house: TestHouse, as_owner: Any) -> None:
    put(house, "note", words="halo")
    put(house, "note", "sumbawabarat", words="halo")
    put(house, "count", "sumbawabarat")
    work(house)
    assert as_owner("SELECT words FROM kerja_note ORDER BY words") == [
        ("halo sumbawa",),
        ("halo sumbawabarat",),
        ("terlihat 1 sumbawabarat",),
    ]
    assert {state for _, state, _ in states(as_owner)} <= {"succeeded"}


@pytest.mark.usefixtures("kerja")
def test_a_job_that_raises_or_exits_is_undone_kept_for_another_try_and_stops_nobody(
    house: TestHouse, as_owner: Any
) -> None:
    for job in ("raises", "leaves", "note", "hantu"):
        put(house, job)
    work(house)
    assert as_owner("SELECT words FROM kerja_note") == [("x sumbawa",)]
    assert states(as_owner) == [
        ("raises", "todo", 1),
        ("leaves", "todo", 1),
        ("note", "succeeded", 1),
        ("hantu", "todo", 1),
    ]
    faults = as_owner("SELECT plugin, place, message FROM lumbung_fault ORDER BY id")
    assert [(plugin, place) for plugin, place, _ in faults] == [
        ("kerja", "job raises"),
        ("kerja", "job leaves"),
        ("kerja", "job hantu"),
    ]
    assert "SystemExit: 3" in str(faults[1][2])
    assert "it has: note, count, raises, leaves" in str(faults[2][2])


@pytest.mark.usefixtures("kerja")
def test_a_job_of_a_plugin_that_was_switched_off_meanwhile_is_left_undone(house: TestHouse, as_owner: Any) -> None:
    put(house, "note")
    put(house, "note", "sumbawabarat")
    disable(house.kernel, "kerja", house.kernel.tenant("sumbawa"), by="test")
    work(house)
    assert as_owner("SELECT words FROM kerja_note") == [("x sumbawabarat",)]


def test_a_job_of_a_tenant_that_is_no_more_fails_by_name(house: TestHouse) -> None:
    with pytest.raises(LumbungError, match="no tenant 'hilang'"):
        run_job(house.kernel, "hilang", "kerja", "note", {})


def test_an_operation_asked_for_on_a_page_is_done_by_the_worker(house: TestHouse, tmp_path: Any, as_owner: Any) -> None:
    wheel = make_wheel(tmp_path)
    web = Kernel(house.settings, house.urls.app)
    try:
        with wheel.open("rb") as stream:
            path = receive_wheel(web, stream, wheel.name)
        with web.scope(web.tenant("sumbawa")):
            ask("install", argument=str(path), by="siti")
        work(house)
        assert as_owner("SELECT state FROM lumbung_operation") == [("done",)]
        web.state.forget()
        assert "contoh" in web.snapshot().plugins
    finally:
        web.close()


@pytest.mark.usefixtures("kerja")
def test_jobs_of_a_worker_that_died_are_done_again_and_hold_no_lock(house: TestHouse, as_owner: Any) -> None:
    put(house, "note")
    [(worker,)] = as_owner(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
    )
    as_owner("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :id", id=worker)

    async def pick_up() -> int:
        app = worker_app(house.kernel)
        async with app.open_async():
            return await pick_up_left_jobs(app)

    assert asyncio.run(pick_up()) == 1
    assert asyncio.run(pick_up()) == 0
    work(house)
    assert as_owner("SELECT words FROM kerja_note") == [("x sumbawa",)]


def test_mail_that_is_delayed_is_tried_for_about_a_day_and_refused_mail_never() -> None:
    def decide(error: Exception, attempts: int) -> Any:
        return MAIL_RETRY.get_retry_decision(exception=error, job=SimpleNamespace(attempts=attempts))

    now = datetime.now(UTC)
    waits = [(decide(MailDelayed("x"), attempts).retry_at - now).total_seconds() for attempts in range(10)]
    assert 20 < sum(waits) / 3600 < 28
    assert decide(MailDelayed("x"), 10) is None
    assert decide(MailRefused("x", 550), 0) is None


@pytest.mark.parametrize(
    ("zone", "utc"),
    [("Asia/Makassar", "16:05"), ("Asia/Jakarta", "17:05"), ("Asia/Jayapura", "15:05")],
)
def test_a_cron_line_is_read_in_the_tenant_s_time_zone(zone: str, utc: str) -> None:
    tenant = Tenant(1, "x", "X", time_zone=zone)
    day = [
        int(datetime(2026, 11, 24, hour, minute, tzinfo=UTC).timestamp()) for hour in range(24) for minute in range(60)
    ]
    due = [datetime.fromtimestamp(at, UTC).strftime("%H:%M") for at in day if is_due("5 0 * * *", at, tenant)]
    assert due == [utc]


@pytest.mark.usefixtures("kerja")
def test_due_jobs_are_deferred_for_each_tenant_that_has_the_plugin(house: TestHouse, as_owner: Any) -> None:
    midnight = int(datetime(2026, 11, 23, 16, 5, tzinfo=UTC).timestamp())
    assert defer_due_jobs(house.kernel, midnight - 60) == 0
    disable(house.kernel, "kerja", house.kernel.tenant("sumbawabarat"), by="test")
    assert defer_due_jobs(house.kernel, midnight) == 1
    assert as_owner("SELECT args ->> 'tenant', args ->> 'job' FROM procrastinate_jobs") == [("sumbawa", "note")]


@pytest.fixture
def held(house: TestHouse, as_owner: Any) -> Callable[[bool], None]:
    """Return a function that holds the plugin ``kerja`` as an upgrade does, and lets it go."""

    def hold(on: bool) -> None:
        as_owner("UPDATE lumbung_plugin SET state = :state", state="upgrading" if on else "installed")
        as_owner("UPDATE lumbung_generation SET value = value + 1")
        house.kernel.state.forget()

    return hold


@pytest.mark.usefixtures("kerja")
def test_a_job_of_a_plugin_that_is_being_upgraded_is_put_off_without_counting(
    house: TestHouse, as_owner: Any, held: Callable[[bool], None]
) -> None:
    put(house, "note")
    held(True)
    for _ in range(RETRY.max_attempts + 1):  # type: ignore[operator]
        work(house)
        [(status, attempts, seconds)] = as_owner(
            "SELECT status::text, attempts, extract(epoch FROM scheduled_at - now()) FROM procrastinate_jobs "
            "WHERE task_name = 'lumbung.run'"
        )
        assert (status, attempts) == ("todo", 0)
        assert 5 < float(seconds) <= 10
        as_owner("UPDATE procrastinate_jobs SET scheduled_at = NULL")
    assert as_owner("SELECT count(*) FROM kerja_note") == [(0,)]
    assert as_owner("SELECT count(*) FROM lumbung_fault") == [(0,)]
    held(False)
    work(house)
    assert as_owner("SELECT words FROM kerja_note") == [("x sumbawa",)]


@pytest.mark.usefixtures("kerja")
def test_a_job_that_fails_because_an_upgrade_began_meanwhile_is_put_off_too(
    house: TestHouse, as_owner: Any, held: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "put_off_while_renewing", lambda kernel, plugin: held(True))
    put(house, "raises")
    work(house)
    assert states(as_owner) == [("raises", "todo", 0)]
    assert as_owner("SELECT count(*) FROM lumbung_fault") == [(0,)]


@pytest.mark.usefixtures("kerja")
def test_a_worker_that_imported_another_version_does_no_job_of_it(house: TestHouse, as_owner: Any) -> None:
    put(house, "note")
    work(house)
    as_owner("UPDATE lumbung_plugin SET version = '1.1.0'")
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    put(house, "note", words="baru")
    work(house)
    assert as_owner("SELECT words FROM kerja_note") == [("x sumbawa",)]
    assert states(as_owner)[-1] == ("note", "todo", 0)


def test_a_worker_leaves_by_itself_to_be_started_anew(house: TestHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real loop, ended by the wish of its own code; one that has just begun does not leave."""
    monkeypatch.setattr(worker, "follow_while_idle", lambda code, snapshot: code._ask())
    waited: list[float] = []

    class App:
        def run_worker(self, **given: Any) -> None:
            waited.append(1)

    sent: list[int] = []
    monkeypatch.setattr(worker, "worker_app", lambda kernel: App())
    monkeypatch.setattr(worker.os, "kill", lambda pid, number: sent.append(number) if number else None)
    assert worker.run_worker(house.kernel) is False
    monkeypatch.setattr(worker, "SHORTEST_LIFE", 0.0)
    assert worker.run_worker(house.kernel) is True
    assert sent == [signal.SIGTERM]
    assert len(waited) == 2


@pytest.mark.usefixtures("kerja")
def test_an_event_waits_for_a_listener_that_is_being_upgraded(house: TestHouse, gift: Any, as_owner: Any) -> None:
    listens = "from lumbung.sdk import hookimpl\n\n@hookimpl\ndef on_event(event):\n    pass\n"
    gift("dengar", init=listens, hooks=["on_event"], more='\n[events]\nlistens = ["kerja.selesai"]\n')
    with house.scope("sumbawa"):
        emit("kerja.selesai", {})
    as_owner("UPDATE lumbung_plugin SET state = 'upgrading' WHERE name = 'dengar'")
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    work(house)
    waits = "SELECT status::text, attempts FROM procrastinate_jobs WHERE task_name = 'lumbung.deliver'"
    assert as_owner(waits) == [("todo", 0)]
    assert as_owner("SELECT count(*) FROM lumbung_delivery WHERE delivered_at IS NOT NULL") == [(0,)]
    as_owner("UPDATE lumbung_plugin SET state = 'installed' WHERE name = 'dengar'")
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    as_owner("UPDATE procrastinate_jobs SET scheduled_at = NULL")
    work(house)
    assert as_owner("SELECT count(*) FROM lumbung_delivery WHERE delivered_at IS NOT NULL") == [(1,)]
