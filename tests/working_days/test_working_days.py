"""Counting working days, with the cases worked out by hand and against the package the national list is from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import lokal
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import event

from lumbung.context import Scope
from lumbung.sdk import add_working_days, holidays, is_working_day, working_days_between
from lumbung.testing import TestHouse
from lumbung.working_days import services
from lumbung.working_days.national import JOINT, LOCAL, NATIONAL, national_days
from lumbung.working_days.working import WorkingCalendar

NATIONWIDE = WorkingCalendar.of(dict(national_days()))


@pytest.fixture
def scope(house: TestHouse) -> Iterator[Scope]:
    with house.scope("sumbawa") as scope:
        yield scope


@pytest.mark.usefixtures("scope")
class TestWorkedByHand:
    def test_five_days_from_before_nyepi_end_after_lebaran(self) -> None:
        """Tue 17 March. 18 joint leave, 19 Nyepi, 20 joint, 21 and 22 Idulfitri, 23 and 24 joint. Worked are Wed 25,
        Thu 26, Fri 27, Mon 30, Tue 31."""
        assert add_working_days(date(2026, 3, 17), 5) == date(2026, 3, 31)
        assert working_days_between(date(2026, 3, 17), date(2026, 3, 31)) == 5

    def test_fourteen_days_through_may(self) -> None:
        """Wed 13 May. Off: 14 Kenaikan, 15 joint, 27 Iduladha, 28 joint, Mon 1 June Pancasila. Worked: 18 to 22 (5),
        25, 26, 29 (8), 2 to 5 June (12), 8, 9 June (14)."""
        assert add_working_days(date(2026, 5, 13), 14) == date(2026, 6, 9)
        assert lokal.add_working_days("2026-05-13", 14) == "2026-06-09"
        assert working_days_between(date(2026, 5, 13), date(2026, 6, 9)) == 14

    def test_the_day_itself_never_counts(self) -> None:
        friday, saturday, monday = date(2026, 7, 3), date(2026, 7, 4), date(2026, 7, 6)
        assert [add_working_days(day, 1) for day in (friday, saturday)] == [monday, monday]
        assert add_working_days(saturday, 0) == saturday

    def test_backwards(self) -> None:
        assert add_working_days(date(2026, 3, 31), -5) == date(2026, 3, 17)
        assert add_working_days(date(2026, 3, 25), -1) == date(2026, 3, 17)
        assert working_days_between(date(2026, 3, 31), date(2026, 3, 17)) == -5
        assert working_days_between(date(2026, 3, 17), date(2026, 3, 17)) == 0

    def test_a_year_without_a_national_list_has_its_weekends(self) -> None:
        assert is_working_day(date(2035, 8, 17))
        assert not is_working_day(date(2035, 8, 18))


class TestAgainstThePackage:
    days = some.dates(date(2026, 1, 1), date(2027, 12, 31))

    @given(day=days, count=some.integers(-60, 60))
    @settings(max_examples=300, deadline=None)
    def test_adding(self, day: date, count: int) -> None:
        end = NATIONWIDE.add(day, count)
        if end.year in (2026, 2027):
            assert end.isoformat() == lokal.add_working_days(day.isoformat(), count)

    @given(first=days, last=days)
    @settings(max_examples=200, deadline=None)
    def test_between(self, first: date, last: date) -> None:
        if first < last:
            after = first + timedelta(days=1)
            counted = lokal.count_working_days(after.isoformat(), last.isoformat())
            assert NATIONWIDE.between(first, last) == counted
            assert NATIONWIDE.between(last, first) == -counted

    @given(day=days)
    @settings(max_examples=100, deadline=None)
    def test_one_day(self, day: date) -> None:
        assert NATIONWIDE.works(day) == lokal.is_working_day(day.isoformat())


class TestTheOfficeSaysMore:
    def test_a_day_of_the_region_counts_like_one_of_the_state(self, scope: Scope) -> None:
        assert add_working_days(date(2026, 1, 21), 1) == date(2026, 1, 22)
        services.add(scope.session, date(2026, 1, 22), "Hari Jadi Kabupaten Sumbawa", by="test")
        assert add_working_days(date(2026, 1, 21), 1) == date(2026, 1, 23)
        assert not is_working_day(date(2026, 1, 22))

    def test_a_day_of_the_state_may_be_worked_here(self, scope: Scope) -> None:
        services.remove(scope.session, date(2026, 3, 18), by="test")
        assert is_working_day(date(2026, 3, 18))
        assert add_working_days(date(2026, 3, 17), 5) == date(2026, 3, 30)
        services.restore(scope.session, date(2026, 3, 18))
        assert add_working_days(date(2026, 3, 17), 5) == date(2026, 3, 31)

    def test_the_days_off_come_with_their_names_and_by_kind(self, scope: Scope) -> None:
        services.rename(scope.session, date(2026, 8, 17), "HUT RI ke-81", NATIONAL, by="test")
        services.add(scope.session, date(2026, 8, 20), "Hari Jadi", by="test")
        august = (date(2026, 8, 1), date(2026, 8, 31))
        assert list(holidays(*august)) == [date(2026, 8, 17), date(2026, 8, 20), date(2026, 8, 25)]
        assert holidays(*august)[date(2026, 8, 17)] == "HUT RI ke-81"
        assert holidays(*august, kinds=[LOCAL]) == {date(2026, 8, 20): "Hari Jadi"}
        march = holidays(date(2026, 3, 1), date(2026, 3, 31), kinds=[JOINT])
        assert [day.day for day in march] == [18, 20, 23, 24]
        assert all(name.startswith("Cuti bersama ") for name in march.values())

    def test_each_tenant_has_its_own(self, house: TestHouse, scope: Scope) -> None:
        services.add(scope.session, date(2026, 1, 22), "Hari Jadi", by="test")
        scope.session.commit()
        with house.scope("sumbawabarat"):
            assert is_working_day(date(2026, 1, 22))

    def test_a_scope_reads_the_days_once(self, house: TestHouse, scope: Scope) -> None:
        asked: list[str] = []

        def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
            if "lumbung_holiday" in statement:
                asked.append(statement)

        engine = scope.session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        try:
            for count in range(1, 400):
                add_working_days(date(2026, 1, 1), count)
                working_days_between(date(2026, 1, 1), date(2027, 1, 1))
        finally:
            event.remove(engine, "before_cursor_execute", note)
        assert len(asked) == 1
