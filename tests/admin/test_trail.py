"""The audit trail at the desk."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from lumbung import audit
from lumbung.audit import anchor
from lumbung.clock import utc_now
from lumbung.testing import HouseClient, TestHouse, frozen_clock


@pytest.fixture
def desk(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))


def write(house: TestHouse, thing: str, *, tenant: str = "sumbawa", action: str = "contoh.act", days: int = 0) -> None:
    moment = utc_now() - timedelta(days=days)
    with frozen_clock(moment), house.scope(tenant):
        audit.record(action, thing, role="=1+1")


def test_the_newest_stands_on_top_and_other_tenants_are_absent(house: TestHouse, desk: HouseClient) -> None:
    write(house, "yang lama", days=2)
    write(house, "yang baru")
    write(house, "tetangga", tenant="sumbawabarat")
    page = desk.get("/admin/jejak/").get_data(as_text=True)
    assert page.index("yang baru") < page.index("yang lama")
    assert "tetangga" not in page
    assert "tetangga" not in _rows(desk, "q=tetangga")


def test_it_is_narrowed_by_action_person_and_date(house: TestHouse, desk: HouseClient) -> None:
    write(house, "hal satu", days=5)
    write(house, "hal dua", action="contoh.lain")
    house.kernel.state.forget()
    today = house.kernel.tenant("sumbawa").today()
    seen = {
        query: [thing for thing in ("hal satu", "hal dua") if thing in _rows(desk, query)]
        for query in (
            "tindakan=contoh.act",
            f"dari={today}",
            f"sampai={today - timedelta(days=4)}",
            "q=satu",
            "q=tiada",
            "dari=kacau&sampai=0000-00-00",
        )
    }
    assert list(seen.values()) == [
        ["hal satu"],
        ["hal dua"],
        ["hal satu"],
        ["hal satu"],
        [],
        ["hal satu", "hal dua"],
    ]


def test_it_has_pages_that_keep_the_filter(house: TestHouse, desk: HouseClient) -> None:
    for number in range(30):
        write(house, f"hal {number}")
    page = desk.get("/admin/jejak/?tindakan=contoh.act").get_data(as_text=True)
    assert "Halaman 1 dari 2, 30 baris" in page
    assert "tindakan=contoh.act&amp;halaman=2" in page


def test_the_download_holds_what_the_filter_shows_and_no_formula(house: TestHouse, desk: HouseClient) -> None:
    write(house, "=cmd()")
    write(house, "lain", action="contoh.lain")
    answer = desk.get("/admin/jejak/?tindakan=contoh.act&unduh=xlsx")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert [row[4] for row in rows[1:]] == ["=cmd()"]


def _rows(desk: HouseClient, query: str) -> str:
    page = desk.get(f"/admin/jejak/?{query}").get_data(as_text=True)
    return page.partition("<tbody>")[2].partition("</tbody>")[0]


def test_the_page_shows_where_the_chain_stands_and_checks_it(
    house: TestHouse, desk: HouseClient, as_owner: Any
) -> None:
    with house.scope():
        for number in range(3):
            audit.record("a.b", number)
    [(newest, seal)] = as_owner(
        "SELECT h.seq, encode(h.hash, 'hex') FROM lumbung_audit_head h JOIN lumbung_tenant t ON t.id = h.tenant_id "
        "WHERE slug = 'sumbawa'"
    )
    page = desk.get("/admin/jejak/").get_data(as_text=True)
    assert f"{seal[:4]} {seal[4:8]} " in page and "belum ada" in page
    anchor.write(house.settings, house.kernel.database.engine, house.kernel.snapshot().tenants.values())
    assert f"sampai nomor {newest}" in desk.get("/admin/jejak/").get_data(as_text=True)
    told = desk.post_form("/admin/jejak/periksa", page="/admin/jejak/", follow_redirects=True).get_data(as_text=True)
    assert f"Rantai utuh: {newest} catatan diperiksa" in told and "Memeriksa rantai jejak audit" in told
    as_owner("ALTER TABLE lumbung_audit DISABLE TRIGGER USER")
    as_owner("UPDATE lumbung_audit SET thing = 'lain' WHERE action = 'a.b' AND thing = '1'")
    told = desk.post_form("/admin/jejak/periksa", page="/admin/jejak/", follow_redirects=True).get_data(as_text=True)
    assert f"Catatan nomor {newest - 1}" in told and "isinya diubah" in told
    anchor.path_of(house.settings).write_text("{}\n")
    told = desk.post_form("/admin/jejak/periksa", page="/admin/jejak/", follow_redirects=True).get_data(as_text=True)
    assert "Berkas jangkar tidak dapat dipercaya" in told
    citizen = house.client("sumbawa", house.person("sumbawa", "warga@a.id"))
    assert citizen.post_form("/admin/jejak/periksa").status_code == 403


def test_a_long_chain_is_checked_at_its_end(
    house: TestHouse, desk: HouseClient, as_owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumbung.admin.trail_state.MOST", 2)
    with house.scope():
        for number in range(4):
            audit.record("a.b", number)
    as_owner("ALTER TABLE lumbung_audit DISABLE TRIGGER USER")
    as_owner("UPDATE lumbung_audit SET thing = 'lain' WHERE action = 'a.b' AND thing = '0'")
    told = desk.post_form("/admin/jejak/periksa", page="/admin/jejak/", follow_redirects=True).get_data(as_text=True)
    assert "Rantai utuh: 2 catatan diperiksa" in told and "lumbung audit verify" in told
