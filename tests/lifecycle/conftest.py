"""A gift whose tables hold what is hard to write, for archives and what comes after them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from lumbung.database.encrypted import seal
from lumbung.database.roles import connect
from lumbung.lifecycle.operations import install_wheel
from lumbung.testing import TestHouse, make_wheel
from lumbung.testing.wheels import MANIFEST

REVISION = """
import sqlalchemy as sa
from alembic import op
revision = "0001"
down_revision = None
def upgrade():
    op.execute("CREATE TYPE contoh_mood AS ENUM ('senang', 'sedih')")
    op.execute("CREATE DOMAIN contoh_code AS text CHECK (VALUE ~ '^[A-Z]+$')")
    op.execute("CREATE FUNCTION contoh_fine(n int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT n > -5'")
    op.create_tenant_table("contoh_place", sa.Column("name", sa.Text, nullable=False))
    op.create_tenant_table(
        "contoh_note",
        sa.Column("words", sa.Text),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("share", sa.Double),
        sa.Column("at", sa.DateTime(timezone=True)),
        sa.Column("raw", sa.LargeBinary),
        sa.Column("nik", sa.LargeBinary, comment="lumbung:encrypted"),
        sa.Column("doubled", sa.Integer, sa.Computed("1 + 1")),
        references={"place_id?": "contoh_place", "person_id?": "lumbung_person"},
        index=[("words",)],
    )
    op.execute("ALTER TABLE contoh_note ADD COLUMN mood contoh_mood, ADD COLUMN code contoh_code, "
               "ADD CONSTRAINT contoh_note_fine CHECK (contoh_fine(seq::int))")
    op.execute("CREATE UNIQUE INDEX uq_contoh_note ON contoh_note (tenant_id, lower(words)) WHERE words <> ''")
    op.create_tenant_table("contoh_../a'b", sa.Column("seq", sa.Integer, sa.Identity(), nullable=False))
    op.execute("CREATE VIEW contoh_all WITH (security_invoker = true) AS SELECT id, words FROM contoh_note")
"""
KEPT = """
[[personal_data]]
name = "NIK"
purpose = {{ id = "Mengenali", en = "To know" }}
basis = "UU 27/2022"
where = "contoh_note.nik, contoh_gone.words"
retention_days = {days}
"""
HARD = [
    "biasa",
    "",
    None,
    'kata "kutip", koma',
    "dua\nbaris\r\nlagi",
    "\\.",
    "\\N",
    "'; DROP",
    "é\U0001f600\u2028",
    " ",
]


@pytest.fixture
def full_gift(house: TestHouse, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that installs the gift with its rows and files, and returns its wheel."""
    return lambda **given: give(house, tmp_path, **given)


def give(house: TestHouse, tmp_path: Path, *, days: int = 400) -> Path:
    """Install the sample with rows that are hard to write, and return its wheel."""
    manifest = MANIFEST.format(name="contoh", version="1.0.0").replace(
        'hooks = ["routes"]', 'hooks = ["routes", "export_person", "erase_person"]'
    ) + KEPT.format(days=days)
    files = {"lumbung_contoh/migrations/0001_x.py": REVISION}
    wheel = make_wheel(tmp_path / "wheels", manifest=manifest, files=files)
    install_wheel(house.kernel, wheel, by="test")
    key = house.kernel.keyring.active()
    for slug in ("sumbawa", "sumbawabarat"):
        with house.scope(slug) as scope:
            raw = scope.session.connection().connection.driver_connection
            tenant_id = house.kernel.tenant(slug).id
            raw.execute("INSERT INTO contoh_place (name) VALUES ('Loket')")
            for number, words in enumerate(HARD):
                nik = seal("5204084107900001", key, tenant_id=tenant_id, place="contoh_note.nik")
                raw.execute(
                    "INSERT INTO contoh_note (words, share, at, raw, nik, mood, code, place_id) VALUES "
                    "(%s, %s, '2026-11-24T08:00:00.123456+08', %s, %s, 'sedih', 'AB', (SELECT id FROM contoh_place))",
                    [words, 0.1 + number, b"\x00\xff", None if number == 1 else nik],
                )
    folder = house.settings.home / "files" / "contoh" / "sub"
    folder.mkdir(parents=True)
    (folder / "surat 1.txt").write_text("isi")
    (folder / "aneh\n%.txt").write_text("isi lain")
    (folder / "keluar").symlink_to("/etc/passwd")
    return wheel


@pytest.fixture
def restore(postgres: Any) -> Iterator[Callable[[Path], dict[str, list[Any]]]]:
    """Return a function that loads an archive into an empty database in a process that knows nothing of us."""
    name = f"t_restore_{os.getpid()}"

    def load(archive: Path) -> dict[str, list[Any]]:
        with connect(make_url(postgres.url())) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        url = postgres.url(database=name).replace("postgresql+psycopg", "postgresql")
        script = Path(__file__).with_name("restore_archive.py")
        said = subprocess.run([sys.executable, script, archive, url], capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stderr
        found: dict[str, list[Any]] = json.loads(said.stdout)
        return found

    yield load
    with connect(make_url(postgres.url())) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
