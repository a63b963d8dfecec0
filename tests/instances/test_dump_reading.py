"""What a dump says of itself, read without a server."""

from __future__ import annotations

import gzip
import hashlib
import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path

import bcrypt
import pytest

from lumbung.errors import LumbungError
from lumbung.instances.databases.dump_files import open_dump
from lumbung.instances.databases.dump_reading import DumpReport, dumps_in, read_dump
from lumbung.instances.databases.dump_statements import statements

MD5 = hashlib.md5(b"admin", usedforsecurity=False).hexdigest()
SHA1 = hashlib.sha1(b"tuti123", usedforsecurity=False).hexdigest()
LARAVELS = "$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi"
MYSQLDUMP = rf"""-- MySQL dump 10.13  Distrib 8.0.30, for Linux (x86_64)
-- Host: localhost    Database: antrian
-- Server version	8.0.30-0ubuntu0.22.04.1
/*!50503 SET NAMES utf8mb4 */;
USE `antrian`;
CREATE TABLE `users` (
  `id` int NOT NULL, `username` varchar(50) DEFAULT 'a,b)', `password` varchar(255), `level` enum('admin','petugas'),
  `no_hp` varchar(20), PRIMARY KEY (`id`), KEY `k` (`username`)
) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
INSERT INTO `users` VALUES (1,'budi (\'b\')','{MD5}','admin','0812'),(2,'sari','{LARAVELS}','petugas',NULL),
(3,'joko','{"f" * 32}','petugas',''),(4,'ani','rahasianya','petugas',''),(5,'tuti','{SHA1}','x','');
CREATE TABLE `kategori` (`id` int, `nama` varchar(9)) ENGINE=InnoDB;
CREATE TABLE `pegawai` (`id` int, `nama` varchar(9)) ENGINE=InnoDB;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `users` FOR EACH ROW BEGIN
SET NEW.level = 'x'; END */;;
DELIMITER ;
/*!50001 VIEW is no statement of its own */;
/*!50013 CREATE DEFINER=`root`@`localhost` SQL SECURITY DEFINER */ /*!50001 VIEW `v` AS select 1 */;
-- Dump completed on 2022-03-14  9:12:33
"""  # noqa: S608  (no query)


def read(folder: Path, content: str | bytes, name: str = "dump.sql") -> DumpReport:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return read_dump(folder / name)


def test_a_dump_says_whose_it_is_what_it_holds_and_what_to_look_at(tmp_path: Path) -> None:
    report = read(tmp_path, MYSQLDUMP)
    assert (report.engine, report.server_version, report.charset) == ("mysql", "8.0.30-0ubuntu0.22.04.1", "utf8mb4")
    assert (report.database, str(report.written_at)) == ("antrian", "2022-03-14 09:12:33")
    assert [(one.name, one.rows, one.storage) for one in report.tables] == [
        ("users", 5, "MyISAM"),
        ("kategori", 0, "InnoDB"),
        ("pegawai", 0, "InnoDB"),
    ]
    assert report.tables[0].columns == ("id", "username", "password", "level", "no_hp")
    assert report.personal == {"users": ("username", "password", "no_hp"), "pegawai": ("nama",)}
    assert (report.definers, report.triggers, report.views, report.routines) == (2, 1, 1, 0)
    assert (report.foreign_collations, report.old_storage) == (("utf8mb4_0900_ai_ci",), ("users",))
    assert (report.left_out, report.not_utf8, report.complete) == (((5, "USE"),), 0, True)


