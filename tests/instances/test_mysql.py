"""Databases of applications in MariaDB: a user for each, dumps as offices have them, and what a dump cannot do."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pymysql
import pytest

from lumbung.errors import LumbungError, Sentence
from lumbung.instances.databases import DumpRefused, mysql
from lumbung.instances.databases.mysql_server import EmbeddedMaria
from lumbung.instances.instance import Instance
from lumbung.kernel import Kernel
from lumbung.registry.foreign import Process
from lumbung.tenancy.tenant import Tenant

pytestmark = pytest.mark.skipif(
    not shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin"), reason="mariadb-server is not installed"
)

SECRET = {"database_password": "own-pass'word", "adapter_password": "adapter-password"}
OF_MYSQL_8 = r"""-- MySQL dump 10.13  Distrib 8.0.30, for Linux (x86_64): it's the office's
/*!50503 SET NAMES utf8mb4 */;
SET @@SESSION.SQL_LOG_BIN= 0;
CREATE DATABASE /*!32312 IF NOT EXISTS*/ `antrian` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;
USE `antrian`;
CREATE TABLE `loket` (
  `id` int NOT NULL AUTO_INCREMENT,
  `nama` varchar(80) COLLATE utf8mb4_0900_ai_ci COMMENT 'DEFINER=`a`@`b` of utf8mb4_0900_ai_ci; USE x;',
  `dibuat` datetime DEFAULT '0000-00-00 00:00:00',
  `foto` blob,
  PRIMARY KEY (`id`)
) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4 COLLATE='utf8mb4_0900_as_cs';
INSERT INTO `loket` VALUES (1,'it''s; \'USE x;\' -- é','0000-00-00 00:00:00',_binary 'BYTES;a');
INSERT INTO `loket` (id, nama) VALUES (2,'two
USE mysql;
DELIMITER $$
lines');
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `loket` FOR EACH ROW BEGIN
  SET NEW.nama = CONCAT(NEW.nama, '!');
END */;;
CREATE DEFINER='root'@'%' PROCEDURE `p`() BEGIN SELECT 1; SELECT 2; END;;
DELIMITER ;
/*!50013 CREATE DEFINER=`root`@`localhost` SQL SECURITY DEFINER */ /*!50001 VIEW `v` AS select `id` from `loket` */;
GRANT ALL ON *.* TO 'x'@'%' IDENTIFIED BY 'y';
INSERT INTO loket (id,nama) VALUES (4,'last');
""".encode().replace(b"BYTES", b"\xff\xfe")


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """What the functions need of a kernel, with an embedded MariaDB that runs as long as these tests."""
    folder = Path(tempfile.mkdtemp(prefix="mysql-test-"))
    folder.chmod(0o711)
    server = EmbeddedMaria(folder / "home", durable=False)
    address = server.start()
    url = f"mysql://root:{address.password}@localhost/?unix_socket={address.socket}"
    settings = SimpleNamespace(home=folder / "home", mysql_url=url)
    yield cast(Kernel, SimpleNamespace(settings=settings, database=SimpleNamespace(url="postgresql:///lumbung")))
    server.release()
    shutil.rmtree(folder)


@pytest.fixture
def make(kernel: Kernel) -> Iterator[Callable[..., Instance]]:
    """Make the database of an instance; it is dropped after the test."""
    made: list[Instance] = []

    def make(name: str = "antrian", charset: str = "utf8mb4") -> Instance:
        process = Process.model_validate({"stack": "php", "database": {"engine": "mysql", "charset": charset}})
        plugin: Any = SimpleNamespace(name=name, isolated=False, manifest=SimpleNamespace(process=process))
        made.append(Instance(kernel.settings.home, plugin, Tenant(1, "sumbawa", "Sumbawa")))
        mysql.create(kernel, made[-1], SECRET)
        return made[-1]

    yield make
    for instance in made:
        mysql.drop(kernel, instance, SECRET)


def load(kernel: Kernel, instance: Instance, dump: Path | bytes, folder: Path) -> list[str]:
    told: list[Sentence] = []
    if isinstance(dump, bytes):
        (folder / "dump.sql").write_bytes(dump)
        dump = folder / "dump.sql"
    mysql.load(kernel, instance, SECRET, dump, told.append)
    return [str(sentence) for sentence in told]


def ask(kernel: Kernel, instance: Instance, statement: str) -> Any:
    with mysql.connect_as_app(kernel, instance, SECRET) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_each_application_has_a_database_and_a_user_who_sees_no_other(kernel, make) -> None:
    one, other = make("antrian"), make("antriananda")
    facts = mysql.create(kernel, one, SECRET)
    assert (facts["engine"], facts["name"]) == ("mysql", "lumbung_antrian_sumbawa")
    assert Path(facts["socket"]).is_socket()
    assert not set(SECRET.values()) & set(facts.values())
    assert ask(kernel, one, "SHOW DATABASES") == (("information_schema",), (facts["name"],))
    with pytest.raises(pymysql.Error, match="denied"):
        ask(kernel, one, "CREATE TABLE lumbung_antriananda_sumbawa.t (id int)")
    assert mysql.tables(kernel, other, SECRET) == 0
    mysql.drop(kernel, other, SECRET)
    mysql.drop(kernel, other, SECRET)
    with pytest.raises(LumbungError, match="does not let us in"):
        ask(kernel, other, "SELECT 1")


def test_a_dump_of_mysql_8_is_loaded_without_what_is_not_its_business(kernel, make, tmp_path) -> None:
    instance = make()
    told = load(kernel, instance, OF_MYSQL_8, tmp_path)
    rows = ask(kernel, instance, "SELECT id, nama, foto FROM loket")
    assert rows[0] == (1, "it's; 'USE x;' -- é", b"\xff\xfe;a")
    assert rows[1][1] == "two\nUSE mysql;\nDELIMITER $$\nlines"
    assert rows[2][1] == "last!", "its trigger works"
    assert ask(kernel, instance, "SELECT count(*) FROM v") == ((3,),)
    comment = "SELECT column_comment FROM information_schema.columns WHERE column_name = 'nama'"
    assert ask(kernel, instance, comment) == (("DEFINER=`a`@`b` of utf8mb4_0900_ai_ci; USE x;",),)
    assert told == [
        "dump.sql: left out, the platform's business: SET @@SESSION.SQL_LOG_BIN (1), CREATE DATABASE (1), USE (1), "
        "GRANT (1).",
        "dump.sql: collations that this server does not know were replaced: utf8mb4_0900_ai_ci, utf8mb4_0900_as_cs.",
        "dump.sql: DEFINER clauses taken off: 3; views and triggers run as the application's user.",
        "dump.sql: tables of the kind MyISAM, which a power cut may damage: 1.",
    ]


def test_a_broken_statement_is_named_by_its_line_and_what_was_there_stays(kernel, make, tmp_path) -> None:
    instance = make()
    broken = OF_MYSQL_8.replace(b"INSERT INTO loket (id,nama)", b"INSERT INTO loket (id,\nbukan)")
    line = OF_MYSQL_8[: OF_MYSQL_8.index(b"INSERT INTO loket (id,nama)")].count(b"\n") + 1

    with pytest.raises(DumpRefused, match=rf"^dump.sql, line {line}: the database says: Unknown column 'bukan'"):
        load(kernel, instance, broken, tmp_path)
    assert mysql.tables(kernel, instance, SECRET) == 0

    load(kernel, instance, b"CREATE TABLE kept (id int); INSERT INTO kept VALUES (7);", tmp_path)
    with pytest.raises(DumpRefused, match="bukan"):
        load(kernel, instance, broken, tmp_path)
    assert ask(kernel, instance, "SELECT id FROM kept") == ((7,),)
    assert ask(kernel, instance, "SHOW DATABASES") == (("information_schema",), ("lumbung_antrian_sumbawa",))

    long = b"\nbukan sql;" + b"\nINSERT INTO kept VALUES (1);" * 100_000  # the server is gone while we still write
    with pytest.raises(DumpRefused, match=r"^dump.sql, line 2: the database says: .*syntax"):
        load(kernel, instance, long, tmp_path)

    load(kernel, instance, OF_MYSQL_8, tmp_path)
    assert ask(kernel, instance, "SHOW TABLES") == (("loket",), ("v",))


REACHING_OUT = {
    "\\! touch {file}": "line 2: the database says: Unknown command",
    "system touch {file};": "line 2: .*syntax",
    "source {file}": "line 2: .*syntax",
    "INSERT INTO mysql.global_priv VALUES ();": "line 2: .*denied",
    "SELECT 'x' INTO OUTFILE '{file}';": "line 2: .*denied",
    "USE `a`;\nUSE `b`;": r"holds several databases \(a, b\)",
    "INSERT INTO t VALUES ('no end": "line 2: .*syntax",
}


def test_a_dump_reaches_nothing_beyond_its_database(kernel, make, tmp_path) -> None:
    instance, file = make(), tmp_path / "made"
    table = b"CREATE TABLE t (n text);\n"
    for statement, said in REACHING_OUT.items():
        with pytest.raises(DumpRefused, match=said):
            load(kernel, instance, table + statement.format(file=file).encode() + b"\n", tmp_path)
        assert mysql.tables(kernel, instance, SECRET) == 0
    told = load(kernel, instance, table + b"LOAD DATA INFILE '/etc/passwd' INTO TABLE t;\n", tmp_path)
    assert told == ["dump.sql: left out, the platform's business: LOAD DATA (1)."]
    assert not file.exists()
    assert ask(kernel, instance, "SHOW DATABASES") == (("information_schema",), ("lumbung_antrian_sumbawa",))


def test_bytes_that_are_not_utf8_are_refused_by_line_unless_the_office_says_what_they_are(
    kernel, make, tmp_path
) -> None:
    mixed = b"SET NAMES utf8;\nCREATE TABLE a (n text);\nINSERT INTO a VALUES ('caf\xe9 caf\xc3\xa9');\n"
    with pytest.raises(DumpRefused, match=r"line 3 is not UTF-8; .*charset = \"latin1\""):
        load(kernel, make(), mixed, tmp_path)

    old = make("lama", "latin1")
    assert load(kernel, old, mixed, tmp_path) == [
        "dump.sql: lines that are not UTF-8 and were read as Windows-1252: 1; the first of them: 3."
    ]
    assert ask(kernel, old, "SELECT n FROM a") == (("café café",),)
    load(kernel, old, b"SET NAMES latin1;\nCREATE TABLE b (n text);\nINSERT INTO b VALUES ('caf\xe9');\n", tmp_path)
    assert ask(kernel, old, "SELECT n FROM b") == (("café",),)


def test_packed_dumps_are_loaded_with_word_of_how_far_it_is(kernel, make, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(mysql, "SECONDS_BETWEEN_WORDS", 0)
    plain = b"CREATE TABLE t (id int);\n" + b"INSERT INTO t VALUES (1);\n" * 50
    (tmp_path / "a.sql.gz").write_bytes(gzip.compress(plain))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("db/b.sql", plain)
        archive.writestr("README", "no dump")
    for name in ("a.sql.gz", "b.zip"):
        instance = make(name[0])
        told = load(kernel, instance, tmp_path / name, tmp_path)
        assert re.fullmatch(rf"{name}: \d+ of 100 parts are loaded\.", told[-1])
        assert ask(kernel, instance, "SELECT count(*) FROM t") == ((50,),)
    (tmp_path / "c.sql.gz").write_bytes(gzip.compress(plain)[:-30])
    with pytest.raises(DumpRefused, match=r"^c.sql.gz cannot be read: "):
        load(kernel, make("c"), tmp_path / "c.sql.gz", tmp_path)


def test_what_is_dumped_is_all_there_when_it_is_loaded_again(kernel, make, tmp_path) -> None:
    instance = make()
    load(kernel, instance, OF_MYSQL_8, tmp_path)
    before = ask(kernel, instance, "SELECT * FROM loket")
    made = mysql.dump(kernel, instance, SECRET, tmp_path)
    assert made.stat().st_mode & 0o777 == 0o600
    mysql.drop(kernel, instance, SECRET)
    mysql.create(kernel, instance, SECRET)

    mysql.load(kernel, instance, SECRET, made, lambda _sentence: None)

    assert ask(kernel, instance, "SELECT * FROM loket") == before
    assert [row[0] for row in ask(kernel, instance, "SHOW TRIGGERS")] == ["t"]
    assert ask(kernel, instance, "CALL p()") == ((1,),)


def test_the_adapter_may_read_change_and_delete_in_its_tables_and_nothing_else(kernel, make, tmp_path) -> None:
    instance = make()
    load(kernel, instance, b"CREATE TABLE a (id int); INSERT INTO a VALUES (1); CREATE TABLE b (id int);", tmp_path)
    with pytest.raises(LumbungError, match="not in its database: c"):
        mysql.allow_adapter(kernel, instance, SECRET, ["c"])
    mysql.allow_adapter(kernel, instance, SECRET, ["a"])
    with mysql.connect_as_adapter(kernel, instance, SECRET) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE a SET id = %(id)s", {"id": 2})
        for forbidden in ("SELECT * FROM b", "INSERT INTO a VALUES (3)", "DROP TABLE a"):
            with pytest.raises(pymysql.Error, match="denied"):
                cursor.execute(forbidden)
    assert ask(kernel, instance, "SELECT id FROM a") == ((2,),)
