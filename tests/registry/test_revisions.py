"""The look at the schema at every start."""

from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session

from lumbung.errors import LumbungError
from lumbung.migrate import core_component, head_of
from lumbung.registry.models import PluginRow
from lumbung.registry.revisions import Behind, behind, newest_revision
from lumbung.site import refuse_old_schema
from lumbung.testing.house import TestHouse


@pytest.fixture
def owner(house: TestHouse) -> Any:
    engine = create_engine(house.urls.migrator)
    yield engine
    engine.dispose()


@pytest.fixture
def installed(owner: Engine) -> None:
    """Twenty plugins, as they are written down."""
    with Session(owner) as session, session.begin():
        for number in range(20):
            name = f"gift{number}"
            session.add(
                PluginRow(
                    name=name,
                    version="1.0.0",
                    module=f"lumbung_{name}",
                    state="installed",
                    manifest={},
                    installed_by="t",
                )
            )


CORE = newest_revision(core_component().folder)


def test_the_newest_file_name_is_the_newest_revision() -> None:
    assert head_of(core_component()) == CORE


def test_one_query_tells_what_is_behind(owner: Engine, installed: None) -> None:
    asked: list[str] = []
    event.listen(owner, "before_cursor_execute", lambda *told: asked.append(told[2]))
    packages = {f"gift{number}": "1.0.0" for number in range(20)} | {"gift7": "1.1.0", "foreign": "3"}
    with owner.connect() as connection:
        assert behind(connection, CORE, packages) == [Behind("gift7", "1.0.0", "1.1.0")]
        assert len(asked) == 1
        assert behind(connection, "9999", {}) == [Behind("core", CORE, "9999")]


def test_a_database_from_before_such_tables_is_behind_and_not_new(owner: Engine, house: TestHouse) -> None:
    with owner.begin() as connection:
        connection.execute(text("DROP TABLE lumbung_plugin CASCADE"))
        connection.execute(text("UPDATE lumbung_version_core SET version_num = '0001'"))
    with pytest.raises(LumbungError, match=f"at 0001, this Lumbung needs {CORE}"):
        refuse_old_schema(house.urls, house.settings)


def test_a_database_that_was_never_used_is_new(owner: Engine, house: TestHouse) -> None:
    with owner.begin() as connection:
        connection.execute(text("DROP TABLE lumbung_version_core"))
    assert refuse_old_schema(house.urls, house.settings) is True


def test_a_package_changed_behind_our_back_is_told_and_the_site_is_served(
    owner: Engine, house: TestHouse, caplog: pytest.LogCaptureFixture
) -> None:
    with Session(owner) as session, session.begin():
        row = PluginRow(name="antrean", version="0.0.1", module="lumbung_antrean", state="installed")
        row.manifest, row.installed_by = {}, "t"
        session.add(row)
    assert refuse_old_schema(house.urls, house.settings) is False
    assert "the tables of plugin antrean are those of 0.0.1" in caplog.text
