"""The inbox over HTTP: what waits, for whom, found and taken away, and acts on several at once."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from lumbung_infrastruktur.models import Report
from lumbung_infrastruktur.services import inbox
from lumbung_infrastruktur.services.reporting import Reporter
from python_calamine import CalamineWorkbook
from sqlalchemy import event

from lumbung.sdk import find_or_404

from ..conftest import press
from .desk_help import HERE, change, now_is, page_of


def test_the_inbox_shows_what_waits_and_what_is_late(works: Any) -> None:
    late = works.report(description="Lubang lama")
    works.report(category=works.lamp)
    change(works, late, due_on=date(2026, 11, 20))
    page = works.client("verifier").get(HERE).text
    assert "Jalan berlubang" in page and "Lampu jalan mati" in page
    assert re.search(r"Lewat \d+ hari", page)
    only_late = works.client("verifier").get(f"{HERE}?perlu=lewat-sla").text
    assert "Jalan berlubang</td>" in only_late and "Lampu jalan mati</td>" not in only_late


def test_the_inbox_is_empty_with_a_first_step(works: Any) -> None:
    page = works.client("verifier").get(HERE)
    assert page.status_code == 200 and "Belum ada laporan" in page.text and "Catat laporan" in page.text


def test_tabs_count_and_together_say_how_many_there_are(works: Any) -> None:
    first, second, third = works.report(), works.report(), works.report()
    change(works, first, state="ditunda")
    change(works, second, state="ditutup")
    change(works, third, due_on=date(2026, 11, 1))
    with works.inside(works.person("verifier")):
        counts = inbox.counts()
        assert (counts["baru"], counts["ditunda"], counts["lewat-sla"]) == (1, 1, 1)
        assert sum(counts.values()) == 3
    assert re.search(r"Semua\s*<[^>]*>3<", works.client("verifier").get(HERE).text)


def test_reports_are_found_by_number_text_and_filters(works: Any) -> None:
    first = works.report(description="Lubang dekat masjid", severity="berat")
    works.report(category=works.lamp, address="Jalan Garuda 123")
    with works.inside():
        number = find_or_404(Report, first).number

    def found(query: str) -> tuple[bool, bool]:
        page = works.client("verifier").get(f"{HERE}?{query}").text
        return "Jalan berlubang" in page.partition("<tbody>")[2], "Lampu jalan mati" in page.partition("<tbody>")[2]

    assert found(f"q={number}") == found(f"q={number.lower()}") == (True, False)
    assert found("q=masjid") == found("tingkat=berat") == found("kelompok=jalan") == (True, False)
    assert found("q=Garuda+123") == found("kategori=lampu_mati") == found(f"unit={works.lamps}") == (False, True)
    assert found("dari=2026-11-25") == found("q=tidak+ada") == found("kanal=open311") == (False, False)
    assert found("perlu=apa&unit=x&kecamatan=9&kategori=y&urut=z") == (True, True)


def test_a_unit_sees_its_own_reports_and_no_others(works: Any) -> None:
    hole, lamp = works.report(), works.report(category=works.lamp)
    roads = works.client("roads")
    page = roads.get(HERE).text
    assert "Jalan berlubang" in page and "Lampu jalan mati</td>" not in page
    assert roads.get(page_of(hole)).status_code == 200
    assert roads.get(page_of(lamp)).status_code == 404
    change(works, hole, unit_id=None)
    assert roads.get(page_of(hole)).status_code == 404
    assert works.client("verifier").get(page_of(hole)).status_code == 200


@pytest.mark.parametrize(("who", "status"), [("crew", 403), ("citizen", 403), (None, 302)])
def test_who_does_not_read_reports_gets_nowhere(works: Any, who: str | None, status: int) -> None:
    report_id = works.report()
    client = works.client(who)
    for path in (HERE, page_of(report_id), f"{HERE}/baru", "/infrastruktur/petugas/moderasi"):
        assert client.get(path).status_code == status, path


def test_another_tenant_has_none_of_it(works: Any) -> None:
    report_id = works.report()
    other = works.house.person("sumbawabarat", "lain@ksb.example", roles=["core.admin"])
    assert works.house.client("sumbawabarat", other).get(page_of(report_id)).status_code == 404


def test_files_hold_the_list_and_nobody_s_name(works: Any) -> None:
    reporter = Reporter(name="Siti Aminah", phone="081234567890", email="siti@contoh.id")
    works.report(reporter=reporter, description="Hubungi 081234567890")
    client = works.client("head")
    change_unit = client.get(f"{HERE}?unduh=csv")
    assert change_unit.status_code == 200
    manager = works.client("manager")
    book = CalamineWorkbook.from_filelike(io.BytesIO(manager.get(f"{HERE}?unduh=xlsx").data))
    rows = book.get_sheet_by_index(0).to_python()
    told = f"{rows}{manager.get(f'{HERE}?unduh=csv').text}"
    assert "Jalan berlubang" in told and "L26-" in told
    for secret in ("Siti", "081234567890", "siti@contoh.id"):
        assert secret not in told


def test_several_are_verified_and_those_that_cannot_are_named(works: Any) -> None:
    first, second, third = works.report(), works.report(), works.report()
    change(works, second, state="ditutup")
    data = {"pilih": [str(first), str(second), str(third), str(UUID(int=7)), "x"], "kembali": f"{HERE}?perlu=baru"}
    page = press(works.client("verifier"), f"{HERE}/pilihan/verifikasi", data, page=HERE)
    assert "2 laporan terverifikasi." in page.text
    assert "2 tidak diubah" in page.text and "ditutup" in page.text
    assert [now_is(works, one)[0] for one in (first, second, third)] == ["terverifikasi", "ditutup", "terverifikasi"]


def test_several_are_routed_to_the_unit_that_was_chosen(works: Any) -> None:
    first, second = works.report(), works.report()
    data = {"pilih": [str(first), str(second)]}
    client = works.client("verifier")
    assert "Pilih dulu unit" in press(client, f"{HERE}/pilihan/disposisi", data, page=HERE).text
    assert now_is(works, first)[0] == "baru"
    page = press(client, f"{HERE}/pilihan/disposisi", {**data, "unit": str(works.lamps)}, page=HERE)
    assert "2 laporan didisposisi" in page.text
    assert now_is(works, first) == now_is(works, second) == ("didisposisi", works.lamps)


def test_spam_is_refused_and_taken_out_of_sight(works: Any) -> None:
    report_id = works.report()
    client = works.client("verifier")
    assert "Pilih dulu laporannya" in press(client, f"{HERE}/pilihan/spam", {}, page=HERE).text
    press(client, f"{HERE}/pilihan/spam", {"pilih": str(report_id)}, page=HERE)
    with works.inside():
        report = find_or_404(Report, report_id)
        assert (report.state, report.visibility) == ("ditolak", "hidden")
    assert works.client("roads").post_form(f"{HERE}/pilihan/spam", {}, page=HERE).status_code == 403
    assert client.post_form(f"{HERE}/pilihan/hapus", {"pilih": str(report_id)}, page=HERE).status_code == 404


def test_the_inbox_asks_no_more_for_many_reports_than_for_few(works: Any) -> None:
    works.report(category=works.lamp)
    works.report()
    client, engine = works.client("verifier"), works.house.kernel.database.engine
    client.get(HERE)

    def asked() -> int:
        statements: list[str] = []

        def note(*given: Any) -> None:
            statements.append(given[2])

        event.listen(engine, "before_cursor_execute", note)
        assert client.get(HERE).status_code == 200
        event.remove(engine, "before_cursor_execute", note)
        return len(statements)

    few = asked()
    for _ in range(8):
        works.report()
    assert asked() < few + 4
