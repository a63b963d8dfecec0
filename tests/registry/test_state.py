"""What every worker knows: read again when the generation grew, at most twice a second, never half."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lumbung.errors import DatabaseUnavailable, LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle.enable import disable, enable
from lumbung.registry.state import InstalledPlugin, Snapshot
from lumbung.tenancy.services import add_tenant, change_tenant, find_tenant
from lumbung.tenancy.tenant import Tenant
from lumbung.testing import TestHouse


def within_a_second(claim: Any) -> None:
    deadline = time.monotonic() + 1.0
    while not claim():
        assert time.monotonic() < deadline, "not visible within a second"


def test_every_change_is_seen_by_another_process_within_a_second(house: TestHouse, gift: Any) -> None:
    gift(tenants=())
    other = Kernel(house.settings, house.urls.app)
    try:
        here = other.snapshot().tenants["sumbawa"]
        enable(house.kernel, "contoh", here, by="test")
        within_a_second(lambda: other.snapshot().is_enabled("contoh", here.id))
        disable(house.kernel, "contoh", here, by="test")
        within_a_second(lambda: not other.snapshot().is_enabled("contoh", here.id))
        with house.kernel.scope() as scope:
            add_tenant(scope.session, slug="dompu", name="Kabupaten Dompu", hosts=["dompu.localhost"])
        within_a_second(lambda: "dompu.localhost" in other.snapshot().by_host)
        with house.kernel.scope() as scope:
            row = find_tenant(scope.session, "dompu")
            assert row is not None
            change_tenant(
                scope.session,
                row,
                name="Kabupaten Dompu",
                hosts=["baru.localhost"],
                region_code="52.05",
                time_zone="Asia/Jayapura",
                languages=["id"],
            )
        within_a_second(lambda: "baru.localhost" in other.snapshot().by_host)
        assert "dompu.localhost" not in other.snapshot().by_host
        assert other.snapshot().tenants["dompu"].time_zone == "Asia/Jayapura"
    finally:
        other.close()


def test_nothing_is_read_again_while_nothing_changed(house: TestHouse) -> None:
    first = house.kernel.snapshot()
    house.kernel.state.forget()
    assert house.kernel.snapshot() is first


def test_a_change_that_was_rolled_back_is_not_seen(house: TestHouse) -> None:
    before = house.kernel.snapshot().generation
    with pytest.raises(ZeroDivisionError), house.kernel.scope() as scope:
        add_tenant(scope.session, slug="dompu", name="Kabupaten Dompu", hosts=["dompu.localhost"])
        raise ZeroDivisionError
    house.kernel.state.forget()
    assert house.kernel.snapshot().generation == before
    assert "dompu" not in house.kernel.snapshot().tenants


def test_a_plugin_enabled_but_no_longer_installed_is_not_open() -> None:
    plugin = InstalledPlugin("contoh", "1.0.0", {})
    snapshot = Snapshot(1, {}, {"contoh": plugin}, {1: frozenset({"contoh", "hilang"})})
    assert snapshot.is_enabled("contoh", 1)
    assert not snapshot.is_enabled("hilang", 1)
    assert not snapshot.is_enabled("contoh", 2)
    assert snapshot.enabled_for(1) == ()  # its manifest cannot be read
    assert snapshot.enabled_for(2) == ()


def test_an_unknown_tenant_is_refused_with_those_that_exist(house: TestHouse) -> None:
    with pytest.raises(LumbungError, match=r"no tenant 'bali'; there are: sumbawa, sumbawabarat"):
        house.kernel.tenant("bali")


def test_a_database_without_tables_is_unavailable_and_not_a_crash(house: TestHouse, as_owner: Any) -> None:
    as_owner("ALTER TABLE lumbung_generation RENAME TO lumbung_elsewhere")
    other = Kernel(house.settings, house.urls.app)
    try:
        with pytest.raises(DatabaseUnavailable):
            other.snapshot()
    finally:
        other.close()


def test_a_tenant_without_hosts_has_no_address() -> None:
    assert Tenant(1, "x", "X").host == ""
    assert Tenant(1, "x", "X").logo_url is None
