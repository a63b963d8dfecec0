"""An operator sees why an application is closed for everyone, opens it again, or closes one by hand."""

from __future__ import annotations

from typing import Any

import pytest

from lumbung.registry import faults
from lumbung.registry.faults import Fault
from lumbung.testing import TestHouse

PAGE = "/admin/plugin/contoh/"


@pytest.fixture
def contoh(gift: Any) -> None:
    gift("contoh")


def break_it(house: TestHouse) -> None:
    for number in range(4):
        faults.write(house.kernel, Fault("contoh", "web worker", f"The web worker died (status {number}).", "killed"))
    house.kernel.state.forget()


@pytest.mark.usefixtures("contoh")
def test_an_operator_sees_what_happened_and_opens_it_again(house: TestHouse, as_owner: Any) -> None:
    client = house.client("sumbawa", house.person("sumbawa", "operator@contoh.id", operator=True))
    assert "Hentikan untuk semua" in client.get(PAGE).text
    break_it(house)
    page = client.get(PAGE).text
    assert "Dihentikan otomatis untuk semua" in page
    assert "4 kali gagal dalam 10 menit" in page
    assert "The web worker died (status 3)." in page
    assert "mematikan proses" in page
    assert "Dihentikan" in client.get("/admin/plugin/").text
    assert "contoh dihentikan untuk semua" in client.get("/admin/pemeriksaan/").text
    assert client.post_form(f"{PAGE}buka-kembali", page=PAGE).status_code == 303
    assert house.client().get("/contoh/").status_code == 200
    assert "Dihentikan" not in client.get(PAGE).text
    [(lifted_by,)] = as_owner("SELECT lifted_by FROM lumbung_suspension")
    assert "operator@contoh.id" in str(lifted_by)
    assert ("plugin.resume",) in as_owner("SELECT action FROM lumbung_audit")


@pytest.mark.usefixtures("contoh")
def test_an_operator_closes_it_by_hand_with_a_reason(house: TestHouse, as_owner: Any) -> None:
    client = house.client("sumbawa", house.person("sumbawa", "operator@contoh.id", operator=True))
    assert client.post_form(f"{PAGE}hentikan", {"alasan": "  "}, page=PAGE).status_code == 303
    assert "Tidak ada yang dihentikan" in client.get(PAGE).text
    assert as_owner("SELECT count(*) FROM lumbung_suspension") == [(0,)]
    assert client.post_form(f"{PAGE}hentikan", {"alasan": "<b>Diperiksa</b>"}, page=PAGE).status_code == 303
    assert house.client().get("/contoh/").status_code == 503
    assert "&lt;b&gt;Diperiksa&lt;/b&gt;" in client.get(PAGE).text
    assert client.post_form("/admin/plugin/hantu/hentikan", {"alasan": "x"}, page=PAGE).status_code in (303, 404)
    assert as_owner("SELECT plugin FROM lumbung_suspension") == [("contoh",)]


@pytest.mark.usefixtures("contoh")
def test_an_administrator_sees_that_it_is_closed_and_no_other_regencys_faults(house: TestHouse, as_owner: Any) -> None:
    client = house.client("sumbawa", house.person("sumbawa", "admin@contoh.id", roles=["admin"]))
    break_it(house)
    page = client.get(PAGE).text
    assert "Dihentikan otomatis untuk semua" in page
    assert "The web worker died" not in page
    assert client.post_form(f"{PAGE}buka-kembali", page=PAGE).status_code == 403
    assert client.get("/admin/pemeriksaan/").status_code == 403
    assert as_owner("SELECT count(*) FROM lumbung_suspension WHERE lifted_at IS NULL") == [(1,)]
