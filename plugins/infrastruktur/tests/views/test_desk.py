"""A report's page over HTTP: its acts, its photos, moderation, and who may go where."""

from __future__ import annotations

import io
import re
from typing import Any
from uuid import UUID

from lumbung_infrastruktur.models import Photo, ReplyTemplate, Report
from lumbung_infrastruktur.services import workflow
from lumbung_infrastruktur.services.reporting import Reporter
from sqlalchemy import select

from lumbung.sdk import find_or_404, read_picture, session
from lumbung.testing import readings_of

from ..conftest import PLACE, SEKETENG, press
from .desk_help import HERE, act, change, log, now_is, page_of, stamp


def test_the_page_tells_everything_and_offers_what_the_state_allows(works: Any) -> None:
    report_id = works.report(answers={"ukuran": "besar"}, address="Depan Pasar Seketeng")
    page = works.client("verifier").get(page_of(report_id)).text
    for told in ("Lubang dalam di depan pasar", "Selebar motor", "Pasar Seketeng", "hari kerja", "Jawaban pertama"):
        assert told in page, told
    assert 'id="desk-verifikasi"' in page and 'id="desk-tolak"' in page and 'id="desk-disposisi"' in page
    assert 'id="desk-tutup"' not in page and 'id="desk-mulai"' not in page and 'id="desk-pisah"' not in page
    read_only = works.client("head").get(page_of(report_id)).text
    assert "desk-verifikasi" not in read_only and "desk-jawab" not in read_only


def test_only_a_moderator_sees_who_reported(works: Any) -> None:
    who = works.person("citizen")
    reporter = Reporter(name="Siti Aminah", phone="081234567890", person_id=who.id)
    report_id = works.report(reporter=reporter)
    assert "Siti Aminah" in works.client("verifier").get(page_of(report_id)).text
    for other in ("roads", "head"):
        page = works.client(other).get(page_of(report_id)).text
        assert "Siti Aminah" not in page and "+6281234567890" not in page
    with works.inside():
        assert [one.what for one in readings_of(who.id)] == ["infrastruktur.report.page"]


def test_reading_who_reported_is_recorded_of_people_without_an_account_too(works: Any) -> None:
    named, nobody = works.report(reporter=Reporter(phone="081234567890")), works.report(village_code=SEKETENG)
    for report_id in (named, nobody):
        assert works.client("verifier").get(page_of(report_id)).status_code == 200
    with works.inside():
        number = find_or_404(Report, named).number
        assert [(one.what, one.why) for one in readings_of(named)] == [("infrastruktur.report.page", number)]
        assert readings_of(nobody) == []


def test_a_report_goes_its_way_from_new_to_closed(works: Any, jpeg: Any) -> None:
    report_id = works.report()
    answer = act(works, "verifier", report_id, "verifikasi", {"note": "Akan dicek"})
    assert answer.status_code == 303 and answer.location.endswith(page_of(report_id))
    assert act(works, "verifier", report_id, "disposisi", {"unit": str(works.roads)}).status_code == 303
    assert now_is(works, report_id) == ("didisposisi", works.roads)
    assert act(works, "roads", report_id, "mulai").status_code == 303
    photo = (io.BytesIO(jpeg("#335533")), "sesudah.jpg")
    done = act(works, "roads", report_id, "selesai", {"note": "Ditambal aspal", "photos": photo})
    assert done.status_code == 303
    with works.inside():
        after = session.scalars(select(Photo).where(Photo.kind == "after")).one()
        assert after.shown and find_or_404(Report, report_id).state_note == "Ditambal aspal"
    assert act(works, "verifier", report_id, "tutup").status_code == 303
    assert act(works, "verifier", report_id, "buka", {"reason": "Masih berlubang"}).status_code == 303
    assert now_is(works, report_id)[0] == "dibuka_kembali"
    assert "Ditambal aspal" in works.client("verifier").get(page_of(report_id)).text


