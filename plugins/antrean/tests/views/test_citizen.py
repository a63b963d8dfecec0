"""What a citizen meets, over HTTP: booking, the ticket, finding it again, the live queue."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from lumbung_antrean.models import Location, Service, Ticket
from lumbung_antrean.rules.states import State
from lumbung_antrean.services import booking, closures, setup
from sqlalchemy import func, select

from lumbung.sdk import find_or_404, session
from lumbung.testing import HouseClient, TestHouse, frozen_clock

from ..conftest import TODAY, TOMORROW, Office, press

AMINAH = {"name": "Siti Aminah", "phone": "0812 3456 7890", "priority": "", "consent": "y"}


def take(client: HouseClient, office: Office, **changes: Any) -> Any:
    path = office.path(changes.pop("day", TODAY))
    return client.post_form(path, {**AMINAH, **changes}, page=path)


def count(office: Office) -> int:
    with office.inside():
        return int(session.scalar(select(func.count()).select_from(Ticket)) or 0)


def ticket_of(office: Office) -> Ticket:
    with office.inside():
        return session.scalars(select(Ticket)).one()


def test_citizen_walks_from_the_list_of_places_to_a_number(house: TestHouse, office: Office) -> None:
    client = house.client()
    step = client.get("/antrean/")
    assert "Perekaman KTP-el" in step.text
    step = client.get(f"/antrean/ambil/{office.service}")
    assert f"/antrean/ambil/{office.service}/{TOMORROW}" in step.text
    step = client.get(f"/antrean/ambil/{office.service}/{TODAY}")
    assert office.path() in step.text
    answer = take(client, office)
    assert answer.status_code == 302
    page = client.get(answer.location)
    assert page.status_code == 200
    for shown in ("A001", "<svg", "08.00", "KK asli", "Saya sudah tiba", "Cetak karcis"):
        assert shown in page.text, shown


def test_form_that_is_wrong_keeps_what_was_typed_and_takes_no_number(house: TestHouse, office: Office) -> None:
    client = house.client()
    for changes, says in (
        ({"name": ""}, "Isi nama lengkap."),
        ({"phone": "12"}, "Nomor ponsel ini tidak dikenali"),
        ({"nik": "123"}, "NIK terdiri atas 16 angka"),
        ({"phone": ""}, "Isi NIK atau nomor ponsel"),
        ({"consent": ""}, "Beri tanda setuju"),
    ):
        answer = take(client, office, **changes)
        assert answer.status_code == 422
        assert says in answer.text
        assert changes.get("name") == "" or "Siti Aminah" in answer.text
    assert count(office) == 0


def test_second_number_on_the_same_day_is_refused_on_the_form(house: TestHouse, office: Office) -> None:
    client = house.client()
    assert take(client, office).status_code == 302
    answer = take(client, office)
    assert answer.status_code == 422
    assert "sudah punya nomor aktif" in answer.text
    assert count(office) == 1


def test_booking_too_often_with_one_phone_is_stopped(house: TestHouse, office: Office) -> None:
    client = house.client()
    assert [take(client, office).status_code for _time in range(7)] == [302, 422, 422, 422, 422, 422, 429]


def test_closed_days_lead_back_to_the_calendar_that_says_why(house: TestHouse, office: Office) -> None:
    with office.inside():
        closures.add_holiday(TOMORROW, "Hari Jadi Sumbawa")
    client = house.client()
    for day, says in (
        (TOMORROW, "Libur: Hari Jadi Sumbawa"),
        (TODAY - timedelta(days=1), "sudah lewat"),
        (TODAY + timedelta(days=60), "sampai tanggal"),
    ):
        answer = client.get(client.get(f"/antrean/ambil/{office.service}/{day}").location)
        assert answer.status_code == 200
        assert says in answer.text
    assert "tutup" in client.get(f"/antrean/ambil/{office.service}").text


def test_nonsense_addresses_are_not_found(house: TestHouse, office: Office) -> None:
    client = house.client()
    unknown = UUID(int=7)
    for path in (
        f"ambil/{unknown}", f"ambil/{office.service}/kemarin", f"lokasi/{unknown}", f"langsung/{unknown}",
        f"layar/{unknown}", "kios/tebakan", "t/TIDAKADA12", f"ambil/{office.service}/2026-13-45/{office.slot}",
    ):  # fmt: skip
        assert client.get(f"/antrean/{path}").status_code == 404, path


def test_ticket_can_be_given_back_once_and_only_by_post(house: TestHouse, office: Office) -> None:
    client = house.client()
    with frozen_clock("2026-11-24T06:00+08:00"):
        page = take(client, office).location
        assert client.get(f"{page}/batal").status_code == 405
        answer = press(client, f"{page}/batal", page=page)
        assert "dibatalkan" in answer.text
        assert "tidak dapat diubah" in press(client, f"{page}/batal", page=page).text
    assert ticket_of(office).state == State.CANCELLED


def test_citizen_reports_arrival_with_the_address_of_the_qr_code(house: TestHouse, office: Office) -> None:
    client = house.client()
    page = take(client, office).location
    assert ticket_of(office).state == State.BOOKED
    answer = press(client, f"{page}/hadir", page=page)
    assert "Anda tercatat hadir" in answer.text
    assert ticket_of(office).state == State.WAITING


def test_ticket_is_found_with_code_and_phone_and_with_nothing_less(house: TestHouse, office: Office) -> None:
    client = house.client()
    page = take(client, office).location
    code = page.rsplit("/", 1)[-1]
    found = client.post_form("/antrean/cari", {"code": f"{code[:5]}-{code[5:]}".lower(), "phone": "+6281234567890"})
    assert found.location.endswith(f"/antrean/t/{code}")
    for data in ({"code": code, "phone": "081299999999"}, {"code": "ABCDEFGH23", "phone": "081234567890"}):
        refused = client.post_form("/antrean/cari", data)
        assert refused.status_code == 422
        assert "Tidak ada nomor antrean dengan kode dan nomor ponsel itu" in refused.text


def test_office_that_cancelled_is_named_with_its_reason(house: TestHouse, office: Office) -> None:
    client = house.client()
    page = take(client, office).location
    with office.inside():
        closures.close_day(find_or_404(Location, office.location), TODAY, "Jaringan pusat terputus")
    text = client.get(page).text
    assert "Dibatalkan oleh kantor" in text
    assert "Jaringan pusat terputus" in text


def test_signed_in_citizen_finds_their_numbers_and_nobody_elses(house: TestHouse, office: Office) -> None:
    jafar = house.client("sumbawa", house.person("sumbawa", "jafar@sumbawa.example"))
    hawa = house.client("sumbawa", house.person("sumbawa", "hawa@sumbawa.example"))
    assert take(jafar, office, phone="").status_code == 302
    assert "A001" in jafar.get("/antrean/tiket-saya").text
    assert "A001" not in hawa.get("/antrean/tiket-saya").text
    assert house.client().get("/antrean/tiket-saya").status_code == 302
    assert "A001 · Perekaman KTP-el" in jafar.get("/").text


def test_live_queue_needs_no_sign_in_and_names_nobody(
    house: TestHouse, office: Office, line: Callable[..., list[UUID]]
) -> None:
    take(house.client(), office)
    line("", "lansia")
    for path in (f"/antrean/langsung/{office.location}", f"/antrean/langsung/{office.location}/isi"):
        text = house.client().get(path).text
        assert "Menunggu" in text
        assert "Aminah" not in text


def test_printed_ticket_fits_the_roll_and_the_sheet(house: TestHouse, office: Office) -> None:
    client = house.client()
    page = take(client, office).location
    for paper in ("thermal80", "thermal58", "a4"):
        answer = client.get(f"{page}/cetak?kertas={paper}")
        assert f"lb-{paper}" in answer.text
        assert "A001" in answer.text
    assert client.get(f"{page}/cetak?kertas=a3").status_code == 404


def test_full_session_is_shown_and_offers_the_other_hour(house: TestHouse, office: Office) -> None:
    with office.inside():
        slot = office.slot_on(TODAY)
        setup.save_slot(slot, starts=slot.starts, ends=slot.ends, quota=0)
    client = house.client()
    assert "penuh" in client.get(f"/antrean/ambil/{office.service}/{TODAY}").text
    answer = take(client, office)
    assert answer.status_code == 422
    assert "Sesi pukul 09.00 pada hari yang sama masih tersedia" in answer.text


def test_closed_service_disappears_but_its_tickets_stay(house: TestHouse, office: Office) -> None:
    client = house.client()
    page = take(client, office).location
    with office.inside():
        find_or_404(Service, office.service).open = False
    assert client.get(f"/antrean/ambil/{office.service}").status_code == 404
    assert client.get(page).status_code == 200


def test_another_government_does_not_know_the_queue_nor_its_tickets(house: TestHouse, office: Office) -> None:
    page = take(house.client(), office).location
    stranger = house.client("sumbawabarat")
    for path in ("/antrean/", office.path(), page, "/antrean/static/antrean.css", f"/antrean/layar/{office.location}"):
        assert stranger.get(re.sub("^https?://[^/]+", "", path)).status_code == 404


def test_open_data_counts_and_hides_medians_of_a_few(house: TestHouse, office: Office) -> None:
    take(house.client(), office)
    rows = house.client().get("/antrean/data/antrean.json").get_json()["baris"]
    assert rows == [
        {
            "tanggal": "2026-11-24", "lokasi": "Disdukcapil", "layanan": "Perekaman KTP-el",
            "nomor_diambil": 1, "dilayani": 0, "median_tunggu_detik": None,
        }
    ]  # fmt: skip
    assert house.client().get("/antrean/data/antrean.csv").text.splitlines()[0].startswith("tanggal,lokasi")


def test_english_reader_gets_english_words(house: TestHouse, office: Office) -> None:
    client = house.client()
    client.post_form("/bahasa", {"language": "en", "next": "/antrean/"}, page="/antrean/")
    text = client.get("/antrean/").text
    assert "Take a queue number" in text
    assert "Ambil nomor antrean" not in text
    with office.inside():
        assert booking.open_tickets_of(UUID(int=1)) == []
