"""Revisions that fail, open a hole or touch what is not theirs: each is undone whole, in one sentence."""

# ruff: noqa: S608  (revision files are written here as text)
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from lumbung.errors import LumbungError
from lumbung.lifecycle.operations import install_wheel
from lumbung.lifecycle.overview import overview
from lumbung.testing import TestHouse, make_wheel
from lumbung.testing.wheels import MANIFEST as TEXT
from lumbung.testing.wheels import revision

Everything = Callable[[], Any]

NOTES = '    op.create_tenant_table("contoh_note", sa.Column("words", sa.Text, nullable=False))\n'
BAD_MIGRATIONS = {
    "fails in SQL": ("    op.execute('SELECT nope')\n", "nope"),
    "fails half-way": (NOTES + "    op.execute('SELECT nope')\n", "nope"),
    "raises": (NOTES + "    raise RuntimeError('tidak jadi')\n", "tidak jadi"),
    "exits": (NOTES + "    raise SystemExit(3)\n", "3"),
    "does not compile": ("    x = = 1\n", "cannot be read"),
    "has a table without a tenant": (
        "    op.create_table('contoh_note', sa.Column('id', sa.Integer, primary_key=True))\n",
        "Table contoh_note of contoh has no tenant_id",
    ),
    "has a table without row-level security": (
        "    op.create_table('contoh_note', sa.Column('tenant_id', sa.Integer, primary_key=True))\n",
        "has no row-level security",
    ),
    "switches row-level security off": (
        NOTES + "    op.execute('ALTER TABLE contoh_note DISABLE ROW LEVEL SECURITY')\n",
        "has no row-level security",
    ),
    "does not force it": (
        NOTES + "    op.execute('ALTER TABLE contoh_note NO FORCE ROW LEVEL SECURITY')\n",
        "has no row-level security",
    ),
    "adds a policy that lets everybody in": (
        NOTES + "    op.execute('CREATE POLICY semua ON contoh_note USING (true)')\n",
        "another than the house's",
    ),
    "replaces the policy": (
        NOTES
        + "    op.execute('DROP POLICY tenant ON contoh_note')\n"
        + "    op.execute('CREATE POLICY tenant ON contoh_note USING (true)')\n",
        "another than the house's",
    ),
    "has a loose unique constraint": (
        NOTES + "    op.create_unique_constraint('uq_x', 'contoh_note', ['words'])\n",
        "Constraint uq_x",
    ),
    "has a loose unique index": (
        NOTES + "    op.create_index('ux_x', 'contoh_note', ['words'], unique=True)\n",
        "Constraint ux_x",
    ),
    "has a loose reference": (
        NOTES
        + "    op.add_column('contoh_note', sa.Column('note_id', sa.Uuid))\n"
        + "    op.create_unique_constraint('uq_y', 'contoh_note', ['tenant_id', 'note_id'])\n"
        + "    op.create_table('contoh_ref', sa.Column('code', sa.Text, primary_key=True))\n"
        + "    op.add_column('contoh_note', sa.Column('code', sa.Text, sa.ForeignKey('contoh_ref.code')))\n",
        "Constraint contoh_note_code_fkey",
    ),
    "has a view that sees all": (
        NOTES + "    op.execute('CREATE VIEW contoh_all AS SELECT * FROM contoh_note')\n",
        "View contoh_all",
    ),
    "keeps a copy of all": (
        NOTES + "    op.execute('CREATE MATERIALIZED VIEW contoh_all AS SELECT * FROM contoh_note')\n",
        "View contoh_all",
    ),
    "makes a table of another name": (
        "    op.create_tenant_table('catatan', sa.Column('words', sa.Text))\n",
        "Table catatan was made by contoh",
    ),
    "changes a table of the core": (
        NOTES + "    op.add_column('lumbung_person', sa.Column('contoh_x', sa.Text))\n",
        "changes the table lumbung_person, which is not its own",
    ),
    "takes row-level security off another's table": (
        "    op.execute('ALTER TABLE lumbung_unit NO FORCE ROW LEVEL SECURITY')\n",
        "changes the table lumbung_unit",
    ),
    "drops a table of the core": ("    op.drop_table('lumbung_fault')\n", "changes the table lumbung_fault"),
    "hangs a trigger on another's table": (
        "    op.execute(\"CREATE FUNCTION contoh_t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'\")\n"
        "    op.execute('CREATE TRIGGER contoh_t BEFORE INSERT ON lumbung_person EXECUTE FUNCTION contoh_t()')\n",
        "changes the table lumbung_person",
    ),
    "writes into a table of the core": (
        "    op.execute(\"UPDATE lumbung_tenant SET name = 'Milik saya' WHERE slug = 'sumbawa'\")\n",
        "writes into the table lumbung_tenant",
    ),
    "points at a table that is nobody's business": (
        NOTES
        + "    op.add_column('contoh_note', sa.Column('session_id', sa.Uuid))\n"
        + "    op.create_foreign_key('fk_s', 'contoh_note', 'lumbung_session', ['tenant_id', 'session_id'], "
        "['tenant_id', 'id'])\n",
        "points at lumbung_session",
    ),
    "makes a function with the owner's rights": (
        '    op.execute("CREATE FUNCTION contoh_all() RETURNS bigint LANGUAGE sql SECURITY DEFINER '
        "AS 'SELECT count(*) FROM lumbung_person'\")\n",
        "Function contoh_all (security definer) was made by contoh",
    ),
}


