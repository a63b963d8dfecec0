"""What becomes of a report, for everybody and for its reporter: pages, photos, supports, rating, finding it again."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import pytest
from lumbung_infrastruktur.models import Photo, Report, Support
from lumbung_infrastruktur.services import workflow
from lumbung_infrastruktur.services.reporting import Reporter
from sqlalchemy import select

from lumbung.sdk import find_or_404, read_picture, session
from lumbung.testing import HouseClient, TestHouse, frozen_clock

from ..conftest import Works, press

ROOM = "/infrastruktur"
SITI = Reporter(name="Siti Aminah", email="siti@contoh.id", phone="0812 3456 7890")


@pytest.fixture
def report_id(works: Works, jpeg: Any) -> UUID:
    """A pothole that Siti reported, with a photo that is shown."""
    made = works.report(reporter=SITI, photos=[read_picture(jpeg())])
    with works.inside():
        session.scalars(select(Photo)).one().shown = True
    return made


@pytest.fixture
def visitor(works: Works) -> HouseClient:
    """Somebody without an account."""
    return works.client()


def own(works: Works, report_id: UUID) -> str:
    """The path of the reporter's page."""
    with works.inside():
        return f"{ROOM}/ikuti/{find_or_404(Report, report_id).token}"


def state_of(works: Works, report_id: UUID) -> str:
    with works.inside():
        return find_or_404(Report, report_id).state


def finish(works: Works, report_id: UUID) -> None:
    with works.inside():
        report = find_or_404(Report, report_id)
        workflow.route(report, works.roads)
        workflow.finish(report, "Sudah ditambal")


def test_the_public_page_tells_what_happened_and_names_nobody(works: Works, report_id: UUID) -> None:
    with works.inside(works.person("verifier")):
        report = find_or_404(Report, report_id)
        workflow.verify(report)
        workflow.reply(report, "Catatan dalam", internal=True)
        workflow.route(report, works.roads, "Segera")
    text = works.client().get(f"{ROOM}/laporan/l26-1").text
    for shown in ("Lubang dalam di depan pasar", "Didisposisikan kepada", "Perjalanan laporan", "Unit PUPR", "<svg"):
        assert shown in text, shown
    for kept in ("Siti", "siti@contoh.id", "0812", "6281", "Catatan dalam", "Verifier", own(works, report_id)):
        assert kept not in text, kept


def test_photos_are_shown_with_an_etag_and_never_when_hidden(
    works: Works, visitor: HouseClient, report_id: UUID
) -> None:
    with works.inside():
        photo = session.scalars(select(Photo)).one().id
    path, mine = f"{ROOM}/foto/{photo}", f"{own(works, report_id)}/foto/{photo}"
    first = visitor.get(path)
    assert (first.mimetype, first.headers["Cache-Control"]) == ("image/jpeg", "public, max-age=3600")
    assert visitor.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert len(visitor.get(f"{path}/kecil").data) < len(first.data)
    assert works.house.client("sumbawabarat").get(path).status_code == 404
    with works.inside():
        session.scalars(select(Photo)).one().shown = False
    assert visitor.get(path).status_code == visitor.get(f"{path}/kecil").status_code == 404
    assert visitor.get(mine).headers["Cache-Control"] == "private, no-cache"
    assert visitor.get(f"{mine}?kecil").status_code == 200
    other = works.report()
    assert visitor.get(f"{own(works, other)}/foto/{photo}").status_code == 404


