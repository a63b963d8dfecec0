"""A citizen's NIK: given and taken away with the password, shown masked, found by officers, and nowhere in clear."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from sqlalchemy import select

from lumbung.audit import AuditRow
from lumbung.identity import nik
from lumbung.identity.models import PersonRow
from lumbung.identity.person import Person
from lumbung.notifications.models import Notification
from lumbung.testing import HouseClient, TestHouse

PASSWORD = "empat kata yang panjang"
NIK = "5204084107900001"
OTHER = "5204084107900002"
MASKED = "5204************01"


@pytest.fixture
def siti(house: TestHouse) -> Person:
    return house.person("sumbawa", "siti@a.id", name="Siti Rahmah", password=PASSWORD)


@pytest.fixture
def client(house: TestHouse, siti: Person) -> HouseClient:
    return house.client("sumbawa", siti)


def kept(house: TestHouse, person: Person) -> str | None:
    with house.scope("sumbawa") as scope:
        found: str | None = scope.session.scalar(select(PersonRow.nik).where(PersonRow.id == person.id))
        return found


def tables_holding(as_owner: Any, number: str) -> list[str]:
    """Return the tables in which any column of any row holds a number in clear, as text or as bytes."""
    tables = [
        str(table)
        for (table,) in as_owner("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    ]
    assert len(tables) > 20
    parts = [
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\" r WHERE r::text LIKE :plain OR r::text LIKE :bytes)"  # noqa: S608
        for table in tables
    ]
    found = as_owner(" UNION ALL ".join(parts), plain=f"%{number}%", bytes=f"%{number.encode().hex()}%")
    return sorted(str(table) for (table,) in found)


def send(client: HouseClient, number: str, password: str = PASSWORD) -> Any:
    return client.post_form("/akun/nik", {"nik": number, "current": password}, page="/akun/nik")


def test_is_given_changed_and_taken_away_by_its_owner_alone(
    house: TestHouse, siti: Person, client: HouseClient
) -> None:
    assert house.client("sumbawa").get("/akun/nik").status_code == 302
    assert client.get("/akun/nik/hapus").status_code == 303  # nothing to take away
    for number, password, field in ((NIK, "", "current"), (NIK, "salah", "current"), ("520408", PASSWORD, "nik")):
        refused = send(client, number, password)
        page = refused.get_data(as_text=True)
        assert refused.status_code == 422 and f'id="{field}-error"' in page and f'value="{number}"' in page
        assert kept(house, siti) is None
    assert send(client, "5204 0841 0790 0001").status_code == 303
    page = client.get("/akun/nik").get_data(as_text=True)
    assert MASKED in page and NIK not in page
    assert send(client, OTHER).status_code == 303
    assert kept(house, siti) == OTHER
    refused = client.post_form("/akun/nik/hapus", {"current": "salah"}, page="/akun/nik/hapus")
    assert refused.status_code == 422 and kept(house, siti) == OTHER
    assert client.post_form("/akun/nik/hapus", {"current": PASSWORD}, page="/akun/nik/hapus").status_code == 303
    assert kept(house, siti) is None
    with house.scope("sumbawa") as scope:
        trail = scope.session.scalars(select(AuditRow.action).where(AuditRow.about == siti.id)).all()
        assert [one for one in trail if "nik" in one] == ["person.nik", "person.nik", "person.nik_remove"]
        assert len(scope.session.scalars(select(Notification)).all()) == 3


def test_a_number_of_another_account_is_refused_without_saying_whose(house: TestHouse, client: HouseClient) -> None:
    budi = house.person("sumbawa", "budi@a.id", name="Budi Santoso")
    with house.scope("sumbawa") as scope:
        nik.keep(scope.session, scope.session.get_one(PersonRow, (budi.tenant_id, budi.id)), NIK)
    page = send(client, NIK)
    assert page.status_code == 422
    assert "Budi" not in page.get_data(as_text=True) and "budi@a.id" not in page.get_data(as_text=True)
    assert kept(house, budi) == NIK
    assert [send(client, NIK).status_code for _ in range(10)][-1] == 429


def test_one_that_cannot_be_opened_is_said_so_and_can_be_written_anew(
    house: TestHouse, siti: Person, client: HouseClient, as_owner: Any
) -> None:
    send(client, NIK)
    as_owner("UPDATE lumbung_person SET nik = 'rusak' WHERE id = :id", id=siti.id)
    desk = house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))
    for browser, page in ((client, "/akun/nik"), (client, "/akun/nik/hapus"), (desk, f"/admin/orang/{siti.id}/")):
        answer = browser.get(page)
        assert answer.status_code == 200 and "idak dapat dibaca" in answer.get_data(as_text=True)
    assert desk.get("/admin/orang/").status_code == 200
    assert client.get("/akun").status_code == 200
    assert send(client, NIK).status_code == 303
    assert kept(house, siti) == NIK


def test_an_officer_finds_a_person_by_the_whole_number_and_sees_it_masked(
    house: TestHouse, siti: Person, client: HouseClient, as_owner: Any
) -> None:
    send(client, NIK)
    desk = house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))
    look = "/admin/orang/nik"
    found = desk.post_form(look, {"nik": "5204.0841.0790.0001"}, page=look)
    assert found.status_code == 303 and found.location.endswith(f"/admin/orang/{siti.id}/")
    page = desk.get(found.location).get_data(as_text=True)
    assert MASKED in page and NIK not in page
    assert as_owner(
        "SELECT count(*) FROM lumbung_access WHERE subject_id = :id AND what = 'person.nik'", id=siti.id
    ) == [(1,)]
    for number in (OTHER, "5204084107", ""):
        refused = desk.post_form(look, {"nik": number}, page=look)
        assert refused.status_code == 422 and 'id="nik-error"' in refused.get_data(as_text=True)
    next_door = house.client("sumbawabarat", house.person("sumbawabarat", "admin@b.id", roles=["admin"]))
    assert next_door.post_form(look, {"nik": NIK}, page=look).status_code == 422
    assert client.get(look).status_code == 403
    assert client.post_form(look, {"nik": NIK}).status_code == 403


def test_the_number_is_nowhere_in_clear(
    house: TestHouse, siti: Person, client: HouseClient, as_owner: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    send(client, NIK)
    budi = house.client("sumbawa", house.person("sumbawa", "budi@a.id", password=PASSWORD))
    send(budi, NIK)  # refused
    house.kernel.keyring.path.rename(house.settings.home / "away")
    send(client, OTHER)  # an error: the key file is gone
    (house.settings.home / "away").rename(house.kernel.keyring.path)
    house.work()
    found = [table for number in (NIK, OTHER) for table in tables_holding(as_owner, number)]
    assert found == []
    assert NIK not in caplog.text and OTHER not in caplog.text
    assert "key file" in caplog.text
    assert kept(house, siti) == NIK

    as_owner("UPDATE lumbung_person SET phone = :nik WHERE id = :id", nik=NIK, id=siti.id)
    as_owner(
        "UPDATE lumbung_session SET token_hash = convert_to(:nik, 'UTF8') "
        "WHERE id = (SELECT id FROM lumbung_session WHERE person_id = :id LIMIT 1)",
        nik=NIK,
        id=siti.id,
    )
    assert tables_holding(as_owner, NIK) == ["lumbung_person", "lumbung_session"]  # the search would have seen it