def test_accounts_that_anyone_can_guess_are_found_however_their_passwords_are_kept(tmp_path: Path) -> None:
    accounts = read(tmp_path, MYSQLDUMP).accounts
    assert [(one.name, one.kind, one.well_known, one.administrator) for one in accounts] == [
        ("budi ('b')", "md5", True, True),
        ("sari", "bcrypt", True, False),
        ("ani", "plain", False, False),
        ("tuti", "sha1", True, False),
    ]
    assert "rahasianya" not in repr(accounts)
    slow = bcrypt.hashpw(b"admin123", bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$")
    (own,) = read(tmp_path, MYSQLDUMP.replace(MD5, slow)).accounts[:1]
    assert (own.kind, own.well_known) == ("bcrypt", True)


@pytest.mark.parametrize(
    ("start", "engine", "version", "written_at"),
    [
        (
            "-- MariaDB dump 10.19  Distrib 10.4.22-MariaDB\n-- Server version\t10.4.22-MariaDB\n",
            "mariadb",
            "10.4.22-MariaDB",
            "None",
        ),
        (
            "-- phpMyAdmin SQL Dump\n-- Waktu pembuatan: 14 Des 2021 pada 05.06\n-- Versi server: 10.4.22-MariaDB\n",
            "mariadb",
            "10.4.22-MariaDB",
            "2021-12-14 05:06:00",
        ),
        (
            "-- phpMyAdmin SQL Dump\n-- Generation Time: Aug 03, 2023 at 05:06 PM\n-- Server version: 5.7.33\n",
            "mysql",
            "5.7.33",
            "2023-08-03 17:06:00",
        ),
        ("-- Adminer 4.8.1 MySQL 8.0.30 dump\n-- 2022-01-02 03:04:05\n", "mysql", "8.0.30", "2022-01-02 03:04:05"),
        (
            "/*\n Source Server Version : 50724\n Date: 31/12/2020 23:59:01\n*/\nSET NAMES utf8;\n",
            "mysql",
            "50724",
            "2020-12-31 23:59:01",
        ),
    ],
    ids=["mariadb", "phpMyAdmin", "phpMyAdmin-en", "adminer", "navicat"],
)
def test_every_program_that_writes_dumps_is_understood(tmp_path: Path, start, engine, version, written_at) -> None:
    report = read(tmp_path, start + "CREATE TABLE `a` (`b` int);\n")
    assert (report.engine, report.server_version, str(report.written_at)) == (engine, version, written_at)
    assert [one.name for one in report.tables] == ["a"]


def test_dumps_of_postgresql_and_files_of_sqlite_are_read_too(tmp_path: Path) -> None:
    postgresql = read(
        tmp_path,
        "-- PostgreSQL database dump\n-- Dumped from database version 14.5\nCREATE TABLE public.users (\n"
        "    id integer NOT NULL,\n    username character varying(50),\n    password text\n);\n"
        f"COPY public.users (id, username, password) FROM stdin;\n1\tadmin's\t{MD5}\n2\tx\ty;\n\\.\n",
    )
    assert (postgresql.engine, postgresql.server_version) == ("postgresql", "14.5")
    assert [(one.name, one.columns, one.rows) for one in postgresql.tables] == [
        ("users", ("id", "username", "password"), 2)
    ]
    assert [(one.name, one.line, one.well_known) for one in postgresql.accounts] == [
        ("admin's", 9, True),
        ("x", 10, False),
    ]

    with closing(sqlite3.connect(tmp_path / "app.db")) as database:
        database.execute("CREATE TABLE user (username, password)")
        database.execute("INSERT INTO user VALUES ('admin', 'admin')")
        database.commit()
    report = read_dump(tmp_path / "app.db")
    assert (report.engine, report.rows, report.accounts[0].kind) == ("sqlite", 1, "plain")


def test_of_several_dumps_the_newest_comes_first_and_a_damaged_one_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    for name, year in (("a.sql", 2020), ("b.sql", 2023), ("node_modules/c.sql", 2024)):
        read(tmp_path, MYSQLDUMP.replace("2022-03-14", f"{year}-03-14"), name)
    (tmp_path / "d.sql.gz").write_bytes(gzip.compress(MYSQLDUMP.encode())[:-40])
    (tmp_path / "e.sql").write_text("no dump")
    assert [one.path.name for one in dumps_in(tmp_path)] == ["b.sql", "a.sql"]
    with pytest.raises(LumbungError, match=r"d.sql.gz cannot be read"):
        read_dump(tmp_path / "d.sql.gz")
    with pytest.raises(LumbungError, match=r"e.sql is no dump"):
        read_dump(tmp_path / "e.sql")


def test_a_dump_that_breaks_off_is_incomplete_and_bytes_that_are_not_utf8_are_counted(tmp_path: Path) -> None:
    assert not read(tmp_path, MYSQLDUMP[:700]).complete
    assert not read(tmp_path, MYSQLDUMP.rpartition("--")[0]).complete, "the last line that it promises is missing"
    report = read(tmp_path, b"SET NAMES utf8;\nCREATE TABLE `a` (b text);\n" + b"INSERT INTO a VALUES ('\xe9');\n" * 12)
    assert (report.not_utf8, report.not_utf8_lines) == (12, tuple(range(3, 13)))
    assert read(tmp_path, "CREATE TABLE `é` (b text);\n".encode("utf-16")).tables[0].name == "é"


def test_statements_joined_again_are_the_dump(tmp_path: Path) -> None:
    (tmp_path / "dump.sql").write_text(MYSQLDUMP)
    with open_dump(tmp_path / "dump.sql") as file:
        found = list(statements(file.lines(), file.name))
    assert b"".join(one.data for one in found).decode() == MYSQLDUMP
    assert [one.at for one in found if one.head.startswith(b"INSERT")] == [10]


def test_a_large_dump_is_read_in_little_memory(tmp_path: Path) -> None:
    row = "(1,'nama; yang -- panjang (\\'sekali\\')',NULL)"
    with gzip.open(tmp_path / "large.sql.gz", "wt", compresslevel=1) as file:
        file.write("CREATE TABLE `a` (`id` int, `nama` text, `password` text) ENGINE=InnoDB;\n")
        for _ in range(200):
            file.write("INSERT INTO `a` VALUES " + ",".join([row] * 2000) + ";\n")  # noqa: S608
    tracemalloc.start()
    try:
        report = read_dump(tmp_path / "large.sql.gz")
        assert tracemalloc.get_traced_memory()[1] < 8_000_000 < report.size
    finally:
        tracemalloc.stop()
    assert report.rows == 400_000
