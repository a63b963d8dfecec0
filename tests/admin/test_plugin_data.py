"""The data of an application that is off: who may read it, what is masked, and that each look is written down."""

from __future__ import annotations

import sys
from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from lumbung.audit import AccessRow, AuditRow
from lumbung.database.encrypted import seal
from lumbung.lifecycle.enable import disable
from lumbung.registry.models import SuspensionRow
from lumbung.testing import HouseClient, TestHouse

Gift = Callable[..., object]
PAGE = "/admin/plugin/contoh/data"
MIGRATION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0001", None
def upgrade():
    op.create_tenant_table(
        "contoh_note",
        sa.Column("words", sa.Text),
        sa.Column("nik", sa.LargeBinary, comment="lumbung:encrypted"),
        sa.Column("picture", sa.LargeBinary),
        sa.Column("count", sa.Integer),
        sa.Column("day", sa.Date),
        sa.Column("more", sa.JSON),
        references={"person_id?": "lumbung_person"},
    )
    op.create_tenant_table("contoh_empty", sa.Column("words", sa.Text))
    op.create_table("contoh_region", sa.Column("code", sa.String(9), primary_key=True))
"""
PERSONAL = """
[[personal_data]]
name = "Catatan"
purpose = { id = "Mencatat", en = "To note" }
basis = "UU 27/2022"
where = "contoh_note.words, contoh_note.nik"
"""


@pytest.fixture
def notes(house: TestHouse, gift: Gift, as_owner: Any) -> dict[str, Any]:
    """A gift with a note of Siti in each tenant, switched off for Sumbawa."""
    gift(
        files={"lumbung_contoh/migrations/0001_x.py": MIGRATION},
        plain='shared_tables = ["contoh_region"]',
        more=PERSONAL,
        tenants=(),
    )
    people = {slug: house.person(slug, "siti@a.id", name="Siti") for slug in ("sumbawa", "sumbawabarat")}
    for slug, person in people.items():
        tenant = house.kernel.tenant(slug).id
        closed = seal("5204084107900001", house.kernel.keyring.active(), tenant_id=tenant, place="contoh_note.nik")
        as_owner(
            "INSERT INTO contoh_note (tenant_id, id, person_id, words, nik, picture, count, day, more) "
            "VALUES (:t, :id, :p, :w, :nik, :picture, 7, 'infinity', '{\"a\": 1}')",
            t=tenant, id=uuid4(), p=person.id, w=f"=cmd|milik {slug} " + "x" * 300, nik=closed, picture=b"\0\xff" * 20,
        )  # fmt: skip
    as_owner("INSERT INTO contoh_region VALUES ('52.04')")
    return people


@pytest.fixture
def admin(house: TestHouse, notes: Any) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))


def read(client: HouseClient, url: str = PAGE) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return unescape(answer.get_data(as_text=True))


def looks(house: TestHouse) -> list[tuple[str, str]]:
    with house.scope() as scope:
        rows = scope.session.scalars(select(AuditRow).where(AuditRow.action.startswith("plugin.data")))
        return sorted((row.action, row.thing) for row in rows)


def test_its_tables_are_listed_and_read_with_what_is_encrypted_closed(
    house: TestHouse, admin: HouseClient, notes: Any
) -> None:
    page = read(admin)
    assert "mati untuk daerah Anda" in page
    assert all(name in page for name in ("contoh_note", "contoh_empty", "contoh_region", "words, nik"))
    page = read(admin, f"{PAGE}/contoh_note")
    assert "milik sumbawa x" in page and "milik sumbawabarat" not in page
    assert "x" * 300 not in page and "tersandi" in page and "40 bita" in page and "Siti" in page
    assert "1 baris" in page and "5204084107900001" not in page and "tenant_id" not in page
    assert "52.04" in read(admin, f"{PAGE}/contoh_region")
    assert "Tidak ada baris" in read(admin, f"{PAGE}/contoh_empty")
    assert looks(house) == [("plugin.data.read", f"contoh_{one}") for one in ("empty", "note", "region")]
    with house.scope() as scope:
        [row] = scope.session.scalars(select(AccessRow))
        assert (row.subject_id, row.what, row.why) == (notes["sumbawa"].id, "plugin_data.list", "contoh_note")


def test_a_file_holds_whole_texts_runs_no_formula_and_is_written_down(
    house: TestHouse, admin: HouseClient, notes: Any
) -> None:
    answer = admin.get(f"{PAGE}/contoh_note?unduh=csv")
    assert answer.mimetype == "text/csv" and "contoh_note-sumbawa-" in answer.headers["Content-Disposition"]
    head, *rows = answer.get_data().decode("utf-8-sig").splitlines()
    assert head == "words;nik;picture;count;day;more;id;person_id"
    assert len(rows) == 1 and rows[0].startswith(f"'=cmd|milik sumbawa {'x' * 300};tersandi;40 bita;7;;")
    assert looks(house) == [("plugin.data.export", "contoh_note")]
    with house.scope() as scope:
        assert [row.what for row in scope.session.scalars(select(AccessRow))] == ["plugin_data.export"]


def test_nobody_else_reads_it_and_no_other_table_opens(house: TestHouse, admin: HouseClient, gift: Gift) -> None:
    other = MIGRATION.replace("contoh_", "contoh_plus_")
    gift("contoh_plus", files={"lumbung_contoh_plus/migrations/0001_x.py": other},
         plain='shared_tables = ["contoh_plus_region"]', tenants=())  # fmt: skip
    for table in (
        "lumbung_person",
        "contoh_plus_note",
        "pg_class",
        "tiada",
        "contoh_note%22",
        "lumbung_version_contoh",
    ):
        assert admin.get(f"{PAGE}/{table}").status_code == 404, table
    assert "contoh_plus_note" not in read(admin)
    assert admin.get("/admin/plugin/tiada/data").status_code == 404
    editor = house.client("sumbawa", house.person("sumbawa", "e@a.id", roles=["editor"]))
    citizen = house.client("sumbawa", house.person("sumbawa", "w@a.id"))
    for client in (editor, citizen):
        assert client.get(PAGE).status_code == client.get(f"{PAGE}/contoh_note").status_code == 403
    assert house.client("sumbawa").get(PAGE).status_code in (302, 303)
    assert looks(house) == []


def test_an_operator_reads_their_own_tenants_rows_only(house: TestHouse, notes: Any) -> None:
    operator = house.client("sumbawabarat", house.person("sumbawabarat", "op@a.id", operator=True))
    page = read(operator, f"{PAGE}/contoh_note")
    assert "milik sumbawabarat" in page and "milik sumbawa x" not in page


def test_while_it_is_on_people_use_the_application_and_whatever_closes_it_opens_the_data(
    house: TestHouse, admin: HouseClient, as_owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_owner("INSERT INTO lumbung_enabled (tenant_id, plugin, enabled_by) "
             "SELECT id, 'contoh', 'x' FROM lumbung_tenant WHERE slug = 'sumbawa'")  # fmt: skip
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    assert "sedang menyala" in read(admin) and "contoh_note" not in read(admin)
    assert admin.get(f"{PAGE}/contoh_note").status_code == 303
    assert looks(house) == []
    with house.scope() as scope:
        scope.session.add(SuspensionRow(plugin="contoh", reason="", faults=9))
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    assert "ditutup sementara" in read(admin)
    as_owner("UPDATE lumbung_suspension SET lifted_at = now()")
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    assert "sedang menyala" in read(admin)
    from lumbung.lifecycle import kept_data

    monkeypatch.setattr(kept_data, "find_plugins", dict)
    assert "tidak ada atau rusak" in read(admin)
    assert "milik sumbawa" in read(admin, f"{PAGE}/contoh_note")


def test_it_is_read_when_the_package_and_a_manifest_that_can_be_read_are_gone(
    house: TestHouse, admin: HouseClient, as_owner: Any
) -> None:
    disable(house.kernel, "contoh", house.kernel.tenant("sumbawa"), by="test")
    as_owner("UPDATE lumbung_plugin SET state = 'uninstalled', manifest = '{\"name\": 1}'")
    for module in [name for name in sys.modules if name.startswith("lumbung_contoh")]:
        del sys.modules[module]
    page = read(admin)
    assert "sudah dicopot" in page and "contoh_note" in page and "contoh_region" not in page
    assert "milik sumbawa" in read(admin, f"{PAGE}/contoh_note")
    as_owner("UPDATE lumbung_plugin SET state = 'purged'")
    as_owner("DROP TABLE contoh_note, contoh_empty, contoh_region")
    assert "Tidak ada data" in read(admin)


def test_many_rows_come_a_page_at_a_time(house: TestHouse, admin: HouseClient, as_owner: Any) -> None:
    as_owner(
        "INSERT INTO contoh_empty (tenant_id, words) SELECT t.id, 'baris ' || n FROM lumbung_tenant t, "
        "generate_series(1, 60) n WHERE t.slug = 'sumbawa'"
    )
    first, last = read(admin, f"{PAGE}/contoh_empty"), read(admin, f"{PAGE}/contoh_empty?halaman=999")
    assert (first.count(">baris "), last.count(">baris ")) == (25, 10)
    assert "60 baris" in first and "halaman=2" in first


def test_what_is_off_is_listed_and_linked_also_when_it_was_uninstalled(
    house: TestHouse, admin: HouseClient, as_owner: Any
) -> None:
    link = f'href="{PAGE}"'
    assert link in read(admin, "/admin/data-aplikasi") and link in read(admin, "/admin/plugin/contoh/")
    as_owner("UPDATE lumbung_plugin SET state = 'uninstalled'")
    as_owner("UPDATE lumbung_generation SET value = value + 1")
    assert link in read(admin, "/admin/data-aplikasi") and "/admin/data-aplikasi" in read(admin, "/admin/plugin/")
    editor = house.client("sumbawa", house.person("sumbawa", "e@a.id", roles=["editor"]))
    assert editor.get("/admin/data-aplikasi").status_code == 403
