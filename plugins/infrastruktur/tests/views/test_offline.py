"""A phone without a network: the draft stays on it, is sent later, and the report exists once."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from lumbung_infrastruktur.models import Photo, Report
from PIL import Image
from sqlalchemy import func, select

from lumbung.sdk import session

from ..conftest import PLACE, Works

LAPOR = "/infrastruktur/lapor"
IN_CHARGE = """async () => {
  await navigator.serviceWorker.ready;
  for (let tries = 0; tries < 100; tries += 1) {
    if (navigator.serviceWorker.controller && await caches.match("/infrastruktur/lapor")) return true;
    await new Promise((done) => setTimeout(done, 100));
  }
  return false;
}"""
LOSE_AN_ANSWER = """{
  const real = window.fetch;
  let lost = false;
  window.fetch = async (address, options) => {
    const answer = await real(address, options);
    if (options?.method !== "POST" || lost) return answer;
    lost = true;
    throw new TypeError("the answer was lost on its way");
  };
}"""
PHONE = {"width": 390, "height": 844}


def reports(works: Works) -> list[tuple[str, str]]:
    with works.inside():
        return [(one.number, one.description) for one in session.scalars(select(Report).order_by(Report.number))]


def fill(page: Any, photo: Path, words: str = "Lubang dalam") -> None:
    """Fill in the form as a thumb would."""
    page.set_input_files("#photos", str(photo))
    page.get_by_text("Jalan berlubang", exact=True).click()
    page.get_by_label("Selebar motor").check()
    page.fill("#description", words)
    page.fill("#lat", str(PLACE[0]))
    page.fill("#lon", str(PLACE[1]))


def test_without_a_network_a_report_waits_on_the_phone_and_is_sent_once(
    works: Works, new_page: Any, jpeg: Any, tmp_path: Path
) -> None:
    photo = tmp_path / "lubang.jpg"
    photo.write_bytes(jpeg())
    with works.house.serving() as port:
        page = new_page(**PHONE)
        page.goto(f"http://sumbawa.localhost:{port}{LAPOR}")
        assert page.evaluate(IN_CHARGE)
        page.context.set_offline(True)
        page.goto(f"http://sumbawa.localhost:{port}{LAPOR}")
        fill(page, photo)
        page.get_by_text("Tersimpan di perangkat ini", exact=True).last.wait_for()
        page.get_by_role("button", name="Kirim laporan").click()
        page.locator("[data-infra-draft-list]", has_text="Belum terkirim, menunggu sambungan").wait_for()
        assert page.locator("#description").input_value() == ""
        assert reports(works) == []

        page.reload()  # it is still there after the page was closed
        page.locator("[data-infra-draft-list]", has_text="Jalan berlubang").wait_for()
        page.context.set_offline(False)
        page.locator("[data-infra-draft-list]", has_text="Terkirim dengan nomor L26-000001").wait_for(timeout=20000)
        page.reload()
        page.locator("[data-infra-draft-list]", has_text="L26-000001").wait_for()
        page.get_by_role("link", name="Buka").click()
        page.get_by_text("Nomor laporan Anda").wait_for()
        page.goto(f"http://sumbawa.localhost:{port}{LAPOR}")
        page.get_by_role("button", name="Hapus").click()
        page.locator("#simpanan").wait_for(state="hidden")
    assert reports(works) == [("L26-000001", "Lubang dalam")]
    with works.inside():
        assert session.scalar(select(func.count()).select_from(Photo)) == 1
        report = session.scalars(select(Report)).one()
        assert report.answers == {"ukuran": "besar"}
        assert str(report.source_key).startswith("web:")


def test_an_answer_that_was_lost_on_the_way_makes_no_second_report(
    works: Works, new_page: Any, jpeg: Any, tmp_path: Path
) -> None:
    photo = tmp_path / "lubang.jpg"
    photo.write_bytes(jpeg())
    with works.house.serving() as port:
        page = new_page(**PHONE)
        page.add_init_script(LOSE_AN_ANSWER)
        page.goto(f"http://sumbawa.localhost:{port}{LAPOR}")
        fill(page, photo)
        page.get_by_text("Tersimpan di perangkat ini", exact=True).last.wait_for()
        page.get_by_role("button", name="Kirim laporan").click()
        page.locator("[data-infra-draft-list]", has_text="menunggu sambungan").wait_for()
        assert len(reports(works)) == 1
        page.get_by_role("button", name="Kirim sekarang").click()
        page.locator("[data-infra-draft-list]", has_text="Terkirim dengan nomor L26-000001").wait_for()
    assert len(reports(works)) == 1


def test_on_a_phone_a_report_takes_one_page_and_keeps_its_photos_when_something_is_wrong(
    works: Works, new_page: Any, tmp_path: Path
) -> None:
    works.report(description="Lubang lama")
    photo = tmp_path / "besar.jpg"
    photo.write_bytes(large_photo())
    with works.house.serving() as port:
        page = new_page(**PHONE)
        page.goto(f"http://sumbawa.localhost:{port}{LAPOR}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.set_input_files("#photos", str(photo))
        page.get_by_role("button", name="Kirim laporan").click()
        page.locator(".lb-error-summary", has_text="Pilih apa yang rusak").wait_for()
        assert page.evaluate("document.querySelector('#photos').files.length") == 1
        assert page.locator("[data-infra-questions]").is_hidden()
        page.get_by_text("Jalan berlubang", exact=True).click()
        page.get_by_label("Selebar piring").check()
        page.get_by_role("button", name="Kirim laporan").click()  # where: the photo says it, and there is one already
        page.locator("[data-infra-near]", has_text="Lubang lama").wait_for()
        page.get_by_role("button", name="Tetap kirim laporan saya").click()
        page.get_by_text("Nomor laporan Anda").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with works.inside():
        report = session.scalars(select(Report).where(Report.number == "L26-000002")).one()
        assert (report.place_from, report.answers) == ("photo", {"ukuran": "kecil"})
        assert round(report.lat or 0, 3) == round(PLACE[0], 3)
        kept = session.scalars(select(Photo)).one()
        assert (kept.width, kept.height) == (1200, 1600)  # it lay on its side, and was turned once
        assert kept.taken_at is not None


def large_photo() -> bytes:
    """A photo as a telephone makes it: heavy, on its side, with place and time."""
    image = Image.effect_noise((4000, 3000), 90).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2026:11:23 17:40:00"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "S", (8.0, 29.0, 36.96)
    gps[3], gps[4] = "E", (117.0, 25.0, 14.52)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()
