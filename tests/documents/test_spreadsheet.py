"""Spreadsheets read back as they were meant, and no cell of one is ever run."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from python_calamine import CalamineWorkbook

from lumbung.documents.spreadsheet import Column, Sheet, spreadsheet
from lumbung.testing import TestHouse

COLUMNS = [
    Column("Nama"),
    Column("Jumlah", "number"),
    Column("Tanggal", "date"),
    Column("Pukul", "datetime"),
    Column("Lama", "duration"),
    Column("Biaya", "rupiah"),
]


def read(content: bytes, sheet: int = 0) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(sheet).to_python()


def test_values_come_back_as_they_were_and_moments_in_the_tenant_s_zone(house: TestHouse) -> None:
    row = [
        "Siti",
        7,
        date(2026, 11, 24),
        datetime(2026, 11, 24, 0, 42, tzinfo=UTC),
        timedelta(minutes=90),
        Decimal("15000"),
    ]
    with house.scope("sumbawa"):
        content = spreadsheet([Sheet("Rekap", COLUMNS, [row, [None] * 6], notes=["Catatan"])])
    note, _, heading, first, *_ = read(content)
    assert note[0] == "Catatan"
    assert heading == [column.title for column in COLUMNS]
    assert first[:2] == ["Siti", 7.0]
    assert first[2] in (date(2026, 11, 24), datetime(2026, 11, 24))  # noqa: DTZ001
    assert first[3] == datetime(2026, 11, 24, 8, 42)  # noqa: DTZ001
    assert first[4] in (timedelta(minutes=90), 0.0625)
    assert first[5] == 15000.0


PAYLOADS = [
    "=1+1",
    "=cmd|'/c calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "{=1+1}",
    "http://evil.example",
    "internal:Sheet1!A1",
    '=HYPERLINK("http://evil.example")',
]


def test_no_text_is_a_formula_or_a_link_whatever_it_begins_with() -> None:
    content = spreadsheet([Sheet("=A1", [Column("=1+1")], [[text] for text in PAYLOADS], notes=["=1+1"])])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "<f " not in sheet
        assert "<hyperlink" not in sheet
        assert not [name for name in archive.namelist() if "externalLink" in name]
    rows = read(content)
    assert [row[0].strip() for row in rows[3:]] == [text.strip() for text in PAYLOADS]


def test_text_that_xml_cannot_hold_does_not_break_the_file() -> None:
    content = spreadsheet([Sheet("x", [Column("a")], [["nol\x00 dan \x0b <b>&"], ["😀"]])])
    assert read(content)[-1][0] == "😀"


def test_sheets_have_names_a_spreadsheet_accepts() -> None:
    titles = ["Rekap [1]: a/b\\c?*", "", "x" * 40, "'kutip'", "History"]
    content = spreadsheet([Sheet(title, [Column("a")], []) for title in titles])
    assert len(CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names) == len(titles)


def test_sheets_of_one_title_are_told_apart() -> None:
    content = spreadsheet([Sheet("Rekap", [Column("a")], [["1"]]), Sheet("rekap", [Column("a")], [["2"]])])
    assert [read(content, sheet)[1][0] for sheet in (0, 1)] == ["1", "2"]


def test_an_empty_table_is_a_heading() -> None:
    assert read(spreadsheet([Sheet("x", [Column("a"), Column("b")], [])])) == [["a", "b"]]


def test_numbers_that_are_none_are_not_written_as_numbers() -> None:
    content = spreadsheet([Sheet("x", [Column("a", "number")], [[float("nan")], [float("inf")], [3]])])
    assert read(content)[-1] == [3.0]
