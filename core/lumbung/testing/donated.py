"""A donated application of a few tables, made by its database's engine alone: no process of it need run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

from lumbung.clock import utc_now
from lumbung.instances import rows
from lumbung.instances.databases import engine_of, mysql_server, own_database
from lumbung.instances.instance import Instance, instance_of
from lumbung.testing.house import TestHouse

EngineName = Literal["postgresql", "mysql", "sqlite"]

TABLES = """
[[permissions]]
name = "surat.manage"
title = {{ id = "Mengelola", en = "Manage" }}
[[permissions]]
name = "surat.write"
title = {{ id = "Menulis", en = "Write" }}
[[roles]]
name = "clerk"
title = {{ id = "Juru tulis", en = "Clerk" }}
permissions = ["surat.write"]
[[roles]]
name = "head"
title = {{ id = "Kepala", en = "Head" }}
permissions = ["surat.manage", "surat.write"]
[[personal_data]]
name = "Nama"
purpose = {{ id = "Membalas surat", en = "Answering letters" }}
basis = "UU 25/2009"
where = "surat.email"
[process]
stack = "command"
command = ["surat"]
[process.database]
engine = "{engine}"
{file}
[[access]]
path = "/"
rule = "signed_in"
[sign_in]
way = "form"
account = "account.sql"
close_account = "close.sql"
hash = "bcrypt"
roles = {{ admin = "surat.manage", user = "surat.write" }}
[sign_in.form]
path = "/login"
user_field = "user"
password_field = "pass"
[data_adapter]
export = "export.sql"
erase = "erase.sql"
tables = ["surat", "buku"]
"""

SQL = {
    "account.sql": """
-- MySQL has no ON CONFLICT: first what may be there, then what is not
UPDATE pengguna SET kata_sandi = :password_hash, nama = :name, peran = :role, aktif = 1 WHERE akun = :username;
INSERT INTO pengguna (akun, kata_sandi, nama, peran, aktif)
SELECT :username, :password_hash, :name, :role, 1 FROM satu
WHERE NOT EXISTS (SELECT 1 FROM pengguna WHERE akun = :username);
""",
    "close.sql": "UPDATE pengguna SET aktif = 0, kata_sandi = :password_hash WHERE akun = :username;",
    "export.sql": """
-- Surat masuk | Letters received
SELECT nomor AS "Nomor", isi, telepon FROM surat WHERE email = :email OR telepon IN (:phone, :phone_local);
-- Buku tamu; 100% | Guest book
SELECT catatan FROM buku WHERE nik = :nik OR akun = :username;
""",
    "erase.sql": """
-- Buku tamu | Guest book
DELETE FROM buku WHERE nik = :nik OR akun = :username;
-- Nama pada surat | Names on letters
-- why: UU 43/2009 tentang Kearsipan | Law 43/2009 on archives
UPDATE surat SET email = NULL, telepon = NULL, isi = '' WHERE email = :email OR telepon IN (:phone, :phone_local);
""",
}

_SCHEMA = (
    "CREATE TABLE satu (n integer)",
    "INSERT INTO satu VALUES (1)",
    "CREATE TABLE pengguna (akun varchar(40) PRIMARY KEY, kata_sandi varchar(200), nama varchar(120), "
    "peran varchar(20), aktif integer)",
    "CREATE TABLE surat (nomor integer PRIMARY KEY, email varchar(120), telepon varchar(20), isi varchar(200))",
    "CREATE TABLE buku (catatan varchar(200), nik varchar(16), akun varchar(40))",
    "CREATE TABLE rahasia (isi varchar(200))",
)


class Donated:
    """The application ``surat`` of a tenant: its instance, and its tables as the application sees them."""

    def __init__(self, house: TestHouse, instance: Instance) -> None:
        self.house, self.instance = house, instance
        self.engine = own_database(instance).engine
        self._engine = engine_of(instance.process)
        self._secret = rows.secrets_of(house.kernel, instance)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as the application's own user and return its rows."""
        with (
            self._engine.connect_as_app(self.house.kernel, self.instance, self._secret) as connection,
            closing(connection.cursor()) as cursor,
        ):
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def drop(self) -> None:
        """Remove the database, and end a MariaDB that was started for it."""
        self._engine.drop(self.house.kernel, self.instance, self._secret)
        mysql_server.stop(self.house.settings)


def make_donated(
    house: TestHouse,
    gift: Callable[..., Path],
    engine: EngineName,
    *,
    change: Callable[[str], str] = str,
    sql: Mapping[str, str] | None = None,
) -> Donated:
    """Install and enable ``surat`` for sumbawa and make its database; ``change`` alters its manifest."""
    file = 'file = "surat.db"' if engine == "sqlite" else ""
    files: dict[str, str | bytes] = {f"lumbung_surat/{name}": words for name, words in {**SQL, **(sql or {})}.items()}
    files["lumbung_surat/source/surat"] = "#!/bin/sh\n"
    gift("surat", init="", files=files, hooks=(), plain='runtime = "process"',
         more=change(TABLES.format(engine=engine, file=file)))  # fmt: skip
    house.kernel.state.forget()
    plugin = house.kernel.snapshot().plugins["surat"]
    instance = instance_of(house.settings, plugin, house.kernel.tenant("sumbawa"))
    secret, made = rows.secrets_of(house.kernel, instance), engine_of(instance.process)
    rows.note(house.kernel, instance, facts={"database": made.create(house.kernel, instance, secret)})
    donated = Donated(house, instance)
    for statement in _SCHEMA:
        donated.ask(statement)
    made.allow_adapter(house.kernel, instance, secret, ["surat", "buku"])
    rows.note(house.kernel, instance, made_at=utc_now(), state="stopped")
    return donated
