"""Whose boundary a shape is: by a code in whatever spelling, else by name, else it is listed with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from lumbung.geography.features import Feature
from lumbung.geography.matching import Matching, dotted, match, plain_name
from lumbung.testing.shapes import polygon, square


def matching(*rows: dict[str, Any], own: str = "52.04") -> Matching:
    shape = polygon(square(117.4, -8.5))
    return match([Feature(shape, row, number) for number, row in enumerate(rows, start=1)], own)


def found(*rows: dict[str, Any], own: str = "52.04") -> list[str]:
    return [one.region.code for one in matching(*rows, own=own).matches]


@pytest.mark.parametrize(
    "properties",
    [
        {"KODE_KEC": "52.04.08"},
        {"kode": "520408"},
        {"kd_kecamatan": 520408},
        {"KdKec": 520408.0},
        {"ADM3_PCODE": "ID520408"},
        {"KDCPUM": "52.04.08", "KDPPUM": "52", "KDPKAB": "52.04", "KDCBPS": "5204080"},
        {"Kode Wilayah": " 52 04 08 "},
        {"id": "52.04.08"},
        {"WADMKC": "SUMBAWA"},
        {"Kecamatan": "Kec. Sumbawa"},
        {"NAMOBJ": "kecamatan  sumbawa"},
        {"WADMKK": "Sumbawa", "WADMKC": "Sumbawa", "WADMKD": None},
        {"ADM3_EN": "Sumbawa", "ADM3_PCODE": "ID5204080"},
    ],
)
def test_a_district_is_found_however_it_is_written(properties: dict[str, Any]) -> None:
    assert found(properties) == ["52.04.08"]


@pytest.mark.parametrize(
    "properties",
    [
        {"KDEPUM": "52.04.02.2001", "KDCPUM": "52.04.02"},
        {"kode_desa": 5204022001},
        {"WADMKD": "Lunyuk Rea", "WADMKC": "Lunyuk"},
        {"KDPKAB": "52.04", "WADMKD": "lunyuk-rea"},
        {"KDCPUM": "52.04.02", "NAMOBJ": "Lunyuk Rea"},
    ],
)
def test_a_village_is_found_and_not_taken_for_what_it_lies_in(properties: dict[str, Any]) -> None:
    row = matching(properties, {"KDCPUM": "52.04.02", "NAMOBJ": "Lunyuk Ode"}, {"NAMOBJ": "Jamu"})
    assert next(one.region.code for one in row.matches) == "52.04.02.2001"
    assert all(one.region.code.count(".") == 3 for one in row.matches)


def test_an_unknown_village_is_never_given_to_its_regency_or_district() -> None:
    result = matching({"WADMKD": "Desa Baru Sekali", "KDPKAB": "52.04"}, {"WADMKD": "Jamu", "WADMKC": "Lunyuk"})
    assert [one.region.name for one in result.matches] == ["Jamu"]
    (lost,) = result.unmatched
    assert (lost.feature.row, lost.why, lost.name) == (1, "unknown", "Desa Baru Sekali")


def test_codes_of_the_statistics_office_are_not_taken_for_others() -> None:
    result = matching({"KDCBPS": "520408", "IDKEC": "5204080", "WADMKC": "Lunyuk"})
    assert [one.region.code for one in result.matches] == ["52.04.02"]


def test_the_regency_itself_is_found_but_not_a_city_of_its_name() -> None:
    assert found({"WADMKK": "Sumbawa"}) == ["52.04"]
    assert found({"KABUPATEN": "Kab. Sumbawa"}) == ["52.04"]
    assert found({"WADMKK": "Kota Bima"}, {"WADMKK": "Bima"}, own="52.06") == ["52.06"]
    assert found({"WADMKK": "Kota Bima"}, own="52.72") == ["52.72"]


def test_shapes_of_other_regencies_are_passed_over_and_counted() -> None:
    result = matching(
        {"KDCPUM": "52.07.01", "WADMKC": "Taliwang"},
        {"WADMKK": "Bima", "WADMKC": "Lape"},
        {"WADMKK": "Sumbawa", "WADMKC": "Lape"},
    )
    assert ([one.region.name for one in result.matches], result.elsewhere) == (["Lape"], 2)
    assert result.unmatched == ()


def test_a_name_that_occurs_twice_is_left_to_the_officer_unless_its_district_is_known() -> None:
    from collections import Counter

    from lumbung.sdk import districts, villages

    names = Counter(village.name for village in villages("52.04"))
    twice = next(name for name, count in names.items() if count > 1)
    codes = [village.code for village in villages("52.04") if village.name == twice]
    (lost,) = matching({"WADMKD": twice}, {"WADMKD": "Jamu"}).unmatched
    assert (lost.why, lost.hint) == ("ambiguous", ", ".join(codes))
    above = next(one.name for one in districts("52.04") if codes[1].startswith(one.code))
    assert found({"WADMKD": twice, "WADMKC": above}) == [codes[1]]


def test_a_code_and_a_name_that_disagree_are_pointed_out() -> None:
    (one,) = matching({"KDCPUM": "52.04.08", "WADMKC": "Moyo Hilir"}).matches
    assert (one.region.name, one.doubt) == ("Sumbawa", "Moyo Hilir")


def test_several_shapes_of_one_region_go_together() -> None:
    (one,) = matching({"WADMKC": "Labuhan Badas"}, {"WADMKC": "LABUHAN BADAS"}).matches
    assert one.rows == [1, 2]


def test_what_has_no_area_and_what_says_nothing_is_listed() -> None:
    lines = match([Feature({"type": "Point", "coordinates": [117, -8]}, {"WADMKC": "Lape"}, 7)], "52.04")
    assert [(one.feature.row, one.why) for one in lines.unmatched] == [(7, "no_area")]
    assert [one.why for one in matching({"luas": 12}).unmatched] == ["no_name"]


def test_regions_without_a_shape_are_listed() -> None:
    result = matching({"WADMKC": "Lape"}, {"WADMKC": "Lunyuk"})
    assert len(result.missing) == 22
    assert matching({"WADMKK": "Sumbawa"}).missing == ()


def test_codes_and_names_are_made_comparable() -> None:
    assert [dotted(text) for text in ("52", "5204", "ID520408", "52.04.08.1001", 5204081001)] == [
        "52", "52.04", "52.04.08", "52.04.08.1001", "52.04.08.1001"
    ]  # fmt: skip
    assert [dotted(text) for text in ("5204080", "abc", "", "52.04.08.1001.1", None)] == [None] * 5
    assert plain_name("KEC. Moyo  Hilir") == plain_name("moyo-hilir") == "moyohilir"
    assert plain_name("Kabupaten Sumbawa") == plain_name("Sumbawa")
    assert plain_name("Desa") == "desa"
