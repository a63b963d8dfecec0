"""The desk of boundaries: a file is looked at first, and then all of it is taken in, or nothing."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select

from lumbung.audit import AuditRow
from lumbung.geography.models import Boundary, BoundaryDraft
from lumbung.testing import HouseClient, TestHouse
from lumbung.testing.shapes import feature, geojson, polygon, shapefile_parts, square, zipped

HERE = "/admin/batas-wilayah"
LUNYUK = feature(polygon(square(117.0, -9.0)), KODE_KEC="52.04.02", WADMKC="Lunyuk")
ALAS = feature(polygon(square(117.2, -9.0)), KODE_KEC="52.04.05", WADMKC="Alas")
LOST = feature(polygon(square(117.4, -9.0)), WADMKC="Kecamatan <b>Entah</b>")


@pytest.fixture
def desk(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"], name="Pengelola"))


def send(desk: HouseClient, file: Any, name: str = "batas.geojson", source: str = "BIG 2024") -> Any:
    return desk.post_form(f"{HERE}/", {"file": (file, name), "source": source}, page=f"{HERE}/")


def loaded(house: TestHouse, tenant: str = "sumbawa") -> list[str]:
    with house.scope(tenant) as scope:
        return list(scope.session.scalars(select(Boundary.region_code).order_by(Boundary.region_code)))


def drafts(house: TestHouse) -> int:
    with house.scope("sumbawa") as scope:
        return len(scope.session.scalars(select(BoundaryDraft)).all())


def page_of(desk: HouseClient, path: str) -> str:
    answer = desk.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_an_empty_desk_says_what_boundaries_are_for_and_is_in_the_menu(desk: HouseClient) -> None:
    page = page_of(desk, f"{HERE}/")
    assert "Belum ada batas wilayah" in page
    assert f'href="{HERE}/"' in page_of(desk, "/admin/wilayah/")


def test_a_file_is_shown_first_and_taken_in_when_it_is_confirmed(house: TestHouse, desk: HouseClient) -> None:
    answer = send(desk, geojson(LUNYUK, ALAS, LOST))
    assert answer.status_code == 303
    assert loaded(house) == []
    preview = page_of(desk, answer.location)
    assert "Muat 2 batas" in preview
    assert "1 bentuk tidak dikenali dan tidak ikut dimuat" in preview
    assert "Kecamatan &lt;b&gt;Entah&lt;/b&gt;" in preview
    assert "22 wilayah tidak ada dalam berkas ini" in preview
    shapes = desk.get(f"{answer.location}peta.json").get_json()["features"]
    assert [one["properties"]["name"] for one in shapes] == ["Lunyuk", "Alas"]
    done = desk.post_form(f"{answer.location}muat", page=answer.location)
    assert (done.status_code, done.location) == (303, f"{HERE}/")
    assert loaded(house) == ["52.04.02", "52.04.05"]
    assert drafts(house) == 0
    page = page_of(desk, f"{HERE}/")
    assert "2 batas wilayah dimuat dari batas.geojson." in page
    assert "BIG 2024" in page and "Pengelola" in page
    assert len(desk.get(f"{HERE}/peta.json").get_json()["features"]) == 2
    assert "Memuat batas wilayah" in page_of(desk, "/admin/jejak/")


def test_a_zipped_shapefile_with_latitude_in_the_wrong_place_is_mended_and_said(desk: HouseClient) -> None:
    ring = [[y, x] for x, y in square(117.0, -9.0)]
    parts = shapefile_parts([([ring], {"NAMOBJ": "Lunyuk"})], epsg=None)
    answer = send(desk, zipped(parts), "batas.zip")
    preview = page_of(desk, answer.location)
    assert "Lintang dan bujur tertukar pada 1 bentuk" in preview
    assert ".prj tidak ada" in preview


def test_what_is_there_already_is_replaced_and_the_rest_stays(house: TestHouse, desk: HouseClient) -> None:
    house.boundary("52.04.02", LUNYUK["geometry"])
    house.boundary("52.04.05", ALAS["geometry"])
    answer = send(desk, geojson(feature(polygon(square(118.0, -9.0)), kode="520402")))
    assert "1 batas yang sudah ada akan diganti" in page_of(desk, answer.location)
    desk.post_form(f"{answer.location}muat", page=answer.location)
    with house.scope("sumbawa") as scope:
        west = {row.region_code: row.west for row in scope.session.scalars(select(Boundary))}
    assert west == {"52.04.02": 118.0, "52.04.05": 117.2}


@pytest.mark.parametrize(
    ("file", "name", "source", "said"),
    [
        (b"{}", "batas.geojson", "BIG", "GeoJSON"),
        (b"abc", "batas.exe", "BIG", "batas.exe"),
        (geojson(LOST).read(), "batas.geojson", "BIG", "Entah"),
        (geojson(LUNYUK).read(), "batas.geojson", "", "Tulis sumbernya."),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_form_and_nothing_is_kept(
    house: TestHouse, desk: HouseClient, file: bytes, name: str, source: str, said: str
) -> None:
    answer = send(desk, BytesIO(file), name, source)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert said in page
    assert f'value="{source}"' in page
    assert (loaded(house), drafts(house)) == ([], 0)


def test_without_a_file_it_is_asked_for(desk: HouseClient) -> None:
    answer = desk.post_form(f"{HERE}/", {"source": "BIG"}, page=f"{HERE}/")
    assert answer.status_code == 422
    assert "Pilih berkasnya." in answer.get_data(as_text=True)


def test_a_draft_can_be_thrown_away_and_then_is_gone(house: TestHouse, desk: HouseClient) -> None:
    address = send(desk, geojson(LUNYUK)).location
    assert desk.post_form(f"{address}batal", page=address).status_code == 303
    assert (loaded(house), drafts(house)) == ([], 0)
    assert desk.get(address).location == f"{HERE}/"
    assert desk.get(f"{address}peta.json").status_code == 404
    assert desk.post_form(f"{address}muat").status_code == 303
    assert loaded(house) == []


def test_one_boundary_is_removed_or_all_of_them(house: TestHouse, desk: HouseClient) -> None:
    for one in (LUNYUK, ALAS):
        house.boundary(one["properties"]["KODE_KEC"], one["geometry"])
    desk.post_form(f"{HERE}/hapus", {"kode": "52.04.02"}, page=f"{HERE}/")
    assert loaded(house) == ["52.04.05"]
    desk.post_form(f"{HERE}/hapus", {"kode": "52.04.99"}, page=f"{HERE}/")
    assert loaded(house) == ["52.04.05"]
    desk.post_form(f"{HERE}/hapus", {"kode": "semua"}, page=f"{HERE}/")
    assert loaded(house) == []
    with house.scope("sumbawa") as scope:
        things = scope.session.scalars(select(AuditRow.thing).where(AuditRow.action == "boundary.remove"))
        assert list(things) == ["Lunyuk", "Alas"]


def test_others_neither_see_nor_change_it(house: TestHouse, desk: HouseClient) -> None:
    address = send(desk, geojson(LUNYUK)).location
    house.boundary("52.04.05", ALAS["geometry"])
    editor = house.client("sumbawa", house.person("sumbawa", "humas@a.id", roles=["editor"]))
    for path in (f"{HERE}/", f"{HERE}/peta.json", address, f"{address}peta.json"):
        assert editor.get(path).status_code == 403, path
        assert house.client("sumbawa").get(path).status_code in (302, 303), path
    assert editor.post_form(f"{HERE}/hapus", {"kode": "semua"}).status_code == 403
    assert editor.post_form(f"{address}muat").status_code == 403
    neighbour = house.client("sumbawabarat", house.person("sumbawabarat", "admin@b.id", roles=["admin"]))
    assert neighbour.get(f"{address}peta.json").status_code == 404
    neighbour.post_form(f"{HERE}/hapus", {"kode": "semua"}, page=f"{HERE}/")
    assert loaded(house) == ["52.04.05"]
