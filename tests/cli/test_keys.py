"""``lumbung keys``: looking at, replacing and taking away the keys of encrypted columns."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from lumbung.database.encrypted import seal
from lumbung.identity import nik
from lumbung.identity.models import PersonRow
from lumbung.testing import TestHouse

NIK = "5204084107900001"


@pytest.fixture
def siti(house: TestHouse) -> Any:
    person = house.person("sumbawa", "siti@a.id")
    with house.scope("sumbawa") as scope:
        nik.keep(scope.session, scope.session.get_one(PersonRow, (person.tenant_id, person.id)), NIK)
    return person


def read(house: TestHouse) -> str | None:
    with house.scope("sumbawa") as scope:
        found: str | None = scope.session.scalar(select(PersonRow.nik).where(PersonRow.nik_index.is_not(None)))
        return found


def status(lumbung: Any) -> dict[str, Any]:
    said = lumbung("keys", "status", "--json")
    assert (said.code, said.err) == (0, "")
    known: dict[str, Any] = json.loads(said.out)
    return known


def test_a_key_is_replaced_and_the_old_one_taken_away(house: TestHouse, lumbung: Any, siti: Any) -> None:
    before = status(lumbung)
    [first] = before["keys"]
    assert (before["values"], before["under_old"], before["rotation"]) == (1, 0, "none")
    assert first["rows"] == {"lumbung_person.nik": 1} and "lumbung_person.nik" in before["columns"]
    assert "keys rotate" in lumbung("keys", "retire", first["id"]).refused()
    said = lumbung("keys", "rotate")
    assert said.code == 0 and "1 of 1 values" in said.out and "0 rows are left" in said.out
    assert "1 of 1 moved" in said.err
    after = status(lumbung)
    assert (after["under_active"], after["under_old"], after["active"] != first["id"]) == (1, 0, True)
    assert read(house) == NIK
    assert "still opens" in lumbung("keys", "retire", after["active"]).refused()
    assert lumbung("keys", "retire", first["id"]).code == 0
    assert [key["id"] for key in status(lumbung)["keys"]] == [after["active"]]
    assert read(house) == NIK
    assert "There is no key" in lumbung("keys", "retire", first["id"]).refused()
    assert "not a key's name" in lumbung("keys", "retire", "x").refused()
    words = lumbung("keys", "status").out
    assert after["active"] in words and "1 of 1 values stand under" in words
    key_file = house.kernel.keyring.path.read_text()
    assert json.loads(key_file)["keys"][after["active"]]["key"] not in words + said.out + said.err


def test_columns_of_a_plugin_that_is_gone_move_too_and_a_forgotten_comment_keeps_the_key(
    house: TestHouse, lumbung: Any, siti: Any, as_owner: Any
) -> None:
    ring, old = house.kernel.keyring, house.kernel.keyring.active()
    as_owner("CREATE TABLE contoh_note (tenant_id integer, id uuid, words bytea, PRIMARY KEY (tenant_id, id))")
    as_owner("COMMENT ON COLUMN contoh_note.words IS 'lumbung:encrypted contoh_old.words'")
    for tenant_id in (1, 2):
        closed = seal("rahasia", old, tenant_id=tenant_id, place="contoh_old.words")
        as_owner("INSERT INTO contoh_note VALUES (:t, :id, :words)", t=tenant_id, id=uuid4(), words=closed)
    assert "3 of 3 values" in lumbung("keys", "rotate").out
    assert status(lumbung)["keys"][0]["rows"] == {}
    as_owner("COMMENT ON COLUMN contoh_note.words IS NULL")
    newer = ring.active().name
    assert "1 of 1 values" in lumbung("keys", "rotate").out
    assert "contoh_note.words" in lumbung("keys", "retire", newer).refused()
    assert bytes.fromhex(newer) in ring.ring().keys


def test_a_value_without_its_key_is_named_and_left(house: TestHouse, lumbung: Any, siti: Any, as_owner: Any) -> None:
    lost = house.kernel.keyring.active().name
    house.kernel.keyring.path.unlink()
    assert status(lumbung)["missing"] == [{"id": lost, "column": "lumbung_person.nik", "rows": 1}]
    assert "MISSING" in lumbung("keys", "status").out
    [(before,)] = as_owner("SELECT nik FROM lumbung_person WHERE nik IS NOT NULL")
    said = lumbung("keys", "rotate")
    assert said.code == 1 and "1 of the values cannot be read" in said.err
    assert as_owner("SELECT nik FROM lumbung_person WHERE nik IS NOT NULL") == [(before,)]
    house.kernel.keyring.path.write_text("{}")
    assert "damaged" in lumbung("keys", "status").refused()
