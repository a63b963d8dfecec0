"""The geometry of charts: round numbers on the axis, nothing beyond the picture, gaps, and the odd cases."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumbung.web.charts import MOST_MARKS, bars, extremes, labelled, lines, scale, shares, spark, sparse

FLOATS = st.floats(-1e9, 1e9).filter(lambda value: abs(value) > 1e-6 or value == 0)
NUMBERS = st.one_of(st.none(), st.integers(-(10**9), 10**9), FLOATS)


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([412, 188, 240], (0, 100, 200, 300, 400, 500)),
        ([0.3, 0.12], (0, 0.1, 0.2, 0.3)),
        ([12, -8.5], (-10, -5, 0, 5, 10, 15)),
        ([-3, -7], (-8, -6, -4, -2, 0)),
        ([5], (0, 1, 2, 3, 4, 5)),
        ([7, 7, 7], (0, 2, 4, 6, 8)),
        ([1_250_000], (0, 500_000, 1_000_000, 1_500_000)),
        ([], (0, 0.2, 0.4, 0.6, 0.8, 1)),
        ([0, None, 0], (0, 0.2, 0.4, 0.6, 0.8, 1)),
    ],
)
def test_an_axis_has_round_numbers_and_zero(values, ticks):
    assert scale(values).ticks == ticks


@given(st.lists(NUMBERS, max_size=40))
def test_every_value_lies_on_the_axis(values):
    axis = scale(values)
    assert 2 <= len(axis.ticks) <= 6
    assert axis.low <= 0 <= axis.high
    for value in values:
        if value is not None:
            assert -0.001 <= axis.at(value) <= 100.001


def test_whole_ticks_are_written_without_a_comma():
    assert all(isinstance(tick, int) for tick in scale([10]).ticks)


def test_bars_below_zero_lie_on_the_other_side():
    chart = bars([("naik", 10), ("turun", -5), ("tetap", 0), ("tak diketahui", None)])
    up, down, same, unknown = chart.bars
    assert up.start == chart.zero and up.length > 0
    assert down.start + down.length == pytest.approx(chart.zero) and down.length > 0
    assert (same.length, unknown.length) == (0, 0)
    assert unknown.value is None


def test_no_bars_are_a_chart_too():
    assert bars([]).bars == ()
    assert lines([], [("x", [])]).lines[0].stretches == ()


def test_a_value_of_none_is_a_gap_in_its_line():
    chart = lines(["a", "b", "c", "d", "e"], [("x", [1, 2, None, 3, 4]), ("y", [None, 5])])
    first, second = chart.lines
    assert [len(stretch) for stretch in first.stretches] == [2, 2]
    assert len(first.paths) == 2
    assert second.values == (None, 5, None, None, None)
    assert second.paths == [] and [mark.value for mark in second.marks] == [5]


def test_the_line_runs_from_edge_to_edge_and_high_is_up():
    first, last = lines(["a", "b"], [("x", [0, 10])]).lines[0].stretches[0]
    assert (first.x, last.x) == (0, 100)
    assert (first.y, last.y) == (100, 0)


def test_one_value_stands_in_the_middle():
    (point,) = lines(["a"], [("x", [3])]).lines[0].marks
    assert point.x == 50


def test_a_year_has_a_line_without_marks_and_few_labels():
    names = [f"{day} Nov 2026" for day in range(365)]
    chart = lines(names, [("x", list(range(365)))])
    assert len(names) > MOST_MARKS and chart.lines[0].marks == ()
    assert 2 <= len(chart.labelled) <= 6
    assert set(chart.sparse) < set(chart.labelled)
    assert labelled(365)[0] == 0
    assert sparse(["Sen", "Sel"], (0, 1)) == (0, 1)


def test_the_shares_add_up_to_a_hundred():
    parts = shares([("a", 1), ("b", 1), ("c", 1)])
    assert sum(part.percent for part in parts) == 100
    assert [part.start for part in parts] == [0, pytest.approx(33.333), pytest.approx(66.667)]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_whole_percents_are_never_more_than_one_off(values):
    parts = shares([(str(index), value) for index, value in enumerate(values)])
    total = sum(values)
    assert sum(part.percent for part in parts) == (100 if total else 0)
    assert all(abs(part.percent - part.length) <= 1 for part in parts)


def test_a_part_below_zero_is_refused():
    with pytest.raises(ValueError, match="below zero"):
        shares([("a", 3), ("b", -1)])


def test_a_spark_fills_its_height_and_equal_values_lie_in_the_middle():
    assert spark([1, 3]).paths == ("0,100 100,0",)
    assert spark([5, 5]).paths == ("0,50 100,50",)
    assert spark([]).last is None
    assert spark([None, 4, None]).last.value == 4


def test_what_stands_out_is_told():
    found = extremes([("Senin", 3), ("Selasa", None), ("Rabu", Decimal("9.5")), ("Kamis", 3)])
    assert found.highest == ("Rabu", Decimal("9.5"))
    assert found.lowest == ("Senin", 3)
    assert found.total == Decimal("15.5")
    assert extremes([("Senin", None)]) is None
    assert extremes([("a", 2), ("b", 2)]).equal
