"""Migrations: one transaction, one at a time, a line in the ledger for each that changed something."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from lumbung.errors import DatabaseUnavailable, LumbungError
from lumbung.migrate import Component, core_component, head_of, upgrade
from lumbung.site import bring_up, refuse_old_schema
from lumbung.testing import TestHouse

FILE = """
import sqlalchemy as sa
from alembic import op
revision = "{revision}"
down_revision = {down!r}
def upgrade():
    {body}
"""


def component(folder: Path, *steps: tuple[str, str | None, str], name: str = "contoh") -> Component:
    folder.mkdir(parents=True, exist_ok=True)
    for number, (revision, down, body) in enumerate(steps):
        (folder / f"{number}_{revision}.py").write_text(FILE.format(revision=revision, down=down, body=body))
    return Component(name, "1.0.0", folder)


TABLE = "op.create_tenant_table('contoh_note', sa.Column('words', sa.Text))"


def test_each_component_has_its_own_history(house: TestHouse, tmp_path: Path, as_owner: Any) -> None:
    one = component(tmp_path / "a", ("0001", None, TABLE))
    two = component(
        tmp_path / "b", ("0001", None, "op.create_tenant_table('lain_note', sa.Column('x', sa.Text))"), name="lain"
    )
    assert upgrade(house.urls.migrator, one, by="a") == "0001"
    assert upgrade(house.urls.migrator, two, by="b") == "0001"
    assert as_owner("SELECT version_num FROM lumbung_version_contoh") == [("0001",)]
    assert as_owner("SELECT component, by FROM lumbung_ledger WHERE component <> 'core' ORDER BY id") == [
        ("contoh", "a"),
        ("lain", "b"),
    ]
    assert upgrade(house.urls.migrator, one, by="again") == "0001"
    assert as_owner("SELECT count(*) FROM lumbung_ledger WHERE by = 'again'") == [(0,)]


def test_a_second_step_that_fails_takes_the_first_back_too_and_a_rerun_completes(
    house: TestHouse, tmp_path: Path, as_owner: Any
) -> None:
    broken = component(tmp_path, ("0001", None, TABLE), ("0002", "0001", "op.execute('SELECT nope')"))
    with pytest.raises(LumbungError, match=r"The migration of contoh failed and was undone: .*nope"):
        upgrade(house.urls.migrator, broken, by="test")
    assert as_owner("SELECT to_regclass('contoh_note'), to_regclass('lumbung_version_contoh')") == [(None, None)]
    mended = component(tmp_path, ("0001", None, TABLE), ("0002", "0001", "pass"))
    assert upgrade(house.urls.migrator, mended, by="test") == "0002"


def test_two_that_migrate_at_once_take_turns(house: TestHouse, tmp_path: Path, as_owner: Any) -> None:
    one = component(tmp_path, ("0001", None, TABLE))
    with ThreadPoolExecutor(4) as pool:
        heads = list(pool.map(lambda _: upgrade(house.urls.migrator, one, by="test"), range(4)))
    assert heads == ["0001"] * 4
    assert as_owner("SELECT count(*) FROM lumbung_ledger WHERE component = 'contoh'") == [(1,)]


def test_revisions_that_cannot_be_put_in_order_are_refused(house: TestHouse, tmp_path: Path, as_owner: Any) -> None:
    for number, steps in enumerate(
        (
            (("0001", None, "pass"), ("0002", None, "pass")),
            (("0002", "0001", "pass"),),
            (("0001", "0002", "pass"), ("0002", "0001", "pass")),
            (("0001", None, "x = = 1"),),
        )
    ):
        with pytest.raises(LumbungError, match="contoh") as refused:
            upgrade(house.urls.migrator, component(tmp_path / str(number), *steps), by="test")
        assert "\n" not in str(refused.value)
    assert as_owner("SELECT count(*) FROM lumbung_ledger WHERE component = 'contoh'") == [(0,)]


def test_a_database_that_is_ahead_of_the_code_is_refused(house: TestHouse, tmp_path: Path, as_owner: Any) -> None:
    upgrade(house.urls.migrator, component(tmp_path, ("0001", None, TABLE)), by="test")
    as_owner("UPDATE lumbung_version_contoh SET version_num = '0009'")
    with pytest.raises(LumbungError, match="0009"):
        upgrade(house.urls.migrator, component(tmp_path, ("0001", None, TABLE)), by="test")
    as_owner("UPDATE lumbung_version_core SET version_num = '9999'")
    with pytest.raises(LumbungError, match="at 9999, this Lumbung needs"):
        refuse_old_schema(house.urls, house.settings)


def test_a_plugin_without_tables_needs_no_history(house: TestHouse, tmp_path: Path) -> None:
    nothing = Component("contoh", "1.0.0", tmp_path / "no-such-folder")
    assert head_of(nothing) is None
    assert upgrade(house.urls.migrator, nothing, by="test") is None


def test_a_lock_that_somebody_holds_ends_the_wait_with_a_sentence(
    house: TestHouse, tmp_path: Path, as_owner: Any
) -> None:
    upgrade(house.urls.migrator, component(tmp_path, ("0001", None, TABLE)), by="test")
    more = component(
        tmp_path,
        ("0001", None, TABLE),
        ("0002", "0001", "op.add_column('contoh_note', sa.Column('more', sa.Text))"),
    )
    engine = create_engine(house.urls.migrator)
    try:
        with engine.begin() as holder:
            holder.execute(text("LOCK TABLE contoh_note IN ACCESS SHARE MODE"))
            with pytest.raises(LumbungError, match="lock timeout"):
                upgrade(house.urls.migrator, more, by="test", lock_timeout_ms=50)
    finally:
        engine.dispose()
    assert as_owner("SELECT version_num FROM lumbung_version_contoh") == [("0001",)]


def test_a_server_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    dead = "postgresql+psycopg://x:rahasia@127.0.0.1:1/x"
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:1/x") as refused:
        upgrade(dead, component(tmp_path, ("0001", None, "pass")), by="test")
    assert "rahasia" not in str(refused.value)


def test_bringing_the_core_up_twice_changes_nothing(house: TestHouse, as_owner: Any) -> None:
    before = as_owner("SELECT count(*) FROM lumbung_ledger")
    assert bring_up(house.urls, house.settings) == head_of(core_component())
    assert as_owner("SELECT count(*) FROM lumbung_ledger") == before
    assert refuse_old_schema(house.urls, house.settings) is False
