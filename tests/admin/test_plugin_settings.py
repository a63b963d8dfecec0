"""The settings of an application at the desk: who may set what, what is refused, and what each field tells."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from lumbung.audit import AuditRow
from lumbung.clock import utc_now
from lumbung.plugin_settings.models import TenantSettingRow
from lumbung.registry.models import PluginSettingRow
from lumbung.testing import HouseClient, TestHouse

Gift = Callable[..., object]
PAGE = "/admin/plugin/contoh/pengaturan"

SETTINGS = """
[[permissions]]
name = "contoh.manage"
title = { id = "Mengatur", en = "Manage" }
[[permissions]]
name = "contoh.other"
title = { id = "Lain", en = "Other" }
[[roles]]
name = "manager"
title = { id = "Pengatur", en = "Manager" }
permissions = ["contoh.manage"]
[[roles]]
name = "clerk"
title = { id = "Juru", en = "Clerk" }
permissions = ["contoh.other"]
[[settings]]
name = "fee"
type = "rupiah"
title = { id = "Retribusi", en = "Fee" }
group = { id = "Biaya", en = "Cost" }
scopes = ["platform", "tenant", "unit"]
permission = "contoh.manage"
default = 5000
max = 2000000
[[settings]]
name = "days"
type = "integer"
title = { id = "Hari", en = "Days" }
scopes = ["tenant", "unit"]
default = 7
min = 1
max = 90
[[settings]]
name = "code"
type = "text"
title = { id = "Kode", en = "Code" }
pattern = "[A-Z]{3}"
pattern_help = { id = "Tiga huruf besar.", en = "Three capital letters." }
[[settings]]
name = "token"
type = "secret"
title = { id = "Kunci layanan", en = "Key" }
scopes = ["platform", "tenant"]
[[settings]]
name = "speaks"
type = "boolean"
title = { id = "Bersuara", en = "Speaks" }
default = true
"""


@pytest.fixture
def admin(house: TestHouse, gift: Gift) -> HouseClient:
    gift(more=SETTINGS, tenants=("sumbawa", "sumbawabarat"))
    return house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))


def text_of(client: HouseClient, where: str = "daerah") -> str:
    answer = client.get(f"{PAGE}?untuk={where}")
    assert answer.status_code == 200, answer.status_code
    return unescape(answer.get_data(as_text=True))


def fields(page: str) -> dict[str, str]:
    """Return what the page's form would send: texts, hidden fields and boxes that are ticked."""
    sent: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        about = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        name = about.get("name", "")
        left_empty = about.get("type") == "checkbox" and " checked" not in tag
        if not left_empty and (name in ("seen", "lb_once") or name.startswith(("s_", "r_"))):
            sent[name] = about.get("value", "")
    return sent


def save(client: HouseClient, where: str = "daerah", **typed: str | None) -> Any:
    """Open the page, type into its form, and send it."""
    sent = {**fields(text_of(client, where)), **typed}
    url = f"{PAGE}?untuk={where}"
    return client.post_form(url, {name: value for name, value in sent.items() if value is not None}, page=url)


def kept(house: TestHouse, tenant: str = "sumbawa") -> dict[str, Any]:
    with house.scope(tenant) as scope:
        rows = {row.name: row.value for row in scope.session.scalars(select(PluginSettingRow))}
        return rows | {
            row.name if row.unit_id is None else f"{row.name} unit": row.value
            for row in scope.session.scalars(select(TenantSettingRow))
        }


