"""The page of days off."""

from __future__ import annotations

import io
from datetime import date

import pytest
from python_calamine import CalamineWorkbook

from lumbung.sdk import is_working_day
from lumbung.testing import HouseClient, TestHouse
from lumbung.working_days import services

HERE = "/admin/hari-libur"
FORM = {"day": "2026-01-22", "name": "Hari Jadi ke-67", "kind": "local"}


@pytest.fixture
def desk(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))


def page_of(client: HouseClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def names(house: TestHouse, year: int = 2026) -> list[str]:
    with house.scope("sumbawa") as scope:
        return [line.name for line in services.days_of(scope.session, year) if line.state != services.LISTED]


def works(house: TestHouse, day: date) -> bool:
    with house.scope("sumbawa"):
        return is_working_day(day)


def test_the_page_shows_a_year_with_its_decree_and_leads_to_the_next(desk: HouseClient) -> None:
    page = page_of(desk, f"{HERE}/?tahun=2026")
    assert "Kamis, 19 Maret 2026" in page
    assert "Cuti bersama Idulfitri 1447 H" in page
    assert "SKB" in page
    assert f'href="{HERE}/?tahun=2027"' in page
    assert "240" in page  # 261 weekdays, less the 21 of the 25 days off that fall on one
    assert f'href="{HERE}/"' in page_of(desk, "/admin/")


def test_a_year_that_the_platform_does_not_know_says_what_to_do(desk: HouseClient) -> None:
    page = page_of(desk, f"{HERE}/?tahun=2031")
    assert "Belum ada hari libur" in page
    assert "keputusan bersama tiga menteri" in page


@pytest.mark.parametrize("year", ["0", "99999", "abc", "²⁰²⁶", "-5", "1999", "2101", ""])
def test_any_year_in_the_address_answers(desk: HouseClient, year: str) -> None:
    assert desk.get(f"{HERE}/", query_string={"tahun": year}).status_code == 200


def test_a_day_is_added_renamed_and_removed(house: TestHouse, desk: HouseClient) -> None:
    answer = desk.post_form(f"{HERE}/tambah", FORM)
    assert (answer.status_code, answer.location) == (303, f"{HERE}/?tahun=2026")
    assert not works(house, date(2026, 1, 22))
    day = f"{HERE}/2026-01-22"
    assert desk.post_form(f"{day}/", {"name": "Hari Jadi", "kind": "local"}).status_code == 303
    assert names(house) == ["Hari Jadi"]
    assert desk.post_form(f"{day}/hapus", page=f"{HERE}/").status_code == 303
    assert names(house) == []
    assert works(house, date(2026, 1, 22))


def test_a_national_day_is_worked_here_and_given_back(house: TestHouse, desk: HouseClient) -> None:
    day = f"{HERE}/2026-03-18"
    assert desk.post_form(f"{day}/hapus", page=f"{HERE}/").status_code == 303
    assert works(house, date(2026, 3, 18))
    page = page_of(desk, f"{HERE}/?tahun=2026")
    assert "Tetap hari kerja di sini" in page
    assert "Kembalikan" in page
    assert desk.post_form(f"{day}/kembalikan", page=f"{HERE}/").status_code == 303
    assert not works(house, date(2026, 3, 18))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("day", ""),
        ("day", "besok"),
        ("day", "2026-03-19"),
        ("day", "1826-03-19"),
        ("name", ""),
        ("name", "x" * 121),
        ("kind", "x"),
    ],
)
def test_a_bad_form_keeps_what_was_typed(house: TestHouse, desk: HouseClient, field: str, value: str) -> None:
    answer = desk.post_form(f"{HERE}/tambah", {**FORM, field: value})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert f'id="{field}-error"' in page
    assert ("Hari Jadi ke-67" in page) is (field != "name")
    assert names(house) == []


def test_the_list_of_a_year_is_taken_over(house: TestHouse, desk: HouseClient) -> None:
    lines = "1 Januari; Tahun Baru\n22 Januari; Hari Jadi; daerah"
    answer = desk.post_form(f"{HERE}/masukkan", {"year": "2028", "lines": lines})
    assert (answer.status_code, answer.location) == (303, f"{HERE}/?tahun=2028")
    assert names(house, 2028) == ["Tahun Baru", "Hari Jadi"]


def test_a_list_with_a_bad_line_is_named_kept_and_not_taken_over(house: TestHouse, desk: HouseClient) -> None:
    lines = "1 Januari; Tahun Baru\n32 Januari; Apa"
    answer = desk.post_form(f"{HERE}/masukkan", {"year": "2028", "lines": lines})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert 'id="lines-error"' in page
    assert "32 Januari; Apa" in page
    assert names(house, 2028) == []


def test_the_year_is_taken_home_as_a_sheet(desk: HouseClient) -> None:
    answer = desk.get(f"{HERE}/unduh?tahun=2026")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.get_data())).get_sheet_by_index(0).to_python()
    assert len(sheet) == 26
    assert sheet[1][:2] == [date(2026, 1, 1), "Tahun Baru 2026 Masehi"]


def test_days_that_are_none_are_not_found(desk: HouseClient) -> None:
    for day in ("2026-02-30", "20260319", "x", "2026-01-22", "0001-01-01"):
        assert desk.get(f"{HERE}/{day}/").status_code == 404
        assert desk.post_form(f"{HERE}/{day}/hapus", page=f"{HERE}/").status_code == 404


def test_only_who_looks_after_the_tenant_comes_in(house: TestHouse) -> None:
    citizen = house.client("sumbawa", house.person("sumbawa", "siti@a.id"))
    assert citizen.get(f"{HERE}/").status_code == 403
    assert house.client("sumbawa").get(f"{HERE}/").status_code == 302
