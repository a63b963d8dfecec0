"""The trail of one thing, at the foot of its page."""

from __future__ import annotations

from uuid import UUID, uuid4

from lumbung import audit
from lumbung.context import current_scope
from lumbung.testing import HouseClient, TestHouse
from lumbung.web.trail import trail_of


def write(house: TestHouse, about: UUID | None, thing: str, *, tenant: str = "sumbawa") -> None:
    with house.scope(tenant) as scope:
        scope.address = "10.9.8.7"
        audit.record("unit.change", thing, about=about, reason="pindah")


def test_it_tells_of_this_thing_alone_newest_first_and_never_too_much(house: TestHouse) -> None:
    thing = uuid4()
    for number in range(4):
        write(house, thing, f"hal {number}")
    write(house, uuid4(), "hal lain")
    write(house, None, "hal tanpa pemilik")
    write(house, thing, "milik tetangga", tenant="sumbawabarat")
    with house.scope():
        assert [entry.text for entry in trail_of(thing, limit=3)] == [
            f"hal {number} · alasan: pindah" for number in (3, 2, 1)
        ]
        assert trail_of(uuid4()) == []


def test_the_name_of_the_page_is_not_said_in_every_line(house: TestHouse) -> None:
    thing = uuid4()
    write(house, thing, "DINKES")
    write(house, thing, "DINKES")
    with house.scope():
        assert {entry.text for entry in trail_of(thing)} == {"alasan: pindah"}


def desk(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"], name="Nurhayati"))


def test_the_page_of_a_person_tells_what_was_done_to_them_without_addresses(house: TestHouse) -> None:
    clerk = house.person("sumbawa", "loket@a.id")
    client = desk(house)
    client.post_form(
        f"/admin/orang/{clerk.id}/peran/", {"role": "officer", "unit": ""}, page=f"/admin/orang/{clerk.id}/"
    )
    page = client.get(f"/admin/orang/{clerk.id}/").get_data(as_text=True).partition("Riwayat perubahan")[2]
    assert "Memberi peran" in page
    assert "peran: Petugas" in page
    assert "Nurhayati" in page
    assert "127.0.0.1" not in page


def test_the_page_of_a_unit_tells_its_changes(house: TestHouse) -> None:
    unit = house.unit("sumbawa", "DINKES")
    page = desk(house).get(f"/admin/unit/{unit}/").get_data(as_text=True)
    assert "Menambah perangkat daerah" in page.partition("Riwayat perubahan")[2]


def test_a_removed_unit_is_still_told_of(house: TestHouse) -> None:
    unit = house.unit("sumbawa", "DINKES")
    desk(house).post_form(f"/admin/unit/{unit}/hapus", page="/admin/unit/")
    with house.scope():
        assert [entry.title for entry in trail_of(unit)] == ["Menghapus perangkat daerah", "Menambah perangkat daerah"]
        assert current_scope().person is None
