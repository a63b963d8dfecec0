"""Who runs a service at a tenant: named when it is switched on, or afterwards."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from lumbung.audit import AuditRow
from lumbung.errors import LumbungError
from lumbung.lifecycle.enable import disable, enable, set_run_by
from lumbung.tenancy.models import Unit
from lumbung.tenancy.services import TenancyError, remove_unit
from lumbung.testing import TestHouse

Gift = Callable[..., object]


def run_by(house: TestHouse) -> dict[tuple[int, str], UUID]:
    house.kernel.state.forget()
    return dict(house.kernel.snapshot().run_by)


def trail(house: TestHouse) -> list[tuple[str, object]]:
    with house.scope("sumbawa") as scope:
        rows = scope.session.scalars(select(AuditRow).where(AuditRow.action == "plugin.run_by").order_by(AuditRow.at))
        return [(row.person_name, row.detail["unit"]) for row in rows]


def test_the_unit_is_named_when_switching_on_and_changed_afterwards(house: TestHouse, gift: Gift) -> None:
    gift(tenants=[])
    tenant = house.kernel.tenant("sumbawa")
    dinkes, pupr = house.unit("sumbawa", "DINKES"), house.unit("sumbawa", "PUPR")
    assert enable(house.kernel, "contoh", tenant, by="siti", unit="dinkes")
    assert run_by(house) == {(tenant.id, "contoh"): dinkes}
    assert set_run_by(house.kernel, "contoh", tenant, "PUPR", by="siti")
    assert not set_run_by(house.kernel, "contoh", tenant, "PUPR", by="siti")
    assert run_by(house) == {(tenant.id, "contoh"): pupr}
    assert set_run_by(house.kernel, "contoh", tenant, None, by="siti")
    assert run_by(house) == {}
    assert trail(house) == [("siti", "DINKES"), ("siti", "PUPR"), ("siti", None)]


def test_saying_it_again_with_another_unit_names_that_one(house: TestHouse, gift: Gift) -> None:
    gift()
    tenant, unit = house.kernel.tenant("sumbawa"), house.unit("sumbawa", "DINKES")
    assert not enable(house.kernel, "contoh", tenant, by="siti", unit="DINKES")
    assert run_by(house) == {(tenant.id, "contoh"): unit}
    assert not enable(house.kernel, "contoh", tenant, by="siti")
    assert run_by(house) == {(tenant.id, "contoh"): unit}


@pytest.mark.parametrize("code", ["TIADA", "SETDA-TETANGGA"])
def test_a_unit_that_the_tenant_does_not_have_is_refused_and_nothing_is_switched(
    house: TestHouse, gift: Gift, code: str
) -> None:
    gift(tenants=[])
    house.unit("sumbawabarat", "SETDA-TETANGGA")
    tenant = house.kernel.tenant("sumbawa")
    with pytest.raises(LumbungError, match="no unit with the code"):
        enable(house.kernel, "contoh", tenant, by="siti", unit=code)
    house.kernel.state.forget()
    assert not house.kernel.snapshot().is_enabled("contoh", tenant.id)
    enable(house.kernel, "contoh", tenant, by="siti")
    with pytest.raises(LumbungError, match="no unit with the code"):
        set_run_by(house.kernel, "contoh", tenant, code, by="siti")
    assert (run_by(house), trail(house)) == ({}, [])


def test_a_service_that_is_off_is_run_by_nobody(house: TestHouse, gift: Gift) -> None:
    gift()
    tenant = house.kernel.tenant("sumbawa")
    house.unit("sumbawa", "DINKES")
    set_run_by(house.kernel, "contoh", tenant, "DINKES", by="siti")
    disable(house.kernel, "contoh", tenant, by="siti")
    assert run_by(house) == {}
    with pytest.raises(LumbungError, match="is not on for sumbawa"):
        set_run_by(house.kernel, "contoh", tenant, "DINKES", by="siti")


def test_a_unit_that_runs_a_service_is_not_removed(house: TestHouse, gift: Gift) -> None:
    gift()
    unit = house.unit("sumbawa", "DINKES")
    set_run_by(house.kernel, "contoh", house.kernel.tenant("sumbawa"), "DINKES", by="siti")
    with house.scope("sumbawa") as scope, pytest.raises(TenancyError, match="a service it runs"):
        remove_unit(scope.session, scope.session.scalars(select(Unit).where(Unit.id == unit)).one())
    assert house.unit("sumbawa", "DINKES") == unit
