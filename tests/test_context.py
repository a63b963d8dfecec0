"""A scope has one tenant from beginning to end, is committed when it ends well, and closes what it opened."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from lumbung.context import current_scope, current_tenant, scope_or_none, session
from lumbung.identity.current import current_person
from lumbung.testing import TestHouse


def test_outside_of_a_scope_there_is_no_tenant_and_no_session() -> None:
    assert scope_or_none() is None
    assert current_person() is None
    for ask in (current_scope, current_tenant, lambda: session.connection()):
        with pytest.raises(RuntimeError, match="No scope is open"):
            ask()


def test_a_scope_without_a_tenant_says_so(house: TestHouse) -> None:
    with house.kernel.scope(), pytest.raises(RuntimeError, match="No tenant is set"):
        current_tenant()


def test_scopes_nest_and_each_keeps_its_own_tenant(house: TestHouse) -> None:
    with house.scope("sumbawa"):
        with house.scope("sumbawabarat"):
            assert current_tenant().slug == "sumbawabarat"
        assert current_tenant().slug == "sumbawa"
    assert scope_or_none() is None


def test_a_scope_is_committed_when_it_ends_well_and_undone_when_it_raises(house: TestHouse) -> None:
    insert = text("INSERT INTO lumbung_unit (code, name) VALUES (:code, 'Unit')")
    with house.scope("sumbawa"):
        session.execute(insert, {"code": "A"})
    for error in (ValueError, SystemExit, KeyboardInterrupt):
        with pytest.raises(error), house.scope("sumbawa"):
            session.execute(insert, {"code": "B"})
            raise error
    with house.scope("sumbawa"):
        assert session.execute(text("SELECT code FROM lumbung_unit")).scalars().all() == ["A"]


def test_the_tenant_is_set_again_after_a_commit_inside_a_scope(house: TestHouse) -> None:
    asked = text("SELECT current_setting('lumbung.tenant', true)")
    with house.scope("sumbawa") as scope:
        wanted = str(current_tenant().id)
        assert session.execute(asked).scalar() == wanted
        scope.session.commit()
        assert session.execute(asked).scalar() == wanted
        scope.session.rollback()
        assert session.execute(asked).scalar() == wanted
    with house.kernel.scope():
        assert session.execute(asked).scalar() in (None, "")


def test_another_thread_has_no_scope_of_ours(house: TestHouse) -> None:
    seen: list[object] = []
    with house.scope("sumbawa"):
        thread = threading.Thread(target=lambda: seen.append(scope_or_none()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_a_scope_gives_its_connection_back(house: TestHouse) -> None:
    pool = house.kernel.database.engine.pool
    before = pool.checkedout()  # type: ignore[attr-defined]
    for _ in range(3):
        with house.scope("sumbawa"):
            session.execute(text("SELECT 1"))
        with pytest.raises(ValueError, match="x"), house.scope("sumbawa"):
            session.execute(text("SELECT 1"))
            raise ValueError("x")
    assert pool.checkedout() == before  # type: ignore[attr-defined]