@pytest.mark.parametrize("visibility", ["held", "hidden"])
def test_a_report_that_is_held_or_hidden_is_nowhere_but_on_its_reporters_page(
    works: Works, visitor: HouseClient, report_id: UUID, visibility: str
) -> None:
    with works.inside():
        find_or_404(Report, report_id).visibility = visibility
        photo = session.scalars(select(Photo)).one().id
    unknown = visitor.get(f"{ROOM}/laporan/L26-999999")
    hidden = visitor.get(f"{ROOM}/laporan/L26-000001")
    assert hidden.status_code == unknown.status_code == 404
    assert visitor.get(f"{ROOM}/foto/{photo}").status_code == 404
    assert visitor.post_form(f"{ROOM}/laporan/L26-000001/dukung").status_code == 404
    for path in ("/", "/lapor/serupa?kategori=jalan_berlubang&lat=-8.4936&lon=117.4207"):
        assert "L26-000001" not in visitor.get(f"{ROOM}{path}").text
        assert "Lubang dalam" not in visitor.get(f"{ROOM}{path}").text
    assert "/infrastruktur/laporan/" not in visitor.get("/cari?q=L26-000001").text
    assert "umum" in visitor.get(own(works, report_id)).text


def test_a_visitor_supports_once_and_a_link_ends_it(works: Works, visitor: HouseClient, report_id: UUID) -> None:
    path, page = f"{ROOM}/laporan/L26-000001/dukung", f"{ROOM}/laporan/L26-000001"
    assert visitor.get(path).status_code == 405
    assert "Alamat surel ini tidak lengkap" in visitor.post_form(path, {"email": "ani@"}, page=page).text
    assert "Anda akan diberi kabar" in press(visitor, path, {"email": "ani@contoh.id"}, page=page).text
    assert "sudah tercatat" in press(visitor, path, page=page).text
    with works.inside():
        assert find_or_404(Report, report_id).supports == 1
        token = session.scalars(select(Support)).one().token
    end = f"{ROOM}/ikuti/dukungan/{token}"
    assert "Berhenti" in visitor.get(end).text
    with works.inside():
        assert find_or_404(Report, report_id).supports == 1  # looking ends nothing
    assert "sudah dicabut" in visitor.post_form(end, page=end).text
    assert visitor.get(end).status_code == 404
    with works.inside():
        assert find_or_404(Report, report_id).supports == 0


def test_somebody_signed_in_supports_and_stops_on_the_page(works: Works, report_id: UUID) -> None:
    client, page = works.client("citizen"), f"{ROOM}/laporan/L26-000001"
    assert "Berhenti mendukung" in press(client, f"{page}/dukung", page=page).text
    assert "dicabut" in press(client, f"{page}/berhenti", page=page).text
    with works.inside():
        assert find_or_404(Report, report_id).supports == 0


def test_a_duplicate_leads_to_the_main_report(works: Works, visitor: HouseClient, report_id: UUID) -> None:
    twin = works.report()
    with works.inside():
        workflow.merge(find_or_404(Report, twin), find_or_404(Report, report_id))
    for path in (f"{ROOM}/laporan/L26-000002", own(works, twin)):
        assert f"{ROOM}/laporan/L26-000001" in visitor.get(path).text
    assert f"{ROOM}/laporan/L26-000002" in visitor.get(f"{ROOM}/laporan/L26-000001").text
    with works.inside():
        find_or_404(Report, report_id).visibility = "hidden"
    assert f"{ROOM}/laporan/L26-000001" not in visitor.get(f"{ROOM}/laporan/L26-000002").text
    assert visitor.post_form(f"{ROOM}/laporan/L26-000002/dukung").status_code == 404


def test_the_reporter_adds_words_that_the_public_does_not_read(
    works: Works, visitor: HouseClient, report_id: UUID, jpeg: Any
) -> None:
    page = own(works, report_id)
    data = {"text": "Rumah saya di seberangnya", "photos": [(io.BytesIO(jpeg("#444444")), "a.jpg")]}
    answer = visitor.post_form(f"{page}/tambah", data, page=page, content_type="multipart/form-data")
    assert "Rumah saya di seberangnya" in visitor.get(answer.location).text
    public = visitor.get(f"{ROOM}/laporan/L26-000001").text
    assert "Rumah saya" not in public
    assert "Pelapor menambah keterangan" in public
    empty = visitor.post_form(f"{page}/tambah", {"text": ""}, page=page)
    assert empty.status_code == 422
    assert "Tulis sesuatu, atau pilih foto" in empty.text


