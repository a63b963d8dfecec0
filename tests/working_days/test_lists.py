"""The list of days off: what an office does to it, and how a list from a decree is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from lumbung.context import Scope
from lumbung.testing import TestHouse
from lumbung.working_days import services
from lumbung.working_days.lists import read_list
from lumbung.working_days.national import JOINT, LOCAL, NATIONAL, Free, national_days
from lumbung.working_days.services import CalendarError, UnusableList

NYEPI = date(2026, 3, 19)
BIRTHDAY = date(2026, 1, 22)


@pytest.fixture
def scope(house: TestHouse) -> Iterator[Scope]:
    with house.scope("sumbawa") as scope:
        yield scope


def states(scope: Scope, year: int = 2026) -> dict[date, str]:
    return {line.day: line.state for line in services.days_of(scope.session, year) if line.state != services.LISTED}


class TestTheList:
    def test_without_a_row_it_is_the_national_one(self, scope: Scope) -> None:
        lines = services.days_of(scope.session, 2026)
        assert [line.day for line in lines] == [day for day in national_days() if day.year == 2026]
        assert len(lines) == 25
        assert sum(line.kind == JOINT for line in lines) == 8

    def test_a_day_is_added_and_removed(self, scope: Scope) -> None:
        services.add(scope.session, BIRTHDAY, "  Hari  Jadi ", by="test")
        line = services.line_of(scope.session, BIRTHDAY)
        assert line is not None
        assert (line.name, line.kind, line.state) == ("Hari Jadi", LOCAL, services.OWN)
        assert services.remove(scope.session, BIRTHDAY, by="test") is None
        assert states(scope) == {}

    def test_a_national_day_is_taken_away_and_given_back(self, scope: Scope) -> None:
        line = services.remove(scope.session, NYEPI, by="test")
        assert line is not None
        assert states(scope) == {NYEPI: services.WORKED}
        services.restore(scope.session, NYEPI)
        assert states(scope) == {}

    def test_one_that_was_taken_away_may_be_added_again(self, scope: Scope) -> None:
        services.remove(scope.session, NYEPI, by="test")
        services.add(scope.session, NYEPI, "Nyepi di Sumbawa", LOCAL, by="test")
        assert states(scope) == {NYEPI: services.CHANGED}

    @pytest.mark.parametrize(
        ("act", "day"),
        [("add", NYEPI), ("remove", BIRTHDAY), ("rename", BIRTHDAY), ("restore", NYEPI), ("restore", BIRTHDAY)],
    )
    def test_what_makes_no_sense_is_refused_and_changes_nothing(self, scope: Scope, act: str, day: date) -> None:
        given: dict[str, Any] = {"by": "test"} if act != "restore" else {}
        words = ["Nama", LOCAL] if act in ("add", "rename") else []
        with pytest.raises(CalendarError):
            getattr(services, act)(scope.session, day, *words, **given)
        assert states(scope) == {}

    @pytest.mark.parametrize(("name", "kind"), [(" ", LOCAL), ("x" * 121, LOCAL), ("a\x00b", LOCAL), ("Nama", "x")])
    def test_a_name_says_something_and_a_kind_is_known(self, scope: Scope, name: str, kind: str) -> None:
        with pytest.raises(CalendarError):
            services.add(scope.session, BIRTHDAY, name, kind, by="test")
        assert states(scope) == {}

    def test_each_act_stands_in_the_trail(self, scope: Scope, as_owner: Any) -> None:
        services.add(scope.session, BIRTHDAY, "Hari Jadi", by="test")
        services.rename(scope.session, BIRTHDAY, "Hari Jadi Sumbawa", LOCAL, by="test")
        services.rename(scope.session, BIRTHDAY, "Hari Jadi Sumbawa", LOCAL, by="test")  # nothing new
        services.remove(scope.session, BIRTHDAY, by="test")
        scope.session.commit()
        actions = as_owner("SELECT action FROM lumbung_audit WHERE action LIKE 'holiday.%'")
        assert sorted(actions) == [("holiday.add",), ("holiday.change",), ("holiday.remove",)]

    def test_a_year_is_taken_over_and_what_stood_there_stays(self, scope: Scope) -> None:
        services.add(scope.session, date(2028, 8, 17), "Kemerdekaan", NATIONAL, by="test")
        days = [
            Free(date(2028, 8, 17), "Proklamasi Kemerdekaan", NATIONAL),
            Free(date(2028, 1, 1), "Tahun Baru", NATIONAL),
        ]
        assert services.take_over(scope.session, days, by="test") == 1
        assert services.take_over(scope.session, days, by="test") == 0
        assert [line.name for line in services.days_of(scope.session, 2028)] == ["Tahun Baru", "Kemerdekaan"]


class TestReading:
    def test_dates_are_read_as_people_write_them(self) -> None:
        text = """
            1 Januari; Tahun Baru 2028 Masehi
            Senin, 27 Maret 2028; Cuti bersama Nyepi
            17-08-2028;\tProklamasi Kemerdekaan
            2028-01-22; Hari Jadi Kabupaten; libur daerah
        """.replace(";\t", "\t")
        assert read_list(text, 2028) == [
            Free(date(2028, 1, 1), "Tahun Baru 2028 Masehi", NATIONAL),
            Free(date(2028, 1, 22), "Hari Jadi Kabupaten", LOCAL),
            Free(date(2028, 3, 27), "Cuti bersama Nyepi", JOINT),
            Free(date(2028, 8, 17), "Proklamasi Kemerdekaan", NATIONAL),
        ]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "empty"),
            ("1 Januari; Tahun Baru\nTahun Baru", "Line 2"),
            ("31 Februari; Apa", "no date"),
            ("1 Janvier; Apa", "no date"),
            ("; Apa", "no date"),
            ("2027-01-01; Tahun Baru", "not in 2028"),
            ("1 Januari; ", "2 to 120"),
            ("1 Januari; Tahun Baru; entah", "no kind"),
            ("1 Januari; Satu\n\n2028-01-01; Dua", "Line 3: 2028-01-01 stands in the list twice"),
            ("1 Januari; Satu; daerah; lebih", "Line 1"),
            ("\n".join(["1 Januari; Satu"] * 201), "200 lines"),
        ],
    )
    def test_a_line_that_cannot_be_read_is_named(self, text: str, said: str) -> None:
        with pytest.raises(UnusableList, match=said):
            read_list(text, 2028)
