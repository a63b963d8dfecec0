"""Making an instance of a real application, killed and failed half-way, upgraded, written out, removed."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from lumbung.errors import LumbungError
from lumbung.instances import making
from lumbung.instances.databases import DumpRefused, postgresql
from lumbung.instances.making import donated_hash, dump, is_made, make, remove
from lumbung.instances.rows import facts_of, instances_of, row_of, secrets_of
from lumbung.testing import TestHouse

PROCESS = """stack = "php"
prepare = [["php", "prepare.php", "{{ database.name }}"]]
environment = { DB_PASSWORD = "{{ database.password }}" }
[[process.files]]
path = "config.php"
text = "<?php return {{ database.url|php }};"
[process.database]
engine = "postgresql"
dump = "db/dump.sql"
least_tables = 2
"""
FILES = {
    "index.php": "<?php",
    "prepare.php": '<?php getenv("DB_PASSWORD") || exit(3);file_put_contents("runs.txt", $argv[1]."\\n", 8);',
    "db/dump.sql": "CREATE TABLE warga (nama text);\nINSERT INTO warga VALUES ('Siti');\nCREATE TABLE b (a int);\n",
}


def words(told: list[str]) -> str:
    return "\n".join(told)


def count(house: TestHouse, one) -> int:
    with postgresql.connect_as_app(house.kernel, one, secrets_of(house.kernel, one)) as connection:
        return int(connection.execute("SELECT count(*) FROM warga").fetchone()[0])


def test_an_instance_is_made_once_upgraded_with_its_data_written_out_and_removed(
    house: TestHouse, foreign, tmp_path: Path
) -> None:
    one = foreign(PROCESS, FILES)
    told: list[str] = []
    assert not is_made(house.kernel, one)
    make(house.kernel, one, tell=told.append)
    assert is_made(house.kernel, one) and "dump.sql is loaded" in words(told)
    facts = facts_of(house.kernel, one)
    assert facts["tree"] == donated_hash(one) and facts["tables"] == 2 and facts["php"].startswith(("7.", "8."))
    assert facts["database"]["state"] == "loaded" and "password" not in str(facts)
    assert (one.source / "runs.txt").read_text() == facts["database"]["name"] + "\n"
    assert (one.generated / "config.php").read_text().startswith("<?php return 'postgresql://")
    assert one.folder.stat().st_mode & 0o777 == 0o700

    told.clear()
    make(house.kernel, one, tell=told.append)
    assert words(told) == "hadiah/sumbawa is made." and count(house, one) == 1

    newer = foreign(PROCESS, {**FILES, "index.php": "<?php // 2"}, version="2.0.0")
    assert not is_made(house.kernel, newer)
    make(house.kernel, newer)
    assert count(house, newer) == 1  # the dump of a newer version is not loaded over the data
    assert len((newer.source / "runs.txt").read_text().splitlines()) == 2
    with house.kernel.database.new_session(None) as session:
        row = row_of(session, newer)
        assert row is not None and row.version == "2.0.0" and row.made_at is not None

    (newer.data / "foto.jpg").write_text("x")
    written = dump(house.kernel, newer, tmp_path / "out")
    assert [path.name for path in written] == ["hadiah.sql", "hadiah-files.tar.gz"]
    assert "Siti" in written[0].read_text()
    with tarfile.open(written[1]) as archive:
        assert sorted(archive.getnames()) == ["data/foto.jpg", "source/runs.txt"]

    remove(house.kernel, newer)
    remove(house.kernel, newer)
    assert not newer.folder.exists() and instances_of(house.kernel, "hadiah") == []
    assert postgresql.tables(house.kernel, newer, {}) == 0
    assert dump(house.kernel, newer, tmp_path / "empty") == []


def test_a_broken_dump_leaves_no_database_and_a_mended_one_is_loaded(house: TestHouse, foreign) -> None:
    one = foreign(PROCESS, {**FILES, "db/dump.sql": "CREATE TABLE warga (a int);\n\nSALAH;\n"})
    with pytest.raises(DumpRefused, match=r"dump\.sql, line 3: the database says: syntax error"):
        make(house.kernel, one)
    assert "database" not in facts_of(house.kernel, one) and not is_made(house.kernel, one)
    assert postgresql.tables(house.kernel, one, {}) == 0
    make(house.kernel, foreign(PROCESS, FILES, version="1.0.1"))
    assert count(house, one) == 1


def test_who_is_killed_while_loading_is_followed_by_one_who_loads_anew(
    house: TestHouse, foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = foreign(PROCESS, FILES)
    noted = making._note_database

    class Killed(Exception):
        """Stands for SIGKILL: nothing is tidied up behind it."""

    def killed_at_the_end(kernel, instance, facts, state) -> None:
        if state == making.LOADED:
            raise Killed
        noted(kernel, instance, facts, state)

    monkeypatch.setattr(making, "_note_database", killed_at_the_end)
    with pytest.raises(Killed):
        make(house.kernel, one)
    assert facts_of(house.kernel, one)["database"]["state"] == "loading" and count(house, one) == 1
    monkeypatch.setattr(making, "_note_database", noted)
    make(house.kernel, one)
    assert count(house, one) == 1 and is_made(house.kernel, one)


def test_a_command_that_fails_is_said_with_its_last_lines(house: TestHouse, foreign) -> None:
    one = foreign(PROCESS, {**FILES, "prepare.php": "<?php echo 'tidak bisa'; exit(4);"})
    with pytest.raises(LumbungError, match=r"php of hadiah failed with status 4: tidak bisa"):
        make(house.kernel, one)
    assert not is_made(house.kernel, one) and "tidak bisa" in one.log.read_text()


def test_a_dump_with_too_few_tables_is_refused(house: TestHouse, foreign) -> None:
    one = foreign(PROCESS, {**FILES, "db/dump.sql": "CREATE TABLE warga (a int);\n"})
    with pytest.raises(LumbungError, match="holds 1 tables, and 2 are the least"):
        make(house.kernel, one)
