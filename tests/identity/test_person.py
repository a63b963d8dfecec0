"""What roles allow: in which units, and that a plugin's role counts only where the plugin is on."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from lumbung.identity.person import PLATFORM_PERMISSIONS, TENANT_PERMISSIONS, Person, powers_of
from lumbung.lifecycle.enable import disable
from lumbung.registry.state import Snapshot
from lumbung.testing import TestHouse

RIGHTS = """
[[permissions]]
name = "loket.serve"
title = {id = "Melayani", en = "Serve"}
[[permissions]]
name = "loket.setup"
title = {id = "Mengatur", en = "Set up"}
[[roles]]
name = "server"
title = {id = "Petugas loket", en = "Clerk"}
permissions = ["loket.serve"]
"""

EMPTY = Snapshot(1, {}, {}, {})


def test_a_role_for_a_unit_covers_the_units_below_it_and_no_other(house: TestHouse, gift: Any) -> None:
    gift("loket", more=RIGHTS)
    dinkes = house.unit("sumbawa", "DINKES")
    clinic = house.unit("sumbawa", "PKM-1", parent="DINKES")
    below = house.unit("sumbawa", "PUSTU-1", parent="PKM-1")
    other = house.unit("sumbawa", "DISHUB")
    clerk = house.person("sumbawa", "a@contoh.id", roles=[("loket.server", "DINKES")])
    assert clerk.units_with("loket.serve") == {dinkes, clinic, below}
    assert all(clerk.can("loket.serve", unit) for unit in (dinkes, clinic, below, None))
    assert not clerk.can("loket.serve", other)
    assert not clerk.can("loket.setup")
    narrow = house.person("sumbawa", "b@contoh.id", roles=[("loket.server", "PUSTU-1")])
    assert narrow.units_with("loket.serve") == {below}
    assert not narrow.can("loket.serve", dinkes)
    both = house.person("sumbawa", "c@contoh.id", roles=[("loket.server", "PUSTU-1"), ("loket.server", "DISHUB")])
    assert both.units_with("loket.serve") == {below, other}
    whole = house.person("sumbawa", "d@contoh.id", roles=[("loket.server", "DISHUB"), "loket.server"])
    assert whole.units_with("loket.serve") is None


def test_an_administrator_may_everything_of_the_tenant_and_nothing_of_the_platform(house: TestHouse, gift: Any) -> None:
    gift("loket", more=RIGHTS)
    admin = house.person("sumbawa", "admin@contoh.id", roles=["admin"])
    assert all(admin.can(one) for one in (*TENANT_PERMISSIONS, "loket.serve", "loket.setup"))
    assert not any(admin.can(one) for one in PLATFORM_PERMISSIONS)
    operator = house.person("sumbawa", "op@contoh.id", operator=True)
    assert all(operator.can(one) for one in PLATFORM_PERMISSIONS)
    assert not any(operator.can(one) for one in (*TENANT_PERMISSIONS, "loket.serve"))
    disable(house.kernel, "loket", house.kernel.tenant("sumbawa"), by="test")
    again = house.person("sumbawa", "admin@contoh.id")
    assert not again.can("loket.serve")


def test_a_role_that_nobody_declares_gives_nothing() -> None:
    assert powers_of([("hantu.raja", None), ("officer", None)], EMPTY, 1, operator=False) == {}


def test_a_citizen_has_no_desk_and_no_unit() -> None:
    citizen = Person(uuid4(), 1, "Siti", "siti@contoh.id")
    assert not citizen.is_staff
    assert citizen.units_with("loket.serve") == frozenset()
    assert citizen.get_id() == str(citizen.id)
    assert citizen.is_authenticated
