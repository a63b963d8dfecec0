"""SQLite: a copy of the donated file or what a dump makes, and donated statements reach no other file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from lumbung.errors import LumbungError
from lumbung.instances.databases import DumpRefused, sqlite
from lumbung.instances.making import quietly
from lumbung.instances.rows import change_facts
from lumbung.testing import TestHouse

PROCESS = 'stack = "php"\n[process.database]\nengine = "sqlite"\nfile = "data/app.db"'
ADAPTER = '\n[data_adapter]\nexport = "export.sql"\nerase = "erase.sql"\ntables = ["warga"]\n'
DUMP = """PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE warga (id INTEGER PRIMARY KEY, nama TEXT);
INSERT INTO warga VALUES(1,'a;
b');
CREATE TRIGGER t AFTER INSERT ON warga BEGIN SELECT 1; SELECT 2; END;
CREATE TABLE rahasia (a);
COMMIT;
"""


def made(house: TestHouse, one) -> Path:
    facts = sqlite.create(house.kernel, one, {})
    change_facts(house.kernel, one, lambda known: {**known, "database": facts})
    return Path(facts["file"])


@pytest.fixture
def one(house: TestHouse, foreign, tmp_path: Path):
    instance = foreign(PROCESS, {"index.php": ""}, more=ADAPTER)
    made(house, instance)
    (tmp_path / "dump.sql").write_text(DUMP)
    sqlite.load(house.kernel, instance, {}, tmp_path / "dump.sql", quietly)
    return instance


def test_the_donated_file_is_copied_once_and_not_over_what_became_of_it(house: TestHouse, foreign, tmp_path) -> None:
    with sqlite3.connect(tmp_path / "given.db") as connection:
        connection.execute("CREATE TABLE satu (a)")
    connection.close()
    one = foreign(PROCESS, {"data/app.db": (tmp_path / "given.db").read_bytes()})
    place = made(house, one)
    assert place == one.data / "app.db" and place.stat().st_mode & 0o077 == 0
    assert sqlite.tables(house.kernel, one, {}) == 1
    with sqlite.connect_as_app(house.kernel, one, {}) as connection:
        connection.execute("CREATE TABLE dua (a)")
    made(house, one)
    assert sqlite.tables(house.kernel, one, {}) == 2
    sqlite.drop(house.kernel, one, {})
    assert not place.exists() and sqlite.tables(house.kernel, one, {}) == 0


def test_a_dump_is_loaded_and_written_out_again(house: TestHouse, one, tmp_path: Path) -> None:
    with sqlite.connect_as_app(house.kernel, one, {}) as connection:
        assert connection.execute("SELECT nama FROM warga").fetchall() == [("a;\nb",)]
    copy = sqlite.dump(house.kernel, one, {}, tmp_path)
    connection = sqlite3.connect(copy)
    assert connection.execute("SELECT count(*) FROM warga").fetchone() == (1,)
    connection.close()
    with sqlite.connect_as_app(house.kernel, one, {}) as connection:
        connection.execute("DROP TABLE warga")
    sqlite.load(house.kernel, one, {}, copy, quietly)
    assert sqlite.tables(house.kernel, one, {}) == 2
    copy.write_bytes(copy.read_bytes()[:5000])
    with pytest.raises(DumpRefused, match=r"hadiah\.sqlite is damaged"):
        sqlite.load(house.kernel, one, {}, copy, quietly)
    assert sqlite.tables(house.kernel, one, {}) == 2


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("CREATE TABLE b (a);\n\nINSERT INTO c VALUES (1);\n", "line 3: .*no such table"),
        ("ATTACH '{}' AS x;", "line 1"),
    ],
)
def test_a_broken_dump_leaves_what_was_there(house: TestHouse, one, tmp_path: Path, broken: str, said: str) -> None:
    (tmp_path / "bad.sql").write_text(broken.format(tmp_path / "outside.db"))
    with pytest.raises(DumpRefused, match=rf"bad\.sql, {said}"):
        sqlite.load(house.kernel, one, {}, tmp_path / "bad.sql", quietly)
    assert sqlite.tables(house.kernel, one, {}) == 2
    assert not (tmp_path / "outside.db").exists()
    assert [path.name for path in one.data.iterdir()] == ["app.db"]


def test_the_adapter_reads_and_changes_its_tables_alone(house: TestHouse, one) -> None:
    sqlite.allow_adapter(house.kernel, one, {}, ["warga"])
    with sqlite.connect_as_adapter(house.kernel, one, {}) as connection:
        connection.execute("UPDATE warga SET nama = lower(?)", ["B"])
        assert connection.execute("SELECT nama FROM warga").fetchall() == [("b",)]
    for refused in (
        "SELECT * FROM rahasia",
        "INSERT INTO warga VALUES (2, 'y')",
        "DROP TABLE warga",
        "ATTACH ':memory:' AS m",
    ):
        with (
            pytest.raises(sqlite3.DatabaseError, match=r"prohibited|not authorized"),
            sqlite.connect_as_adapter(house.kernel, one, {}) as connection,
        ):
            connection.execute(refused)
    with pytest.raises(LumbungError, match="not in its database: lain"):
        sqlite.allow_adapter(house.kernel, one, {}, ["lain"])