def test_an_administrator_sets_a_value_and_lets_it_go_again(house: TestHouse, admin: HouseClient) -> None:
    page = text_of(admin)
    assert 'value="5.000"' in page and "Asal nilai: bawaan aplikasi" in page and "Biaya" in page
    assert "Antara 1 dan 90." in page and "Lepas nilai ini; kembali" not in page
    assert "Seluruh platform" not in page
    assert save(admin, s_fee="Rp 1.250.000", s_code="ABC", s_speaks=None).status_code == 303
    assert kept(house) == {"fee": 1250000, "code": "ABC", "speaks": False}  # what was not changed is inherited still
    page = text_of(admin)
    assert "Langsung berlaku" in page and 'value="1.250.000"' in page and "diatur di sini" in page
    assert "kembali ke Rp 5.000 (bawaan aplikasi)" in page
    assert "5.000 → 1.250.000" in page  # the history beside
    assert save(admin, r_fee="y", s_fee="ngawur").status_code == 303  # what is let go need not be sound
    assert kept(house) == {"code": "ABC", "speaks": False}
    assert save(admin).status_code == 303
    assert "Tidak ada yang berubah" in text_of(admin)
    assert kept(house, "sumbawabarat") == {}


def test_what_does_not_fit_is_refused_beside_its_field_and_what_was_typed_stays(
    house: TestHouse, admin: HouseClient
) -> None:
    for typed, said in (
        ({"s_fee": "1.25"}, "Retribusi: Isinya harus jumlah Rupiah, misalnya 1.250.000."),
        ({"s_fee": "3.000.000"}, "Retribusi: Angkanya harus 2.000.000 atau kurang."),
        ({"s_days": "0"}, "Hari: Angkanya harus 1 atau lebih."),
        ({"s_days": "9" * 5000}, "Hari: Isinya harus angka bulat, misalnya 1.250."),
        ({"s_code": "abc"}, "Kode: Tiga huruf besar."),
        ({"s_code": "A\u200bC"}, "Kode: Ada tanda yang tidak dapat ditampilkan; ketik ulang, jangan ditempel."),
        ({"s_token": "x" * 2001}, "Kunci layanan: Paling panjang 2000 huruf."),
    ):
        answer = save(admin, **typed)
        page = unescape(answer.get_data(as_text=True))
        assert answer.status_code == 422, typed
        assert said in page, typed
        if "s_token" not in typed and len(str(typed)) < 50:
            assert f'value="{next(iter(typed.values()))}"' in page
    assert save(admin, s_code="A\0C").status_code == 400
    assert kept(house) == {}
    with house.scope() as scope:
        assert not scope.session.scalars(select(AuditRow).where(AuditRow.action == "plugin.setting")).all()


def test_of_two_who_save_at_once_the_second_is_told_and_keeps_what_they_typed(
    house: TestHouse, admin: HouseClient
) -> None:
    sent = fields(text_of(admin))
    assert save(admin, s_fee="100").status_code == 303
    url = f"{PAGE}?untuk=daerah"
    late = admin.post_form(url, {**sent, "s_fee": "200"}, page=url)
    page = unescape(late.get_data(as_text=True))
    assert late.status_code == 422
    assert "Admin sudah mengubah pengaturan ini sementara itu" in page and 'value="200"' in page
    assert kept(house) == {"fee": 100}
    assert admin.post_form(url, {**fields(page), "s_speaks": "y"}, page=url).status_code == 303  # having looked again
    assert kept(house) == {"fee": 200}


def test_a_secret_is_shown_to_nobody_and_an_empty_box_keeps_it(house: TestHouse, admin: HouseClient) -> None:
    assert save(admin, s_token="kunci-rahasia").status_code == 303
    page = text_of(admin)
    assert "kunci-rahasia" not in page and 'placeholder="tersimpan"' in page and 'type="password"' in page
    assert save(admin, s_days="8").status_code == 303
    with house.scope() as scope:
        [row] = scope.session.scalars(select(TenantSettingRow).where(TenantSettingRow.name == "token"))
        assert row.secret == "kunci-rahasia"
        [entry] = scope.session.scalars(select(AuditRow).where(AuditRow.thing == "contoh.token"))
        assert entry.detail == {}
    wrong = save(admin, s_token="kunci-baru", s_days="0").get_data(as_text=True)
    assert "kunci-baru" not in wrong
    assert save(admin, r_token="y").status_code == 303
    assert 'placeholder="tersimpan"' not in text_of(admin)


