"""What phones get and send: each update once, none lost, nothing of the office written over unseen."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from lumbung_infrastruktur.models import FieldUpdate, Photo, Report, WorkItem, WorkOrder
from lumbung_infrastruktur.services import crews, field, work_orders, workflow
from lumbung_infrastruktur.services.field import CONFLICT, OK, REFUSED, Outcome, Update
from lumbung_infrastruktur.services.field_facts import facts
from lumbung_infrastruktur.services.reporting import Reporter
from sqlalchemy import func, select

from lumbung.sdk import DomainError, find, now, read_picture, session


@pytest.fixture
def order(works: Any, jpeg: Callable[..., bytes]) -> UUID:
    """An issued order of the crew that `crew` leads, on a report of somebody with a name."""
    report_id = works.report(
        description="Lubang dalam, telepon 0812 3456 7890",
        answers={"ukuran": "besar"},
        photos=[read_picture(jpeg("#123456"))],
        reporter=Reporter(name="Siti Rahmawati", email="siti@example.id"),
    )
    leader = works.person("crew")
    with works.inside(works.person("verifier")):
        workflow.route(find(Report, report_id), works.roads)
    with works.inside(works.person("roads")):
        crew = crews.save(None, name="Regu 1", unit_id=works.roads, leader_id=leader.id, phone="", members="")
        made = work_orders.draft_for_report(find(Report, report_id), instructions="Tambal.", crew=crew)
        work_orders.issue(made)
        return made.id


def update(order_id: UUID, kind: str, version: int = 2, **more: Any) -> Update:
    return Update(key=more.pop("key", str(uuid4())), order_id=order_id, version=version, kind=kind, **more)


def send(works: Any, *updates: Update, person: str = "crew") -> list[Outcome]:
    with works.inside(works.person(person)):
        return field.receive(updates)


def read(works: Any, order_id: UUID) -> WorkOrder:
    with works.inside():
        found = find(WorkOrder, order_id)
        assert found is not None
        return found


def test_a_day_in_the_field_is_taken_in_one_sending(works: Any, order: UUID, jpeg: Callable[..., bytes]) -> None:
    outcomes = send(
        works,
        update(order, "start"),
        update(order, "photo", values={"kind": "before"}, file=io.BytesIO(jpeg("#111111"))),
        update(order, "item", values={"name": "Aspal dingin", "quantity": "2,5", "measure": "zak"}),
        update(order, "photo", values={"kind": "after"}, file=io.BytesIO(jpeg("#222222"))),
        update(order, "finish", values={"result": "Lubang ditambal."}),
    )
    assert [one.outcome for one in outcomes] == [OK] * 5, outcomes
    found = read(works, order)
    assert (found.state, found.result, found.version) == ("done", "Lubang ditambal.", outcomes[-1].version)
    with works.inside():
        assert session.scalar(select(WorkItem.quantity)) == 2.5
        assert find(Report, found.report_id).state == "selesai"
        kinds = session.scalars(select(Photo.kind).where(Photo.work_order_id == order)).all()
        assert sorted(kinds) == ["after", "before"]


def test_sent_twice_counts_once_and_is_answered_the_same(works: Any, order: UUID) -> None:
    one = update(order, "item", values={"name": "Semen", "quantity": "3"})
    first = send(works, one)[0]
    again = send(works, one)[0]
    assert (first.outcome, again.outcome, again.again) == (OK, OK, True)
    assert first.version == again.version == read(works, order).version
    twice = update(order, "item", version=3, values={"name": "Pasir", "quantity": "1"})
    assert [one.again for one in send(works, twice, twice)] == [False, True]
    with works.inside():
        assert sorted(session.scalars(select(WorkItem.name))) == ["Pasir", "Semen"]
        assert session.scalar(select(func.count()).select_from(FieldUpdate)) == 2


def test_an_answer_that_was_lost_does_not_hide_what_the_desk_changed_since(works: Any, order: UUID) -> None:
    start = update(order, "start")
    send(works, start)
    _change(works, order, "Instruksi baru.")
    again = send(works, start)[0]
    assert (again.outcome, again.version) == (OK, 3)
    outcome = send(works, update(order, "finish", version=3, values={"result": "Selesai."}))[0]
    assert outcome.outcome == CONFLICT
    assert read(works, order).state == "working"


def _change(works: Any, order_id: UUID, instructions: str) -> None:
    with works.inside(works.person("roads")):
        found = find(WorkOrder, order_id)
        work_orders.change(
            found, title=found.title, instructions=instructions, crew=found.crew, planned_on=found.planned_on
        )


def test_what_the_desk_changed_is_not_written_over_and_may_be_insisted_on(works: Any, order: UUID) -> None:
    send(works, update(order, "start"))
    _change(works, order, "Tambal, lalu pasang rambu.")
    finish = update(order, "finish", version=3, values={"result": "Ditambal."})
    (outcome,) = send(works, finish)
    assert (outcome.outcome, outcome.version) == (CONFLICT, 4)
    assert outcome.order is not None and outcome.order["instructions"] == "Tambal, lalu pasang rambu."
    found = read(works, order)
    assert (found.state, found.result, found.version) == ("working", "", 4)
    (outcome,) = send(works, Update(**{**vars(finish), "insists": True, "version": 4}))
    assert outcome.outcome == OK
    assert read(works, order).result == "Ditambal."


def test_photos_and_material_are_taken_whatever_the_desk_changed(
    works: Any, order: UUID, jpeg: Callable[..., bytes]
) -> None:
    _change(works, order, "Lain.")
    outcomes = send(
        works,
        update(order, "photo", values={"kind": "before"}, file=io.BytesIO(jpeg())),
        update(order, "item", values={"name": "Semen", "quantity": "3"}),
        update(order, "start"),
    )
    assert [one.outcome for one in outcomes] == [OK, OK, CONFLICT], outcomes
    assert [one.version for one in outcomes[:2]] == [2, 2], "the phone still does not know what changed"


def test_a_cancelled_order_says_why_and_keeps_what_was_typed_when_insisted(
    works: Any, order: UUID, jpeg: Callable[..., bytes]
) -> None:
    with works.inside(works.person("roads")):
        work_orders.cancel(find(WorkOrder, order), "Dikerjakan provinsi")
    finish = update(order, "finish", values={"result": "Sudah ditambal."})
    photo = update(order, "photo", values={"kind": "after"}, file=io.BytesIO(jpeg()))
    outcomes = send(works, update(order, "start"), photo, finish)
    assert [one.outcome for one in outcomes] == [CONFLICT] * 3
    assert all("Dikerjakan provinsi" in one.message for one in outcomes)
    found = read(works, order)
    assert (found.state, found.result) == ("cancelled", "")
    assert send(works, Update(**{**vars(finish), "insists": True}))[0].outcome == OK
    photo.file.seek(0)
    assert send(works, Update(**{**vars(photo), "insists": True}))[0].outcome == OK
    found = read(works, order)
    assert (found.state, found.result) == ("cancelled", "Keterangan dari lapangan: Sudah ditambal.")
    with works.inside():
        assert session.scalar(select(Photo.shown).where(Photo.work_order_id == order)) is False


def test_one_that_is_refused_does_not_undo_the_others(works: Any, order: UUID) -> None:
    outcomes = send(
        works,
        update(order, "start"),
        update(order, "photo", values={"kind": "before"}, file=io.BytesIO(b"no picture")),
        update(order, "photo", values={"kind": "before"}),
        update(order, "item", values={"name": "Semen", "quantity": "banyak"}),
        update(order, "item", values={"name": "Semen", "quantity": "3"}),
        update(uuid4(), "start"),
    )
    assert [one.outcome for one in outcomes] == [OK, REFUSED, REFUSED, REFUSED, OK, REFUSED]
    assert "bukan angka" in outcomes[3].message and "regu lain" in outcomes[5].message
    assert read(works, order).state == "working"


def test_nobody_fills_in_orders_of_others(works: Any, order: UUID) -> None:
    stranger = works.house.person("sumbawa", "lampu@sumbawa.example", roles=[("infrastruktur.crew", "DISHUB")])
    with works.inside(stranger):
        assert field.my_orders() == ([], 0)
        assert field.order(order) is None
        assert field.receive([update(order, "start")])[0].outcome == REFUSED
    assert read(works, order).state == "issued"


def test_a_leader_gets_their_crew_s_orders_and_those_nobody_has(works: Any, order: UUID) -> None:
    report_id = works.report(lat=-8.7, lon=117.6)
    with works.inside(works.person("verifier")):
        workflow.route(find(Report, report_id), works.roads)
    with works.inside(works.person("roads")):
        other = crews.save(None, name="Regu 2", unit_id=works.roads, leader_id=None, phone="", members="")
        for crew in (other, None):
            work_orders.issue(work_orders.draft_for_report(find(Report, report_id), crew=crew))
        work_orders.draft_for_report(find(Report, report_id))
        assert len(field.my_orders()[0]) == 3, "who leads no crew sees all of the unit, but for drafts"
    with works.inside(works.person("crew")):
        found, more = field.my_orders()
        assert ([one.number for one in found], more) == (["K26-000001", "K26-000003"], 0)


def test_a_leader_of_a_crew_elsewhere_reaches_its_orders(works: Any, order: UUID) -> None:
    leader = works.house.person("sumbawa", "tamu@sumbawa.example", roles=[("infrastruktur.crew", "DISHUB")])
    with works.inside(works.person("roads")):
        found = find(WorkOrder, order)
        crews.save(found.crew, name="Regu 1", unit_id=works.roads, leader_id=leader.id, phone="", members="")
    with works.inside(leader):
        assert [one.id for one in field.my_orders()[0]] == [order]


def test_phones_are_told_what_to_do_and_nothing_about_who_reported(works: Any, order: UUID) -> None:
    with works.inside(works.person("crew")):
        (one,) = facts(field.my_orders()[0])
        assert one["number"] == "K26-000001"
        assert one["instructions"] == "Tambal."
        assert one["place"]["lat"] == -8.4936
        assert one["answers"] == [["Seberapa besar lubangnya?", "Selebar motor"]]
        assert one["photos"][0]["data"].startswith("data:image/jpeg;base64,")
        for secret in ("Siti", "siti@example.id", "3456 7890"):
            assert secret not in str({**one, "photos": []})
        (known,) = facts(field.my_orders()[0], {one["photos"][0]["id"][:8]})
        assert "data" not in known["photos"][0]


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        "x",
        [1],
        [{"key": "k"}],
        [{"key": "short", "order": str(uuid4()), "version": 1, "kind": "start"}],
        [{"key": "k" * 12, "order": "x", "version": 1, "kind": "start"}],
        [{"key": "k" * 12, "order": str(uuid4()), "version": "x", "kind": "start"}],
        [{"key": "k" * 12, "order": str(uuid4()), "version": 1, "kind": "delete"}],
        [{"key": "k" * 12, "order": str(uuid4()), "version": 1, "kind": "start", "values": [1]}],
        [{"key": "k" * 12, "order": str(uuid4()), "version": 1, "kind": "start"}] * 21,
    ],
)
def test_what_no_phone_of_ours_sends_is_not_read(works: Any, data: Any) -> None:
    with works.inside(), pytest.raises(DomainError, match="tidak terbaca"):
        field.read(data, {})


def test_the_phone_s_clock_is_believed_within_reason(works: Any) -> None:
    with works.inside():
        for text, believed in (
            ((now() - timedelta(hours=3)).isoformat(), True),
            ((now() + timedelta(days=1)).isoformat(), False),
            ("1970-01-01T00:00:00Z", False),
            ("2026-11-24T07:00:00", False),
            ("yesterday", False),
        ):
            one = {"key": "k" * 12, "order": str(uuid4()), "version": 1, "kind": "start", "at": text}
            assert (field.read([one], {})[0].at is not None) is believed, text
