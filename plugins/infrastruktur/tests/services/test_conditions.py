"""Findings through the years: one a day, the latest counts; a whole survey from a table."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from lumbung_infrastruktur.models import Asset, Condition
from lumbung_infrastruktur.rules import asset_cells
from lumbung_infrastruktur.services import assets, conditions
from sqlalchemy import func, select

from lumbung.sdk import DomainError, session

OLD, NEW = date(2025, 9, 1), date(2026, 9, 1)


@pytest.fixture
def road(works: Any) -> Asset:
    """A road section of PUPR."""
    with works.inside():
        return assets.save(None, kind="road", code="K-1", name="Jalan Diponegoro", unit_id=works.roads)


def findings() -> int:
    """How many there are at all."""
    return session.scalar(select(func.count()).select_from(Condition)) or 0


def again(asset: Asset) -> Asset:
    """The asset as it stands in the database."""
    return session.scalars(select(Asset).where(Asset.id == asset.id)).one()


def test_the_latest_finding_is_how_it_stands_whatever_order_they_come_in(works: Any, road: Asset) -> None:
    with works.inside():
        found = again(road)
        conditions.record(found, NEW, "sedang", value=Decimal("5.2"))
        conditions.record(found, OLD, "baik", value=Decimal("3.1"))
        assert (found.condition, found.condition_on) == ("sedang", NEW)
        assert [one.on for one in conditions.history(found)] == [NEW, OLD]


def test_a_day_has_one_finding(works: Any, road: Asset) -> None:
    with works.inside():
        found = again(road)
        conditions.record(found, NEW, "sedang", note="pagi")
        conditions.record(found, NEW, "rusak_ringan")
        assert findings() == 1
        assert (found.condition, conditions.history(found)[0].note) == ("rusak_ringan", "")


def test_taking_the_latest_away_brings_the_one_before_back(works: Any, road: Asset) -> None:
    with works.inside():
        found = again(road)
        conditions.record(found, OLD, "baik")
        latest = conditions.record(found, NEW, "rusak_berat")
        conditions.remove(latest)
        assert (found.condition, found.condition_on) == ("baik", OLD)
        conditions.remove(conditions.history(found)[0])
        assert (found.condition, found.condition_on) == ("", None)


@pytest.mark.parametrize(
    ("on", "condition", "value"),
    [
        (date(2026, 11, 25), "baik", None),
        (NEW, "hancur", None),
        (NEW, "baik", Decimal(-1)),
        (date(1066, 1, 1), "baik", None),
    ],
)
def test_a_finding_that_cannot_be_is_refused(
    works: Any, road: Asset, on: date, condition: str, value: Decimal | None
) -> None:
    with works.inside():
        with pytest.raises(DomainError):
            conditions.record(again(road), on, condition, value=value)
        assert findings() == 0


def test_the_trend_looks_at_the_condition_and_then_at_the_measured_value(works: Any, road: Asset) -> None:
    with works.inside():
        found = again(road)
        conditions.record(found, OLD, "sedang", value=Decimal(5))
        assert conditions.trend(conditions.history(found)) == ""
        conditions.record(found, NEW, "sedang", value=Decimal(7))
        assert conditions.trend(conditions.history(found)) == "worse"
        conditions.record(found, date(2026, 10, 1), "baik", value=Decimal(3))
        assert conditions.trend(conditions.history(found)) == "better"


def test_a_survey_is_read_with_semicolons_commas_and_short_conditions(works: Any, road: Asset) -> None:
    table = "No Ruas;Tanggal;Kondisi;IRI;Catatan\nk-1;14/09/2026;RR;9,5;retak buaya\nK-1;2025-09-14;B;3,25;\n"
    with works.inside(works.person("roads")):
        found = conditions.read_survey(table.encode("cp1252"), "road", "Survei PKRMS")
        assert (len(found.rows), found.bad) == (2, [])
        assert conditions.take_in(found, "survei.csv") == (2, 0)
        latest = conditions.history(again(road))[0]
        assert (latest.condition, latest.value, latest.source) == ("rusak_ringan", Decimal("9.50"), "Survei PKRMS")
        assert again(road).condition_on == date(2026, 9, 14)
        assert conditions.take_in(found, "survei.csv") == (0, 2)
        assert findings() == 2


def test_wrong_rows_of_a_survey_are_named_with_their_line(works: Any, road: Asset) -> None:
    with works.inside():
        assets.save(None, kind="road", code="L-9", name="Punya unit lain", unit_id=works.lamps)
    rows = ["kode,tanggal,kondisi,nilai", "K-1,2026-09-01,baik,3", "X-9,2026-09-01,baik,", "K-1,kemarin,baik,",
            "K-1,2026-09-02,bagus sekali,", "K-1,2026-09-01,sedang,", ",2026-09-01,baik,", "L-9,2026-09-01,baik,",
            "K-1,2027-01-01,baik,"]  # fmt: skip
    with works.inside(works.person("roads")):
        found = conditions.read_survey("\n".join(rows).encode(), "road", "")
        assert [line for line, _reason in found.bad] == [3, 4, 5, 6, 7, 8, 9]
        assert "baris 2" in found.bad[3][1] and len(found.rows) == 1
        with pytest.raises(DomainError, match="kondisi"):
            conditions.read_survey(b"kode,tanggal\nK-1,2026-09-01\n", "road", "")
        assert findings() == 0


@pytest.mark.parametrize(
    ("written", "grouped", "read"),
    [
        ("1.250", False, "1.250"),
        ("1.250", True, "1250"),
        ("1.234,5", False, "1234.5"),
        ("1,234.5", False, "1234.5"),
        ("0,85", False, "0.85"),
        (12.5, True, "12.5"),
    ],
)
def test_numbers_are_read_as_offices_write_them(written: Any, grouped: bool, read: str) -> None:
    assert asset_cells.number(written, grouped=grouped) == Decimal(read)


def test_a_column_with_a_comma_anywhere_groups_by_dots() -> None:
    assert asset_cells.dots_group(["1.250", "980,5"])
    assert asset_cells.dots_group(["1.250.000"])
    assert not asset_cells.dots_group(["1.250", "0.5"])