def test_a_migration_that_fails_or_opens_a_hole_leaves_everything_as_it_was(
    house: TestHouse, tmp_path: Path, everything: Everything
) -> None:
    before = everything()
    wrong = {}
    for number, (kind, (body, said)) in enumerate(BAD_MIGRATIONS.items()):
        with pytest.raises(LumbungError) as refused:
            install_wheel(house.kernel, make_wheel(tmp_path / str(number), files=revision(body)), by="test")
        if said not in str(refused.value) or "\n" in str(refused.value):
            wrong[kind] = str(refused.value)
        assert everything() == before, kind
    assert wrong == {}
    assert "contoh" not in [one.name for one in overview(house.kernel)]


def test_a_view_with_the_reader_s_own_eyes_and_a_plain_function_are_welcome(house: TestHouse, tmp_path: Path) -> None:
    body = (
        NOTES
        + "    op.execute('CREATE VIEW contoh_all WITH (security_invoker = true) AS SELECT * FROM contoh_note')\n"
        + "    op.execute(\"CREATE FUNCTION contoh_one() RETURNS int LANGUAGE sql AS 'SELECT 1'\")\n"
        + "    op.create_table('contoh_ref', sa.Column('code', sa.Text, primary_key=True))\n"
    )
    manifest = TEXT.format(name="contoh", version="1.0.0").replace(
        'hooks = ["routes"]', 'hooks = ["routes"]\nshared_tables = ["contoh_ref"]'
    )
    install_wheel(house.kernel, make_wheel(tmp_path, manifest=manifest, files=revision(body)), by="test")
    plus = make_wheel(
        tmp_path,
        "contoh_plus",
        files=revision(
            "    op.create_tenant_table('contoh_plus_x', sa.Column('words', sa.Text))\n", name="contoh_plus"
        ),
    )
    install_wheel(house.kernel, plus, by="test")
    install_wheel(house.kernel, make_wheel(tmp_path, manifest=manifest, files=revision(body)), by="test")
    assert {one.name for one in overview(house.kernel) if one.state == "installed"} >= {"contoh", "contoh_plus"}
    with house.scope("sumbawa") as scope:
        assert scope.session.execute(text("SELECT contoh_one(), count(*) FROM contoh_all")).one() == (1, 0)
