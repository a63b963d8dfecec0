"""An instance's own PostgreSQL database: closed to others, loaded wholly or not at all."""

from __future__ import annotations

import gzip
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from lumbung.database import roles
from lumbung.database.embedded import ServerAddress
from lumbung.errors import DatabaseUnavailable, LumbungError
from lumbung.instances.databases import DumpRefused, postgresql
from lumbung.instances.making import quietly
from lumbung.instances.rows import secrets_of
from lumbung.settings import Settings
from lumbung.testing import TestHouse
from lumbung.testing.databases import test_home as home_of_tests

PROCESS = 'stack = "php"\n[process.database]\nengine = "postgresql"\ndump = "dump.sql"'
DUMP = r"""--
-- PostgreSQL database dump
--
\restrict abc
\! touch {mark}
SET statement_timeout = 0;
SET transaction_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE SCHEMA public;
ALTER SCHEMA public OWNER TO postgres;
/* ; a comment ; */
CREATE TABLE public.warga (
    id integer NOT NULL,
    nama text DEFAULT 'a;b''c' -- it's; here
);
ALTER TABLE public.warga OWNER TO simrs;
CREATE FUNCTION public.satu() RETURNS integer LANGUAGE plpgsql AS $_$
BEGIN
  RETURN 1; -- '
END
$_$;
COPY public.warga (id, nama) FROM stdin;
1	Siti; drop
2	\\x
\.

INSERT INTO public.warga VALUES (3, E'it\'s; é'); GRANT ALL ON TABLE public.warga TO simrs;
CREATE TABLE public.rahasia (a int);
"""


@pytest.fixture
def one(house: TestHouse, foreign):
    instance = foreign(PROCESS, {"index.php": ""})
    yield instance
    postgresql.drop(house.kernel, instance, secrets_of(house.kernel, instance))


def test_a_dump_of_another_server_is_loaded_without_what_only_psql_or_its_owner_may(
    house: TestHouse, one, tmp_path: Path
) -> None:
    secret, mark = secrets_of(house.kernel, one), tmp_path / "mark"
    facts = postgresql.create(house.kernel, one, secret)
    assert postgresql.create(house.kernel, one, secret) == facts
    dump = tmp_path / "dump.sql.gz"
    dump.write_bytes(gzip.compress(DUMP.replace("{mark}", str(mark)).encode()))
    assert postgresql.tables(house.kernel, one, secret) == 0
    postgresql.load(house.kernel, one, secret, dump, quietly)
    with postgresql.connect_as_app(house.kernel, one, secret) as connection:
        rows = connection.execute("SELECT id, nama FROM warga ORDER BY id").fetchall()
    assert rows == [(1, "Siti; drop"), (2, "\\x"), (3, "it's; é")]
    assert postgresql.tables(house.kernel, one, secret) == 2
    assert not mark.exists()
    written = postgresql.dump(house.kernel, one, secret, tmp_path)
    assert "COPY public.warga" in written.read_text() and written.stat().st_mode & 0o077 == 0
    postgresql.drop(house.kernel, one, secret)
    assert postgresql.tables(house.kernel, one, secret) == 0
    postgresql.create(house.kernel, one, secret)
    postgresql.load(house.kernel, one, secret, written, quietly)
    assert postgresql.tables(house.kernel, one, secret) == 2


@pytest.mark.parametrize(
    ("broken", "line", "said"),
    [
        ("CREATE TABLE a (i int);\n\nINSERT INTO a\nVALUES (1), ('x');\n", 4, "invalid input syntax"),
        ("CREATE TABLE a (i int);\nCOPY a FROM stdin;\n1\nx\n\\.\nSELECT 1;\n", 4, "invalid input syntax"),
        ("CREATE TABLE a (i int);\n-- head\nSELEKT 1;\n", 3, "syntax error"),
        ("CREATE TABLE a (i int);\nSELECT 'open;\n", 2, "unterminated"),
    ],
)
def test_a_broken_statement_is_named_with_its_line_and_leaves_nothing(
    house: TestHouse, one, tmp_path: Path, broken: str, line: int, said: str
) -> None:
    secret = secrets_of(house.kernel, one)
    postgresql.create(house.kernel, one, secret)
    dump = tmp_path / "dump.sql"
    dump.write_text(broken)
    with pytest.raises(DumpRefused, match=rf"dump\.sql, line {line}: the database says: .*{said}"):
        postgresql.load(house.kernel, one, secret, dump, quietly)
    assert postgresql.tables(house.kernel, one, secret) == 0


def test_nobody_but_its_role_enters_and_the_role_enters_nothing_of_the_platform(
    house: TestHouse, one, postgres: ServerAddress, tmp_path: Path
) -> None:
    secret = secrets_of(house.kernel, one)
    facts = postgresql.create(house.kernel, one, secret)
    name = f"{facts['name']}_p"
    platform = roles.prepare(postgres.url(), Settings(home=tmp_path), database=name)
    try:
        for url in (platform.migrator, platform.app, platform.reader):
            roles.connect(make_url(url)).close()
            with pytest.raises(DatabaseUnavailable, match="not have CONNECT privilege"):
                roles.connect(make_url(url).set(database=facts["name"]))
        with pytest.raises(DatabaseUnavailable, match="not have CONNECT privilege"):
            roles.connect(make_url(platform.app).set(username=facts["user"], password=secret["database_password"]))
    finally:
        with closing(roles.connect(make_url(postgres.url()))) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            for role in roles.ROLES:
                admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(f"{name}_{role}")))


def test_the_adapter_reads_and_changes_its_tables_alone(house: TestHouse, one) -> None:
    secret = secrets_of(house.kernel, one)
    postgresql.create(house.kernel, one, secret)
    with postgresql.connect_as_app(house.kernel, one, secret) as connection:
        connection.execute(
            "CREATE TABLE warga (nama text); CREATE TABLE rahasia (a int); INSERT INTO warga VALUES ('x')"
        )
    postgresql.allow_adapter(house.kernel, one, secret, ["rahasia", "warga"])
    postgresql.allow_adapter(house.kernel, one, secret, ["warga"])
    with postgresql.connect_as_adapter(house.kernel, one, secret) as connection:
        assert connection.execute("SELECT nama FROM warga").fetchall() == [("x",)]
        connection.execute("DELETE FROM warga WHERE nama = %s", ["x"])
    for refused in ("SELECT * FROM rahasia", "INSERT INTO warga VALUES ('y')", "CREATE TABLE z (a int)"):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            postgresql.connect_as_adapter(house.kernel, one, secret) as connection,
        ):
            connection.execute(refused)
    with pytest.raises(LumbungError, match="tables that are not in its database: lain"):
        postgresql.allow_adapter(house.kernel, one, secret, ["lain"])


def test_the_embedded_server_is_asked_and_a_site_whose_roles_were_made_by_hand_is_told_so(
    postgres: ServerAddress, tmp_path: Path
) -> None:
    assert postgresql.admin_url(Settings(home=home_of_tests())) == make_url(postgres.url())
    with pytest.raises(LumbungError, match="made by hand"):
        postgresql.admin_url(Settings(home=tmp_path))
