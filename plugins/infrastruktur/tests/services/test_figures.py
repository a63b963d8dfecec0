"""Statistics, recap, SLA board and map: parts make up their whole, whoever looks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from lumbung_infrastruktur.models import LogEntry, Report, WorkOrder
from lumbung_infrastruktur.rules.shares import difference, shares
from lumbung_infrastruktur.rules.states import ORDER, State
from lumbung_infrastruktur.services import recap, sla_board, tiles
from lumbung_infrastruktur.services.browsing import Filter, asked_for
from lumbung_infrastruktur.services.statistics import statistics

from lumbung.sdk import session

NOW = datetime(2026, 11, 24, 0, tzinfo=UTC)
NUMBERS = count(1)
REGENCY = tiles.Box(116.8, -9.2, 118.4, -8.0)


def add(works: Any, **given: Any) -> Report:
    """Put a report into the table as it is, without the rules of the desk."""
    number = next(NUMBERS)
    values: dict[str, Any] = {
        "category_id": works.pothole,
        "unit_id": works.roads,
        "number": f"L26-{number:06}",
        "token": f"t{number}",
        "lat": -8.49,
        "lon": 117.42,
        "district_code": "52.04.08",
        "reported_at": NOW,
        "updated_at": NOW,
    }
    report = Report(**{**values, **given})
    session.add(report)
    session.flush()
    return report


def moved(report: Report, before: State, after: State, at: datetime) -> None:
    """Write down that a report went from one state to another, and let it be there."""
    session.add(LogEntry(report_id=report.id, at=at, kind="state", from_state=before, to_state=after))
    report.state = after
    if after == State.DONE:
        report.finished_at = at
    session.flush()


def test_shares_make_up_a_hundred_as_the_printed_figures_do() -> None:
    found = shares({"selesai": 505, "belum": 59})
    assert [str(found["selesai"]), str(found["belum"])] == ["89.54", "10.46"]
    thirds = shares({"a": 1, "b": 1, "c": 1})
    assert sum(thirds.values()) == 100
    assert sum(shares({"a": 0, "b": 0}).values()) == 0


def test_the_totals_of_lapor_are_thirty_too_many() -> None:
    assert difference({"selesai": 4774, "proses": 33, "belum": 794}, 5571) == 30


def test_states_add_up_to_the_total_with_every_state_and_filter(works: Any) -> None:
    with works.inside():
        for place, state in enumerate(ORDER):
            for more in range(place + 1):
                district = "52.04.08" if more % 2 else "52.04.05"
                add(works, state=state, district_code=district, category_id=works.lamp if more % 3 else works.pothole)
        add(works, visibility="hidden")
        add(works, visibility="held")
        whole = statistics(Filter())
        assert whole.total == sum(range(1, len(ORDER) + 1)) == 66
        assert whole.difference == 0
        assert sum(line.total for line in whole.groups.values()) == 66
        assert sum(line.total for line in whole.districts.values()) == 66
        assert sum(line.total for line in whole.months.values()) == 66
        assert sum(whole.shares.values()) == 100
        assert statistics(Filter(), everything=True).total == 68
        for asked in (
            {"kecamatan": "52.04.05"},
            {"kategori": "lampu_mati"},
            {"keadaan": "terbuka"},
            {"kelompok": "pju"},
        ):
            part = statistics(asked_for(asked))
            assert part.difference == 0 and 0 < part.total < 66, asked


def test_in_time_means_until_the_end_of_the_last_day_where_the_regency_is(works: Any) -> None:
    """16.30 UTC is half past midnight of the next day in Sumbawa: too late."""
    with works.inside():
        for hour, minute in ((15, 30), (16, 30)):
            finished = datetime(2026, 11, 20, hour, minute, tzinfo=UTC)
            started = finished - timedelta(days=4)
            add(works, state=State.DONE, reported_at=started, finished_at=finished, due_on=date(2026, 11, 20))
        line = statistics(Filter()).all
        assert (line.mended, line.in_time, line.days) == (2, 1, 4.0)


def test_what_makes_no_sense_in_an_address_asks_for_everything(works: Any) -> None:
    with works.inside():
        nonsense = {"kategori": "x" * 500, "keadaan": "apa", "sejak": "2026-13-40", "kelompok": "'; --"}
        assert not asked_for(nonsense).is_narrow
        assert asked_for({"kecamatan": "99.99.99"}).is_narrow


def test_near_reports_are_one_mark_and_none_is_lost_at_any_zoom(works: Any) -> None:
    with works.inside():
        for step in range(40):
            add(works, lat=-8.49 - step / 1000, lon=117.42 + step / 1000)
        add(works, visibility="hidden")
        add(works, lat=None, lon=None)
        marks = []
        for zoom in (0, 6, 9, 12, 15, 18, 22):
            found = tiles.clusters(REGENCY, zoom, [tiles.for_everybody()])
            assert sum(one.count for one in found) == 40, zoom
            marks.append(len(found))
        assert marks == sorted(marks) and marks[0] == 1 and marks[-1] == 40
        assert sum(weight for _lat, _lon, weight in tiles.heat(REGENCY, 9, [tiles.for_everybody()])) == 40
        assert tiles.clusters(tiles.Box(0, 0, 1, 1), 9, []) == []


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "5,0,4,1", "nan,0,1,1", "-999,0,1,1"])
def test_a_box_that_is_none_is_not_looked_at(text: str) -> None:
    assert tiles.Box.read(text) is None


def test_the_books_of_a_month_close_though_reports_moved_later(works: Any) -> None:
    october, november = datetime(2026, 10, 10, tzinfo=UTC), datetime(2026, 11, 10, tzinfo=UTC)
    with works.inside(works.person("manager")):
        old = add(works, reported_at=datetime(2026, 9, 10, tzinfo=UTC))
        moved(old, State.NEW, State.REFUSED, october)
        again = add(works, reported_at=october)
        moved(again, State.NEW, State.DONE, october + timedelta(days=5))
        moved(again, State.DONE, State.REOPENED, november)
        add(works, reported_at=november)
        sent = add(works, reported_at=october, unit_id=works.lamps, category_id=works.lamp)
        moved(sent, State.NEW, State.ELSEWHERE, november)
        first, second = recap.recap("2026-10"), recap.recap("2026-11")
        assert (first.total.opening, first.total.new, first.total.ended, first.total.closing) == (1, 2, 2, 1)
        assert (second.total.opening, second.total.new, second.total.reopened) == (1, 1, 1)
        assert (second.total.ended, second.total.elsewhere, second.total.closing) == (1, 1, 2)
        assert first.total.closing == second.total.opening
        for month in (first, second):
            for rows in (month.units, month.districts, month.categories):
                assert all(row.balanced for row in [*rows, month.total])
                for name in ("opening", "new", "ended", "closing", "mended"):
                    assert sum(getattr(row, name) for row in rows) == getattr(month.total, name), name


def test_a_recap_is_about_one_s_own_units_and_counts_what_repairs_cost(works: Any) -> None:
    with works.inside():
        lamp = add(
            works, unit_id=works.lamps, category_id=works.lamp, state=State.DONE, finished_at=NOW, due_on=NOW.date()
        )
        add(works)
        order = {"title": "Ganti lampu", "made_at": NOW, "state": "done", "finished_at": NOW}
        session.add(WorkOrder(report_id=lamp.id, number="K26-000001", total=150_000, **order))
        session.add(WorkOrder(report_id=lamp.id, number="K26-000002", total=99, **{**order, "state": "cancelled"}))
    with works.inside(works.person("lamps")):
        mine = recap.recap("2026-11")
        assert [row.title for row in mine.units] == ["Unit DISHUB"] and mine.total.new == 1
        assert (mine.total.cost, mine.total.mended, mine.total.in_time) == (150_000, 1, 1)
    with works.inside(works.person("citizen")):
        assert recap.recap("2026-11").total.new == 0


def test_the_board_splits_what_is_open_by_the_time_that_is_left(works: Any) -> None:
    with works.inside(works.person("manager")):
        for days in (-3, -1, 0, 2, 7, 30):
            add(works, due_on=date(2026, 11, 24) + timedelta(days=days), escalation=1 if days == -3 else 0)
        add(works, due_on=None)
        add(works, due_on=date(2026, 11, 1), state=State.POSTPONED)
        add(works, due_on=date(2026, 11, 1), state=State.CLOSED)
        add(works, reported_at=NOW - timedelta(days=8), due_on=date(2026, 12, 24))
        (one,) = sla_board.board()
        assert (one.late, one.today, one.week, one.later) == (2, 1, 2, 3)
        assert one.open == one.late + one.today + one.week + one.later
        assert (one.unanswered, one.escalated, one.oldest) == (1, 1, date(2026, 11, 21))
        assert [report.due_on for report in sla_board.worst()] == [date(2026, 11, 21), date(2026, 11, 23)]
