"""Composed roles and roles with an end: what they give, to whom, until when, and who may hand them on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select

from lumbung.audit import AuditRow
from lumbung.clock import utc_now
from lumbung.context import Scope
from lumbung.errors import LumbungError
from lumbung.housekeeping import sweep_all
from lumbung.identity import accounts, cards, composing, explain, people, roles
from lumbung.identity.models import ComposedRole, Grant, PersonRow
from lumbung.identity.person import KEPT_BY_ADMINS, PLATFORM_PERMISSIONS, TENANT_PERMISSIONS, Person
from lumbung.lifecycle.enable import disable, enable
from lumbung.notifications.models import Notification
from lumbung.testing import TestHouse, frozen_clock
from lumbung.web.permission_titles import CORE_PERMISSIONS

Gift = Callable[..., object]
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
NOON = "2026-11-24T12:00+08:00"


def compose(house: TestHouse, title: str, *permissions: str, tenant: str = "sumbawa") -> str:
    """Compose a role as the command line does; return its name in grants."""
    with house.scope(tenant) as scope:
        row = composing.compose(scope.session, None, title=title, permissions=permissions)
        name = roles.COMPOSED + row.code
    house.kernel.state.forget()
    return name


def row_of(scope: Scope, person: Person) -> PersonRow:
    return scope.session.scalars(select(PersonRow).where(PersonRow.id == person.id)).one()


def test_a_composed_role_gives_what_it_holds_and_follows_its_plugin(house: TestHouse, gift: Gift) -> None:
    gift("loket", more=RIGHTS)
    clinic = house.unit("sumbawa", "PKM")
    role = compose(house, "Kepala Layanan", "loket.serve", "loket.setup")
    assert role == "tenant.kepala_layanan"
    head = house.person("sumbawa", "a@a.id", roles=[(role, "PKM")])
    assert {name: head.units_with(name) for name in head.powers} == {"loket.serve": {clinic}, "loket.setup": {clinic}}
    assert head.is_staff and not head.is_admin
    tenant = house.kernel.tenant("sumbawa")
    disable(house.kernel, "loket", tenant, by="test")
    assert house.person("sumbawa", "a@a.id").powers == {}
    with house.scope() as scope:
        assert roles.permissions_of(role) == {"loket.serve", "loket.setup"}
        (asleep,) = explain.asleep_grants(scope.session, row_of(scope, head))
        assert asleep.asleep == "application off"
    enable(house.kernel, "loket", tenant, by="test")
    assert house.person("sumbawa", "a@a.id").can("loket.setup", clinic)


def test_what_cannot_be_composed_is_refused_and_leaves_nothing(house: TestHouse) -> None:
    house.kernel.tenant("sumbawa")
    for permissions in ((), ("core.units",), ("platform.plugins",), ("hantu.raja",), ("core.people", "admin")):
        with pytest.raises(LumbungError):
            compose(house, "Peran", *permissions)
    for title in ("", "x", "x" * 81):
        with pytest.raises(LumbungError):
            compose(house, title, "core.audit")
    compose(house, "Pembaca Jejak", "core.audit")
    with pytest.raises(composing.TitleTaken):
        compose(house, "pembaca  jejak", "core.audit")
    assert compose(house, "???", "core.audit") == "tenant.peran"
    assert compose(house, "Peran", "core.audit") == "tenant.peran_2"
    with house.scope() as scope:
        assert [row.code for row in composing.every(scope.session)] == ["peran", "pembaca_jejak", "peran_2"]
    assert set(CORE_PERMISSIONS) == {*TENANT_PERMISSIONS, *PLATFORM_PERMISSIONS}
    assert set(TENANT_PERMISSIONS) >= KEPT_BY_ADMINS


def test_a_row_that_says_more_than_may_be_composed_gives_no_more(house: TestHouse, as_owner: Any) -> None:
    role = compose(house, "Peran", "core.audit")
    as_owner("UPDATE lumbung_role SET permissions = '{core.audit,core.units,platform.plugins,platform.tenants}'")
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    house.kernel.state.forget()
    assert set(house.person("sumbawa", "a@a.id", roles=[role]).powers) == {"core.audit"}


def test_a_role_of_another_tenant_is_nobodys_here(house: TestHouse) -> None:
    role = compose(house, "Pembaca", "core.audit", tenant="sumbawabarat")
    siti = house.person("sumbawa", "siti@a.id")
    with house.scope() as scope:
        assert composing.every(scope.session) == []
        assert roles.permissions_of(role) is None
        with pytest.raises(LumbungError, match="no role"):
            people.grant(scope.session, row_of(scope, siti), role)
    with house.scope() as scope:  # even where a grant says so
        scope.session.add(Grant(person_id=siti.id, role=role))
    assert house.person("sumbawa", "siti@a.id").powers == {}
    assert house.person("sumbawabarat", "b@b.id", roles=[role]).can("core.audit")


def test_what_knows_no_units_is_never_given_for_one(house: TestHouse, gift: Gift) -> None:
    gift("loket", more=RIGHTS)
    role = compose(house, "Petugas", "loket.serve")
    house.person("sumbawa", "a@a.id", roles=[(role, "PKM")])
    with house.scope() as scope:
        row = composing.every(scope.session)[0]
        with pytest.raises(composing.HeldInUnits):
            composing.change(scope.session, row, None, title="Petugas", permissions=["loket.serve", "core.people"])
        assert row.permissions == ["loket.serve"]
    reader = compose(house, "Pembaca", "core.audit")
    for name in (reader, "editor", "admin"):
        with pytest.raises(LumbungError, match="whole tenant"):
            house.person("sumbawa", "b@a.id", roles=[(name, "PKM")])
    with house.scope() as scope:  # and a grant that says so gives nothing
        unit = house.unit("sumbawa", "PKM")
        scope.session.add(Grant(person_id=house.person("sumbawa", "b@a.id").id, role=reader, unit_id=unit))
        scope.session.flush()
        assert cards.with_permission("core.audit") == []
    assert house.person("sumbawa", "b@a.id").powers == {}


def test_a_change_reaches_a_session_that_is_open_and_costs_no_query_when_there_is_none(
    house: TestHouse,
) -> None:
    role = compose(house, "Pembaca", "core.audit")
    client = house.client("sumbawa", house.person("sumbawa", "a@a.id", roles=[role]))
    assert client.get("/admin/jejak/").status_code == 200
    asked: list[str] = []
    event.listen(house.kernel.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert client.get("/admin/jejak/").status_code == 200
    assert not [statement for statement in asked if "lumbung_role" in statement]
    other = TestHouse(house.settings, house.urls)  # another worker
    try:
        with other.scope() as scope:
            row = composing.every(scope.session)[0]
            composing.change(scope.session, row, None, title="Penulis", permissions=["core.announce"])
    finally:
        other.close()
    house.kernel.state.forget()  # half a second passes
    assert client.get("/admin/jejak/").status_code == 403
    assert client.get("/admin/pengumuman/").status_code == 200


def test_a_change_that_was_undone_is_remembered_by_nobody(house: TestHouse) -> None:
    role = compose(house, "Pembaca", "core.audit")
    with pytest.raises(ZeroDivisionError), house.scope() as scope:
        row = composing.every(scope.session)[0]
        composing.change(scope.session, row, None, title="Penulis", permissions=["core.announce"])
        house.kernel.state.forget()
        assert roles.permissions_of(role) == {"core.audit"}
        1 / 0  # noqa: B018
    assert set(house.person("sumbawa", "a@a.id", roles=[role]).powers) == {"core.audit"}


def test_a_role_ends_by_the_clock_and_is_swept_with_its_history(house: TestHouse, gift: Gift) -> None:
    gift("loket", more=RIGHTS)
    with frozen_clock(NOON):
        admin = house.person("sumbawa", "admin@a.id", roles=["admin"])
        siti = house.person("sumbawa", "siti@a.id")
        with house.scope(person=admin) as scope:
            ends = utc_now() + timedelta(days=3)
            people.grant(scope.session, row_of(scope, siti), "loket.server", until=ends)
            with pytest.raises(people.EndsInThePast):
                people.grant(scope.session, row_of(scope, siti), "officer", until=utc_now())
        assert house.person("sumbawa", "siti@a.id").can("loket.serve")
        with house.scope():
            assert siti.email in [card.email for card in cards.with_permission("loket.serve")]
        for _night in range(2):
            sweep_all(house.kernel)
        with house.scope() as scope:
            told = scope.session.execute(select(Notification.person_id, Notification.title)).all()
            assert sorted(title["id"] for person, title in told if person in (siti.id, admin.id)) == [
                "Peran Anda segera berakhir: Petugas loket",
                "Peran yang segera berakhir: 1",
            ]
    with frozen_clock(ends):
        assert house.person("sumbawa", "siti@a.id").powers == {}
        with house.scope() as scope:
            assert [card.email for card in cards.with_permission("loket.serve")] == ["admin@a.id"]
            assert not next(
                one for one in explain.answers(scope.session, row_of(scope, siti)) if one.permission == "loket.serve"
            ).can
        sweep_all(house.kernel)
        with house.scope() as scope:
            assert scope.session.scalars(select(Grant).where(Grant.person_id == siti.id)).all() == []
            assert "person.role_ended" in scope.session.scalars(select(AuditRow.action)).all()


def test_a_role_given_again_gets_another_end_and_one_that_ended_begins_anew(house: TestHouse) -> None:
    with frozen_clock(NOON):
        siti = house.person("sumbawa", "siti@a.id", roles=["officer"])
        with house.scope() as scope:
            first = people.grant(scope.session, row_of(scope, siti), "officer")
            soon, later = utc_now() + timedelta(days=1), utc_now() + timedelta(days=9)
            assert people.grant(scope.session, row_of(scope, siti), "officer", until=soon) is first
            assert people.grant(scope.session, row_of(scope, siti), "officer", until=later).expires_at == later
    with frozen_clock(later), house.scope() as scope:
        again = people.grant(scope.session, row_of(scope, siti), "officer")
        assert again.id != first.id
        assert [one.expires_at for one in row_of(scope, siti).grants] == [None]


def test_somebody_always_administers_for_good(house: TestHouse) -> None:
    with frozen_clock(NOON):
        first = house.person("sumbawa", "a@a.id", roles=["admin"])
        second = house.person("sumbawa", "b@a.id")
        with house.scope() as scope:
            ends = utc_now() + timedelta(days=1)
            with pytest.raises(people.LastAdmin):
                people.grant(scope.session, row_of(scope, first), "admin", until=ends)
            people.grant(scope.session, row_of(scope, second), "admin", until=ends)
            with pytest.raises(accounts.LastAdmin):
                accounts.close(scope.session, row_of(scope, first), house.person("sumbawa", "b@a.id"))
            held = row_of(scope, first).grants[0]
            with pytest.raises(accounts.LastAdmin):
                accounts.withdraw(scope.session, row_of(scope, first), held.id, second)
            assert held.expires_at is None
        assert house.person("sumbawa", "b@a.id").is_admin


def test_the_pages_of_who_can_do_what_agree_with_what_opens(house: TestHouse, gift: Gift) -> None:
    """For each person and each permission: `Person.can`, the answer with its reasons, and the list of holders."""
    gift("loket", more=RIGHTS)
    gift("lumpuh", more=RIGHTS.replace("loket", "lumpuh"), tenants=[])
    unit, below = house.unit("sumbawa", "DINKES"), house.unit("sumbawa", "PKM", parent="DINKES")
    content = compose(house, "Pengelola Konten", "core.announce", "core.audit")
    clerk = compose(house, "Loket", "loket.serve")
    given: dict[str, list[Any]] = {
        "admin@a.id": ["admin"],
        "konten@a.id": [content],
        "loket@a.id": [(clerk, "DINKES"), "officer"],
        "dua@a.id": [("loket.server", "PKM"), content],
        "mati@a.id": ["lumpuh.server", "hantu.raja"],
        "warga@a.id": [],
    }
    persons = {email: house.person("sumbawa", email, roles=held) for email, held in given.items()}
    persons["op@a.id"] = house.person("sumbawa", "op@a.id", operator=True, roles=["editor"])
    with house.scope() as scope:
        ended = house.person("sumbawa", "lalu@a.id")
        scope.session.add(Grant(person_id=ended.id, role="admin", expires_at=utc_now() - timedelta(seconds=1)))
    persons["lalu@a.id"] = house.person("sumbawa", "lalu@a.id")
    asked = 0
    with house.scope() as scope:
        every = roles.everything_here() | set(PLATFORM_PERMISSIONS)
        for permission in every | {"lumpuh.serve", "hantu.raja"}:
            holding = {one.person.email for one in scope.session.scalars(explain.grants_giving(permission))}
            if permission in PLATFORM_PERMISSIONS:
                holding = {row.email for row in scope.session.scalars(explain.operators())}
            able = {email for email, person in persons.items() if person.can(permission)}
            assert holding == able, permission
            assert {card.email for card in cards.with_permission(permission)} == able, permission
        for person in persons.values():
            answers = explain.answers(scope.session, row_of(scope, person))
            assert {one.permission for one in answers} == every
            for one in answers:
                asked += 1
                assert one.can == person.can(one.permission), (person.email, one.permission)
                assert one.everywhere == (person.units_with(one.permission) is None)
                for place in (unit, below):
                    covered = one.everywhere or place in one.unit_ids or (place == below and unit in one.unit_ids)
                    assert covered == person.can(one.permission, place), (person.email, one.permission)
    assert asked == len(persons) * len(every) >= 80


def test_removing_a_role_that_is_held_says_by_whom_and_takes_it_back_when_told(house: TestHouse) -> None:
    role = compose(house, "Pembaca", "core.audit")
    siti = house.person("sumbawa", "siti@a.id", roles=[role], name="Siti")
    with house.scope() as scope:
        row = composing.every(scope.session)[0]
        with pytest.raises(composing.StillHeld) as held:
            composing.remove(scope.session, row, None)
        assert [one.person.name for one in held.value.grants] == ["Siti"]
        assert scope.session.get(ComposedRole, (scope.session.info["tenant"], row.id))
        assert composing.remove(scope.session, row, None, take_back=True) == 1
    house.kernel.state.forget()
    assert house.person("sumbawa", "siti@a.id").powers == {}
    with house.scope() as scope:
        assert row_of(scope, siti).grants == []
    assert compose(house, "Pembaca", "core.audit") == "tenant.pembaca_2"  # a code is never another role's


def test_two_at_once_give_a_role_once_and_leave_an_administrator(house: TestHouse) -> None:
    first, second = (house.person("sumbawa", f"{name}@a.id", roles=["admin"]) for name in "ab")
    siti, ends = house.person("sumbawa", "siti@a.id"), utc_now() + timedelta(days=1)
    tenant, barrier = house.kernel.tenant("sumbawa"), Barrier(2)

    def give(person: Person, role: str, until: datetime | None) -> str:
        try:
            with house.kernel.scope(tenant, actor="test") as scope:
                row = row_of(scope, person)
                assert row.grants is not None  # seen before the other one writes
                barrier.wait(10)
                people.grant(scope.session, row, role, until=until)
        except people.LastAdmin:
            return "last"
        return "given"

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(give, [siti, siti], ["officer"] * 2, [None] * 2)) == ["given", "given"]
        assert sorted(pool.map(give, [first, second], ["admin"] * 2, [ends] * 2)) == ["given", "last"]
    with house.scope() as scope:
        assert [one.role for one in row_of(scope, siti).grants] == ["officer"]
        assert accounts.admins(scope.session) == 1


def test_who_may_do_something_in_a_unit_is_found_upwards_or_in_that_very_unit(house: TestHouse, gift: Gift) -> None:
    gift("loket", more=RIGHTS)
    above, below = house.unit("sumbawa", "DINAS"), house.unit("sumbawa", "BIDANG", parent="DINAS")
    aside = house.unit("sumbawa", "LAIN")
    for email, unit in (("dinas@a.id", "DINAS"), ("bidang@a.id", "BIDANG"), ("semua@a.id", None)):
        house.person("sumbawa", email, roles=[("loket.server", unit)])
    house.person("sumbawa", "bukan@a.id", roles=[("officer", "BIDANG")])

    def found(unit: UUID, *, above: bool = True) -> list[str]:
        return [card.email for card in cards.with_permission("loket.serve", unit=unit, above=above)]

    with house.scope():
        assert found(below) == ["bidang@a.id", "dinas@a.id", "semua@a.id"]
        assert found(above) == ["dinas@a.id", "semua@a.id"]
        assert found(aside) == ["semua@a.id"]
        assert (found(below, above=False), found(aside, above=False)) == (["bidang@a.id"], [])
