"""The administrator's pages: what is registered, what is refused and why, and that a secret is shown once."""

from __future__ import annotations

from sqlalchemy import select

from lumbung.openid.models import ClientRow
from lumbung.testing import TestHouse
from lumbung.testing.openid import CALLBACK, App

GOOD = {
    "kind": "web",
    "name": "Perizinan",
    "name_en": "Permits",
    "redirect_uris": f"{CALLBACK}\r\nhttp://127.0.0.1:5000/cb\r\n",
    "post_logout_uris": "",
    "scopes": ["profile", "email"],
}


def clients_of(house: TestHouse, tenant: str = "sumbawa") -> list[ClientRow]:
    with house.scope(tenant) as scope:
        return list(scope.session.scalars(select(ClientRow)))


def test_an_application_is_registered_changed_switched_and_removed(house: TestHouse) -> None:
    boss = house.client("sumbawa", house.person("sumbawa", "kepala@contoh.id", roles=["admin"]))
    assert "Belum ada aplikasi" in boss.get("/admin/openid/").get_data(as_text=True)
    for wrong in (
        {"redirect_uris": "http://perizinan.contoh.id/cb"},
        {"redirect_uris": "https://*.contoh.id/cb"},
        {"redirect_uris": ""},
        {"redirect_uris": "\n".join(f"https://a{n}.contoh.id/" for n in range(21))},
        {"post_logout_uris": "javascript:alert(1)"},
        {"name": ""},
        {"scopes": ["roles"]},
        {"kind": "plugin"},
    ):
        refused = boss.post_form("/admin/openid/tambah", GOOD | wrong, page="/admin/openid/tambah")
        assert refused.status_code == 422, wrong
    assert clients_of(house) == []
    page = boss.post_form("/admin/openid/tambah", GOOD, page="/admin/openid/tambah")
    (row,) = clients_of(house)
    text = page.get_data(as_text=True)
    assert page.status_code == 200 and row.code in text
    secret = text.split('data-lb-copy="')[1].split('"')[0]
    app = App(house, row.code, secret)
    assert (app.refresh("x").json or {})["error"] == "invalid_grant"
    at = f"/admin/openid/{row.id}"
    assert secret not in boss.get(at + "/").get_data(as_text=True)
    assert boss.get("/admin/openid/?q=permits").get_data(as_text=True).count(row.code) == 1
    changed = GOOD | {"name": "Perizinan Baru", "scopes": ["profile"]}
    assert boss.post_form(at + "/", changed, page=at + "/").status_code == 303
    assert boss.post_form(at + "/", changed | {"redirect_uris": "x"}, page=at + "/").status_code == 422
    (row,) = clients_of(house)
    assert row.name["id"] == "Perizinan Baru" and row.scopes == ["openid", "profile"] and len(row.redirect_uris) == 2
    assert boss.post_form(at + "/rahasia", page=at + "/").status_code == 200
    assert (app.refresh("x").json or {})["error"] == "invalid_client", "the old secret is dead"
    assert boss.post_form(at + "/matikan", page=at + "/").status_code == 303
    assert not clients_of(house)[0].active
    assert boss.post_form(at + "/nyalakan", page=at + "/").status_code == 303
    barat = house.client("sumbawabarat", house.person("sumbawabarat", "kepala@contoh.id", roles=["admin"]))
    officer = house.client("sumbawa", house.person("sumbawa", "petugas@contoh.id", roles=["officer"]))
    for verb in ("/", "/hapus", "/rahasia", "/matikan"):
        assert barat.post_form(at + verb, page="/admin/openid/tambah").status_code == 404
        assert officer.post_form(at + verb, page="/akun").status_code == 403
    assert clients_of(house)[0].active
    assert boss.post_form(at + "/hapus", page=at + "/").status_code == 303
    assert clients_of(house) == []
    trail = boss.get("/admin/jejak/").get_data(as_text=True)
    assert "Menghapus aplikasi terhubung" in trail
