"""The error budget: what many meet closes a plugin for everyone; what one visitor does over and over does not."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from lumbung.errors import Sentence
from lumbung.events import emit
from lumbung.jobs import defer
from lumbung.lifecycle import suspending
from lumbung.notifications.fault_news import announce_suspensions
from lumbung.registry import budget, faults
from lumbung.registry.at_work import Slot
from lumbung.registry.faults import Fault, record_fault
from lumbung.registry.state import Snapshot
from lumbung.runtimes.watched import Upload
from lumbung.testing import HouseClient, TestHouse, frozen_clock
from lumbung.worker import defer_due_jobs

pytestmark = pytest.mark.usefixtures("contoh")

BROKEN = """
from flask import Blueprint
from lumbung.sdk import DeskTask, hookimpl, public
blueprint = Blueprint("contoh", __name__)
@blueprint.get("/<int:page>/<name>")
@public
def index(page, name):
    raise ValueError("rusak")
@blueprint.get("/")
@public
def well():
    return "halo dari contoh"
@hookimpl
def desk_tasks(person):
    return [DeskTask("Tugas contoh", "", "/contoh/")]
@hookimpl
def routes():
    for number in range(9):
        blueprint.add_url_rule(f"/halaman/{number}", f"page{number}", public(lambda: 1 / 0))
    return [blueprint]