def test_a_refused_form_comes_back_open_with_what_was_typed(works: Any) -> None:
    report_id = works.report()
    answer = act(works, "verifier", report_id, "tolak", {"reason": "Singkat"})
    assert answer.status_code == 422
    assert "data-lb-open" in answer.text and ">Singkat</textarea>" in answer.text.replace("\r\n", "")
    assert now_is(works, report_id)[0] == "baru"
    twice = act(works, "verifier", report_id, "gabung", {"number": "L26-999999"})
    assert twice.status_code == 422 and "Tidak ada laporan bernomor" in twice.text
    assert act(works, "verifier", report_id, "teruskan", {"destination": "", "note": ""}).status_code == 422
    assert act(works, "verifier", report_id, "tunda", {"quarter": "2020-Q1", "note": "Dana"}).status_code == 422
    assert now_is(works, report_id)[0] == "baru"


def test_an_act_that_the_state_forbids_is_refused_in_words(works: Any) -> None:
    report_id = works.report()
    change(works, report_id, state="ditutup")
    answer = act(works, "verifier", report_id, "verifikasi")
    assert answer.status_code == 422 and "sedang berstatus ditutup" in answer.text
    assert now_is(works, report_id)[0] == "ditutup"


def test_of_two_officers_the_second_is_told_and_nothing_is_done(works: Any) -> None:
    report_id = works.report()
    seen = stamp(works, report_id)
    assert act(works, "verifier", report_id, "verifikasi", seen=seen).status_code == 303
    late = act(works, "manager", report_id, "tolak", {"reason": "Bukan kerusakan, hanya bayangan"}, seen=seen)
    assert late.status_code == 409
    assert "diubah orang lain" in late.text and "hanya bayangan" in late.text
    assert now_is(works, report_id)[0] == "terverifikasi"
    assert stamp(works, report_id) in late.text
    assert act(works, "manager", report_id, "verifikasi", seen="").status_code in (409, 422)


def test_who_may_not_act_is_stopped_before_anything_happens(works: Any) -> None:
    report_id = works.report()
    assert act(works, "roads", report_id, "verifikasi").status_code == 403
    assert act(works, "head", report_id, "jawab", {"text": "Halo"}).status_code == 403
    assert act(works, "verifier", report_id, "mulai").status_code == 403
    client = works.client("lamps")
    data = {"seen": stamp(works, report_id), "text": "Halo"}
    assert client.post_form(f"{page_of(report_id)}/jawab", data, page=HERE).status_code == 404
    assert works.client("verifier").post_form(f"{page_of(report_id)}/hapus", data, page=HERE).status_code == 404
    assert now_is(works, report_id)[0] == "baru" and len(log(works, report_id)) == 1


def test_a_coordinator_hands_on_only_within_their_own_units(works: Any) -> None:
    report_id = works.report()
    works.house.unit("sumbawa", "BINA-MARGA", parent="PUPR")
    below = works.house.unit("sumbawa", "BINA-MARGA")
    assert act(works, "verifier", report_id, "disposisi", {"unit": str(works.roads)}).status_code == 303
    assert act(works, "roads", report_id, "disposisi", {"unit": str(works.lamps)}).status_code == 422
    assert now_is(works, report_id) == ("didisposisi", works.roads)
    assert act(works, "roads", report_id, "disposisi", {"unit": str(below)}).status_code == 303
    assert now_is(works, report_id) == ("didisposisi", below)


def test_a_similar_report_is_merged_by_one_press_and_split_again(works: Any) -> None:
    first, second = works.report(), works.report()
    with works.inside():
        main = find_or_404(Report, first).number
    page = works.client("verifier").get(page_of(second)).text
    assert f"Gabungkan ke {main}" in page
    assert act(works, "verifier", second, "gabung", {"number": main}).status_code == 303
    assert now_is(works, second)[0] == "duplikat"
    assert main in works.client("verifier").get(page_of(second)).text
    assert act(works, "verifier", second, "pisah", {"reason": "Lubang lain"}).status_code == 303
    assert now_is(works, second)[0] == "dibuka_kembali"


def test_a_report_is_forwarded_and_the_answer_from_there_is_kept(works: Any) -> None:
    report_id = works.report()
    data = {"destination": str(works.national), "note": "Jalan nasional", "reference": "620/12"}
    assert act(works, "verifier", report_id, "teruskan", data).status_code == 303
    assert now_is(works, report_id)[0] == "bukan_kewenangan"
    assert act(works, "verifier", report_id, "jawaban", {"text": "Sudah masuk jadwal pekan depan"}).status_code == 303
    page = works.client("verifier").get(page_of(report_id)).text
    assert "BPJN" in page and "620/12" in page and "pekan depan" in page


