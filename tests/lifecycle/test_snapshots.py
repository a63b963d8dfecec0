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
    raw = owner.connection.driver_connection
    assert raw is not None
    raw.execute(RICH)
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