"""


@pytest.fixture
def contoh(gift: Any) -> None:
    gift("contoh", init=BROKEN, hooks=["routes", "desk_tasks"])


def visitor(house: TestHouse, address: str) -> HouseClient:
    client = house.client()
    client.environ_base = {"REMOTE_ADDR": address}
    return client


def snapshot(house: TestHouse) -> Snapshot:
    house.kernel.state.forget()
    return house.kernel.snapshot()


def is_suspended(house: TestHouse) -> bool:
    return "contoh" in snapshot(house).suspended


def suspend(house: TestHouse) -> None:
    assert suspending.suspend(house.kernel, "contoh", "dicoba", by="test")


def hammer(house: TestHouse, address: str, times: int = 6) -> None:
    client = visitor(house, address)
    for _ in range(times):
        for page in range(9):
            assert client.get(f"/contoh/halaman/{page}", environ_base={"REMOTE_ADDR": address}).status_code in (
                500,
                503,
            )


def test_one_visitor_cannot_close_a_service_by_asking_for_broken_pages(house: TestHouse, as_owner: Any) -> None:
    for minute in range(8):
        with frozen_clock(f"2026-11-24T08:0{minute}:00+08:00"):
            hammer(house, "192.0.2.1", times=1)
    assert not is_suspended(house)
    assert house.client().get("/contoh/").text == "halo dari contoh"
    with frozen_clock("2026-11-24T08:08:00+08:00"):
        hammer(house, "192.0.2.2", times=2)
    assert is_suspended(house)
    [(count,)] = as_owner("SELECT faults FROM lumbung_suspension")
    assert count >= 20


def test_the_same_visitor_with_another_address_of_their_network_is_the_same_visitor(house: TestHouse) -> None:
    with frozen_clock("2026-11-24T08:00:00+08:00"):
        for last in range(1, 9):
            hammer(house, f"2001:db8:1:2::{last}", times=1)
    assert not is_suspended(house)


def test_a_broken_page_that_is_hammered_fills_no_table_and_its_place_names_nobody(
    house: TestHouse, as_owner: Any
) -> None:
    with frozen_clock("2026-11-24T08:00:00+08:00"):
        for number in range(20):
            assert house.client().get(f"/contoh/{number}/5204011234567890").status_code == 500
    rows = as_owner("SELECT kind, place, source FROM lumbung_fault")
    assert len(rows) == faults.MOST_A_MINUTE
    assert {(kind, place) for kind, place, _ in rows} == {("request", "GET /contoh/<int:page>/<name>")}
    assert {len(str(source)) for *_, source in rows} == {16}


def test_what_a_visitor_may_not_or_does_not_find_is_no_fault(house: TestHouse, as_owner: Any) -> None:
    for path in ("/contoh/tidak-ada", "/contoh/x/y"):
        assert house.client().get(path).status_code == 404
    assert house.client().post("/contoh/").status_code in (400, 405)
    assert as_owner("SELECT count(*) FROM lumbung_fault") == [(0,)]


def test_what_ends_processes_counts_for_everybody_and_two_workers_suspend_once(house: TestHouse, as_owner: Any) -> None:
    before = snapshot(house).generation
    with ThreadPoolExecutor(4) as pool:
        fault = Fault("contoh", "web worker", "The web worker died (status 3).", "killed")
        assert all(pool.map(lambda _: faults.write(house.kernel, fault), range(5)))
    assert as_owner("SELECT count(*) FROM lumbung_suspension") == [(1,)]
    assert snapshot(house).generation == before + 1


def test_neither_the_platform_nor_a_plugin_that_is_not_installed_is_ever_suspended(
    house: TestHouse, as_owner: Any
) -> None:
    for plugin in ("-", "hantu"):
        for _ in range(5):
            assert faults.write(house.kernel, Fault(plugin, "web worker", "x", "killed"))
    assert as_owner("SELECT count(*) FROM lumbung_suspension") == [(0,)]


def test_what_lies_before_the_window_or_the_last_lifting_is_forgiven(house: TestHouse) -> None:
    fault = Fault("contoh", "web worker", "x", "killed")
    with frozen_clock("2026-11-24T08:00:00+08:00"):
        for _ in range(3):
            faults.write(house.kernel, fault)
    with frozen_clock("2026-11-24T08:11:00+08:00"):
        faults.write(house.kernel, fault)
        assert not is_suspended(house)
        for _ in range(3):
            faults.write(house.kernel, fault)
        assert is_suspended(house)
    with frozen_clock("2026-11-24T08:12:00+08:00"):
        assert suspending.resume(house.kernel, "contoh", by="test")
        faults.write(house.kernel, fault)
        assert not is_suspended(house)
        assert not suspending.resume(house.kernel, "contoh", by="test")


def test_a_suspended_service_answers_politely_its_code_is_not_run_and_the_rest_goes_on(
    house: TestHouse, as_owner: Any
) -> None:
    admin = house.person("sumbawa", "admin@contoh.id", roles=["admin"])
    assert "Tugas contoh" in house.client("sumbawa", admin).get("/meja/").text
    suspend(house)
    for path in ("/contoh/", "/contoh", "/contoh/halaman/1", "/contoh/static/x.css"):
        answer = house.client().get(path)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 600
        assert "dihentikan sementara" in answer.text
        assert "Petugas sudah diberi tahu" in answer.text
    told = house.client().get("/contoh/", headers={"Accept": "application/json"})
    assert (told.status_code, json.loads(told.text)["error"]) == (503, 503)
    desk = house.client("sumbawa", admin).get("/meja/").text
    assert "Tugas contoh" not in desk
    assert "dihentikan untuk semua" in desk
    assert "Sedang tidak dapat dipakai" in house.client().get("/").text
    assert as_owner("SELECT count(*) FROM lumbung_fault") == [(0,)]
    suspending.resume(house.kernel, "contoh", by="test")
    assert house.client().get("/contoh/").text == "halo dari contoh"


def test_whoever_relies_on_the_answer_of_a_suspended_plugin_learns_that_it_was_not_asked(house: TestHouse) -> None:
    suspend(house)
    with house.scope("sumbawa") as scope:
        plugin = snapshot(house).plugins["contoh"]
        assert dict(house.kernel.caller.ask_these("hand_over", [plugin]).failures) == {"contoh": "suspended"}
        asked = house.kernel.caller.ask_these("export_person", [plugin], person=None)
        assert not asked.failures, "the law lets a person ask for their data whatever state a plugin is in"
        assert scope.plugin is None


def test_operators_everywhere_and_administrators_where_it_served_are_told_once(house: TestHouse, as_owner: Any) -> None:
    told = {
        "operator@lain": house.person("sumbawabarat", "operator@contoh.id", operator=True).id,
        "admin": house.person("sumbawa", "admin@contoh.id", roles=["admin"]).id,
    }
    house.person("sumbawabarat", "admin@contoh.id", roles=["admin"])
    house.person("sumbawa", "warga@contoh.id")
    for _ in range(4):
        faults.write(house.kernel, Fault("contoh", "web worker", "rahasia 5204011234567890", "killed"))
    assert announce_suspensions(house.kernel) == 1
    assert announce_suspensions(house.kernel) == 0
    rows = as_owner("SELECT person_id, url, text ->> 'id' FROM lumbung_notification")
    assert {UUID(str(person)) for person, *_ in rows} == set(told.values())
    assert {url for _, url, _ in rows} == {"/admin/plugin/contoh/"}
    assert not any("5204" in str(words) for *_, words in rows)
    assert as_owner("SELECT action, thing FROM lumbung_audit WHERE action = 'plugin.suspend'") == [
        ("plugin.suspend", "contoh")
    ]


def test_jobs_and_events_are_put_off_and_come_when_it_is_lifted(house: TestHouse, as_owner: Any, gift: Any) -> None:
    init = """