def test_a_secret_is_changed_only_after_a_fresh_proof(house: TestHouse, admin: HouseClient, as_owner: Any) -> None:
    as_owner("UPDATE lumbung_session SET fresh_at = :long_ago", long_ago=utc_now().replace(year=2020))
    answer = save(admin, s_token="kunci")
    assert answer.status_code == 303 and "/akun/pastikan" in answer.location
    assert kept(house) == {}
    assert save(admin, s_days="8").location.startswith(PAGE)


def test_the_operator_alone_sets_for_the_platform(house: TestHouse, admin: HouseClient) -> None:
    url = f"{PAGE}?untuk=platform"
    assert admin.get(url).status_code == 404
    assert admin.post_form(url, {"s_fee": "1", "seen": ""}, page=PAGE).status_code == 404
    operator = house.client("sumbawa", house.person("sumbawa", "operator@a.id", operator=True))
    assert save(operator, "platform", s_fee="9000").status_code == 303
    page = text_of(operator, "platform")
    assert "5.000 → 9.000" in page and "Hari" not in page
    assert "mengikuti seluruh platform" in text_of(admin)
    assert kept(house, "sumbawabarat") == {"fee": 9000}


def test_an_officer_sets_in_their_unit_what_their_permission_is_for(house: TestHouse, admin: HouseClient) -> None:
    mine, other = house.unit("sumbawa", "DINKES"), house.unit("sumbawa", "PUPR")
    theirs = house.unit("sumbawabarat", "DINKES")
    officer = house.client("sumbawa", house.person("sumbawa", "o@a.id", roles=[("contoh.manager", "DINKES")]))
    page = unescape(officer.get(PAGE).get_data(as_text=True))
    assert "Retribusi" in page and "Hari" not in page and "Unit PUPR" not in page
    assert save(officer, str(mine), s_fee="700", s_days="9").status_code == 303
    assert kept(house) == {"fee unit": 700}
    for where, code in (("daerah", 403), ("platform", 403), (other, 403), (theirs, 404), ("ngawur", 404)):
        url = f"{PAGE}?untuk={where}"
        assert officer.get(url).status_code == code, where
        assert officer.post_form(url, {"s_fee": "1"}, page=PAGE).status_code == code, where
    clerk = house.client("sumbawa", house.person("sumbawa", "c@a.id", roles=[("contoh.clerk", "DINKES")]))
    assert clerk.get(PAGE).status_code == 403
    assert clerk.post_form(f"{PAGE}?untuk={mine}", {"s_fee": "1"}).status_code == 403
    assert house.client("sumbawa", house.person("sumbawa", "w@a.id")).get(PAGE).status_code == 403
    assert house.client("sumbawa").get(PAGE).status_code in (302, 303)
    assert kept(house) == {"fee unit": 700}
    assert "mengikuti Kabupaten Sumbawa" not in text_of(admin, str(mine)) and "diatur di sini" in text_of(
        admin, str(mine)
    )


def test_a_plugin_without_settings_says_so_and_one_that_is_not_here_is_not_found(
    house: TestHouse, admin: HouseClient, gift: Gift
) -> None:
    gift("polos")
    assert "Tidak ada yang perlu diatur" in admin.get("/admin/plugin/polos/pengaturan").get_data(as_text=True)
    assert admin.get("/admin/plugin/tiada/pengaturan").status_code == 404


def test_what_a_newer_version_no_longer_takes_is_shown_and_can_be_removed(
    house: TestHouse, admin: HouseClient, gift: Gift
) -> None:
    save(admin, s_days="60", s_code="ABC")
    newer = SETTINGS.replace("max = 90", "max = 30").replace('name = "code"', 'name = "kode"')
    gift(more=newer, version="1.1.0", tenants=())
    house.kernel.state.forget()
    page = text_of(admin)
    assert "Perlu perhatian" in page and "tidak dipakai: angkanya harus 30 atau kurang." in page
    assert "Nilai lama" in page and 'value="7"' in page
    url = f"{PAGE}/hapus?untuk=daerah"
    assert admin.post_form(url, {"nama": "days"}, page=PAGE).status_code == 404
    assert admin.post_form(url, {"nama": "code"}, page=PAGE).status_code == 303
    assert kept(house) == {"days": 60}
