"""What work costs, and the ways of a work order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from lumbung_infrastruktur.rules import work
from lumbung_infrastruktur.rules.work import Line, OrderState

from lumbung.sdk import DomainError

D = Decimal


@pytest.mark.parametrize(
    ("quantity", "price", "cost"),
    [
        ("2.5", 185_000, 462_500),
        ("0.33", 1_250, 413),  # 412.50: half goes up
        ("0.5", 1, 1),
        ("1.15", 99, 114),  # 113.85
        ("0.01", 49, 0),
        ("12", 0, 0),
    ],
)
def test_a_line_costs_quantity_times_price_in_whole_rupiah_half_up(quantity: str, price: int, cost: int) -> None:
    assert work.amount(D(quantity), price) == cost


def test_a_total_is_the_sum_of_the_lines_as_they_stand_on_paper() -> None:
    """Three lines of Rp 412.50 are Rp 413 each: 1,239 together, though 3 times 412.50 is 1,237.50."""
    assert work.total([(D("0.33"), 1_250)] * 3) == 1_239
    aspal, men, roller = (D("2.5"), 185_000), (D("4"), 110_000), (D("1.5"), 350_000)
    assert work.total([aspal, men, roller]) == 462_500 + 440_000 + 525_000 == 1_427_500
    assert work.total([]) == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [("2,5", "2.5"), ("2.5", "2.5"), ("1.250", "1250"), ("1.250,5", "1250.5"), ("1,250.5", "1250.5"), ("7", "7")],
)
def test_quantities_are_read_as_offices_write_them(text: str, found: str) -> None:
    assert work.quantity(text) == D(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [("185000", 185_000), ("185.000", 185_000), ("Rp 185.000", 185_000), ("Rp185.000,00", 185_000), ("", 0)],
)
def test_prices_are_read_as_offices_write_them(text: str, found: int) -> None:
    assert work.rupiah(text) == found


@pytest.mark.usefixtures("works")
class TestRefusals:
    """What is not taken; the sentences are in the reader's language, so a house stands around."""

    @pytest.mark.parametrize("text", ["dua", "1,2,3x", "--", "1/2"])
    def test_what_is_no_number_is_refused(self, works: Any, text: str) -> None:
        with works.inside(), pytest.raises(DomainError, match="bukan angka"):
            work.quantity(text)

    @pytest.mark.parametrize("text", ["18,5", "banyak", "-5", "1.2.3"])
    def test_what_is_no_price_is_refused(self, works: Any, text: str) -> None:
        with works.inside(), pytest.raises(DomainError, match="bukan harga"):
            work.rupiah(text)

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            (Line("", D(1)), "Isi nama"),
            (Line("Aspal", D(0)), "di atas 0"),
            (Line("Aspal", D("NaN")), "di atas 0"),
            (Line("Aspal", D("1.234")), "dua angka"),
            (Line("Aspal", D(1), price=-1), "Harga"),
            (Line("Aspal", D(1), price=10**15), "Harga"),
            (Line("Aspal", D(1), kind="gold"), "tidak dikenal"),
            (Line("A" * 121, D(1)), "120 huruf"),
        ],
    )
    def test_lines_that_cannot_be_are_refused_by_name(self, works: Any, line: Line, why: str) -> None:
        with works.inside(), pytest.raises(DomainError, match=why):
            work.checked(line)

    def test_only_the_ways_of_the_table_are_open(self, works: Any) -> None:
        with works.inside():
            for before in OrderState:
                for after in OrderState:
                    if after in work.TRANSITIONS[before]:
                        work.check("K26-000001", before, after)
                    else:
                        with pytest.raises(DomainError, match="K26-000001"):
                            work.check("K26-000001", before, after)
