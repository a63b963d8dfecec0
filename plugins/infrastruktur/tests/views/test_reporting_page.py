"""A citizen reports damage over HTTP: one page, what is refused, similar reports, what is sent twice."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from lumbung_infrastruktur.models import Category, Photo, Question, Report
from sqlalchemy import func, select

from lumbung.sdk import find_or_404, session
from lumbung.testing import HouseClient, TestHouse

from ..conftest import PLACE, SEKETENG, Works

LAPOR = "/infrastruktur/lapor"
HOLE = {"category": "jalan_berlubang", "description": "Lubang di depan pasar", "severity": "berat"}
HERE = {"lat": str(PLACE[0]), "lon": str(PLACE[1])}


def send(client: HouseClient, *photos: bytes, **given: Any) -> Any:
    """Send the form of the page, with photos."""
    data = {**HOLE, **HERE, **given}
    data["photos"] = [(io.BytesIO(one), f"foto{n}.jpg") for n, one in enumerate(photos)]
    return client.post_form(LAPOR, data, page=LAPOR, content_type="multipart/form-data")


def count(works: Works, model: type = Report) -> int:
    with works.inside():
        return int(session.scalar(select(func.count()).select_from(model)) or 0)


@pytest.fixture
def visitor(works: Works) -> HouseClient:
    """Somebody without an account."""
    return works.client()


def test_a_visitor_reports_and_sees_number_link_and_dates(works: Works, visitor: HouseClient, jpeg: Any) -> None:
    answer = send(visitor, jpeg(lat=PLACE[0], lon=PLACE[1]), **{"jawaban-jalan_berlubang-ukuran": "besar"})
    assert answer.status_code == 303
    page = visitor.get(answer.location)
    for shown in ("L26-000001", "<svg", "27 November 2026", "14 Desember 2026", "Halaman ini milik Anda"):
        assert shown in page.text, shown
    public = visitor.get("/infrastruktur/laporan/L26-000001")
    assert "Selebar motor" in public.text
    assert "Warga Kabupaten Sumbawa" in public.text
    with works.inside():
        report = session.scalars(select(Report)).one()
        assert (report.severity, report.channel, report.answers) == ("berat", "web", {"ukuran": "besar"})
        assert report.token not in public.text


def test_the_page_is_the_same_for_everybody_so_that_a_phone_may_keep_it(works: Works) -> None:
    def bare(client: HouseClient) -> str:
        text = client.get(LAPOR).text
        form = text[text.index('<form method="post" action="/infrastruktur/lapor"') : text.index("</main>")]
        return re.sub(r'name="(csrf_token|lb_once)" value="[^"]*"', "", form)

    assert bare(works.client()) == bare(works.client("citizen")) == bare(works.client("manager"))


def test_somebody_signed_in_is_known_and_finds_their_report_at_home(works: Works) -> None:
    client = works.client("citizen")
    answer = send(client)
    with works.inside():
        report = session.scalars(select(Report)).one()
        assert report.person_id == works.person("citizen").id
        assert report.reporter_name == "Citizen"
        assert not report.show_name
    assert "L26-000001 · Jalan berlubang" in client.get("/").text
    assert "Citizen" not in works.client().get("/infrastruktur/laporan/L26-000001").text
    assert "L26-000001" not in works.client("head").get("/").text
    assert answer.status_code == 303


def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(works: Works, visitor: HouseClient) -> None:
    for changes, says in (
        ({"category": ""}, "Pilih apa yang rusak."),
        ({"category": "tidak_ada"}, "Pilihan itu tidak ada lagi"),
        ({"lat": "", "lon": ""}, "Tempatnya belum ada"),
        ({"lat": "abc"}, "Tulis derajat sebagai angka"),
        ({"lon": ""}, "Isi lintang dan bujur keduanya"),
        ({"email": "siti@"}, "Alamat surel ini tidak lengkap"),
        ({"phone": "12"}, "Nomor ponsel ini tidak dikenali"),
        ({"website": "http://iklan"}, "hanya untuk menolak program"),
        ({"jawaban-jalan_berlubang-ukuran": "raksasa"}, "pilih salah satu yang tersedia"),
        ({"village": "32.73.01.1001", "lat": "", "lon": ""}, "Desa atau kelurahan itu tidak ada"),
    ):
        answer = send(visitor, **changes)
        assert answer.status_code == 422, changes
        assert says in answer.text, says
        assert "Lubang di depan pasar" in answer.text
    assert "Ceritakan kerusakannya" in send(visitor, description=" ").text
    assert "bukan gambar" in send(visitor, b"bukan gambar").text or "foto0.jpg" in send(visitor, b"x" * 99).text
    assert "Paling banyak 4 foto" in send(visitor, *[b"x"] * 5).text
    assert count(works) == 0


def test_a_comma_in_degrees_and_a_village_alone_are_taken(works: Works, visitor: HouseClient) -> None:
    assert send(visitor, lat="-8,4936", lon="117,4207").status_code == 303
    assert send(visitor, lat="", lon="", village=SEKETENG).status_code == 303
    with works.inside():
        places = [(one.lat, one.village_code) for one in session.scalars(select(Report).order_by(Report.number))]
    assert places == [(-8.4936, ""), (None, SEKETENG)]


def test_questions_of_another_category_are_not_read_and_required_ones_are_asked_for(
    works: Works, visitor: HouseClient
) -> None:
    with works.inside():
        session.add(Question(category_id=works.lamp, code="tiang", text="Nomor tiang?", required=True))
    wrong = send(visitor, category="lampu_mati", **{"jawaban-jalan_berlubang-ukuran": "besar"})
    assert wrong.status_code == 422
    assert "Jawab dulu: Nomor tiang?" in wrong.text
    part = wrong.text[wrong.text.index('data-infra-questions="lampu_mati"') :][:60]
    assert "hidden" not in part, "its questions are open, script or not"
    assert send(visitor, category="lampu_mati", **{"jawaban-lampu_mati-tiang": "T-12"}).status_code == 303
    with works.inside():
        assert session.scalars(select(Report)).one().answers == {"tiang": "T-12"}


def test_without_a_script_a_category_is_opened_with_its_questions(works: Works, visitor: HouseClient) -> None:
    assert 'data-infra-questions="jalan_berlubang" hidden disabled' in visitor.get(LAPOR).text
    page = visitor.get(f"{LAPOR}?kategori=jalan_berlubang").text
    assert 'data-infra-questions="jalan_berlubang">' in page
    assert visitor.get(f"{LAPOR}?kategori=%00aneh").status_code in (200, 400)


def test_similar_reports_are_shown_before_another_is_made(works: Works, visitor: HouseClient) -> None:
    works.report(description="Lubang lama di pasar")
    part = visitor.get(f"{LAPOR}/serupa?kategori=jalan_berlubang&lat={PLACE[0]}&lon={PLACE[1]}").text
    assert "Lubang lama di pasar" in part and "0 meter" in part
    assert "L26" not in visitor.get(f"{LAPOR}/serupa?kategori=lampu_mati&lat={PLACE[0]}&lon={PLACE[1]}").text
    assert visitor.get(f"{LAPOR}/serupa?kategori=x&lat=a&lon=").status_code == 200
    step = send(visitor)
    assert step.status_code == 422
    assert "Laporan Anda belum dikirim" in step.text and "Lubang lama di pasar" in step.text
    assert count(works) == 1
    assert send(visitor, tetap="ya").status_code == 303
    assert count(works) == 2


def test_sent_twice_by_a_phone_it_counts_once(works: Works, visitor: HouseClient, jpeg: Any) -> None:
    key = "0123456789abcdef0123"
    first = send(visitor, jpeg(), kunci=key)
    again = send(works.client(), jpeg(), kunci=key, tetap="ya")
    assert again.status_code == first.status_code == 303
    assert again.location == first.location
    assert send(visitor, kunci="pendek", tetap="ya").location != first.location
    assert count(works) == 2


def test_the_same_photo_is_not_taken_for_another_report_of_the_kind(
    works: Works, visitor: HouseClient, jpeg: Any
) -> None:
    assert send(visitor, jpeg()).status_code == 303
    refused = send(visitor, jpeg(), tetap="ya", description="Lagi")
    assert refused.status_code == 422
    assert "sudah dikirim dengan laporan L26-000001" in refused.text
    assert send(visitor, jpeg(), category="lampu_mati").status_code == 303
    assert count(works) == 2
    assert count(works, Photo) == 2


def test_reporting_too_often_with_one_number_is_stopped(works: Works, visitor: HouseClient) -> None:
    codes = [send(visitor, phone="0812 3456 7890", category="x").status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]
    assert count(works) == 0


def test_a_closed_category_is_not_offered_and_without_any_the_page_says_so(works: Works, visitor: HouseClient) -> None:
    with works.inside():
        for category in session.scalars(select(Category)):
            category.open = category.id == works.lamp
    text = visitor.get(LAPOR).text
    assert "Lampu jalan mati" in text and "Jalan berlubang" not in text
    assert send(visitor).status_code == 422
    with works.inside():
        find_or_404(Category, works.lamp).open = False
    assert "Belum ada yang dapat dilaporkan" in visitor.get(LAPOR).text


def test_another_government_knows_neither_page_nor_report(house: TestHouse, works: Works) -> None:
    works.report()
    stranger = house.client("sumbawabarat")
    for path in (LAPOR, "/infrastruktur/", "/infrastruktur/laporan/L26-000001", "/infrastruktur/cari"):
        assert stranger.get(path).status_code == 404


def test_an_english_reader_gets_an_english_category(works: Works, visitor: HouseClient) -> None:
    visitor.post_form("/bahasa", {"language": "en", "next": LAPOR}, page=LAPOR)
    text = visitor.get(LAPOR).text
    assert "Pothole" in text and "How large is the hole?" in text


def test_the_search_of_the_portal_finds_kinds_and_numbers(works: Works, visitor: HouseClient) -> None:
    works.report()
    assert "/infrastruktur/lapor?kategori=lampu_mati" in visitor.get("/cari?q=lampu+gelap").text
    assert "L26-000001" in visitor.get("/cari?q=L26-000001").text
