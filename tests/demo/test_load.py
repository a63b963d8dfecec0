"""The demo: two governments in their real shape, loaded once however often it is asked for."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from lumbung.demo import Demo, load
from lumbung.demo.load import demo_password, load_demo, report, write_accounts
from lumbung.demo.regency import TENANTS
from lumbung.errors import LumbungError
from lumbung.lifecycle.enable import disable, enable
from lumbung.lifecycle.operations import install_wheel, uninstall
from lumbung.sdk import place_at
from lumbung.testing import TestHouse, make_wheel

COUNT = (
    "SELECT t.slug, (SELECT count(*) FROM lumbung_unit u WHERE u.tenant_id = t.id), "
    "(SELECT count(*) FROM lumbung_person p WHERE p.tenant_id = t.id), "
    "(SELECT count(*) FROM lumbung_grant g WHERE g.tenant_id = t.id) FROM lumbung_tenant t ORDER BY t.slug"
)


@pytest.fixture
def demo(house: TestHouse, monkeypatch: pytest.MonkeyPatch) -> TestHouse:
    """A house in which the demo was loaded, without the bundled plugins, which have tests of their own."""
    monkeypatch.setattr(load, "_bundled_plugins", lambda kernel: [])
    load_demo(house.settings, house.urls, tell=lambda _: None)
    house.kernel.state.forget()
    return house


def test_every_district_is_a_unit_and_everybody_has_their_role(demo: TestHouse, as_owner: Any) -> None:
    counted = {slug: units for slug, units, _, _ in as_owner(COUNT)}
    named = {tenant.slug: len(tenant.units) for tenant in TENANTS}
    assert counted == {"sumbawa": named["sumbawa"] + 24, "sumbawabarat": named["sumbawabarat"] + 8}
    roles = as_owner(
        "SELECT p.email, p.operator, g.role FROM lumbung_person p LEFT JOIN lumbung_grant g "
        "ON g.tenant_id = p.tenant_id AND g.person_id = p.id WHERE p.email LIKE '%@sumbawa.example'"
    )
    assert ("admin@sumbawa.example", False, "admin") in roles
    assert ("warga@sumbawa.example", False, None) in roles
    assert [email for email, operator, _ in roles if operator] == ["operator@sumbawa.example"]


def test_a_second_load_adds_nothing(demo: TestHouse, as_owner: Any) -> None:
    before = as_owner(COUNT), as_owner("SELECT password_hash FROM lumbung_person ORDER BY email")
    load_demo(demo.settings, demo.urls, tell=lambda _: None)
    assert (as_owner(COUNT), as_owner("SELECT password_hash FROM lumbung_person ORDER BY email")) == before


def test_sumbawa_announces_three_things_once_and_what_was_deleted_alone_does_not_return(
    demo: TestHouse, as_owner: Any
) -> None:
    told = "SELECT a.weight FROM lumbung_announcement a JOIN lumbung_tenant t ON t.id = a.tenant_id WHERE t.slug = "
    assert sorted(as_owner(told + "'sumbawa'")) == [("important",), ("plain",), ("plain",)]
    assert as_owner(told + "'sumbawabarat'") == []
    as_owner("DELETE FROM lumbung_announcement WHERE weight = 'important'")
    load_demo(demo.settings, demo.urls, tell=lambda _: None)
    assert as_owner(told + "'sumbawa'") == [("plain",), ("plain",)]
    demo.kernel.state.forget()
    assert "Jadwal perekaman KTP-el keliling" in demo.client("sumbawa").get("/pengumuman/").get_data(as_text=True)


def test_sumbawa_knows_roughly_what_is_inside(demo: TestHouse) -> None:
    within = {"Sumbawa Besar": (-8.4932, 117.4205), "Alas": (-8.5342, 117.0053), "Lunyuk": (-8.952, 117.21)}
    outside = {"Dompu": (-8.537, 118.463), "at sea": (-8.3, 117.1)}
    with demo.scope("sumbawa"):
        assert {name: place_at(*place).inside for name, place in within.items()} == dict.fromkeys(within, True)
        assert {name: place_at(*place).inside for name, place in outside.items()} == dict.fromkeys(outside, False)
    with demo.scope("sumbawabarat"):
        assert place_at(-8.4932, 117.4205).inside is None
    load_demo(demo.settings, demo.urls, tell=lambda _: None)
    page = demo.client("sumbawa", demo.person("sumbawa", "admin@sumbawa.example")).get("/admin/batas-wilayah/")
    assert page.get_data(as_text=True).count("bukan batas resmi") == 1


def test_a_plugin_names_the_unit_that_runs_it_unless_somebody_did(
    house: TestHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "_bundled_plugins", lambda kernel: [])
    load_demo(house.settings, house.urls, tell=lambda _: None)
    install_wheel(house.kernel, make_wheel(tmp_path), by="test")
    tenant = house.kernel.tenant("sumbawa")
    enable(house.kernel, "contoh", tenant, by="test")
    named = []
    for code in ("DINKES", "PUPR"):
        house.kernel.state.forget()
        with house.scope("sumbawa", plugin="contoh"):
            Demo().run_by(code)
        house.kernel.state.forget()
        named.append(house.kernel.snapshot().run_by[tenant.id, "contoh"])
    assert named == [house.unit("sumbawa", "DINKES")] * 2


def test_a_second_load_leaves_off_what_was_switched_off_and_gone_what_was_uninstalled(
    house: TestHouse,
) -> None:
    def load_again() -> tuple[bool, bool]:
        load_demo(house.settings, house.urls, tell=lambda _: None)
        house.kernel.state.forget()
        snapshot = house.kernel.snapshot()
        return "antrean" in snapshot.plugins, snapshot.is_enabled("antrean", snapshot.tenants["sumbawa"].id)

    assert load_again() == (True, True)
    disable(house.kernel, "antrean", house.kernel.tenant("sumbawa"), by="test")
    assert load_again() == (True, False)
    uninstall(house.kernel, "antrean", by="test")
    assert load_again() == (False, False)


def test_a_wheel_that_was_installed_by_hand_is_not_switched_on_by_the_demo(
    demo: TestHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    install_wheel(demo.kernel, make_wheel(tmp_path), by="test")
    enable(demo.kernel, "contoh", demo.kernel.tenant("sumbawabarat"), by="test")
    load_demo(demo.settings, demo.urls, tell=lambda _: None)
    demo.kernel.state.forget()
    snapshot = demo.kernel.snapshot()
    enabled = {slug: snapshot.is_enabled("contoh", tenant.id) for slug, tenant in snapshot.tenants.items()}
    assert enabled == {"sumbawa": False, "sumbawabarat": True}


def test_every_account_in_the_file_signs_in_at_its_host(demo: TestHouse) -> None:
    path = write_accounts(demo.settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    known = json.loads(path.read_text())
    hosts = {tenant["slug"]: tenant["host"] for tenant in known["tenants"]}
    assert hosts == {"sumbawa": "sumbawa.localhost", "sumbawabarat": "sumbawabarat.localhost"}
    assert {account["role"] for account in known["accounts"]} >= {"operator", "admin", "officer", "citizen"}
    for account in known["accounts"]:
        client = demo.client(account["tenant"])
        form = {"email": account["email"], "password": account["password"]}
        assert client.post_form("/masuk", form, page="/masuk").status_code == 303, account["email"]
    assert all(account["email"] in report(demo.settings, path) for account in known["accounts"])


def test_a_new_data_folder_on_an_old_database_brings_its_own_password(demo: TestHouse) -> None:
    other = demo.settings.model_copy(update={"home": demo.settings.home / "lain"})
    assert demo_password(other) != demo_password(demo.settings)
    load_demo(other, demo.urls, tell=lambda _: None)
    form = {"email": "warga@sumbawa.example", "password": demo_password(other)}
    assert demo.client().post_form("/masuk", form, page="/masuk").status_code == 303


def test_a_plugin_finds_the_sample_people_and_units(demo: TestHouse) -> None:
    with demo.scope("sumbawa"):
        found = Demo()
        assert found.person("loket1@sumbawa.example")
        assert found.unit("DISDUKCAPIL")
        with pytest.raises(LumbungError, match="no person 'hantu'"):
            found.person("hantu")
        with pytest.raises(LumbungError, match="no unit 'HANTU'"):
            found.unit("HANTU")
