"""A plugin that is being upgraded, or was: readers are let in, writers wait, and old code serves nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug.test import TestResponse

from lumbung import renewal
from lumbung.lifecycle.operations import install_wheel
from lumbung.lifecycle.states import move
from lumbung.registry import code
from lumbung.registry.models import PluginRow
from lumbung.testing import TestHouse, make_wheel
from lumbung.testing.wheels import MANIFEST

INIT = """
from flask import Blueprint
from lumbung.sdk import hookimpl, public, session
from sqlalchemy import text

blueprint = Blueprint("contoh", __name__)

@blueprint.get("/")
@public
def index():
    return "versi {version}"

@blueprint.get("/rusak")
@public
def broken():
    return session.execute(text("SELECT hilang FROM contoh_note")).scalar()

@blueprint.post("/")
@public
def write():
    session.execute(text("INSERT INTO contoh_note (words) VALUES ('x')"))
    return "ditulis oleh {version}", 201

@hookimpl
def routes():
    return [blueprint]
"""
TABLE = """
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.create_tenant_table("contoh_note", sa.Column("words", sa.Text, nullable=False))
"""
FILES = {"lumbung_contoh/migrations/0001_x.py": TABLE}


@pytest.fixture
def contoh(gift: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "WAIT", 0.2)
    gift(init=INIT.format(version="1.0.0"), files=FILES)


def upgrade(house: TestHouse, tmp_path: Any, version: str = "1.1.0") -> None:
    init = {"lumbung_contoh/__init__.py": INIT.format(version=version)}
    manifest = MANIFEST.format(name="contoh", version=version).replace("Contoh", f"Contoh {version}")
    wheel = make_wheel(tmp_path / "next", version=version, manifest=manifest, files={**FILES, **init})
    install_wheel(house.kernel, wheel, by="test")


def hold(house: TestHouse, state: str) -> None:
    with house.kernel.database.new_session(None) as session:
        session.connection()
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    engine = create_engine(house.urls.migrator)
    with Session(engine) as session, session.begin():
        move(session, session.get_one(PluginRow, "contoh"), state)  # type: ignore[arg-type]
    engine.dispose()
    house.kernel.state.forget()


@contextmanager
def held(house: TestHouse) -> Iterator[None]:
    hold(house, "upgrading")
    yield
    hold(house, "installed")


def write(house: TestHouse, **more: Any) -> TestResponse:
    return house.client().post_form("/contoh/", page="/masuk", **more)


def notes(as_owner: Any) -> int:
    return int(as_owner("SELECT count(*) FROM contoh_note")[0][0])


@pytest.mark.usefixtures("contoh")
def test_while_a_plugin_is_held_it_is_read_and_nothing_is_written(house: TestHouse, as_owner: Any) -> None:
    assert write(house).status_code == 201
    with held(house):
        for method in ("GET", "HEAD", "OPTIONS"):
            assert house.client().open("/contoh/", method=method).status_code == 200
        refused = write(house)
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == str(renewal.RETRY_AFTER)
        assert refused.headers["Cache-Control"] == "no-store"
        assert "Contoh sedang diperbarui" in refused.text
        assert "Kiriman Anda yang terakhir belum disimpan" in refused.text
        for method in ("PUT", "PATCH", "DELETE"):
            assert house.client().open("/contoh/", method=method).status_code == 503
        assert notes(as_owner) == 1
    assert write(house).status_code == 201
    assert notes(as_owner) == 2


@pytest.mark.usefixtures("contoh")
def test_the_refusal_speaks_the_reader_s_language_and_to_programs(house: TestHouse) -> None:
    with held(house):
        reader = house.client()
        assert reader.post_form("/bahasa", {"language": "en", "next": "/"}).status_code == 303
        english = reader.post("/contoh/")
        assert "Contoh" not in english.text
        assert "Sample" in english.text
        program = house.client().post("/contoh/", headers={"Accept": "application/json"})
        assert program.status_code == 503
        assert program.json is not None
        assert program.json["error"] == 503
        assert "Contoh sedang diperbarui" in program.json["message"]
        assert program.headers["Retry-After"]
        htmx = house.client().post("/contoh/", headers={"HX-Request": "true"})
        assert htmx.status_code == 503
        assert htmx.data == b""
        assert "Contoh sedang diperbarui" in htmx.headers["HX-Trigger"]


@pytest.mark.usefixtures("contoh")
def test_a_write_waits_for_the_end_and_is_done_then(
    house: TestHouse, as_owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "WAIT", 20.0)
    answers: list[TestResponse] = []
    hold(house, "upgrading")
    client = house.client()
    token = client.csrf_token()
    waiting = threading.Thread(target=lambda: answers.append(client.post("/contoh/", data={"csrf_token": token})))
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    assert notes(as_owner) == 0
    hold(house, "installed")
    waiting.join(10)
    assert [answer.status_code for answer in answers] == [201]
    assert notes(as_owner) == 1


@pytest.mark.usefixtures("contoh")
def test_no_more_than_a_quarter_of_the_threads_wait(house: TestHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "WAIT", 60.0)
    gate = renewal.Renewals(house.kernel)
    hold(house, "upgrading")
    plugin = house.kernel.snapshot().plugins["contoh"]
    most = house.settings.threads // 4
    waiting = [threading.Thread(target=gate.judge, args=(plugin, "POST"), daemon=True) for _ in range(most)]
    for one in waiting:
        one.start()
    while gate._room._value:
        pass
    assert gate.judge(plugin, "POST").way == "later"
    assert gate.judge(plugin, "GET").way == "in"
    hold(house, "installed")
    for one in waiting:
        one.join(10)
    assert not any(one.is_alive() for one in waiting)


@pytest.mark.usefixtures("contoh")
def test_what_breaks_while_tables_change_is_no_fault_of_the_plugin(house: TestHouse, as_owner: Any) -> None:
    with held(house):
        answer = house.client().get("/contoh/rusak")
        assert answer.status_code == 503
        assert "sedang diperbarui" in answer.text
    assert as_owner("SELECT count(*) FROM lumbung_fault") == [(0,)]
    assert house.client().get("/contoh/rusak").status_code == 500
    assert as_owner("SELECT count(*) FROM lumbung_fault") == [(1,)]


@pytest.mark.usefixtures("contoh")
def test_a_process_that_cannot_be_replaced_serves_no_old_code(house: TestHouse, tmp_path: Any, as_owner: Any) -> None:
    assert house.client().get("/contoh/").text == "versi 1.0.0"
    upgrade(house, tmp_path)
    for answer in (house.client().get("/contoh/"), write(house)):
        assert answer.status_code == 503
        assert "Contoh 1.1.0 sedang diperbarui" in answer.text
    assert notes(as_owner) == 0
    assert house.client().get("/").status_code == 200


@pytest.mark.usefixtures("contoh")
def test_a_process_that_never_imported_the_old_version_serves_the_new(house: TestHouse, tmp_path: Any) -> None:
    upgrade(house, tmp_path)
    assert house.client().get("/contoh/").text == "versi 1.1.0"


@pytest.mark.usefixtures("contoh")
def test_a_leaving_process_hands_its_visitors_on_form_and_all(
    house: TestHouse, tmp_path: Any, as_owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    house.kernel.code.replaceable(lambda: asked.append("x"), is_leaving=lambda: bool(asked))
    monkeypatch.setattr(renewal, "WAIT", 20.0)
    assert house.client().get("/contoh/?a=1").status_code == 200
    assert not asked
    upgrade(house, tmp_path)
    moved = write(house, query_string={"a": "b c"})
    assert asked == ["x"]
    assert (moved.status_code, moved.headers["Location"]) == (307, "/contoh/?a=b+c")
    assert house.client().get("/contoh/%C3%A9").headers["Location"] == "/contoh/%C3%A9"
    program = house.client().post("/contoh/", headers={"Accept": "application/json"})
    assert (program.status_code, program.headers["Retry-After"]) == (503, "10")
    assert notes(as_owner) == 0


@pytest.mark.usefixtures("contoh")
def test_a_process_asks_to_be_replaced_only_where_the_next_one_would_be_better(
    house: TestHouse, tmp_path: Any, as_owner: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "ASK_EVERY", 0.0)
    asked: list[str] = []
    house.kernel.code.replaceable(lambda: asked.append("x"))

    def follow() -> bool:
        house.kernel.state.forget()
        return house.kernel.code.follow(house.kernel.snapshot())

    assert house.client().get("/contoh/").status_code == 200
    assert not follow()
    as_owner("UPDATE lumbung_plugin SET version = '2.0.0'")  # another machine was given it, this one was not
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    assert not follow()
    assert not follow()
    assert caplog.text.count("this machine has only 1.0.0") == 1
    as_owner("UPDATE lumbung_plugin SET version = '1.0.0'")
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    upgrade(house, tmp_path)
    hold(house, "upgrading")
    assert not follow()
    hold(house, "installed")
    assert follow()
    assert asked == ["x"]
    monkeypatch.setattr(code, "ASK_EVERY", 60.0)
    assert not follow()
    assert asked == ["x"]


@pytest.mark.usefixtures("contoh")
def test_what_a_process_imports_later_comes_from_the_same_copy(
    house: TestHouse, gift: Callable[..., object], tmp_path: Any
) -> None:
    """Four plugins later the copy that this process imported from is still there, though nobody else needs it."""
    page = "def words():\n    return 'versi {version}'\n"
    init = INIT.format(version="1").replace('"versi 1"', '__import__(f"{__name__}.page").page.words()')
    for name in ("lambat", "satu", "dua", "tiga", "empat"):
        gift(name, init=init.replace('"contoh"', f'"{name}"'), files={f"lumbung_{name}/page.py": page})
        if name == "lambat":
            assert house.client().open("/lambat/", method="POST").status_code == 400
    assert house.client().get("/lambat/").text == "versi {version}"


def test_an_idle_process_looks_by_itself(house: TestHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "LOOK_EVERY", 0.01)
    looked = threading.Semaphore(0)

    def snapshot() -> Any:
        looked.release()
        return house.kernel.snapshot()

    stop = threading.Event()
    thread = code.follow_while_idle(code.Code(), snapshot, stop)
    assert thread.daemon
    assert all(looked.acquire(timeout=10) for _ in range(3))
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


SWEEPS = """
from lumbung.sdk import hookimpl

@hookimpl
def sweep_personal_data(today):
    with open({trace!r}, "a") as file:
        file.write("x")
    return []
"""


def test_a_hook_that_writes_is_not_asked_while_its_plugin_is_held(
    house: TestHouse, gift: Any, tmp_path: Any, as_owner: Any
) -> None:
    trace = tmp_path / "ran"
    gift(init=SWEEPS.format(trace=str(trace)), hooks=["sweep_personal_data"])

    def sweep() -> Any:
        plugins = [house.kernel.snapshot().plugins["contoh"]]
        with house.scope("sumbawa"):
            return house.kernel.caller.ask_these("sweep_personal_data", plugins, today=None)

    with held(house):
        assert sweep().failures == {"contoh": "is being upgraded; try again in a moment"}
        assert not trace.exists()
    assert sweep().values == {"contoh": []}
    assert trace.read_text() == "x"
    assert as_owner("SELECT count(*) FROM lumbung_fault") == [(0,)]
