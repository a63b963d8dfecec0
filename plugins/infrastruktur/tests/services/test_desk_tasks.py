"""What waits for an officer: only what they may do something about, in the units they answer for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from lumbung_infrastruktur.models import Crew, WorkOrder
from lumbung_infrastruktur.rules.states import State
from lumbung_infrastruktur.services.desk_tasks import tasks_of
from sqlalchemy import event

from lumbung.sdk import DeskTask, now, session

from .made import at, made


def tasks(works: Any, who: str) -> dict[str, DeskTask]:
    person = works.person(who)
    with works.inside(person):
        return {task.url.partition("?perlu=")[2] or task.url: task for task in tasks_of(person)}


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements of a block."""
    asked: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "infrastruktur_" in statement:
            asked.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_nothing_waits_and_nothing_is_said(works: Any) -> None:
    for who in ("verifier", "roads", "crew", "manager", "head", "citizen"):
        assert tasks(works, who) == {}


def test_new_reports_are_for_who_checks_them(works: Any) -> None:
    made(works)
    made(works, unit_id=None)
    found = tasks(works, "verifier")
    assert found["baru"].count == 2 and found["baru"].tone == "padi"
    assert "24 November 2026" in found["baru"].text
    for who in ("roads", "head", "citizen"):
        assert tasks(works, who) == {}


def test_a_first_answer_that_is_overdue_cannot_wait(works: Any) -> None:
    made(works, at=at("2026-11-18T09:00"))  # due on the 23rd
    made(works, at=at("2026-11-19T09:00"))
    made(works, at=at("2026-11-10T09:00"), answered_at=at("2026-11-11T09:00"), state=State.ROUTED)
    task = tasks(works, "verifier")["belum-dijawab"]
    assert (task.count, task.tone) == (1, "gawat")


def test_a_unit_sees_its_own_late_reopened_and_waiting_reports(works: Any) -> None:
    for unit in (works.roads, works.lamps):
        made(works, unit_id=unit, state=State.WORKING, due_on=date(2026, 11, 20))
        made(works, unit_id=unit, state=State.REOPENED)
        made(works, unit_id=unit, state=State.ROUTED)
        made(works, unit_id=unit, state=State.CLOSED, due_on=date(2026, 11, 1))
    found = tasks(works, "roads")
    assert {word: task.count for word, task in found.items()} == {"lewat-sla": 1, "dibuka-kembali": 1, "menunggu": 1}
    assert "20 November 2026" in found["lewat-sla"].text
    assert {word: task.count for word, task in tasks(works, "manager").items()} == {
        "lewat-sla": 2, "dibuka-kembali": 2, "menunggu": 2,
    }  # fmt: skip


def test_what_was_checked_waits_to_be_handed_to_a_unit(works: Any) -> None:
    made(works, state=State.VERIFIED)
    assert tasks(works, "verifier")["menunggu"].count == 1
    assert tasks(works, "roads") == {}


def test_poor_ratings_of_the_week_lead_to_the_report(works: Any) -> None:
    ended = {"state": State.CLOSED, "unit_id": works.roads}
    made(works, **ended, rating=2, closed_at=at("2026-11-10T09:00"))
    made(works, **ended, rating=3, closed_at=at("2026-11-23T09:00"))
    report_id = made(works, **ended, rating=1, closed_at=at("2026-11-23T09:00"))
    (task,) = tasks(works, "roads").values()
    assert (task.count, task.url) == (1, f"/infrastruktur/petugas/laporan/{report_id}")
    assert tasks(works, "lamps") == {}


def test_orders_wait_for_the_leader_of_their_crew_and_overdue_ones_for_the_unit(works: Any) -> None:
    crew = works.person("crew")
    with works.inside():
        team = Crew(name="Regu 1", unit_id=works.roads, leader_id=crew.id)
        session.add(team)
        session.flush()
        order = {"title": "Tambal", "made_at": now(), "unit_id": works.roads, "crew_id": team.id}
        session.add(WorkOrder(number="K26-1", state="issued", planned_on=date(2026, 11, 23), **order))
        session.add(WorkOrder(number="K26-2", state="working", planned_on=date(2026, 11, 24), **order))
        session.add(WorkOrder(number="K26-3", state="done", planned_on=date(2026, 11, 1), **order))
        session.add(WorkOrder(number="K26-4", state="draft", planned_on=date(2026, 11, 1), **order))
    assert tasks(works, "crew")["/infrastruktur/lapangan"].count == 2
    assert [task.count for task in tasks(works, "roads").values()] == [1]
    assert tasks(works, "lamps") == {}


def test_three_questions_are_asked_however_much_waits(works: Any) -> None:
    for state in (State.NEW, State.ROUTED, State.REOPENED, State.VERIFIED):
        for _report in range(3):
            made(works, state=state, due_on=date(2026, 11, 1), at=at("2026-10-01T09:00"))
    manager = works.person("manager")
    with works.inside(manager), counted() as asked:
        assert len(tasks_of(manager)) == 6
        assert len(asked) == 3


@pytest.mark.parametrize("who", ["manager"])
def test_an_officer_who_chose_a_unit_sees_what_waits_there(works: Any, who: str, monkeypatch: Any) -> None:
    from lumbung_infrastruktur.services import desk_tasks

    made(works, state=State.ROUTED)
    made(works, state=State.ROUTED, category=works.lamp)
    monkeypatch.setattr(desk_tasks, "current_units", lambda: frozenset([works.lamps]))
    assert tasks(works, who)["menunggu"].count == 1
