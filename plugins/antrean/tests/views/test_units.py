"""The desk of the queue in one of one's units: lists are narrowed, rights are not, and the page says so."""

from __future__ import annotations

import io
from dataclasses import dataclass
from uuid import UUID

import pytest
from lumbung_antrean.models import Counter, Location, Service
from lumbung_antrean.services import setup
from python_calamine import CalamineWorkbook

from lumbung.sdk import find_or_404
from lumbung.testing import HouseClient, TestHouse

from ..conftest import Office

LISTS = ("/antrean/loket/pilih", "/antrean/petugas", "/antrean/pengaturan", "/antrean/pengaturan/tutup")


@dataclass
class Region:
    """The small office in DUKCAPIL, and a clinic in PKM below DINKES."""

    units: dict[str, UUID]
    clinic: UUID


@pytest.fixture
def region(house: TestHouse, office: Office) -> Region:
    units = {
        "DUKCAPIL": house.unit("sumbawa", "DUKCAPIL"),
        "DINKES": house.unit("sumbawa", "DINKES"),
        "PKM": house.unit("sumbawa", "PKM", parent="DINKES"),
        "DISHUB": house.unit("sumbawa", "DISHUB"),
    }
    with office.inside():
        find_or_404(Location, office.location).unit_id = units["DUKCAPIL"]
        clinic = setup.save_location(None, name="Puskesmas Seketeng", unit_id=units["PKM"])
        service = setup.save_service(clinic, None, letter="P", name="Poli umum")
        setup.save_counter(clinic, None, [service], number=7)
        return Region(units, clinic.id)


def work_in(client: HouseClient, unit: UUID | str) -> None:
    assert client.post_form("/meja/unit", {"unit": str(unit)}, page="/meja/unit").status_code == 303


def content(client: HouseClient, path: str) -> str:
    return client.get(path).text.partition("<main")[2]


def test_lists_show_the_places_of_the_unit_and_of_those_below_it(
    manager: HouseClient, office: Office, region: Region
) -> None:
    for path in LISTS:
        assert "Disdukcapil" in content(manager, path) and "Seketeng" in content(manager, path), path
    work_in(manager, region.units["DINKES"])
    for path in LISTS:
        page = content(manager, path)
        assert "Seketeng" in page and "Disdukcapil" not in page, path
        assert "Halaman ini hanya memuat Unit DINKES dan unit di bawahnya." in page, path
    assert "Seketeng" in content(manager, "/antrean/hari-ini")
    assert "Seketeng" in content(manager, f"/antrean/hari-ini?lokasi={office.location}")
    work_in(manager, "")
    assert "Disdukcapil" in content(manager, "/antrean/pengaturan")


def test_the_recap_counts_the_unit_alone_and_says_so_on_the_page_the_sheet_and_paper(
    manager: HouseClient, office: Office, region: Region
) -> None:
    with office.inside():
        setup.save_location(None, name="Puskesmas Alas", unit_id=region.units["DINKES"])
    work_in(manager, region.units["DINKES"])
    assert "Disdukcapil" not in content(manager, "/antrean/rekap")
    for path in ("/antrean/rekap", "/antrean/rekap/cetak"):
        assert "Unit DINKES, 24 November 2026" in manager.get(path).text
    book = CalamineWorkbook.from_filelike(io.BytesIO(manager.get("/antrean/rekap.xlsx").data))
    assert str(book.get_sheet_by_index(0).to_python()[0][0]).startswith("Unit DINKES")


def test_a_unit_without_places_says_how_to_see_the_others(manager: HouseClient, region: Region) -> None:
    work_in(manager, region.units["DISHUB"])
    page = content(manager, "/antrean/hari-ini")
    assert "Belum ada lokasi di unit ini" in page
    assert "Tampilkan semua unit saya" in page


def test_a_place_of_another_of_my_units_still_opens_by_its_address(
    manager: HouseClient, office: Office, region: Region
) -> None:
    work_in(manager, region.units["DINKES"])
    assert manager.get(f"/antrean/pengaturan/lokasi/{office.location}").status_code == 200


def test_choosing_a_unit_opens_no_place_of_others(house: TestHouse, office: Office, region: Region) -> None:
    roles = [("antrean.manager", "DINKES")]
    client = house.client("sumbawa", house.person("sumbawa", "pkm@sumbawa.example", roles=roles))
    work_in(client, region.units["PKM"])
    refused = client.post_form("/meja/unit", {"unit": str(region.units["DUKCAPIL"])}, page="/meja/unit")
    assert refused.status_code == 403
    assert "Disdukcapil" not in content(client, "/antrean/pengaturan")
    assert client.get(f"/antrean/pengaturan/lokasi/{office.location}").status_code == 404


def test_a_new_place_begins_in_the_unit_one_works_in(manager: HouseClient, region: Region) -> None:
    work_in(manager, region.units["PKM"])
    page = manager.get("/antrean/pengaturan/lokasi/baru").text
    assert f'<option selected value="{region.units["PKM"]}">' in page


def test_pages_of_a_place_and_a_service_tell_what_was_changed(
    manager: HouseClient, office: Office, region: Region
) -> None:
    place = content(manager, f"/antrean/pengaturan/lokasi/{office.location}").partition("Riwayat perubahan")[2]
    assert "Menyimpan loket" in place and "Menyimpan lokasi" in place and "Poli umum" not in place
    service = content(manager, f"/antrean/pengaturan/layanan/{office.service}").partition("Riwayat perubahan")[2]
    assert "Menambah sesi" in service and "Menyimpan layanan" in service
    with office.inside():
        counter = find_or_404(Counter, office.counters[4])
        setup.delete(counter)
        assert find_or_404(Service, office.service)
    place = content(manager, f"/antrean/pengaturan/lokasi/{office.location}").partition("Riwayat perubahan")[2]
    assert "Menghapus loket" in place


def test_the_page_of_a_ticket_tells_of_its_cancelling(manager: HouseClient, office: Office) -> None:
    path = office.path()
    manager.post_form(path, {"name": "Aminah", "phone": "081234567890", "consent": "y"}, page=path)
    page = content(manager, "/antrean/hari-ini")
    ticket = page.partition("/antrean/petugas/tiket/")[2].partition('"')[0]
    where = f"/antrean/petugas/tiket/{ticket}"
    assert "Riwayat perubahan" not in content(manager, where)
    manager.post_form(f"{where}/batal", {"reason": "Salah layanan"}, page=where)
    page = content(manager, where).partition("Riwayat perubahan")[2]
    assert "Membatalkan nomor atas nama kantor" in page
    assert "alasan: Salah layanan" in page
