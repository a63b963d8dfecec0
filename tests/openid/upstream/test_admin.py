"""Administrators write providers down, and hear at once what is wrong with one."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from lumbung.clock import utc_now
from lumbung.openid.upstream.models import IdentityRow, UpstreamRow
from lumbung.testing import HouseClient, TestHouse

PATH = "/admin/identitas-luar"


@pytest.fixture
def admin(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))


def form(provider: Any, **more: str) -> dict[str, str]:
    return {
        "title": "Masuk Provinsi",
        "code": "prov",
        "issuer": provider.issuer,
        "client_id": "sumbawa",
        "secret": "rahasia penyedia",
        "audience": "citizen",
        "scopes": "openid profile email",
        **more,
    }


def rows(house: TestHouse) -> list[UpstreamRow]:
    with house.scope() as scope:
        found = list(scope.session.scalars(select(UpstreamRow)))
        for row in found:
            assert row.client_secret or row.client_secret is None
        return found


def test_a_provider_is_tried_added_changed_and_removed(
    house: TestHouse, admin: HouseClient, provider: Any, as_owner: Any
) -> None:
    add = f"{PATH}/tambah"
    tried = admin.post_form(add, form(provider, act="try"), page=add)
    assert tried.status_code == 200 and "menjawab dengan benar: 1 kunci" in tried.get_data(as_text=True)
    assert rows(house) == []
    answer = admin.post_form(add, form(provider, domains="A.id, b.go.id"), page=add)
    assert answer.status_code == 303
    row = rows(house)[0]
    assert (row.code, row.issuer, row.client_secret) == ("prov", provider.issuer, "rahasia penyedia")
    assert (row.domains, row.title) == (["a.id", "b.go.id"], {"id": "Masuk Provinsi", "en": "Masuk Provinsi"})
    stored = as_owner("SELECT client_secret FROM lumbung_upstream")[0][0]
    assert b"rahasia" not in bytes(stored)  # type: ignore[call-overload]
    page = admin.get(answer.location).get_data(as_text=True)
    assert "/masuk/dari/prov/kembali" in page and "rahasia penyedia" not in page
    assert "Masuk dengan Masuk Provinsi" in house.client().get("/masuk").get_data(as_text=True)
    changed = form(provider, title="Identitas NTB", secret="", scopes="profile")
    assert admin.post_form(answer.location, changed, page=answer.location).status_code == 303
    row = rows(house)[0]
    assert (row.title["id"], row.client_secret, row.scopes) == (
        "Identitas NTB",
        "rahasia penyedia",
        ["openid", "profile"],
    )
    assert admin.post_form(f"{answer.location}matikan", page=answer.location).status_code == 303
    assert "Identitas NTB" not in house.client().get("/masuk").get_data(as_text=True)
    assert admin.post_form(f"{answer.location}nyalakan", page=answer.location).status_code == 303
    trail = admin.get("/admin/jejak/").get_data(as_text=True)
    for title in ("Menambah penyedia", "Mengubah penyedia", "Mematikan penyedia", "Menyalakan penyedia"):
        assert title in trail
    assert "rahasia" not in str(as_owner("SELECT detail FROM lumbung_audit"))
    assert admin.post_form(f"{answer.location}hapus", page=answer.location).status_code == 303
    assert rows(house) == []


def test_what_is_wrong_is_said_beside_it_and_nothing_is_kept(
    house: TestHouse, admin: HouseClient, provider: Any
) -> None:
    add = f"{PATH}/tambah"
    for more, words in (
        ({"issuer": f"{provider.issuer}/"}, "menyebut dirinya"),
        ({"issuer": "https://127.0.0.1/"}, "outgoing_private"),
        ({"issuer": "http://example.id"}, "https://"),
        ({"issuer": "javascript:alert(1)"}, "https://"),
        ({"issuer": f"{provider.issuer}?a=1"}, "tanpa ?"),
        ({"issuer": "http://localhost:1"}, "tidak dapat dihubungi"),
        ({"code": "Provinsi!"}, "huruf kecil"),
        ({"client_id": ""}, "Tulis client_id"),
        ({"audience": "servant", "create_accounts": "y", "trust_email": "y"}, "hanya untuk warga"),
        ({"create_accounts": "y"}, "hanya untuk warga"),
        ({"audience": "hantu"}, "tidak"),
        ({"domains": "bukan domain!"}, "domain!"),
        ({"scopes": 'a"b'}, "bukan"),
        ({"number_claim": "a b"}, "huruf, angka"),
    ):
        answer = admin.post_form(add, form(provider, **more), page=add)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422 and words in page, (more, words)
        assert 'value="Masuk Provinsi"' in page and "rahasia penyedia" not in page
        assert rows(house) == [], more


def test_an_issuer_stays_while_people_are_known_by_it(
    house: TestHouse, admin: HouseClient, provider: Any, trust: Any
) -> None:
    trust()
    person = house.person("sumbawa", "siti@a.id")
    with house.scope() as scope:
        row = scope.session.scalars(select(UpstreamRow)).one()
        scope.session.add(IdentityRow(upstream_id=row.id, person_id=person.id, subject="u", created_at=utc_now()))
        page = f"{PATH}/{row.id}/"
    provider.document = {"issuer": f"{provider.issuer}/"}
    answer = admin.post_form(page, form(provider, issuer=f"{provider.issuer}/"), page=page)
    assert answer.status_code == 422 and "orang lain" in answer.get_data(as_text=True)
    assert admin.post_form(f"{page}hapus", page=page).status_code == 422
    assert rows(house)[0].issuer == provider.issuer


def test_only_administrators_of_the_tenant_look_after_its_providers(
    house: TestHouse, provider: Any, trust: Any
) -> None:
    trust()
    row = rows(house)[0]
    paths = [f"{PATH}/", f"{PATH}/tambah", f"{PATH}/{row.id}/"]
    officer = house.client("sumbawa", house.person("sumbawa", "o@a.id", roles=["officer"]))
    west = house.client("sumbawabarat", house.person("sumbawabarat", "admin@a.id", roles=["admin"]))
    assert [officer.get(path).status_code for path in paths] == [403] * 3
    assert [west.get(path).status_code for path in paths] == [200, 200, 404]
    assert "Masuk Provinsi" not in west.get(paths[0]).get_data(as_text=True)
    for act in ("", "matikan", "nyalakan", "hapus"):
        assert officer.post_form(f"{paths[2]}{act}", form(provider)).status_code == 403
        assert west.post_form(f"{paths[2]}{act}", form(provider)).status_code == 404
    assert rows(house)[0].active


def test_the_command_tries_a_provider(provider: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from lumbung.cli.upstream import upstream

    monkeypatch.setenv("LUMBUNG_HOME", str(tmp_path))
    answer = CliRunner().invoke(upstream, ["try", provider.issuer])
    assert answer.exit_code == 0 and "1 keys, signs with RS256" in answer.output
    answer = CliRunner().invoke(upstream, ["try", "https://127.0.0.1"])
    assert answer.exit_code != 0 and "private network" in str(answer.exception)