def test_the_reporter_rates_what_was_mended_once(works: Works, visitor: HouseClient, report_id: UUID) -> None:
    page = own(works, report_id)
    assert "Bagaimana hasilnya" not in visitor.get(page).text
    finish(works, report_id)
    wrong = visitor.post_form(f"{page}/nilai", {"note": "Rapi"}, page=page)
    assert wrong.status_code == 422
    assert "Pilih 1 sampai 5 bintang" in wrong.text and "Rapi" in wrong.text
    assert "Terima kasih" in press(visitor, f"{page}/nilai", {"stars": "4", "note": "Rapi"}, page=page).text
    assert state_of(works, report_id) == "ditutup"
    assert "tidak dapat dinilai" in press(visitor, f"{page}/nilai", {"stars": "1"}, page=page).text
    public = visitor.get(f"{ROOM}/laporan/L26-000001").text
    assert "4 dari 5 bintang" in public
    assert "Rapi" not in public


def test_the_reporter_reopens_within_the_days_of_the_office(
    house: TestHouse, works: Works, visitor: HouseClient, report_id: UUID
) -> None:
    page = own(works, report_id)
    finish(works, report_id)
    with works.inside():
        workflow.close(find_or_404(Report, report_id))
    assert visitor.post_form(f"{page}/buka", {"reason": " "}, page=page).status_code == 422
    with frozen_clock("2027-01-10T08:00+08:00"):
        assert "Belum beres" not in visitor.get(page).text
        assert "tidak dapat dibuka kembali" in press(visitor, f"{page}/buka", {"reason": "Rusak"}, page=page).text
    assert state_of(works, report_id) == "ditutup"
    assert "akan ditangani lagi" in press(visitor, f"{page}/buka", {"reason": "Masih berlubang"}, page=page).text
    assert state_of(works, report_id) == "dibuka_kembali"


def test_the_reporter_takes_their_contact_back(works: Works, visitor: HouseClient, report_id: UUID) -> None:
    page = own(works, report_id)
    assert "sudah dihapus" in press(visitor, f"{page}/hapus-kontak", page=page).text
    with works.inside():
        report = find_or_404(Report, report_id)
        assert (report.reporter_name, report.reporter_email, report.phone_key) == ("", None, None)
    assert "Hapus kontak saya" not in visitor.get(page).text


def test_a_report_is_found_by_number_and_contact_and_by_nothing_less(
    works: Works, visitor: HouseClient, report_id: UUID
) -> None:
    path, page = f"{ROOM}/cari", own(works, report_id)
    for contact in ("Siti@Contoh.id", "+62 812 3456 7890"):
        assert visitor.post_form(path, {"number": "l26 1", "contact": contact}).location.endswith(page)
    answers = [
        visitor.post_form(path, data)
        for data in (
            {"number": "L26-000001", "contact": "ani@contoh.id"},
            {"number": "L26-000002", "contact": "siti@contoh.id"},
        )
    ]
    assert [one.status_code for one in answers] == [422, 422]
    assert all("Tidak ada laporan dengan nomor dan kontak itu" in one.text for one in answers)
    assert "Nomor laporan seperti" in visitor.post_form(path, {"number": "abc", "contact": "x"}).text
    codes = [visitor.post_form(path, {"number": "L26-000001", "contact": "x"}).status_code for _ in range(18)]
    assert codes[-1] == 429


def test_a_guessed_link_and_another_governments_host_find_nothing(works: Works, report_id: UUID) -> None:
    page = own(works, report_id)
    assert works.client().get(f"{ROOM}/ikuti/tebakan").status_code == 404
    assert works.client().get(f"{ROOM}/ikuti/dukungan/tebakan").status_code == 404
    assert works.house.client("sumbawabarat").get(page).status_code == 404
    assert works.client().get(page).headers["X-Robots-Tag"] == "noindex"


def test_the_first_page_shows_the_newest_reports(works: Works, visitor: HouseClient) -> None:
    assert "Belum ada laporan" in visitor.get(f"{ROOM}/").text
    works.report()
    assert f"{ROOM}/laporan/L26-000001" in visitor.get(f"{ROOM}/").text
