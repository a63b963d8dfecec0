"""Who read whose data, at the desk: recorded by every page of people, listed for who may see the trail."""

from __future__ import annotations

from typing import Any

import pytest

from lumbung.identity.person import Person
from lumbung.testing import HouseClient, TestHouse


@pytest.fixture
def admin(house: TestHouse) -> Person:
    return house.person("sumbawa", "admin@a.id", roles=["admin"], name="Admin Dinas")


@pytest.fixture
def desk(house: TestHouse, admin: Person) -> HouseClient:
    return house.client("sumbawa", admin)


def test_pages_lists_and_files_of_people_are_recorded(house: TestHouse, desk: HouseClient, as_owner: Any) -> None:
    people = [house.person("sumbawa", f"warga{number}@a.id").id for number in range(30)]

    def told() -> list[tuple[Any, ...]]:
        rows = as_owner(
            "SELECT what, count(*), count(DISTINCT subject_id) FROM lumbung_access GROUP BY what ORDER BY 1"
        )
        as_owner("DELETE FROM lumbung_access")
        return rows

    assert desk.get("/admin/orang/").status_code == 200
    assert told() == [("person.list", 24, 24)]  # a page of 25 with oneself on it
    assert desk.get("/admin/orang/?q=warga2").status_code == 200
    assert told() == [("person.list", 11, 11)]
    for kind in ("csv", "xlsx"):
        assert desk.get(f"/admin/orang/?unduh={kind}").status_code == 200
        assert told() == [("person.export", 30, 30)]
    assert desk.get(f"/admin/orang/{people[0]}/").status_code == 200
    assert desk.get(f"/admin/orang/{people[0]}/ubah").status_code == 200
    assert told() == [("person.edit", 1, 1), ("person.page", 1, 1)]
    house.client("sumbawa", house.person("sumbawa", "warga1@a.id")).get(f"/admin/orang/{people[0]}/")
    theirs = house.person("sumbawabarat", "orang@b.id").id
    assert desk.get(f"/admin/orang/{theirs}/").status_code == 404
    assert told() == []


def test_the_log_shows_one_reader_or_one_person(house: TestHouse, desk: HouseClient, admin: Person) -> None:
    siti = house.person("sumbawa", "siti@a.id", name="Siti Rahmah").id
    umar = house.person("sumbawa", "umar@a.id", name="Umar Khalid").id
    assert "Belum ada pembacaan" in desk.get("/admin/akses/").get_data(as_text=True)
    for person in (siti, umar):
        page = desk.get(f"/admin/orang/{person}/").get_data(as_text=True)
        assert f"/admin/akses/?orang={person}" in page
    whole = desk.get("/admin/akses/").get_data(as_text=True)
    assert all(words in whole for words in ("Siti Rahmah", "Umar Khalid", "Membuka halaman orang", "Admin Dinas"))
    for query, shown, hidden in (
        (f"orang={siti}", "Siti Rahmah", "Umar Khalid"),
        ("q=umar", "Umar Khalid", "Siti Rahmah"),
        (f"pembaca={admin.id}", "Siti Rahmah", "Belum ada"),
        (f"pembaca={siti}&orang=x", "Siti Rahmah", "Umar Khalid"),
        ("dari=2999-01-01", "", "Siti Rahmah"),
    ):
        page = desk.get(f"/admin/akses/?{query}").get_data(as_text=True)
        assert shown in page and hidden not in page, query
    file = desk.get(f"/admin/akses/?orang={siti}&unduh=csv").get_data(as_text=True)
    assert file.count("\r\n") == 2 and "Admin Dinas;Siti Rahmah;Membuka halaman orang;person.page" in file


def test_the_log_is_for_who_may_see_the_trail_of_this_tenant(house: TestHouse, desk: HouseClient) -> None:
    siti = house.person("sumbawa", "siti@a.id", name="Siti Rahmah")
    desk.get(f"/admin/orang/{siti.id}/")
    other = house.client("sumbawabarat", house.person("sumbawabarat", "admin@b.id", roles=["admin"]))
    for query in ("", f"?orang={siti.id}", "?unduh=csv"):
        assert "Siti Rahmah" not in other.get(f"/admin/akses/{query}").get_data(as_text=True)
    assert house.client("sumbawa", siti).get("/admin/akses/").status_code == 403
    assert house.client("sumbawa").get("/admin/akses/").status_code == 302
