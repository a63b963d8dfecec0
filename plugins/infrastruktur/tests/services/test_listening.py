"""What other plugins tell: damage becomes a report, a proposal is noted; what cannot be used is dropped, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from lumbung_infrastruktur.models import Category, Plan, Question, Report
from lumbung_infrastruktur.rules.states import State
from lumbung_infrastruktur.services.listening import hear
from sqlalchemy import func, select

from lumbung.sdk import Event, emit, find_or_404, now, session, today
from lumbung.testing import make_wheel, wheels

from .made import audited, events, log, made, read

SEEN = {"category": "lampu_mati", "lat": -8.4936, "lon": 117.4207, "description": "Sensor padam", "key": "lamp-7"}


def heard(works: Any, data: Any, name: str = "sensor.damage_seen") -> None:
    with works.inside():
        hear(Event(id=str(uuid4()), name=name, data=data, at=now()))


def reports(works: Any) -> list[Report]:
    with works.inside():
        found = session.scalars(select(Report).order_by(Report.number)).all()
        session.expunge_all()
        return list(found)


def dropped(works: Any) -> int:
    return audited(works, "infrastruktur.event.drop")


def test_damage_that_another_plugin_saw_becomes_a_report(works: Any) -> None:
    heard(works, {**SEEN, "severity": "berat"})
    (report,) = reports(works)
    assert (report.category_id, report.unit_id, report.state) == (works.lamp, works.lamps, State.NEW)
    assert (report.channel, report.severity, report.source_key) == ("event", "berat", "sensor.damage_seen:lamp-7")
    assert (report.lat, report.lon, report.description) == (-8.4936, 117.4207, "Sensor padam")
    assert report.due_on is not None and report.number
    assert [name for name, _data in events(works)] == ["reported"]


def test_the_same_key_is_taken_up_once_and_another_sender_has_keys_of_its_own(works: Any) -> None:
    for _time in range(2):
        heard(works, SEEN)
    assert len(reports(works)) == 1
    heard(works, SEEN, "kamera.damage_seen")
    heard(works, {**SEEN, "key": "x" * 900})
    heard(works, {**SEEN, "key": "x" * 900})
    heard(works, {**SEEN, "key": 7})
    assert len(reports(works)) == 4
    assert dropped(works) == 0


def test_without_a_key_the_event_itself_is_the_key(works: Any) -> None:
    event = Event(id="e1", name="sensor.damage_seen", data={**SEEN, "key": None}, at=None)  # type: ignore[arg-type]
    for _time in range(2):
        with works.inside():
            hear(event)
    assert [report.source_key for report in reports(works)] == ["sensor.damage_seen:e1"]


def test_a_group_or_the_category_of_the_settings_takes_what_has_no_code_of_ours(works: Any) -> None:
    heard(works, {**SEEN, "category": "drainase", "key": "1"})
    heard(works, {**SEEN, "category": "pipa", "key": "2"})
    assert dropped(works) == 1  # neither the fallback nor a category of the group "lain" exists yet
    works.house.set_setting("infrastruktur", "fallback_category", "jalan_berlubang")
    heard(works, {**SEEN, "category": "pipa", "key": "3"})
    with works.inside():
        session.add(Category(code="apa_saja", group="lain", name="Apa saja"))
    works.house.set_setting("infrastruktur", "fallback_category", "tidak_ada")
    heard(works, {**SEEN, "category": None, "key": "4"})
    with works.inside():
        codes = session.scalars(select(Category.code).join(Report, Report.category_id == Category.id)).all()
        assert sorted(codes) == ["apa_saja", "jalan_berlubang", "saluran_mampet"]


def test_a_category_that_is_closed_is_not_used(works: Any) -> None:
    with works.inside():
        find_or_404(Category, works.lamp).open = False
        session.add(Category(code="lain_lain", group="lain", name="Lain-lain"))
    heard(works, SEEN)
    with works.inside():
        assert session.scalar(select(Category.code).join(Report)) == "lain_lain"


def test_a_village_does_where_no_spot_is_known(works: Any) -> None:
    heard(works, {"category": "lampu_mati", "village": "52.04.08.1004", "description": "Gelap", "key": "1"})
    (report,) = reports(works)
    assert (report.lat, report.village_code, report.district_code) == (None, "52.04.08.1004", "52.04.08")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"category": "lampu_mati"},
        {"category": "lampu_mati", "lat": "utara", "lon": "timur"},
        {"category": "lampu_mati", "lat": float("inf"), "lon": 117.4},
        {"category": "lampu_mati", "lat": True, "lon": False},
        {"category": "lampu_mati", "lat": 117.4, "lon": -8.49},  # turned round
        {"category": "lampu_mati", "village": "99.99.99.9999"},
        {"category": "lampu_mati", "lat": [1], "lon": {"a": 1}},
        ["lampu_mati"],
        None,
    ],
)
def test_bad_data_is_a_line_in_the_trail_and_nothing_else(works: Any, data: Any) -> None:
    heard(works, data)
    assert (reports(works), dropped(works), events(works)) == ([], 1, [])


def test_odd_values_do_no_harm(works: Any) -> None:
    odd = {
        **SEEN,
        "description": "a\x00b" + "x" * 9000,
        "severity": "gawat",
        "address": ["x"],
        "village": 5,
        "key": "1",
    }
    heard(works, {**odd, "village": None, "lat": "-8.4936", "lon": "117.4207"})
    (report,) = reports(works)
    assert (report.severity, report.address, len(report.description)) == ("sedang", "", 4000)


def test_who_cannot_be_asked_our_questions_is_taken_at_their_word(works: Any) -> None:
    with works.inside():
        session.add(Question(category_id=works.lamp, code="tiang", text="Nomor tiang?", required=True))
    heard(works, SEEN)
    assert ([report.answers for report in reports(works)], dropped(works)) == ([{}], 0)


def test_an_event_of_another_name_is_nothing_to_us(works: Any) -> None:
    heard(works, SEEN, "sensor.damage_mended")
    assert (reports(works), dropped(works)) == ([], 0)


def test_a_budget_proposal_is_noted_on_its_report_once(works: Any) -> None:
    report_id = made(works, state=State.POSTPONED, planned_quarter="2027-Q1")
    data = {"answers_to": read(works, report_id).number, "reference": "U-17", "url": "/ebudgeting/usulan/17"}
    for _time in range(2):
        heard(works, {**data, "state": "diusulkan"}, "ebudgeting.budget_proposed")
    report = read(works, report_id)
    assert (report.budget_reference, report.budget_url, report.state) == (
        "U-17", "/ebudgeting/usulan/17", State.POSTPONED,
    )  # fmt: skip
    assert [line.note for line in log(works, report_id)] == ["Usulan anggaran U-17: diusulkan."]
    heard(works, {**data, "state": "disetujui"}, "ebudgeting.budget_proposed")
    assert [line.note for line in log(works, report_id)][1:] == ["Usulan anggaran U-17: disetujui."]


def test_a_budget_proposal_for_a_plan_stands_on_the_plan(works: Any) -> None:
    with works.inside():
        plan = Plan(title="Aspal ulang", next_on=today(), unit_id=works.roads)
        session.add(plan)
        session.flush()
        plan_id = plan.id
    data = {
        "answers_to": str(plan_id),
        "reference": "U-18",
        "url": "javascript:alert(1)",
        "state": "disetujui sebagian",
    }
    heard(works, data, "ebudgeting.budget_proposed")
    with works.inside():
        plan = find_or_404(Plan, plan_id)
        assert (plan.budget_reference, plan.budget_url, plan.budget_state) == ("U-18", "", "disetujui se")
    assert audited(works, "infrastruktur.plan.budget") == 1


@pytest.mark.parametrize(
    "data", [{}, {"answers_to": "L26-999999", "reference": "U"}, {"answers_to": str(uuid4()), "reference": "U"}]
)
def test_a_proposal_that_answers_nothing_is_dropped(works: Any, data: Any) -> None:
    heard(works, data, "ebudgeting.budget_proposed")
    assert dropped(works) == 1


def test_a_plugin_that_nobody_here_knows_is_heard_through_the_house(works: Any, tmp_path: Path) -> None:
    """Two plugins, neither importing the other: the sender's event is delivered by the job worker."""
    house = works.house
    manifest = wheels.MANIFEST.format(name="sensor", version="1.0.0")
    manifest += '[events]\nemits = ["sensor.damage_seen"]\n'
    wheel = make_wheel(tmp_path, "sensor", manifest=manifest)
    house.install(wheel)
    with house.scope("sumbawa", plugin="sensor"):
        emit("sensor.damage_seen", SEEN)
        emit("sensor.damage_seen", {"category": "lampu_mati"})
    house.work()
    (report,) = reports(works)
    assert report.source_key == "sensor.damage_seen:lamp-7"
    assert dropped(works) == 1
    house.work()
    with works.inside():
        assert session.scalar(select(func.count(Report.id))) == 1
