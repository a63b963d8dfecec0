"""A gift whose tables hold what is hard to write, for archives and what comes after them; and one to upgrade."""

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
from sqlalchemy import Connection, create_engine, select, text
from sqlalchemy.engine import make_url

from lumbung.database.encrypted import seal
from lumbung.database.roles import connect
from lumbung.errors import Sentence
from lumbung.lifecycle import full_set, patience, snapshots, way_back
from lumbung.lifecycle.enable import enable
from lumbung.lifecycle.layout import layout_of
from lumbung.lifecycle.operations import install_wheel
from lumbung.registry.models import OperationRow
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


class Lab:
    """A first version with rows and a file, next ones to upgrade to, and all that an upgrade could change."""

    HEAD = (
        '"""{words}\n\nMore that nobody lists.\n"""\nimport sqlalchemy as sa\nfrom alembic import op\n'
        'revision = "{revision}"\ndown_revision = {down}\ndef upgrade():\n'
    )
    FIRST = (
        '    op.create_tenant_table("contoh_note", sa.Column("words", sa.Text, nullable=False),\n'
        '        sa.Column("number", sa.Integer, sa.Identity()))\n'
    )
    SECOND = '    op.add_column("contoh_note", sa.Column("more", sa.Text, server_default="baru"))\n'

    def __init__(self, house: TestHouse, folder: Path) -> None:
        self.house, self._folder = house, folder
        self._engine = create_engine(house.urls.migrator)
        self._made = 0

    def wheel(self, *bodies: str, version: str, files: dict[str, str] | None = None) -> Path:
        """Return a wheel with a revision of each body, one after the other."""
        revisions, down = {}, None
        for number, body in enumerate(bodies, 1):
            words = self.HEAD.format(words=f"Langkah {number}", revision=f"{number:04}", down=repr(down))
            revisions[f"lumbung_contoh/migrations/{number:04}_x.py"] = words + body
            down = f"{number:04}"
        self._made += 1
        return make_wheel(self._folder / str(self._made), version=version, files={**revisions, **(files or {})})

    def newer(self, *bodies: str, version: str = "1.1.0", files: dict[str, str] | None = None) -> Path:
        """Return a wheel of the second version, which goes on from the first revision."""
        return self.wheel(self.FIRST, *(bodies or (self.SECOND,)), version=version, files=files)

    def write(self, *words: str) -> None:
        """Write notes as the pages would."""
        with self.house.scope("sumbawa") as scope:
            for word in words:
                scope.session.execute(text("INSERT INTO contoh_note (words) VALUES (:word)"), {"word": word})

    def ask(self, question: Callable[[Connection], Any]) -> Any:
        """Ask something of the database as the owner of the tables."""
        with self._engine.begin() as connection:
            return question(connection)

    def operation(self) -> Any:
        """Return the latest operation."""
        with self.house.kernel.database.new_session(None) as session:
            return session.scalars(select(OperationRow).order_by(OperationRow.asked_at.desc()).limit(1)).one()

    def everything(self) -> dict[str, Any]:
        """Return all that an upgrade could change, but the numbers of generations and what history keeps."""
        current, files = self.house.settings.plugin_folder / "current", self.house.settings.home / "files"
        row = (
            "SELECT version, module, state, manifest, wheel_hash, installed_by FROM lumbung_plugin "
            "WHERE name = 'contoh'"
        )
        schemas = "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, 'lumbung_')"
        return {
            "package": sorted(
                (str(path.relative_to(current)), path.read_bytes())
                for path in (current.rglob("*") if current.exists() else ())
                if path.is_file() and path.suffix != ".pyc"
            ),
            "files": sorted((path.name, path.read_bytes()) for path in files.rglob("*") if path.is_file()),
            "layout": self.ask(lambda one: layout_of(one, "contoh").statements()),
            "rows": self.ask(lambda one: snapshots.digests(one, "contoh")),
            "next": self.ask(lambda one: one.execute(text("SELECT last_value FROM contoh_note_number_seq")).scalar()),
            "plugin": self.ask(lambda one: tuple(one.execute(text(row)).one())),
            "schemas": self.ask(lambda one: one.execute(text(schemas)).scalars().all()),
            "kept": self.ask(lambda one: one.execute(text("SELECT plugin, version FROM lumbung_way_back")).all()),
        }

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


@pytest.fixture
def lab(house: TestHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """The first version, installed and switched on for sumbawa. Locks are asked for again at once."""
    monkeypatch.setattr(patience, "PAUSES", (0.0,))
    for module in (patience, way_back):
        monkeypatch.setattr(module, "PAUSES_ON_THE_WAY_BACK", (0.0,))
    monkeypatch.setattr(full_set, "refuse_conflicts", lambda *_given: None)  # it has its own tests, and takes longest
    monkeypatch.setattr(full_set, "words", lambda _given: Sentence("cocok"))
    made = Lab(house, tmp_path)
    install_wheel(house.kernel, made.wheel(Lab.FIRST, version="1.0.0"), by="test")
    enable(house.kernel, "contoh", house.kernel.tenant("sumbawa"), by="test")
    made.write("satu", "dua", "tiga")
    (house.settings.home / "files" / "contoh").mkdir(parents=True)
    (house.settings.home / "files" / "contoh" / "surat.txt").write_text("asli")
    yield made
    made.close()


@pytest.fixture
def hard_words() -> list[str | None]:
    """The words of the notes of `full_gift`: what a CSV, a shell or a careless query would trip over."""
    return list(HARD)


@pytest.fixture
def everything(house: TestHouse, as_owner: Any) -> Callable[[], Any]:
    """Return a function that tells all that an install could change, the numbers of generations on disk aside."""

    def tell() -> Any:
        current = house.settings.plugin_folder / "current"
        files = sorted(
            (str(path.relative_to(current)), path.read_bytes())
            for path in (current.rglob("*") if current.exists() else ())
            if path.is_file() and path.suffix != ".pyc"
        )
        left = sorted(path.name for path in house.settings.plugin_folder.glob(".draft*"))
        return (
            files,
            left,
            as_owner("SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"),
            as_owner("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1"),
            as_owner("SELECT name, version, state FROM lumbung_plugin"),
            as_owner("SELECT component, package_version, revision FROM lumbung_ledger ORDER BY id"),
            as_owner("SELECT tenant_id, plugin FROM lumbung_enabled"),
        )

    return tell
