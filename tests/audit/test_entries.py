"""The trail: written with the change it tells of, of one's own tenant, and never altered by a page."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from lumbung import audit
from lumbung.testing import TestHouse, frozen_clock


def test_an_entry_says_who_what_when_and_for_which_plugin(house: TestHouse, as_owner: Any) -> None:
    person = house.person("sumbawa", "siti@contoh.id", name="Siti")
    as_owner("DELETE FROM lumbung_audit")
    with frozen_clock("2026-11-24T08:00+08:00"), house.scope("sumbawa", person=person, plugin="contoh"):
        audit.record("contoh.ticket.call", "x" * 500, nomor="A-7")
    with house.scope("sumbawa"):
        audit.record("contoh.ticket.skip", 7)
    called, skipped = as_owner("SELECT action, thing, plugin, person_name, detail FROM lumbung_audit ORDER BY action")
    assert called == ("contoh.ticket.call", "x" * 200, "contoh", "Siti", {"nomor": "A-7"})
    assert skipped == ("contoh.ticket.skip", "7", None, "test", {})


def test_an_entry_falls_with_the_change_it_tells_of(house: TestHouse, as_owner: Any) -> None:
    with pytest.raises(ZeroDivisionError), house.scope("sumbawa"):
        audit.record("a.b", "c")
        raise ZeroDivisionError
    assert as_owner("SELECT count(*) FROM lumbung_audit WHERE action = 'a.b'") == [(0,)]


def test_a_tenant_sees_its_own_trail_alone(house: TestHouse) -> None:
    with house.scope("sumbawa"):
        audit.record("a.b", "rahasia")
    with house.scope("sumbawabarat") as scope:
        assert scope.session.query(audit.AuditRow).filter_by(action="a.b").all() == []


FORBIDDEN = (
    "UPDATE lumbung_audit SET thing = 'lain'",
    "DELETE FROM lumbung_audit",
    "TRUNCATE lumbung_audit",
    "UPDATE lumbung_event SET name = 'lain'",
    "DELETE FROM lumbung_fault",
    "UPDATE lumbung_ledger SET revision = '9'",
    "INSERT INTO lumbung_plugin (name, version, module, state, manifest, installed_by) "
    "VALUES ('x', '1', 'x', 'installed', '{}', 'x')",
    "UPDATE lumbung_version_core SET version_num = '0'",
    "DELETE FROM lumbung_version_contoh",
    "ALTER TABLE lumbung_audit DISABLE ROW LEVEL SECURITY",
    "DROP TABLE contoh_note",
    "CREATE TABLE punyaku (id int)",
    "SET ROLE {owner}",
)


def test_a_page_s_role_cannot_rewrite_history_or_the_schema(house: TestHouse, gift: Any) -> None:
    revision = (
        "import sqlalchemy as sa\nfrom alembic import op\nrevision = '0001'\ndown_revision = None\n"
        "def upgrade():\n    op.create_tenant_table('contoh_note', sa.Column('words', sa.Text))\n"
    )
    gift(files={"lumbung_contoh/migrations/0001_x.py": revision})
    owner = make_url(house.urls.migrator).username
    for statement in FORBIDDEN:
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), house.scope("sumbawa") as scope:
            scope.session.execute(text(statement.replace("{owner}", str(owner))))
