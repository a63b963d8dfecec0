"""A copy of a plugin's tables says the same, word for word and row for row, and can take their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from lumbung.database.operations import CreateTenantTable  # noqa: F401  (registers op.create_tenant_table)
from lumbung.errors import LumbungError
from lumbung.lifecycle import snapshots
from lumbung.lifecycle.layout import layout_of
from lumbung.testing import TestHouse

# Everything that a plugin may make and a dump would hold. A per cent sign is in it on purpose.
RICH = """
CREATE TYPE contoh_status AS ENUM ('baru', 'sele''sai', '100%');
CREATE TYPE keadaan AS ENUM ('a', 'b');
CREATE DOMAIN contoh_nomor AS integer DEFAULT 7 NOT NULL CONSTRAINT positif CHECK (VALUE > 0);
CREATE SEQUENCE contoh_urut START 40 INCREMENT 2;
CREATE FUNCTION contoh_besar(kata text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper(kata)';
CREATE TABLE contoh_note (
    tenant_id integer NOT NULL DEFAULT 1 REFERENCES lumbung_tenant (id) ON DELETE RESTRICT,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    number integer GENERATED ALWAYS AS IDENTITY (START WITH 5),
    serial bigserial,
    urut bigint DEFAULT nextval('contoh_urut'),
    "Kata Kata" varchar(40) COLLATE "C",
    besar text GENERATED ALWAYS AS (contoh_besar("Kata Kata")) STORED,
    status contoh_status NOT NULL DEFAULT 'baru',
    keadaan keadaan[],
    nomor contoh_nomor,
    above uuid,
    sealed bytea,
    t text,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_kata UNIQUE (tenant_id, "Kata Kata") DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT kata_pendek CHECK (length(t) < 100),
    CONSTRAINT fk_above FOREIGN KEY (tenant_id, above) REFERENCES contoh_note (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 80);
CREATE INDEX ix_kata ON contoh_note (tenant_id, lower(t)) WHERE status <> '100%';
CREATE TABLE contoh_reply (LIKE contoh_note INCLUDING ALL);
ALTER TABLE contoh_reply ADD CONSTRAINT fk_note FOREIGN KEY (tenant_id, above)
    REFERENCES contoh_note (tenant_id, id) NOT VALID;
CREATE TABLE lumbung_version_contoh (version_num varchar(32) PRIMARY KEY);
INSERT INTO lumbung_version_contoh VALUES ('0001');
CREATE VIEW contoh_semua WITH (security_invoker = true) AS SELECT t, status FROM contoh_note WHERE t LIKE '%a';
CREATE FUNCTION contoh_catat() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.t := coalesce(NEW.t, '') || '%'; RETURN NEW; END $$;
CREATE TRIGGER catat BEFORE INSERT ON contoh_note FOR EACH ROW EXECUTE FUNCTION contoh_catat();
CREATE TRIGGER mati BEFORE UPDATE ON contoh_note FOR EACH ROW EXECUTE FUNCTION contoh_catat();
ALTER TABLE contoh_note DISABLE TRIGGER mati;
ALTER TABLE contoh_note ENABLE ROW LEVEL SECURITY;
ALTER TABLE contoh_note FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON contoh_note USING (tenant_id = 1) WITH CHECK (tenant_id = 1);
CREATE POLICY migrator ON contoh_note TO CURRENT_USER USING (true) WITH CHECK (true);
REVOKE EXECUTE ON FUNCTION contoh_besar FROM PUBLIC;
COMMENT ON TABLE contoh_note IS 'Catatan ''100%''';
COMMENT ON COLUMN contoh_note.sealed IS 'lumbung:encrypted 50%';
ALTER TABLE contoh_note ALTER COLUMN t SET STORAGE EXTERNAL;
INSERT INTO contoh_note (tenant_id, "Kata Kata", status, keadaan, nomor, sealed, t)
    SELECT 1, 'kata ' || n, '100%', '{a,b}', n, '\\x00ff', E'b\\naris%' FROM generate_series(1, 50) n;
"""


@pytest.fixture
def owner(house: TestHouse) -> Iterator[Connection]:
    """A connection of the owner of the tables; each test ends its own transactions."""
    engine = create_engine(house.urls.migrator)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def rich(owner: Connection) -> Connection:
    """As `owner`, with a plugin's tables that use all there is."""
    raw(owner, RICH)
    owner.commit()
    return owner


def test_a_copy_says_the_same_and_holds_the_same_rows(rich: Connection) -> None:
    live, rows = layout_of(rich, "contoh"), snapshots.digests(rich, "contoh")
    assert snapshots.take(rich, "contoh", "lumbung_draft_contoh") == rows
    assert rows["contoh_note"]["rows"] == 50
    made = layout_of(rich, "contoh", "lumbung_draft_contoh")
    assert made.differences(live, outer=False) == []
    assert len(live.statements()) > 50
    assert [key.definition for key in live.outer] == [
        "FOREIGN KEY (tenant_id) REFERENCES lumbung_tenant(id) ON DELETE RESTRICT"
    ]
    assert not snapshots.unlike(rich, "contoh", "lumbung_draft_contoh", rows)
    again = snapshots.take(rich, "contoh", "lumbung_draft_contoh")  # killed and done again
    assert again == rows


def test_a_copy_takes_the_place_of_the_live_tables_and_back_again(rich: Connection) -> None:
    raw(
        rich,
        "CREATE TABLE lain_pointer (tenant_id integer, note uuid, "
        "CONSTRAINT fk_lain FOREIGN KEY (tenant_id, note) REFERENCES contoh_note (tenant_id, id))",
    )
    before, rows = layout_of(rich, "contoh"), snapshots.digests(rich, "contoh")
    snapshots.take(rich, "contoh", "lumbung_draft_contoh")
    raw(
        rich,
        "ALTER TABLE contoh_note DROP COLUMN t CASCADE; DROP TABLE contoh_reply; "
        "CREATE TABLE contoh_baru (id integer); DELETE FROM contoh_note; "
        "DROP FUNCTION contoh_besar CASCADE; ALTER TYPE contoh_status ADD VALUE 'batal'",
    )
    changed, changed_rows = layout_of(rich, "contoh"), snapshots.digests(rich, "contoh")
    assert snapshots.unlike(rich, "contoh", "lumbung_draft_contoh", rows)
    snapshots.exchange(rich, "contoh", "lumbung_draft_contoh", "lumbung_away_contoh")
    unchecked = snapshots.unchecked_keys(rich, "contoh")
    assert len(unchecked) == 3  # to the tenant, from the other plugin, and the one that never was
    for table, name in unchecked[:1] + unchecked[2:]:
        snapshots.check_key(rich, table, name)
    assert layout_of(rich, "contoh").differences(before) == []
    assert snapshots.digests(rich, "contoh") == rows
    assert rich.execute(text("SELECT nextval('contoh_urut')")).scalar() == 140
    assert not snapshots.exists(rich, "lumbung_draft_contoh")
    snapshots.exchange(rich, "contoh", "lumbung_away_contoh", "lumbung_back_contoh")
    for table, name in snapshots.unchecked_keys(rich, "contoh"):
        snapshots.check_key(rich, table, name)
    assert layout_of(rich, "contoh").differences(changed) == []
    assert snapshots.digests(rich, "contoh") == changed_rows
    assert rich.execute(text("SELECT count(*) FROM pg_constraint WHERE conname = 'fk_lain'")).scalar() == 1


def test_what_cannot_be_copied_faithfully_is_refused_and_what_others_hang_on_it_is_not_lost(rich: Connection) -> None:
    rich.commit()
    for statement, said in (
        ("CREATE TABLE contoh_bagian (id integer) PARTITION BY RANGE (id)", "contoh_bagian of contoh is of a kind"),
        ("CREATE TABLE contoh_anak () INHERITS (contoh_reply)", "contoh_anak of contoh is of a kind"),
        ("CREATE TYPE contoh_pasangan AS (a integer, b integer)", "The type contoh_pasangan of contoh"),
        ("CREATE TYPE contoh_rentang AS RANGE (subtype = date)", "The type contoh_rentang of contoh"),
    ):
        raw(rich, statement)
        with pytest.raises(LumbungError, match=said):
            snapshots.take(rich, "contoh", "lumbung_draft_contoh")
        rich.rollback()
    snapshots.take(rich, "contoh", "lumbung_draft_contoh")
    rich.commit()
    raw(rich, "CREATE FUNCTION contoh_semua_lain() RETURNS SETOF contoh_note LANGUAGE sql AS 'TABLE contoh_note'")
    snapshots.exchange(rich, "contoh", "lumbung_draft_contoh", "lumbung_away_contoh")
    assert rich.execute(text("SELECT to_regproc('lumbung_away_contoh.contoh_semua_lain') IS NOT NULL")).scalar()


def test_the_copy_of_a_plugin_with_a_longer_name_is_left_to_it(rich: Connection) -> None:
    raw(
        rich,
        "INSERT INTO lumbung_ledger (component, package_version, by) VALUES ('contoh_plus', '1', 'test'); "
        "CREATE TABLE contoh_plus_x (id integer)",
    )
    assert "contoh_plus_x" not in snapshots.take(rich, "contoh", "lumbung_draft_contoh")


def test_names_and_rows_that_are_hard_to_write_come_along(house: TestHouse, full_gift: Any, owner: Connection) -> None:
    full_gift()
    before, rows = layout_of(owner, "contoh"), snapshots.digests(owner, "contoh")
    snapshots.take(owner, "contoh", "lumbung_draft_contoh")
    snapshots.exchange(owner, "contoh", "lumbung_draft_contoh", "lumbung_away_contoh")
    for table, name in snapshots.unchecked_keys(owner, "contoh"):
        snapshots.check_key(owner, table, name)
    assert layout_of(owner, "contoh").differences(before) == []
    assert snapshots.digests(owner, "contoh") == rows
    owner.commit()
    with house.scope("sumbawa") as scope:
        scope.session.execute(text("INSERT INTO contoh_note (words) VALUES ('baru')"))


def raw(connection: Connection, statements: str) -> None:
    """Run statements as they stand."""
    connection.execute(text("SELECT 1"))  # begins a transaction, which commit and rollback then end
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(statements)
