"""Crews, their week, and what happens to them when somebody leaves."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from lumbung_infrastruktur.models import Asset, Crew, WorkOrder
from lumbung_infrastruktur.services import crews, work_orders
from sqlalchemy import select

from lumbung.sdk import DomainError, find, now, people, session

MONDAY = date(2026, 11, 23)


@pytest.fixture
def asset(works: Any) -> UUID:
    """A road of the roads office."""
    with works.inside():
        row = Asset(
            kind="road", code="K-001", name="Jalan Bungur", unit_id=works.roads, added_at=now(), changed_at=now()
        )
        session.add(row)
        session.flush()
        return row.id


def add(works: Any, name: str, **values: Any) -> Crew:
    return crews.save(None, **{"name": name, "unit_id": works.roads, "leader_id": None, "phone": "", **values})


def test_no_two_crews_are_called_the_same_and_members_stand_once(works: Any) -> None:
    with works.inside(works.person("roads")):
        crew = add(works, "  Regu   Jalan 1 ", members="Ali\n\n  Budi \nAli\n")
        assert (crew.name, crews.members_of(crew)) == ("Regu Jalan 1", ["Ali", "Budi"])
        with pytest.raises(DomainError, match="Sudah ada regu"):
            add(works, "regu jalan 1")
        assert len(session.scalars(select(Crew)).all()) == 1
        crews.save(crew, name="REGU JALAN 1", unit_id=works.roads, leader_id=None, phone="", members="")


def test_who_leads_a_crew_works_in_the_field(works: Any) -> None:
    citizen, leader = works.person("citizen"), works.person("crew")
    with works.inside(works.person("roads")):
        with pytest.raises(DomainError, match="Kepala regu"):
            add(works, "Regu 1", leader_id=citizen.id)
        assert session.scalars(select(Crew)).all() == []
        crew = add(works, "Regu 1", leader_id=leader.id)
        assert crews.led_by(leader.id) == [crew.id]
        assert crews.leader_names([crew]) == {leader.id: "Crew"}


def test_a_crew_with_work_out_there_is_not_closed(works: Any, asset: UUID) -> None:
    with works.inside(works.person("roads")):
        crew = add(works, "Regu 1")
        order = work_orders.draft_for_asset(find(Asset, asset), crew=crew)
        work_orders.issue(order)
        with pytest.raises(DomainError, match="masih memegang 1"):
            crews.close(crew)
        assert crew.open
        work_orders.cancel(order, "Tidak jadi")
        crews.close(crew)
        assert not crew.open
        with pytest.raises(DomainError, match="sudah ditutup"):
            work_orders.draft_for_asset(find(Asset, asset), crew=crew)
        crews.reopen(crew)
        assert crew.open


def test_orders_are_given_to_crews_of_one_s_units_and_of_none(works: Any) -> None:
    with works.inside():
        for name, unit in (("Jalan", works.roads), ("Lampu", works.lamps), ("Umum", None)):
            add(works, name, unit_id=unit)
        lamp_crew = session.scalars(select(Crew).where(Crew.name == "Lampu")).one()
    with works.inside(works.person("roads")):
        assert [one.name for one in crews.to_choose()] == ["Jalan", "Umum"]
        assert [one.name for one in crews.to_choose(lamp_crew.id)] == ["Jalan", "Lampu", "Umum"]
        assert crews.chosen(str(lamp_crew.id)) is None


def test_crews_go_to_who_takes_over_those_of_these_units_only(works: Any) -> None:
    giver, receiver = works.person("crew"), works.person("roads")
    with works.inside():
        add(works, "Jalan", leader_id=giver.id)
        add(works, "Lampu", leader_id=giver.id, unit_id=works.lamps)
        cards = people.several([giver.id, receiver.id])
        (moved,) = crews.hand_over_crews(cards[giver.id], cards[receiver.id], frozenset({works.roads}))
        assert (moved.what.id, moved.count) == ("regu", 1)
        led = {row.name: row.leader_id for row in session.scalars(select(Crew))}
        assert led == {"Jalan": receiver.id, "Lampu": giver.id}
        (rest,) = crews.hand_over_crews(cards[giver.id], cards[receiver.id], None)
        assert rest.count == 1


def test_a_week_shows_each_crew_day_by_day_and_what_waits_for_a_day(works: Any, asset: UUID) -> None:
    with works.inside(works.person("roads")):
        one, two = add(works, "Regu 1"), add(works, "Regu 2")
        road = find(Asset, asset)
        for crew, day in ((one, date(2026, 11, 24)), (one, date(2026, 11, 29)), (one, None), (None, MONDAY)):
            work_orders.draft_for_asset(road, crew=crew, planned_on=day)
        work_orders.draft_for_asset(road, crew=two, planned_on=date(2026, 11, 30))
        gone = work_orders.draft_for_asset(road, crew=two, planned_on=MONDAY)
        work_orders.cancel(gone, "Tidak jadi")
        week = crews.week(crews.first_day("2026-W48"))
        assert (week.first, week.last, week.name) == (MONDAY, date(2026, 11, 29), "2026-W48")
        assert (week.beside(-1), week.beside(6)) == ("2026-W47", "2027-W01")
        first, second, nobody = week.rows
        assert [row.crew.name if row.crew else None for row in week.rows] == ["Regu 1", "Regu 2", None]
        assert (first.count, len(first.undated), second.count, nobody.count) == (2, 1, 0, 1)


def test_what_is_no_week_is_this_one(works: Any) -> None:
    with works.inside():
        for text in ("", "x", "2026-W99", "9999-W01", "2026-W4x", "-W1"):
            assert crews.first_day(text) == MONDAY, text


def test_the_leader_hears_of_new_changed_and_cancelled_orders(works: Any, asset: UUID) -> None:
    from lumbung.testing import Notification

    leader = works.person("crew")
    with works.inside(works.person("roads")) as scope:
        crew = add(works, "Regu 1", leader_id=leader.id)
        order = work_orders.draft_for_asset(find(Asset, asset), crew=crew)
        work_orders.change(order, title="Lain", instructions="", crew=crew, planned_on=None)  # a draft: nobody is told
        work_orders.issue(order)
        work_orders.change(order, title="Lain", instructions="Hati-hati", crew=crew, planned_on=None)
        work_orders.change(order, title="Lain", instructions="Hati-hati", crew=crew, planned_on=None)
        work_orders.cancel(order, "Hujan")
        scope.session.flush()
        titles = scope.session.scalars(select(Notification.title).where(Notification.person_id == leader.id))
        told = [title["id"] for title in titles]
        assert sorted(told) == [
            "Perintah kerja K26-000001 dibatalkan",
            "Perintah kerja K26-000001 diubah",
            "Perintah kerja baru K26-000001",
        ]
        assert isinstance(order, WorkOrder)