def test_a_report_is_postponed_to_a_quarter_that_is_still_to_come(works: Any) -> None:
    report_id = works.report()
    act(works, "verifier", report_id, "disposisi", {"unit": str(works.roads)})
    data = {"quarter": "2027-Q1", "note": "Menunggu APBD 2027", "budget_reference": "U-12"}
    assert act(works, "roads", report_id, "tunda", data).status_code == 303
    page = works.client("roads").get(page_of(report_id)).text
    assert "2027-Q1" in page and "U-12" in page and now_is(works, report_id)[0] == "ditunda"


def test_an_internal_note_is_read_by_officers_only(works: Any) -> None:
    report_id = works.report()
    act(works, "verifier", report_id, "jawab", {"text": "Pelapor sering salah tempat", "internal": "y"})
    act(works, "verifier", report_id, "jawab", {"text": "Kami periksa besok"})
    page = works.client("roads").get(page_of(report_id)).text
    assert "Pelapor sering salah tempat" in page and "(internal)" in page and "Kami periksa besok" in page
    assert [entry.internal for entry in log(works, report_id)] == [False, True, False]


def test_a_template_fills_an_empty_box_without_a_script(works: Any) -> None:
    report_id = works.report()
    with works.inside():
        words = "Terima kasih, tetapi ini bukan kerusakan."
        template = ReplyTemplate(title="Bukan kerusakan", text=words, state="ditolak")
        session.add(template)
        session.flush()
        template_id = template.id
    page = works.client("verifier").get(page_of(report_id)).text
    assert 'data-text="Terima kasih, tetapi ini bukan kerusakan."' in page
    answer = act(works, "verifier", report_id, "tolak", {"reason": "", "template": str(template_id)})
    assert answer.status_code == 303
    with works.inside():
        assert find_or_404(Report, report_id).state_note == "Terima kasih, tetapi ini bukan kerusakan."


def test_kind_and_place_are_put_right_and_answers_kept(works: Any) -> None:
    report_id = works.report(answers={"ukuran": "kecil"})
    path = f"{page_of(report_id)}/ubah"
    data = {"category": str(works.drain), "severity": "berat", "lat": "-8.5", "lon": "117.43", "address": "Simpang"}
    client = works.client("verifier")
    assert client.get(path).status_code == 200
    assert client.post_form(path, {**data, "seen": "lama"}, page=path).status_code == 409
    wrong = client.post_form(path, {**data, "lon": "", "seen": stamp(works, report_id)}, page=path)
    assert wrong.status_code == 422 and "kosongkan keduanya" in wrong.text
    assert client.post_form(path, {**data, "seen": stamp(works, report_id)}, page=path).status_code == 303
    with works.inside():
        report = find_or_404(Report, report_id)
        assert (report.category_id, report.severity, report.lat) == (works.drain, "berat", -8.5)
        assert (report.address, report.answers) == ("Simpang", {"ukuran": "kecil"})
    assert "ukuran" in client.get(page_of(report_id)).text
    assert works.client("roads").get(path).status_code == 403


def test_a_hidden_report_stays_hidden_whatever_is_done_to_it(works: Any) -> None:
    report_id = works.report()
    assert act(works, "verifier", report_id, "sembunyikan", {"reason": "Memuat nama orang"}).status_code == 303
    act(works, "verifier", report_id, "verifikasi")
    act(works, "verifier", report_id, "disposisi", {"unit": str(works.roads)})
    with works.inside():
        assert find_or_404(Report, report_id).visibility == "hidden"
    assert act(works, "roads", report_id, "tampilkan").status_code == 403
    assert act(works, "verifier", report_id, "tampilkan").status_code == 303
    with works.inside():
        assert find_or_404(Report, report_id).visibility == "public"