from lumbung.sdk import hookimpl
@hookimpl
def jobs():
    return {"kerja": lambda: None}
@hookimpl
def on_event(event):
    pass
@hookimpl
def routes():
    return []
"""
    gift(
        "pendengar",
        init=init,
        hooks=["routes", "jobs", "on_event"],
        more='[events]\nlistens = ["uji.terjadi"]\n[[jobs]]\nname = "kerja"\ncron = "* * * * *"\n',
    )
    suspending.suspend(house.kernel, "pendengar", "dicoba", by="test")
    with house.scope("sumbawa") as scope:
        emit("uji.terjadi", {})
        scope.plugin = "pendengar"
        defer("kerja")
    house.work()
    for _ in range(3):
        defer_due_jobs(house.kernel, 0)  # three minutes pass: one of the schedule is made up for, not three
    waiting = (
        "SELECT task_name, args ->> 'once' FROM procrastinate_jobs "
        "WHERE status = 'todo' AND task_name ~ 'run|deliver' ORDER BY 1, 2"
    )
    assert as_owner(waiting) == [("lumbung.deliver", None), ("lumbung.run", "false"), ("lumbung.run", "true")]
    assert as_owner("SELECT delivered_at FROM lumbung_delivery") == [(None,)]
    suspending.resume(house.kernel, "pendengar", by="test")
    house.work()
    assert as_owner(waiting) == []
    assert as_owner("SELECT count(*) FROM lumbung_delivery WHERE delivered_at IS NOT NULL") == [(1,)]
    assert as_owner("SELECT count(*) FROM lumbung_fault") == [(0,)]


def test_a_reason_by_hand_is_kept_as_it_was_written(house: TestHouse) -> None:
    assert suspending.suspend(house.kernel, "contoh", "  100 % rusak\n sejak %(pagi)s ", by="test")
    assert not suspending.suspend(house.kernel, "contoh", "lagi", by="test")
    with house.kernel.database.new_session(None) as session:
        row = budget.refuse_unsuspended(session, "contoh")
        assert str(Sentence.from_json(row.reason)) == "100 % rusak sejak %(pagi)s"


def test_a_slow_page_is_a_fault(house: TestHouse, as_owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 9)
    monkeypatch.setattr("lumbung.runtimes.watched.time", later)
    assert house.client().get("/contoh/?nik=5204011234567890").text == "halo dari contoh"
    [(kind, place, message)] = as_owner("SELECT kind, place, message FROM lumbung_fault")
    assert (kind, place) == ("slow", "GET /contoh/")
    assert str(message).startswith("9.")


def test_a_slow_visitor_is_no_fault() -> None:
    slot = Slot(0)
    slot.plugin, slot.since = "contoh", time.monotonic()

    class Phone:
        def read(self, size: int = -1) -> bytes:
            assert slot.age(time.monotonic() + 100) == 0
            time.sleep(0.03)
            return b"foto"

    assert Upload(Phone(), slot).read() == b"foto"
    assert slot.age(time.monotonic()) < 0.02


def test_in_the_job_worker_a_fault_has_the_tenant_for_a_source(house: TestHouse, as_owner: Any) -> None:
    for slug in ("sumbawa", "sumbawabarat"):
        with house.scope(slug):
            record_fault("contoh", "job x", "x", kind="job")
    assert len({source for (source,) in as_owner("SELECT source FROM lumbung_fault")}) == 2
