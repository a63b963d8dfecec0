"""The clock runs on working days of the region, and stands still where the office does not owe the work."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from lumbung_infrastruktur.models import Category, Report
from lumbung_infrastruktur.rules.states import ENDED, State
from lumbung_infrastruktur.services import clock, workflow
from sqlalchemy import select

from lumbung.sdk import find_or_404, session, today
from lumbung.testing import frozen_clock

from .made import at, made, read


def due(days: int, day: str) -> date:
    return clock.due_on(Category(sla_days=days), date.fromisoformat(day))


def test_five_working_days_over_nyepi_and_lebaran_end_on_the_31st(works: Any) -> None:
    with works.inside():
        assert due(5, "2026-03-17") == date(2026, 3, 31)


def test_fourteen_working_days_as_simkuring_promises(works: Any) -> None:
    """From Tuesday 24 November: Christmas and its joint leave are far enough; without them it is Monday 14 December."""
    with works.inside():
        assert due(14, "2026-11-24") == date(2026, 12, 14)
        assert due(14, "2026-12-14") > date(2027, 1, 1)  # 25 December, its joint leave, and New Year lie between


def test_a_report_made_on_a_weekend_has_its_whole_time_from_monday(works: Any) -> None:
    with works.inside():
        assert due(3, "2026-11-21") == due(3, "2026-11-22") == date(2026, 11, 25)


def test_days_left_are_counted_until_the_last_day_and_below(works: Any) -> None:
    report_id = made(works, due_on=date(2026, 11, 27))
    expected = {"2026-11-24": 3, "2026-11-27": 0, "2026-11-28": 0, "2026-11-30": -1, "2026-12-01": -2}
    for day, left in expected.items():
        with frozen_clock(at(f"{day}T10:00")), works.inside():
            report = find_or_404(Report, report_id)
            assert (clock.days_left(report), clock.is_late(report)) == (left, day > "2026-11-27"), day


def test_the_day_is_that_of_the_region_not_of_the_server(works: Any) -> None:
    """At 23.30 UTC it is 07.30 of the next day in Sumbawa."""
    report_id = made(works, at=at("2026-11-25T00:30"), due_on=date(2026, 11, 24))
    with frozen_clock("2026-11-24T15:59+00:00"), works.inside():
        assert not clock.is_late(find_or_404(Report, report_id))
    with frozen_clock("2026-11-24T16:00+00:00"), works.inside():
        report = find_or_404(Report, report_id)
        assert clock.is_late(report)
        assert clock.first_answer_due(report) == date(2026, 11, 30)


@pytest.mark.parametrize("state", [*sorted(ENDED), State.POSTPONED])
def test_what_ended_or_waits_for_a_budget_is_off_the_clock(works: Any, state: State) -> None:
    report_id = made(works, state=state, due_on=date(2026, 11, 2))
    with works.inside():
        report = find_or_404(Report, report_id)
        assert clock.days_left(report) is None
        assert not clock.is_late(report)
        assert not clock.is_unanswered(report)


def test_late_and_unanswered_mean_the_same_in_a_query_and_for_one_report(works: Any) -> None:
    for day in ("2026-11-02", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-23"):
        made(works, at=at(f"{day}T09:00"), due_on=date.fromisoformat(day))
        made(works, at=at(f"{day}T09:00"), answered_at=at("2026-11-23T09:00"), due_on=None)
        made(works, at=at(f"{day}T09:00"), state=State.CLOSED, due_on=date.fromisoformat(day))
    with works.inside():
        every = session.scalars(select(Report)).all()
        late = set(session.scalars(select(Report.id).where(clock.late_condition(today()))))
        unanswered = set(session.scalars(select(Report.id).where(clock.unanswered_condition(today()))))
        assert late == {one.id for one in every if clock.is_late(one)}
        assert unanswered == {one.id for one in every if clock.is_unanswered(one)}
        assert len(unanswered) == 3  # the answer to Thursday the 19th is due today, that to the 18th was yesterday


def test_a_postponed_report_comes_back_with_its_whole_time(works: Any) -> None:
    report_id = made(works, state=State.ROUTED, at=at("2026-11-02T09:00"), escalation=2)
    with works.inside(works.person("verifier")):
        workflow.postpone(find_or_404(Report, report_id), "2027-Q1", "Menunggu anggaran")
    assert (read(works, report_id).due_on, read(works, report_id).escalation) == (None, 0)
    with frozen_clock(at("2027-02-01T09:00")), works.inside(works.person("roads")):
        report = find_or_404(Report, report_id)
        workflow.start(report)
        assert report.due_on == clock.due_on(report.category, date(2027, 2, 1))
        assert clock.started_on(report) == date(2027, 2, 1)


def test_what_is_mended_while_it_was_postponed_is_in_time(works: Any) -> None:
    report_id = made(works, state=State.POSTPONED, due_on=None)
    with works.inside(works.person("roads")):
        report = find_or_404(Report, report_id)
        workflow.finish(report, "Sudah diaspal")
        assert report.due_on is not None and clock.local_day(report.finished_at) <= report.due_on


def test_forwarding_stops_the_clock_and_reopening_starts_it_anew(works: Any) -> None:
    from lumbung_infrastruktur.models import Destination

    report_id = made(works, at=at("2026-11-02T09:00"))
    with works.inside(works.person("verifier")):
        report = find_or_404(Report, report_id)
        workflow.forward(report, find_or_404(Destination, works.national))
        assert report.due_on is None
    with frozen_clock(at("2026-12-01T09:00")), works.inside(works.person("verifier")):
        report = find_or_404(Report, report_id)
        workflow.reopen(report, "Ternyata jalan kabupaten")
        assert report.due_on == clock.due_on(report.category, date(2026, 12, 1))


def test_another_category_brings_its_time_from_the_day_the_clock_started(works: Any) -> None:
    report_id = made(works, at=at("2026-11-20T09:00"))
    with works.inside(works.person("verifier")):
        report = find_or_404(Report, report_id)
        assert workflow.change(report, category=find_or_404(Category, works.lamp))
        assert report.due_on == date(2026, 11, 25)
