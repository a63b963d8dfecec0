"""The desk over HTTP: the console, the information desk, settings, the recap, and who may go where."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from lumbung_antrean.models import Closure, Counter, Holiday, Location, Service, Slot, Ticket
from lumbung_antrean.rules.states import State
from python_calamine import CalamineWorkbook
from sqlalchemy import select, text

from lumbung.sdk import find_or_404, session
from lumbung.testing import HouseClient, TestHouse

from ..conftest import TODAY, TOMORROW, Office, press

Line = Callable[..., list[UUID]]


def states(office: Office) -> list[str]:
    with office.inside():
        return [str(state) for state in session.scalars(select(Ticket.state).order_by(Ticket.number))]


def act_on(client: HouseClient, ticket: UUID, act: str) -> Any:
    return press(client, f"/antrean/loket/tiket/{ticket}/{act}", page="/antrean/loket")


def test_operator_calls_recalls_serves_and_finishes(operator: HouseClient, office: Office, line: Line) -> None:
    first, _second = line("", "")
    page = press(operator, "/antrean/loket/panggil")
    assert "A001" in page.text
    assert "Dipanggil" in page.text
    for act, state in (("ulang", "called"), ("mulai", "serving"), ("selesai", "done")):
        assert act_on(operator, first, act).status_code == 200
        assert states(office)[0] == state
    assert "Panggil berikutnya" in operator.get("/antrean/loket").text


def test_finishing_and_calling_is_one_press(operator: HouseClient, office: Office, line: Line) -> None:
    first, second = line("", "")
    operator.post_form("/antrean/loket/panggil")
    act_on(operator, first, "mulai")
    operator.post_form(f"/antrean/loket/selesai-panggil/{first}")
    assert states(office) == ["done", "called"]
    act_on(operator, second, "mulai")
    page = press(operator, f"/antrean/loket/selesai-panggil/{second}")
    assert "Belum ada yang menunggu" in page.text
    assert states(office) == ["done", "done"]


def test_illegal_press_is_said_and_changes_nothing(operator: HouseClient, office: Office, line: Line) -> None:
    (first,) = line("")
    operator.post_form("/antrean/loket/panggil")
    assert "tidak dapat diubah menjadi selesai" in act_on(operator, first, "selesai").text
    assert states(office) == ["called"]
    assert act_on(operator, first, "hapus").status_code == 404
    assert act_on(operator, UUID(int=1), "mulai").status_code == 404


def test_operator_skips_hands_on_and_declares_a_no_show(operator: HouseClient, office: Office, line: Line) -> None:
    ids = line("", "", "")
    for ticket, act, state in ((ids[0], "lewati", "skipped"), (ids[1], "tidak-hadir", "no_show")):
        operator.post_form("/antrean/loket/panggil")
        act_on(operator, ticket, act)
        with office.inside():
            assert find_or_404(Ticket, ticket).state == state
    operator.post_form("/antrean/loket/panggil")
    where = f"/antrean/loket/tiket/{ids[2]}/alihkan"
    assert "Pilih loket atau layanan" in press(operator, where, {"ke": "bulan"}).text
    operator.post_form(where, {"ke": f"loket:{office.counters[1]}"})
    assert states(office)[2] == "transferred"


def test_counter_is_remembered_and_can_be_left(operator: HouseClient, office: Office) -> None:
    assert "Loket 1" in operator.get("/antrean/loket").text
    operator.post_form("/antrean/loket/tinggalkan", page="/antrean/loket")
    assert operator.get("/antrean/loket").location == "/antrean/loket/pilih"


def test_console_lists_who_waits_and_renews_that_part_alone(operator: HouseClient, office: Office, line: Line) -> None:
    line("", "lansia")
    part = operator.get("/antrean/loket/isi").text
    assert "A001" in part
    assert "<html" not in part
    assert 'data-antrean-key="b"' in operator.get("/antrean/loket").text


def test_officer_checks_in_by_code_and_cancels_with_a_reason(manager: HouseClient, office: Office) -> None:
    path = office.path()
    manager.post_form(path, {"name": "Aminah", "phone": "081234567890", "consent": "y"}, page=path)
    with office.inside():
        ticket = session.scalars(select(Ticket)).one()
    page = press(manager, "/antrean/hari-ini/hadir", {"code": ticket.code})
    assert "tercatat hadir" in page.text
    assert states(office) == ["waiting"]
    assert "Tidak ada tiket" in press(manager, "/antrean/hari-ini/hadir", {"code": "XXXX"}).text
    where = f"/antrean/petugas/tiket/{ticket.id}/batal"
    assert "Isi alasan" in press(manager, where, {"reason": ""}).text
    assert "Salah layanan" in press(manager, where, {"reason": "Salah layanan"}).text
    assert states(office) == ["cancelled"]


def test_officer_books_for_somebody_who_stands_there(manager: HouseClient, office: Office) -> None:
    path = f"/antrean/petugas/{office.service}?tanggal={TODAY}"
    data = {"slot": str(office.slot), "name": "Nenek Hawa", "nik": "5204084101450001", "priority": "lansia"}
    assert "Pilih jam" in manager.post_form(path, {**data, "slot": ""}, page=path).text
    page = press(manager, path, {**data, "arrived": "y"}, page=path)
    assert "•••• 0001" in page.text
    assert "5204084101450001" not in page.text
    with office.inside():
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.channel, ticket.state, ticket.priority) == ("staff", State.WAITING, "lansia")


def test_todays_numbers_are_found_by_number_name_and_state(manager: HouseClient, office: Office, line: Line) -> None:
    line("", "")
    for query, shown in (("q=A002", True), ("q=warga", True), ("status=waiting", True), ("status=done", False)):
        assert ("A002" in manager.get(f"/antrean/hari-ini?{query}").text) == shown, query


def test_todays_numbers_are_sorted_filtered_and_taken_away(manager: HouseClient, office: Office, line: Line) -> None:
    first, second = line("", "lansia")
    with office.inside():
        code = find_or_404(Ticket, second).code
        find_or_404(Ticket, first).channel = "kiosk"

    def shown(query: str) -> list[str]:
        return re.findall(r"<strong>(A\d+)</strong>", manager.get(f"/antrean/hari-ini?{query}").text)

    assert shown("urut=-nomor") == ["A002", "A001"]
    assert shown("urut=layanan") == shown("urut=apa&layanan=x&cara=x") == ["A001", "A002"]
    assert shown("cara=kiosk") == ["A001"]
    assert shown(f"q={code[:5]}-{code[5:]}") == shown(f"q={code[:5].lower()}") == ["A002"]
    assert shown(f"q={code[:2]}") == []
    assert shown(f"layanan={office.service}&status=waiting") == ["A001", "A002"]
    sheet = CalamineWorkbook.from_filelike(
        io.BytesIO(manager.get("/antrean/hari-ini?unduh=xlsx&urut=-nomor&status=waiting").data)
    ).get_sheet_by_index(0)
    rows = sheet.to_python()
    assert [row[0] for row in rows] == ["Nomor", "A002", "A001"]
    assert rows[1][5] == "Lansia (60 tahun ke atas)"
    assert code not in str(rows)


def test_checking_in_from_the_list_leads_back_to_it_as_it_was(manager: HouseClient, office: Office) -> None:
    path = office.path()
    manager.post_form(path, {"name": "Aminah", "phone": "081234567890", "consent": "y"}, page=path)
    page = manager.get("/antrean/hari-ini?urut=-nomor").text
    act = re.search(r'action="(/antrean/petugas/tiket/[^"]+/hadir)".*?name="kembali" value="([^"]+)"', page)
    assert act
    back = act[2].replace("&amp;", "&")
    assert "urut=-nomor" in back
    answer = manager.post_form(act[1], {"kembali": back}, page="/antrean/hari-ini")
    assert answer.location == back
    assert manager.post_form(act[1], {"kembali": "//evil.example"}, page="/antrean/hari-ini").location == (
        act[1].removesuffix("/hadir")
    )
    assert states(office) == ["waiting"]


def test_administrator_sets_up_an_office_from_nothing(house: TestHouse) -> None:
    client = house.client("sumbawa", house.person("sumbawa", "admin@sumbawa.example", roles=["admin"]))
    assert "Tambahkan tempat pertama" in client.get("/antrean/pengaturan").text

    def fill(path: str, data: dict[str, Any]) -> str:
        answer = client.post_form(path, data, page=path)
        assert answer.status_code == 302, answer.text
        return re.sub("^https?://[^/]+", "", answer.location)

    place = fill("/antrean/pengaturan/lokasi/baru", {
        "name": "Kantor Camat Alas", "recall_after": 5, "recall_times": 2, "regular_per_priority": 2, "open": "y",
    })  # fmt: skip
    service = fill(f"{place}/layanan/baru", {
        "letter": "a", "name": "Surat Pengantar", "minutes": 5, "horizon_days": 7, "cutoff_minutes": 30, "open": "y",
    })  # fmt: skip
    fill(f"{service}/sesi/baru", {
        "weekdays": ["0", "1", "2", "3", "4", "5", "6"], "starts": "00:00", "ends": "23:59", "quota": 20,
    })  # fmt: skip
    with house.scope("sumbawa", plugin="antrean"):
        letter = session.scalars(select(Service)).one()
        assert (letter.letter, len(letter.slots)) == ("A", 7)
        service_id = letter.id
    fill(f"{place}/loket/baru", {"number": 1, "services": [str(service_id)], "open": "y"})
    assert house.client().get(f"/antrean/ambil/{service_id}").status_code == 200


def test_wrong_setup_is_refused_with_a_sentence_and_kept_on_the_form(manager: HouseClient, office: Office) -> None:
    sessions = f"/antrean/pengaturan/layanan/{office.service}/sesi/baru"
    for path, data, says in (
        (sessions, {"weekdays": ["0"], "starts": "10:00", "ends": "09:00", "quota": 5}, "sesudah jam mulai"),
        (sessions, {"weekdays": ["0"], "starts": "08:30", "ends": "09:30", "quota": 5}, "bertumpuk"),
        (sessions, {"starts": "10:00", "ends": "11:00", "quota": 5}, "sedikitnya satu hari"),
        (
            sessions,
            {"weekdays": ["0"], "starts": "10:00", "ends": "11:00", "quota": 5, "quota_web": 9},
            "lebih besar daripada kuota",
        ),
        (
            f"/antrean/pengaturan/lokasi/{office.location}/loket/baru",
            {"number": 1, "services": [str(office.service)]},
            "Loket 1 sudah ada",
        ),
        (f"/antrean/pengaturan/lokasi/{office.location}/loket/baru", {"number": 8}, "sedikitnya satu layanan"),
    ):
        answer = manager.post_form(path, data, page=path)
        assert answer.status_code == 422
        assert says in answer.text, says


def test_changing_closing_and_deleting_things(manager: HouseClient, office: Office, line: Line) -> None:
    line("")
    where = f"/antrean/pengaturan/sesi/{office.slot}"
    manager.post_form(where, {"starts": "08:00", "ends": "08:45", "quota": 12}, page=where)
    with office.inside():
        slot = find_or_404(Slot, office.slot)
        assert (slot.quota, slot.open) == (12, False)
    page = press(manager, f"/antrean/pengaturan/sesi/{office.slot}/hapus", page=where)
    assert "Tutup saja" in page.text
    manager.post_form(f"/antrean/pengaturan/loket/{office.counters[4]}/hapus", page=where)
    with office.inside():
        assert session.get(Counter, (1, office.counters[4])) is None
        old = find_or_404(Location, office.location).kiosk_key
    manager.post_form(f"/antrean/pengaturan/lokasi/{office.location}/kios", page=where)
    assert manager.get(f"/antrean/kios/{old}").status_code == 404


def test_holidays_are_added_imported_and_removed(manager: HouseClient, office: Office) -> None:
    page = "/antrean/pengaturan/libur"
    manager.post_form(page, {"date": "2026-12-01", "name": "Hari Jadi", "location": ""}, page=page)
    assert "Hari Jadi" in manager.get(page).text
    assert (
        "sudah tercatat"
        in manager.post_form(page, {"date": "2026-12-01", "name": "Hari Jadi", "location": ""}, page=page).text
    )
    manager.post_form(f"{page}/impor", {"year": "2027", "joint_leave": "y"}, page=page)
    with office.inside():
        rows = session.scalars(select(Holiday)).all()
        assert len(rows) > 15
        first = min(rows, key=lambda row: row.date)
    manager.post_form(f"{page}/{first.id}/hapus", page=page)
    assert "Hari Jadi" not in manager.get(page).text


def test_sudden_closing_lists_whom_to_ring(manager: HouseClient, office: Office) -> None:
    path = office.path(TODAY)
    manager.post_form(path, {"name": "Siti Aminah", "phone": "081234567890", "consent": "y"}, page=path)
    page = "/antrean/pengaturan/tutup"
    data = {"date": str(TODAY), "what": f"{office.location}:", "reason": "Jaringan pusat terputus"}
    assert "Beri tanda bila Anda yakin" in manager.post_form(page, data, page=page).text
    manager.post_form(page, {**data, "sure": "y"}, page=page)
    text = manager.get(page).text
    assert "Siti Aminah" in text
    assert "+6281234567890" in text
    with office.inside():
        closure = session.scalars(select(Closure)).one()
    manager.post_form(f"{page}/{closure.id}/buka", page=page)
    assert "Tidak ada penutupan" in manager.get(page).text


def test_recap_is_on_the_page_in_a_workbook_and_on_paper(
    manager: HouseClient, operator: HouseClient, office: Office, line: Line
) -> None:
    assert "Belum ada nomor pada rentang ini" in manager.get("/antrean/rekap").text
    (first,) = line("")
    operator.post_form("/antrean/loket/panggil")
    act_on(operator, first, "mulai")
    act_on(operator, first, "selesai")
    query = f"dari={TODAY}&sampai={TOMORROW}"
    page = manager.get(f"/antrean/rekap?{query}").text
    assert "A Perekaman KTP-el" in page
    assert "Syamsul Bahri" in page
    assert "lb-signature" in manager.get(f"/antrean/rekap/cetak?{query}").text
    book = CalamineWorkbook.from_filelike(io.BytesIO(manager.get(f"/antrean/rekap.xlsx?{query}").data))
    assert book.sheet_names[:2] == ["Per hari", "Per layanan"]
    numbers = book.get_sheet_by_name("Semua nomor").to_python()
    assert numbers[-1][3:5] == ["A001", "Selesai"]
    assert manager.get("/antrean/rekap?dari=2026-11-24&sampai=2026-11-01").status_code == 422


@pytest.mark.parametrize(
    ("role", "pages"),
    [
        (None, []),
        ("antrean.information", ["hari-ini", "petugas"]),
        ("antrean.operator", ["hari-ini", "petugas", "loket/pilih"]),
        ("antrean.head", ["rekap", "rekap.xlsx", "rekap/cetak"]),
        (
            "antrean.manager",
            [
                "hari-ini",
                "petugas",
                "loket/pilih",
                "rekap",
                "rekap.xlsx",
                "rekap/cetak",
                "pengaturan",
                "pengaturan/libur",
                "pengaturan/tutup",
            ],
        ),
    ],
)
def test_each_role_opens_its_own_pages_only(
    house: TestHouse, office: Office, role: str | None, pages: list[str]
) -> None:
    person = house.person("sumbawa", "petugas@sumbawa.example", roles=[role] if role else [])
    client = house.client("sumbawa", person)
    every = ["hari-ini", "petugas", "loket/pilih", "rekap", "rekap.xlsx", "rekap/cetak", "pengaturan",
             "pengaturan/libur", "pengaturan/tutup"]  # fmt: skip
    opened = [page for page in every if client.get(f"/antrean/{page}").status_code == 200]
    assert set(pages) <= set(opened)
    assert set(opened) <= set(pages) | (
        {"rekap.xlsx", "rekap/cetak", "pengaturan/tutup"} if "manager" in str(role) else set()
    )
    for page in every:
        assert house.client().get(f"/antrean/{page}").status_code == 302


def test_officer_of_one_unit_gets_no_further_than_that_unit(house: TestHouse, office: Office, line: Line) -> None:
    (ticket,) = line("")
    house.unit("sumbawa", "PKM")
    person = house.person("sumbawa", "puskesmas@sumbawa.example", roles=[("antrean.manager", "PKM")])
    client = house.client("sumbawa", person)
    assert "Disdukcapil" not in client.get("/antrean/pengaturan").text
    assert "Disdukcapil" not in client.get("/antrean/loket/pilih").text
    for path in (
        f"pengaturan/lokasi/{office.location}",
        f"pengaturan/layanan/{office.service}",
        f"pengaturan/sesi/{office.slot}",
        f"pengaturan/loket/{office.counters[0]}",
        f"petugas/{office.service}",
        f"petugas/tiket/{ticket}",
    ):
        assert client.get(f"/antrean/{path}").status_code == 404, path
    for path, data in (
        (f"loket/{office.counters[0]}/duduk", {}),
        (f"petugas/tiket/{ticket}/batal", {"reason": "Iseng saja"}),
        (f"pengaturan/sesi/{office.slot}/hapus", {}),
        (f"pengaturan/lokasi/{office.location}/kios", {}),
    ):
        assert client.post_form(f"/antrean/{path}", data).status_code == 404, path
    assert client.post_form("/antrean/pengaturan/libur/impor", {"year": "2027"}).status_code == 403
    assert states(office) == ["waiting"]


def test_opening_somebodys_number_is_recorded(
    house: TestHouse, manager: HouseClient, office: Office, line: Line
) -> None:
    (number, nobodys) = line("", "")
    citizen = house.person("sumbawa", "warga@sumbawa.example").id
    with office.inside():
        find_or_404(Ticket, number).person_id = citizen
    for path in (f"petugas/tiket/{number}", f"petugas/tiket/{nobodys}", "hari-ini", "hari-ini?unduh=csv"):
        assert manager.get(f"/antrean/{path}").status_code == 200
    with office.inside():
        query = text("SELECT what, subject_id, plugin FROM lumbung_access")
        assert set(map(tuple, session.execute(query))) == {
            (f"antrean.ticket.{how}", citizen, "antrean") for how in ("page", "list", "export")
        }
