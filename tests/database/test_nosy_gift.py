"""Isolation by every way a gift's code is called: pages, an answer read late, exports, feeds, hooks, jobs, events.

The gift here asks for everything its table holds, with statements that the ORM's own filter never sees. Each way is
tried with that filter and without it; an own thread without a scope sees nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from lumbung.database.engine import Database
from lumbung.jobs import defer
from lumbung.sdk import emit
from lumbung.testing import TestHouse

MINE, THEIRS = "sumbawa", "sumbawabarat"

NOSY = '''
import threading
from uuid import UUID
from flask import Blueprint, Response
from sqlalchemy import MetaData, Table, Column, String, Uuid, Integer, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped
from lumbung.sdk import Affair, DeskTask, SearchHit, TenantOwned, hookimpl, public, session

class Model(TenantOwned, DeclarativeBase): ...
class Note(Model):
    __tablename__ = "usil_note"
    words: Mapped[str]

blueprint = Blueprint("usil", __name__)

def everything():
    """Read the table in five ways; what any of them sees is told."""
    seen = set(session.scalars(select(Note.words)))
    seen |= set(session.execute(select(Note.__table__.c.words)).scalars())
    seen |= set(session.execute(text("SELECT words FROM usil_note")).scalars())
    driver = session.connection().connection.driver_connection
    seen |= {row[0] for row in driver.execute("SELECT words FROM usil_note").fetchall()}
    seen |= set(session.execute(text("SELECT string_agg(words, ' ') FROM usil_note")).scalars())
    return sorted(word for word in seen if word)

def remember(way):
    told = " ".join(everything())
    session.execute(text("INSERT INTO usil_seen (way, words) VALUES (:way, :words)"), {"way": way, "words": told})

@blueprint.get("/")
@public
def index():
    return " ".join(everything())

@blueprint.get("/alir")
@public
def stream():
    def late():
        yield "mulai "
        yield " ".join(everything())
    return Response(late(), mimetype="text/plain")

@blueprint.get("/utas")
@public
def thread():
    told = []
    def look():
        try:
            told.extend(everything())
        except RuntimeError as error:
            told.append(type(error).__name__)
    one = threading.Thread(target=look)
    one.start()
    one.join()
    return " ".join(told)

@blueprint.get("/rekap.csv")
@public
def export():
    return Response("\\n".join(everything()), mimetype="text/csv")

@blueprint.get("/umpan.atom")
@public
def feed():
    return Response("<feed>" + " ".join(everything()) + "</feed>", mimetype="application/atom+xml")

@blueprint.get("/<uuid:note_id>")
@public
def one(note_id):
    row = session.execute(text("SELECT words FROM usil_note WHERE id = :id"), {"id": note_id}).scalar()
    return (row, 200) if row else ("tidak ada", 404)

@hookimpl
def routes():
    return [blueprint]

@hookimpl
def search(words):
    return [SearchHit(title=" ".join(everything()), text="x", url="/usil/")]

@hookimpl
def my_affairs(person):
    return [Affair(title=" ".join(everything()), text="x", url="/usil/")]

@hookimpl
def desk_tasks(person):
    return [DeskTask(title=" ".join(everything()), text="x", url="/usil/")]

@hookimpl
def jobs():
    return {"intip": lambda: remember("job")}

@hookimpl
def on_event(event):
    remember("event")
'''
TABLES = """
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.create_tenant_table("usil_note", sa.Column("words", sa.String(80), nullable=False))
    op.create_tenant_table("usil_seen", sa.Column("way", sa.Text), sa.Column("words", sa.Text))
"""
EVENTS = '\n[events]\nemits = ["usil.intip"]\nlistens = ["usil.intip"]\n'


@pytest.fixture(params=[True, False], ids=["with-orm-guard", "rls-alone"])
def nosy(
    house: TestHouse, gift: Callable[..., Any], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> TestHouse:
    """Both tenants have the gift, and one note each, called after them."""
    gift(
        "usil",
        init=NOSY,
        files={"lumbung_usil/migrations/0001_x.py": TABLES},
        hooks=["routes", "search", "my_affairs", "desk_tasks", "jobs", "on_event"],
        more=EVENTS,
        tenants=(MINE, THEIRS),
    )
    for tenant in (MINE, THEIRS):
        with house.scope(tenant) as scope:
            scope.session.execute(text("INSERT INTO usil_note (words) VALUES (:words)"), {"words": f"milik-{tenant}"})
    if not request.param:
        new_session = Database.new_session

        def unguarded(self: Database, tenant_id: int | None) -> Any:
            session = new_session(self, tenant_id)
            session.info["guard"] = False
            return session

        monkeypatch.setattr(Database, "new_session", unguarded)
    return house


@pytest.mark.parametrize("path", ["/usil/", "/usil/alir", "/usil/rekap.csv", "/usil/umpan.atom", "/cari?q=apa"])
def test_a_page_an_export_a_feed_a_search_and_an_answer_read_late_hold_the_own_rows_only(
    nosy: TestHouse, path: str
) -> None:
    with nosy.client(MINE).get(path) as answer:  # closed as a server does: what is read late ends its scope then
        body = answer.get_data(as_text=True)
    assert f"milik-{MINE}" in body
    assert f"milik-{THEIRS}" not in body


def test_what_waits_for_a_person_holds_the_own_rows_only(nosy: TestHouse) -> None:
    person = nosy.person(MINE, "petugas@contoh.id", roles=["officer"])
    for path in ("/urusan", "/meja/"):
        body = nosy.client(MINE, person).get(path, follow_redirects=True).get_data(as_text=True)
        assert f"milik-{MINE}" in body
        assert f"milik-{THEIRS}" not in body


def test_a_job_and_a_listener_see_the_own_rows_only(nosy: TestHouse) -> None:
    with nosy.scope(MINE, plugin="usil"):
        defer("intip")
        emit("usil.intip", {})
    nosy.work()
    seen = {}
    for tenant in (MINE, THEIRS):
        with nosy.scope(tenant) as scope:
            seen[tenant] = dict(scope.session.execute(text("SELECT way, words FROM usil_seen")).all())
    assert set(seen[MINE]) == {"job", "event"}
    assert set(seen[MINE].values()) == {f"milik-{MINE}"}
    assert seen[THEIRS] == {}


def test_an_id_of_another_tenant_answers_as_one_that_nobody_has(nosy: TestHouse, as_owner: Callable[..., Any]) -> None:
    [(theirs,)] = as_owner("SELECT id FROM usil_note WHERE words = :words", words=f"milik-{THEIRS}")
    [(mine,)] = as_owner("SELECT id FROM usil_note WHERE words = :words", words=f"milik-{MINE}")
    client = nosy.client(MINE)
    assert client.get(f"/usil/{mine}").status_code == 200
    foreign, unknown = client.get(f"/usil/{theirs}"), client.get("/usil/00000000-0000-4000-8000-000000000000")
    assert (foreign.status_code, foreign.data) == (unknown.status_code, unknown.data) == (404, b"tidak ada")


def test_a_thread_of_its_own_belongs_to_nobody_and_sees_nothing(nosy: TestHouse) -> None:
    assert nosy.client(MINE).get("/usil/utas").get_data(as_text=True) == "RuntimeError"