def test_one_goes_from_report_to_report_in_the_order_of_the_list(works: Any) -> None:
    ids = [works.report() for _ in range(3)]
    for place, report_id in enumerate(ids):
        change(works, report_id, supports=place)
    client = works.client("verifier")
    listed = client.get(f"{HERE}?urut=-dukungan&perlu=baru").text
    links = re.findall(rf'href="({HERE}/[0-9a-f-]+\?[^"]*)"', listed)
    assert [UUID(link.split("/")[-1].split("?")[0]) for link in links] == list(reversed(ids))
    middle = client.get(links[1].replace("&amp;", "&")).text
    assert str(ids[2]) in re.search(r'<a[^>]*rel="prev"', middle)[0]  # type: ignore[index]
    assert str(ids[0]) in re.search(r'<a[^>]*rel="next"', middle)[0]  # type: ignore[index]
    with works.inside(works.person("verifier")):
        workflow.verify(find_or_404(Report, ids[1]))
    gone = client.get(links[1].replace("&amp;", "&")).text
    assert str(ids[0]) in re.search(r'<a[^>]*rel="next"', gone)[0]  # type: ignore[index]


def test_officers_see_photos_of_their_units_and_moderators_decide(works: Any, jpeg: Any) -> None:
    with works.inside():
        picture = read_picture(jpeg())
    works.report(photos=[picture])
    with works.inside():
        photo_id = session.scalars(select(Photo.id)).one()
    path = f"/infrastruktur/petugas/foto/{photo_id}"
    assert works.client("roads").get(path).data == picture.content
    assert works.client("crew").get(f"{path}/kecil").data == picture.thumbnail
    assert works.client("lamps").get(path).status_code == 404
    assert works.client("citizen").get(path).status_code == 403
    assert works.client("roads").post_form(f"{path}/tampilkan").status_code == 403
    moderation = "/infrastruktur/petugas/moderasi"
    verifier = works.client("verifier")
    assert str(photo_id) in verifier.get(moderation).text
    verifier.post_form(f"{path}/tampilkan", {"kembali": moderation}, page=moderation)
    with works.inside():
        assert find_or_404(Photo, photo_id).shown
    assert "Tidak ada yang menunggu" in verifier.get(moderation).text
    assert verifier.post_form(f"{path}/hapus").status_code == 404


def test_a_moderator_decides_by_one_press(works: Any) -> None:
    works.house.set_setting("infrastruktur", "hold_new", True)
    first, second = works.report(), works.report()
    works.house.set_setting("infrastruktur", "hold_new", False)
    third = works.report(description="Telepon saya 081234567890")
    here = "/infrastruktur/petugas/moderasi"
    client = works.client("verifier")
    assert "<mark" in client.get(here).text
    for report_id, word in ((first, "tampilkan"), (second, "sembunyikan"), (third, "samarkan")):
        assert client.post_form(f"{here}/{report_id}/{word}", page=here).status_code == 303, word
    again = press(client, f"{here}/{third}/samarkan", page=here)
    assert "tidak memuat data pribadi" in again.text
    with works.inside():
        assert [find_or_404(Report, one).visibility for one in (first, second)] == ["public", "hidden"]
        assert "0812" not in find_or_404(Report, third).description
    assert works.client("roads").get(here).status_code == 403
    assert client.post_form(f"{here}/{third}/hapus", page=here).status_code == 404


def test_a_report_by_telephone_is_like_any_other(works: Any) -> None:
    path = f"{HERE}/baru"
    client = works.client("verifier")
    assert "Seberapa besar lubangnya?" in client.get(path).text
    nothing = client.post_form(path, {"category": "", "description": "Lubang", "severity": "sedang"}, page=path)
    assert nothing.status_code == 422 and "Pilih jenis kerusakannya" in nothing.text and "Lubang" in nothing.text
    data = {
        "category": str(works.pothole),
        "severity": "berat",
        "description": "Kata penelepon dalam sekali",
        "lat": str(PLACE[0]),
        "lon": str(PLACE[1]),
        "name": "Pak Hasan",
        "phone": "081234567890",
        f"jawaban-{works.pothole}-ukuran": "besar",
    }
    wrong = client.post_form(path, {**data, "phone": "12"}, page=path)
    assert wrong.status_code == 422 and "Pak Hasan" in wrong.text
    with works.inside():
        assert session.scalars(select(Report)).all() == []
    assert client.post_form(path, data, page=path).status_code == 303
    with works.inside():
        report = session.scalars(select(Report)).one()
        assert (report.channel, report.answers, report.reporter_name) == ("officer", {"ukuran": "besar"}, "Pak Hasan")
    assert works.client("roads").get(path).status_code == 403
