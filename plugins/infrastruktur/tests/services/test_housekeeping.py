"""What happens by itself: late reports go up, finished ones that nobody objects to are closed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from lumbung_infrastruktur.models import Report
from lumbung_infrastruktur.rules.states import ENDED, State
from lumbung_infrastruktur.services import housekeeping, workflow
from lumbung_infrastruktur.services.history import note

from lumbung.sdk import DomainError, find_or_404
from lumbung.testing import frozen_clock

from .made import at, audited, events, log, made, read, steps, told

DUE = date(2026, 11, 2)  # a Monday


def night(works: Any, day: str = "2026-11-24") -> None:
    with frozen_clock(at(f"{day}T06:10")), works.inside():
        housekeeping.keep_time()


@pytest.mark.parametrize(
    ("day", "level"),
    [
        ("2026-11-02", 0),
        ("2026-11-04", 0),  # two working days past
        ("2026-11-05", 1),
        ("2026-11-09", 1),
        ("2026-11-10", 2),
        ("2026-11-13", 3),
        ("2026-11-18", 4),
        ("2026-12-24", 4),  # there is nobody above the head
    ],
)
def test_a_level_for_each_three_working_days_past_the_limit(works: Any, day: str, level: int) -> None:
    report_id = made(works, state=State.ROUTED, due_on=DUE, at=at("2026-10-12T09:00"))
    night(works, day)
    assert read(works, report_id).escalation == level
    assert len(log(works, report_id)) == (1 if level else 0)


def test_holidays_do_not_count_as_days_past_the_limit(works: Any) -> None:
    """Due on 17 March 2026: Nyepi and Lebaran follow, so that the third working day past it is the 27th."""
    report_id = made(works, state=State.ROUTED, due_on=date(2026, 3, 17), at=at("2026-02-20T09:00"))
    night(works, "2026-03-25")
    assert read(works, report_id).escalation == 0
    night(works, "2026-03-27")
    assert read(works, report_id).escalation == 1


def test_the_same_day_again_and_missed_nights_do_no_harm(works: Any) -> None:
    one, other = (made(works, state=State.ROUTED, due_on=DUE) for _report in range(2))
    for day in ("2026-11-05", "2026-11-05", "2026-11-06", "2026-11-10", "2026-11-13", "2026-11-13"):
        night(works, day)
    assert [line.note.split(";")[1] for line in log(works, one)] == [
        " naik ke tingkat 1 (penilik).", " naik ke tingkat 2 (koordinator).",
        " naik ke tingkat 3 (PPK atau kepala bidang).",
    ]  # fmt: skip
    with works.inside():
        find_or_404(Report, other).escalation = 0
    night(works, "2026-11-18")  # from nothing to the fourth at once
    assert read(works, other).escalation == read(works, one).escalation == 4
    assert log(works, other)[-1].internal


def test_each_level_is_told_to_people_higher_up_once_a_night_for_all(works: Any) -> None:
    roads, lamps, head = works.person("roads"), works.person("lamps"), works.person("head")
    manager, citizen = works.person("manager"), works.person("citizen")
    first = made(works, state=State.ROUTED, due_on=DUE, person_id=citizen.id)
    made(works, state=State.WORKING, due_on=DUE)
    night(works, "2026-11-05")
    assert [(len(told(works, one))) for one in (roads, manager, head, lamps, citizen)] == [1, 0, 0, 0, 0]
    assert told(works, roads) == [("2 laporan lewat batas waktu", "/infrastruktur/petugas/sla")]
    night(works, "2026-11-10")
    assert [(len(told(works, one))) for one in (roads, manager, head, lamps)] == [2, 1, 0, 0]
    night(works, "2026-11-13")
    night(works, "2026-11-18")
    assert [(len(told(works, one))) for one in (roads, manager, head, lamps, citizen)] == [4, 3, 2, 0, 0]
    assert sum(name == "escalated" for name, _data in events(works)) == 8
    assert audited(works, "infrastruktur.report.escalate") == 8
    assert [data["level"] for name, data in events(works) if data["report"] == str(first)] == [1, 2, 3, 4]


def test_one_late_report_is_named_and_those_of_no_unit_go_to_who_checks(works: Any) -> None:
    verifier, roads = works.person("verifier"), works.person("roads")
    report_id = made(works, due_on=DUE, unit_id=None)
    night(works, "2026-11-05")
    ((title, url),) = told(works, verifier)
    assert read(works, report_id).number in title and url.endswith(str(report_id))
    assert told(works, roads) == []


def test_what_ended_or_was_put_off_does_not_go_up(works: Any) -> None:
    ids = [made(works, state=state, due_on=DUE) for state in [*ENDED - {State.DONE}, State.POSTPONED]]
    night(works)
    assert {read(works, one).escalation for one in ids} == {0}


def test_a_reopened_report_begins_at_the_bottom_again(works: Any) -> None:
    report_id = made(works, state=State.DONE, finished_at=at("2026-11-20T09:00"), due_on=DUE, escalation=3)
    with works.inside():
        workflow.reopen(find_or_404(Report, report_id), "Belum", by_citizen=True)
    night(works)
    assert read(works, report_id).escalation == 0


def test_ten_days_of_silence_close_what_is_finished(works: Any) -> None:
    citizen = works.person("citizen")
    old = made(works, state=State.DONE, finished_at=at("2026-11-14T06:10"), person_id=citizen.id)
    young = made(works, state=State.DONE, finished_at=at("2026-11-14T06:11"))
    night(works)
    assert (read(works, old).state, read(works, young).state) == (State.CLOSED, State.DONE)
    assert read(works, old).closed_at == at("2026-11-24T06:10")
    assert log(works, old)[0].by_name == "" and "tidak ada tanggapan" in log(works, old)[0].note
    assert "ditutup" in told(works, citizen)[0][0]
    night(works)
    assert steps(works, old) == [(State.DONE, State.CLOSED)]


def test_a_word_of_the_reporter_starts_the_silence_anew_and_one_of_the_office_does_not(works: Any) -> None:
    spoke, not_spoke = (made(works, state=State.DONE, finished_at=at("2026-11-02T09:00")) for _report in range(2))
    with frozen_clock(at("2026-11-20T09:00")):
        with works.inside():
            note(find_or_404(Report, spoke), "note", "Belum rata", by_citizen=True)
        with works.inside(works.person("verifier")):
            workflow.reply(find_or_404(Report, not_spoke), "Bagaimana?")
    night(works)
    assert (read(works, spoke).state, read(works, not_spoke).state) == (State.DONE, State.CLOSED)
    night(works, "2026-12-01")
    assert read(works, spoke).state == State.CLOSED


def test_a_rating_and_the_closing_at_once_close_it_once_and_keep_the_rating(works: Any) -> None:
    for _round in range(3):
        report_id = made(works, state=State.DONE, finished_at=at("2026-11-01T09:00"))

        def rate(report_id: Any = report_id) -> None:
            with works.inside():
                workflow.rate(find_or_404(Report, report_id), 4)

        def tidy() -> None:
            with works.inside():
                housekeeping.keep_time()

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(rate), pool.submit(tidy)]:
                done.result()
        assert (read(works, report_id).state, read(works, report_id).rating) == (State.CLOSED, 4)
        assert steps(works, report_id) == [(State.DONE, State.CLOSED)]


def test_a_rating_and_a_reopening_at_once_end_in_one_of_the_two(works: Any) -> None:
    report_id = made(works, state=State.DONE, finished_at=at("2026-11-23T09:00"))

    def press(stars: int) -> bool:
        try:
            with works.inside():
                report = find_or_404(Report, report_id)
                if stars:
                    workflow.rate(report, stars)
                else:
                    workflow.reopen(report, "Belum", by_citizen=True)
        except DomainError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(press, (5, 0)))
    report = read(works, report_id)
    assert report.state == State.REOPENED or (report.state, report.rating) == (State.CLOSED, 5)
    if report.state == State.REOPENED:
        assert report.rating is None and report.due_on is not None


def test_the_jobs_of_the_manifest_are_there(works: Any) -> None:
    assert set(housekeeping.jobs()) >= {"keep_time", "fetch_sources", "order_planned_work"}
