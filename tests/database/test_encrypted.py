"""Encrypted columns: what is kept does not show, opens in its own place alone, and outlives its key's replacement."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Column, Engine, LargeBinary, MetaData, Table, create_engine, inspect, select

import lumbung
from lumbung.database import rotation
from lumbung.database.core_model import core_metadata
from lumbung.database.encrypted import COMMENT, Encrypted, Unreadable, seal, unseal
from lumbung.database.keyring import Keyring, KeyringError
from lumbung.identity import nik
from lumbung.identity.models import PersonRow
from lumbung.testing import TestHouse

NIK = "5204084107900001"
PLACE = "lumbung_person.nik"

People = list[tuple[str, UUID, str]]


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "secrets" / "keyring.json")


def test_what_is_closed_opens_in_its_own_place_alone(ring: Keyring) -> None:
    closed = seal(NIK, ring.active(), tenant_id=1, place=PLACE)
    assert unseal(closed, ring, tenant_id=1, place=PLACE) == NIK
    assert NIK.encode() not in closed
    assert closed != seal(NIK, ring.active(), tenant_id=1, place=PLACE)
    for tenant_id, place in ((2, PLACE), (1, "lumbung_person.name"), (11, PLACE)):
        with pytest.raises(Unreadable):
            unseal(closed, ring, tenant_id=tenant_id, place=place)
    for at in range(len(closed)):
        damaged = bytearray(closed)
        damaged[at] ^= 1
        with pytest.raises(Unreadable) as refused:
            unseal(bytes(damaged), ring, tenant_id=1, place=PLACE)
        assert NIK not in str(refused.value)
    for rest in (b"", closed[:5], closed[:32], b"\x01" * 200):
        with pytest.raises(Unreadable):
            unseal(rest, ring, tenant_id=1, place=PLACE)


def test_processes_that_start_at_once_have_the_same_key(ring: Keyring) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: Keyring(ring.path).active().id, range(64)))
    assert keys == {ring.active().id}
    assert ring.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in ring.path.parent.iterdir()] == ["keyring.json"]


def test_a_process_follows_a_new_key_and_writes_nothing_with_the_old(ring: Keyring) -> None:
    before = ring.active()
    made = Keyring(ring.path).add(by="test")
    assert ring.active() == made  # a writer looks each time
    other = Keyring(ring.path)
    assert other.active() == made
    newest = ring.add(by="test")
    assert other.find(newest.id) == newest
    assert other.find(before.id) == before
    other.remove(before.id)
    assert before.id not in ring.ring().keys
    with pytest.raises(KeyringError):
        Keyring(ring.path).find(before.id)
    with pytest.raises(KeyringError):
        ring.remove(newest.id)
    with pytest.raises(KeyringError):
        ring.remove(b"none")
    assert ring.path.stat().st_mode & 0o777 == 0o600


def test_while_the_file_is_away_reading_goes_on_and_writing_stops(ring: Keyring) -> None:
    closed = seal(NIK, ring.active(), tenant_id=1, place=PLACE)
    kept = ring.path.read_bytes()
    for damage in (b"{}", b"no json", b"[]", b'{"active": "zz", "keys": {"zz": {"key": ""}}}', None):
        if damage is None:
            ring.path.unlink()
        else:
            ring.path.write_bytes(damage)
        ring._looked = float("-inf")
        assert unseal(closed, ring, tenant_id=1, place=PLACE) == NIK
        with pytest.raises(KeyringError):
            ring.active()
        assert not ring.path.exists() or ring.path.read_bytes() == damage
    ring.path.write_bytes(kept)
    assert unseal(closed, Keyring(ring.path), tenant_id=1, place=PLACE) == NIK
    assert ring.active().id.hex() in kept.decode()


def test_a_type_knows_its_column_and_compares_with_nothing_but_null() -> None:
    shared = Encrypted()
    table = Table("contoh_a", MetaData(), Column("x", shared), Column("y", shared))
    assert (table.c.x.type.place, table.c.y.type.place) == ("contoh_a.x", "contoh_a.y")
    assert table.c.x.comment == COMMENT
    kept = Table("contoh_b", MetaData(), Column("x", Encrypted("contoh_a.x")))
    assert kept.c.x.type.place == "contoh_a.x"
    assert "IS NULL" in str(table.c.x.is_(None)) and "IS NOT NULL" in str(table.c.x != None)  # noqa: E711
    for compare in (lambda: table.c.x == NIK, lambda: table.c.x.like("5%"), lambda: table.c.x.desc()):
        with pytest.raises(TypeError):
            compare()
    with pytest.raises(TypeError):
        Encrypted().process_literal_param(NIK, None)  # type: ignore[arg-type]


@pytest.fixture
def people(house: TestHouse) -> People:
    """Thirty people with a NIK each, in two tenants."""
    made = []
    for number in range(30):
        tenant = ("sumbawa", "sumbawabarat")[number % 2]
        person, text = house.person(tenant, f"p{number}@contoh.id"), f"520408410790{number + 1:04}"
        with house.scope(tenant) as scope:
            nik.keep(scope.session, scope.session.get_one(PersonRow, (person.tenant_id, person.id)), text)
        made.append((tenant, person.id, text))
    return made


@pytest.fixture
def owner(house: TestHouse) -> Iterator[Engine]:
    engine = create_engine(house.urls.migrator)
    yield engine
    engine.dispose()


def _all_readable(house: TestHouse, people: People) -> bool:
    return all(_read(house, tenant, person_id) == text for tenant, person_id, text in people)


def _read(house: TestHouse, tenant: str, person_id: UUID) -> str | None:
    with house.scope(tenant) as scope:
        found: str | None = scope.session.scalar(select(PersonRow.nik).where(PersonRow.id == person_id))
        return found


def test_a_rotation_that_dies_goes_on_with_the_same_key(house: TestHouse, people: People, owner: Engine) -> None:
    ring = house.kernel.keyring
    old = ring.active()
    key, made = rotation.begin(owner, ring, by="test")
    assert made and key != old

    class Killed(BaseException):
        pass

    def die(_moved: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        rotation.sweep(owner, ring, tell=die, batch=7)
    census = rotation.count(owner)
    assert (census.under(key.id), census.left(ring), census.total) == (7, 23, 30)
    assert _all_readable(house, people)
    assert rotation.begin(owner, ring, by="test") == (key, False)
    told: list[int] = []
    done = rotation.settle(owner, house.kernel.database.engine, ring, tell=told.append)
    assert (done.left(ring), done.under(key.id), sum(told)) == (0, 30, 23)
    assert rotation.column_with(owner, old.id) is None
    assert rotation.column_with(owner, key.id) == "lumbung_person.nik"
    assert _all_readable(house, people)
    with rotation.alone(owner), pytest.raises(rotation.RotationRunning), rotation.alone(owner):
        pass


def test_damaged_values_are_left_and_counted(house: TestHouse, people: People, owner: Engine, as_owner: Any) -> None:
    ring = house.kernel.keyring
    (tenant, first, _), (_, second, _), (_, third, _) = people[:3]
    as_owner("UPDATE lumbung_person SET nik = nik || 'x'::bytea WHERE id = :id", id=first)
    as_owner("UPDATE lumbung_person SET nik = '\\x01aabbccdd' || substring(nik FROM 6) WHERE id = :id", id=second)
    as_owner("UPDATE lumbung_person SET nik = 'x' WHERE id = :id", id=third)
    with house.scope(tenant) as scope, pytest.raises(Unreadable):
        scope.session.scalar(select(PersonRow.nik).where(PersonRow.id == first))
    for _again in range(2):
        _key, made = rotation.begin(owner, ring, by="test")
        assert made  # what is damaged does not keep a later rotation from a new key
        census = rotation.settle(owner, house.kernel.database.engine, ring, tell=lambda _moved: None)
        assert (census.total, census.under(ring.active().id)) == (30, 27)
    assert census.without_key(ring) == 2
    assert _all_readable(house, people[3:])


def test_rotating_while_people_read_and_write_loses_nothing(house: TestHouse, people: People, owner: Engine) -> None:
    ring = house.kernel.keyring
    other = Keyring(ring.path)  # as another process knows the keys
    stop, wrong, kept = False, [], {person_id: text for _, person_id, text in people}

    def serve(part: int) -> int:
        turns = 0
        while not stop:
            for number in range(part, len(people), 4):
                tenant, person_id, _ = people[number]
                found = _read(house, tenant, person_id)
                if found != kept[person_id]:
                    wrong.append((number, found))
                text = f"520408410790{(turns % 90 + 1) * 100 + number:04}"
                with house.scope(tenant) as scope:
                    row = scope.session.get_one(PersonRow, (scope.tenant.id, person_id))  # type: ignore[union-attr]
                    nik.keep(scope.session, row, text)
                kept[person_id] = text
                turns += 1
        return turns

    with ThreadPoolExecutor(4) as pool:
        serving = [pool.submit(serve, part) for part in range(4)]
        try:
            for _round in range(3):
                key, _made = rotation.begin(owner, other, by="test")
                rotation.settle(owner, house.kernel.database.engine, other, tell=lambda _moved: None)
                census = rotation.count(owner)
                assert (census.left(other), census.under(key.id)) == (0, 30)
        finally:
            stop = True  # or the pool waits for ever
        assert min(one.result() for one in serving) > 0
    assert wrong == []
    assert all(_read(house, tenant, person_id) == kept[person_id] for tenant, person_id, _ in people)


def test_a_value_closed_before_the_new_key_and_committed_late_is_moved_too(
    house: TestHouse,
    people: People,
    owner: Engine,
) -> None:
    ring, tenant = house.kernel.keyring, "sumbawa"
    person_id = house.person(tenant, "baru@contoh.id").id
    with ThreadPoolExecutor(1) as pool:
        with house.scope(tenant) as scope:
            row = scope.session.get_one(PersonRow, (scope.tenant.id, person_id))  # type: ignore[union-attr]
            nik.keep(scope.session, row, NIK.replace("0001", "7777"))  # flushed with the old key, not committed
            rotation.begin(owner, ring, by="test")
            settled = pool.submit(rotation.settle, owner, house.kernel.database.engine, ring, tell=lambda _moved: None)
            with pytest.raises(TimeoutError):
                settled.result(timeout=0.3)  # it waits for us
        assert settled.result(timeout=30).left(ring) == 0
    assert _read(house, tenant, person_id) == NIK.replace("0001", "7777")


def test_every_encrypted_column_of_the_core_is_known_to_the_database(house: TestHouse, owner: Engine) -> None:
    with owner.connect() as connection:
        known = {(one.table, one.name): one.place for one in rotation.encrypted_columns(connection)}
    for module in pkgutil.walk_packages(lumbung.__path__, "lumbung."):
        if module.name.endswith(".models"):
            importlib.import_module(module.name)
    declared = {
        (table.name, column.name): getattr(column.type, "place", f"{table.name}.{column.name}")
        for table in core_metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Encrypted) or column.comment == COMMENT  # the platform's own are closed by hand
    }
    assert declared and known == declared
    assert isinstance(inspect(PersonRow).columns["nik_index"].type, LargeBinary)
