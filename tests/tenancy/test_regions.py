"""Regions by their official codes: gaps and all."""

from __future__ import annotations

from lumbung.tenancy.regions import districts, find_region, regions_in, villages


def test_sumbawa_has_24_districts_and_165_villages() -> None:
    assert len(districts("52.04")) == 24
    assert len(villages("52.04")) == 165
    assert len(districts("52.07")) == 8


def test_codes_have_gaps_and_are_looked_up_never_counted() -> None:
    codes = {region.code for region in districts("52.04")}
    for gap in ("01", "03", "04", "15", "16"):
        assert f"52.04.{gap}" not in codes
        assert find_region(f"52.04.{gap}") is None
    assert all(find_region(code) for code in codes)


def test_a_region_has_its_name_kind_and_what_lies_below() -> None:
    regency = find_region("52.04")
    assert regency is not None
    assert (regency.code, regency.kind) == ("52.04", "kabupaten")
    assert "Sumbawa" in regency.name
    district = districts("52.04")[0]
    assert district.kind == "kecamatan"
    assert {village.kind for village in villages("52.04")} == {"desa", "kelurahan"}
    assert villages(district.code) == regions_in(district.code)


def test_what_is_no_code_is_no_region() -> None:
    for code in ("", "99", "52.04.", "sumbawa", "52.04'--", "٥٢.٠٤"):
        assert find_region(code) is None, code
