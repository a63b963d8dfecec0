"""A month in whole weeks, Monday first."""

from __future__ import annotations

from datetime import date

import pytest

from lumbung.web.calendars import Day, month, month_of


def test_weeks_are_whole_and_begin_on_monday():
    for number in range(1, 13):
        for week in month(2026, number).weeks:
            assert len(week) == 7
            assert [cell.date.weekday() for cell in week] == list(range(7))


def test_every_day_of_the_month_is_there_once_and_its_neighbours_stay_empty():
    cells = [cell for week in month(2028, 2, {date(2028, 3, 1): Day("x")}).weeks for cell in week]
    assert [cell.date.day for cell in cells if not cell.outside] == list(range(1, 30))
    assert all(cell.plain for cell in cells if cell.outside)


def test_what_stands_on_a_day_is_kept_with_today_and_the_holiday():
    two = [Day("Pagi", "/a"), Day("Sore", tone="padi")]
    found = month(2026, 11, {date(2026, 11, 3): Day("Keliling"), date(2026, 11, 4): two},
                  holidays={date(2026, 11, 25): "Hari Guru"}, today=date(2026, 11, 24))  # fmt: skip
    cells = {cell.date.day: cell for week in found.weeks for cell in week if not cell.outside}
    assert [entry.text for entry in cells[3].entries] == ["Keliling"]
    assert [entry.text for entry in cells[4].entries] == ["Pagi", "Sore"]
    assert cells[24].today and not cells[25].today
    assert cells[25].holiday == "Hari Guru"
    assert cells[5].plain and not cells[24].plain
    assert not found.empty
    assert month(2026, 11).empty


def test_the_neighbours_of_a_month_and_the_ends_of_the_calendar():
    assert (month(2026, 12).previous, month(2026, 12).next) == ((2026, 11), (2027, 1))
    assert month(1970, 1).previous is None
    assert month(2100, 12).next is None


@pytest.mark.parametrize(("year", "number"), [(1969, 12), (2101, 1), (2026, 0), (2026, 13)])
def test_a_month_that_does_not_exist_is_refused(year, number):
    with pytest.raises(ValueError):
        month(year, number)


@pytest.mark.parametrize("text", [None, "", "x", "2026", "2026-13", "9999-01", "0001-01", "2026-11-24"])
def test_an_address_without_a_month_means_the_one_at_hand(text):
    assert month_of(text, date(2026, 11, 24)) == (2026, 11)


def test_an_address_names_a_month():
    assert month_of("2027-02", date(2026, 11, 24)) == (2027, 2)
