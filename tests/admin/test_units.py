"""The tree of units, and regions."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lumbung.tenancy.models import Unit
from lumbung.tenancy.services import unit_tree
from lumbung.testing import HouseClient, TestHouse

FORM = {"code": "dinkes", "name": "Dinas Kesehatan", "parent": "", "region_code": "", "address": "Jalan Garuda"}


@pytest.fixture
def desk(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))


def tree(house: TestHouse) -> list[tuple[int, str]]:
    with house.scope("sumbawa") as scope:
        return [(depth, unit.code) for depth, unit in unit_tree(scope.session)]


def test_a_unit_is_added_moved_and_removed(house: TestHouse, desk: HouseClient) -> None:
    setda = house.unit("sumbawa", "SETDA")
    assert desk.post_form("/admin/unit/tambah", FORM).status_code == 303
    assert tree(house) == [(0, "SETDA"), (0, "DINKES")]
    dinkes = house.unit("sumbawa", "DINKES")
    moved = desk.post_form(f"/admin/unit/{dinkes}/", {**FORM, "parent": str(setda)})
    assert moved.status_code == 303
    assert tree(house) == [(0, "SETDA"), (1, "DINKES")]
    assert desk.post_form(f"/admin/unit/{dinkes}/hapus").status_code == 303
    assert tree(house) == [(0, "SETDA")]


@pytest.mark.parametrize(
    ("field", "value"),
    [("code", "SETDA"), ("code", "ada spasi"), ("name", ""), ("region_code", "99.99"), ("parent", "bukan-id")],
)
def test_a_bad_form_keeps_what_was_typed(house: TestHouse, desk: HouseClient, field: str, value: str) -> None:
    house.unit("sumbawa", "SETDA")
    answer = desk.post_form("/admin/unit/tambah", {**FORM, field: value})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in page
    assert "Jalan Garuda" in page
    assert tree(house) == [(0, "SETDA")]


def test_a_unit_is_never_placed_below_itself(house: TestHouse, desk: HouseClient) -> None:
    top, below = house.unit("sumbawa", "DINKES"), house.unit("sumbawa", "PKM", parent="DINKES")
    for parent in (top, below):
        answer = desk.post_form(f"/admin/unit/{top}/", {**FORM, "parent": str(parent)})
        assert answer.status_code == 422
    assert tree(house) == [(0, "DINKES"), (1, "PKM")]


def test_a_unit_in_use_stays_and_the_reason_is_said(house: TestHouse, desk: HouseClient) -> None:
    unit = house.unit("sumbawa", "DINKES")
    house.person("sumbawa", "o@a.id", roles=[("officer", "DINKES")])
    answer = desk.post_form(f"/admin/unit/{unit}/hapus")
    assert answer.status_code == 422
    assert "masih dipakai" in answer.get_data(as_text=True)
    assert tree(house) == [(0, "DINKES")]


def test_a_unit_of_another_tenant_is_not_found(house: TestHouse, desk: HouseClient) -> None:
    foreign = house.unit("sumbawabarat", "SETDA")
    assert desk.get(f"/admin/unit/{foreign}/").status_code == 404
    assert desk.post_form(f"/admin/unit/{foreign}/", FORM).status_code == 404
    assert desk.post_form(f"/admin/unit/{foreign}/hapus").status_code == 404
    assert desk.post_form("/admin/unit/tambah", {**FORM, "parent": str(foreign)}).status_code == 422
    with house.scope("sumbawabarat") as scope:
        assert scope.session.scalars(select(Unit.code)).all() == ["SETDA"]


def test_the_regions_are_those_of_the_tenant(house: TestHouse, desk: HouseClient) -> None:
    page = desk.get("/admin/wilayah/").get_data(as_text=True)
    assert "24 kecamatan, 165 desa/kelurahan" in page
    assert "Lunyuk" in page


@pytest.mark.parametrize(("words", "found"), [("labuhan bajo", "Utan"), ("84373", "Lunyuk"), ("LANTUNG", "Lantung")])
def test_a_village_is_found_by_name_or_postal_code(desk: HouseClient, words: str, found: str) -> None:
    page = desk.get("/admin/wilayah/", query_string={"q": words}).get_data(as_text=True)
    assert f"<strong>{found}</strong>" in page
    assert "<strong>Buer</strong>" not in page


def test_words_that_fit_no_region_say_so(desk: HouseClient) -> None:
    assert "Tidak ada yang cocok" in desk.get("/admin/wilayah/?q=zzz").get_data(as_text=True)
