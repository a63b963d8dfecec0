"""Erasing a person: from the core and every application at once, or from none; afterwards nothing knows the NIK."""

from __future__ import annotations

import contextlib
import json
from datetime import time

import psycopg
import pytest
from sqlalchemy import select, text

from lumbung.identity import nik as niks
from lumbung.identity.models import PersonRow
from lumbung.lifecycle.enable import disable
from lumbung.privacy import consents, erasure, requests
from lumbung.privacy.models import Consent, DataRequest
from lumbung.testing import HouseClient, TestHouse
from lumbung.testing.pdf_text import pdf_text

NIK, PHONE, EMAIL, NAME = "5204084107900001", "081237001199", "siti.unik@contoh.id", "Siti Unikwati"
E164 = "+6281237001199"
DESK = "/admin/data-pribadi"


@pytest.fixture
def officer(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "pdp@a.id", roles=["admin"], name="Pak Petugas"))


@pytest.fixture
def siti(house: TestHouse) -> object:
    """A citizen with a NIK, a consent, a notification and two numbers: one with her account, one without."""
    person = house.person("sumbawa", EMAIL, name=NAME, password="sawah hijau di kaki bukit")
    with house.scope() as scope:
        row = scope.session.get_one(PersonRow, (person.tenant_id, person.id))
        row.phone = PHONE
        niks.keep(scope.session, row, NIK)
        consents.give(scope.session, person.id, consents.ACCOUNT, on="test")
    take_numbers(house, person)
    return person


def take_numbers(house: TestHouse, person: object) -> None:
    from lumbung_antrean.rules.visitors import visitor
    from lumbung_antrean.services import booking, opening_hours, setup

    from lumbung.sdk import today

    with house.scope(plugin="antrean"):
        place = setup.save_location(None, name="Disdukcapil", address="Jalan Bungur")
        service = setup.save_service(place, None, letter="A", name="KTP", minutes=6)
        setup.add_slots(service, range(7), time(0, 1), time(23, 58), quota=40)
        slot = opening_hours.open_day(service, today()).slots[0].slot
        booking.book(slot, today(), visitor(NAME, phone=PHONE, person_id=person.id))
        walk_in = booking.book(slot, today(), visitor(NAME, nik=NIK))
        booking.check_in(walk_in, by_officer=True)
        booking.book(slot, today(), visitor("Orang Lain", phone="081299990000"))


def request_of(house: TestHouse, person: object, kind: str = requests.ERASURE) -> str:
    with house.scope() as scope:
        row = requests.make(scope.session, kind, person_id=person.id, text=f"Hapus {NIK} dan {PHONE}")
        requests.verify(scope.session, row, how=f"KTP {NIK}", by="Pak Petugas")
        return f"{DESK}/{row.id}"


def run(officer: HouseClient, desk: str, nik: str = NIK, code: str = "PDP-0001"):
    return officer.post_form(f"{desk}/hapus", {"erase-nik": nik, "erase-konfirmasi": code}, page=f"{desk}/")


def everything_stored(house: TestHouse) -> dict[str, str]:
    """Return every column of every table of every schema as one text, bytes in hex and as letters too."""
    columns = """SELECT table_schema, table_name, column_name FROM information_schema.columns
        JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"""
    address = house.urls.migrator.replace("postgresql+psycopg://", "postgresql://", 1)
    found = {}
    with psycopg.connect(address) as connection:
        for schema, table, column in connection.execute(columns).fetchall():
            cells = connection.execute(f'SELECT "{column}" FROM "{schema}"."{table}"').fetchall()  # noqa: S608
            found[f"{table}.{column}"] = "\n".join(_letters(cell) for (cell,) in cells)
    return found


def _letters(cell: object) -> str:
    if isinstance(cell, bytes | memoryview):
        raw = bytes(cell)
        return f"{raw.hex()} {raw.decode('latin-1')}"
    return json.dumps(cell, default=str, ensure_ascii=False) if isinstance(cell, dict | list) else str(cell)


def holding(house: TestHouse, *secrets: str) -> set[str]:
    return {place for place, whole in everything_stored(house).items() if any(one in whole for one in secrets)}


def test_after_an_erasure_no_table_and_no_file_holds_nik_phone_or_name(house, officer, siti):
    with house.scope() as scope:
        keys = list(scope.session.execute(text("SELECT nik_key, phone_key, account_key FROM antrean_ticket "
                                               "WHERE name = :name"), {"name": NAME}).all())  # fmt: skip
        index = scope.session.scalar(select(PersonRow.nik_index).where(PersonRow.id == siti.id)).hex()
    secrets = [index, *(key for row in keys for key in row if key)]
    assert len(secrets) == 4
    desk = request_of(house, siti)
    before = holding(house, NIK, *secrets)
    assert {"antrean_ticket.nik_key", "lumbung_person.nik_index", "lumbung_data_request.text"} <= before
    assert holding(house, NAME) >= {"antrean_ticket.name", "lumbung_person.name"}
    answer = run(officer, desk)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert holding(house, NIK, *secrets) == set()
    assert holding(house, PHONE, E164, PHONE[1:]) == set()
    assert holding(house, EMAIL, NAME) <= {"lumbung_audit.thing", "lumbung_audit.person_name"}
    for path in house.settings.home.rglob("*"):
        if path.is_file():
            assert NIK.encode() not in path.read_bytes(), path
    record = pdf_text(officer.get(f"{desk}/berita-acara.pdf").data).replace("\n", " ")
    assert "dianonimkan" in record
    assert "Antrean Daring" in record
    assert not {one for one in (NIK, PHONE, EMAIL, NAME) if one in record}


def test_an_erased_account_is_closed_and_its_numbers_tell_of_nobody(house, officer, siti):
    client = house.client("sumbawa", siti)
    assert client.get("/akun/data").status_code == 200
    run(officer, request_of(house, siti))
    assert client.get("/akun/data").status_code == 302
    with house.scope() as scope:
        row = scope.session.get_one(PersonRow, (siti.tenant_id, siti.id))
        assert (row.name, row.active, row.phone, row.password_hash) == (erasure.GONE, False, None, None)
        assert row.erased_at
        tickets = scope.session.execute(text("SELECT name, state, person_id FROM antrean_ticket ORDER BY number"))
        assert [tuple(one) for one in tickets] == [
            ("", "cancelled", None),
            ("", "cancelled", None),
            ("Orang Lain", "booked", None),
        ]
        ended = scope.session.scalars(select(Consent)).one()
        assert (ended.why_ended, ended.address) == ("erased", None)
        [told] = scope.session.scalars(select(DataRequest))
        assert (told.state, told.text, told.verified_how) == ("done", "", "")
    back = officer.post_form(f"/admin/orang/{siti.id}/aktifkan", page="/admin/data-pribadi/baru")
    assert back.status_code == 403
    assert "sudah dihapus" in officer.get(f"/admin/orang/{siti.id}/").get_data(as_text=True)
    again = house.person("sumbawa", EMAIL, name="Orang baru")  # the address is free again
    assert again.id != siti.id


def test_one_application_that_fails_leaves_everything_as_it_was(house, officer, siti, monkeypatch):
    from lumbung_antrean.services import personal_data

    desk = request_of(house, siti)

    def broken(person):
        real(person)
        raise RuntimeError(f"the disk is full for {person.name}")

    real = personal_data.erase
    monkeypatch.setattr(personal_data, "erase", broken)
    before = holding(house, NIK, NAME, EMAIL)
    answer = run(officer, desk)
    assert answer.status_code == 422
    assert "Antrean Daring" in answer.get_data(as_text=True)
    assert holding(house, NIK, NAME, EMAIL) - {"lumbung_fault.message"} == before
    with house.scope() as scope:
        assert scope.session.scalars(select(DataRequest.state)).one() == "verified"
    monkeypatch.undo()
    assert run(officer, desk).status_code == 303


def test_an_application_that_is_switched_off_still_erases_and_one_that_is_gone_stops_it(house, officer, siti):
    disable(house.kernel, "antrean", house.kernel.tenant("sumbawa"), by="test")
    desk = request_of(house, siti)
    page = house.client("sumbawa", siti).get("/akun/data").get_data(as_text=True)
    assert "Nomor antrean" in page
    assert f"<dd>{niks.masked(NIK)}</dd>" in page
    assert f"<dd>{NIK}</dd>" not in page
    as_owner(
        house, "UPDATE lumbung_plugin SET state = 'uninstalled'", "UPDATE lumbung_generation SET value = value + 1"
    )
    house.kernel.state.forget()
    answer = run(officer, desk)
    assert answer.status_code == 422
    assert "Antrean Daring" in answer.get_data(as_text=True)
    assert "antrean_ticket.nik_key" in holding(house, *nik_keys(house))
    as_owner(house, "UPDATE lumbung_plugin SET state = 'installed'", "UPDATE lumbung_generation SET value = value + 1")
    house.kernel.state.forget()
    assert run(officer, desk).status_code == 303
    assert nik_keys(house) == []


def test_nothing_is_erased_without_identity_number_typed_or_while_they_hold_a_role(house, officer, siti):
    desk = request_of(house, siti)
    assert run(officer, desk, code="PDP-0002").status_code == 422
    assert run(officer, desk, nik="1234").status_code == 422
    worker = house.person("sumbawa", "petugas@a.id", roles=["officer"], name="Bu Loket")
    held = request_of(house, worker)
    answer = run(officer, held, nik="", code="PDP-0002")
    assert answer.status_code == 422
    assert "Tidak ada yang diubah" in answer.get_data(as_text=True)
    with house.scope() as scope:
        unverified = requests.make(scope.session, requests.ERASURE, person_id=None, applicant="Budi").id
    assert run(officer, f"{DESK}/{unverified}", code="PDP-0003").status_code == 422
    own = house.person("sumbawa", "pdp@a.id")
    assert run(officer, request_of(house, own), nik="", code="PDP-0004").status_code == 422
    with house.scope() as scope:
        assert scope.session.scalars(select(PersonRow.erased_at)).all() == [None] * 3
    assert holding(house, NIK) >= {"lumbung_data_request.text"}


def test_somebody_without_an_account_is_found_by_the_nik_on_the_card(house, officer, siti):
    from lumbung_antrean.models import Ticket

    with house.scope() as scope:
        row = requests.make(scope.session, requests.ERASURE, person_id=None, applicant="Siti", contact=PHONE)
        requests.verify(scope.session, row, how="KTP", by="P")
        desk = f"{DESK}/{row.id}"
    assert run(officer, desk).status_code == 303
    with house.scope() as scope:
        names = scope.session.scalars(select(Ticket.name).order_by(Ticket.number)).all()
        assert names == [NAME, "", "Orang Lain"]
        assert scope.session.get_one(PersonRow, (siti.tenant_id, siti.id)).name == NAME
        kept = scope.session.scalars(select(DataRequest)).one()
        assert (kept.applicant, kept.contact) == ("", "")


def test_every_column_of_an_account_is_emptied_or_known_to_tell_of_nobody():
    plain = {"tenant_id", "id", "email", "name", "operator", "active", "mail", "kind", "erased_at", "created_at"}
    assert set(PersonRow.__table__.columns.keys()) == plain | set(erasure.PRIVATE)


def test_every_table_of_the_core_that_points_at_a_person_goes_along_or_is_kept_on_purpose(house):
    kept = {
        "lumbung_consent": "the proof of a consent; its address is taken out",
        "lumbung_data_request": "what was asked and done; its words are taken out",
        "lumbung_breach": "whose account was misused; the law wants breaches written down",
        "lumbung_breach_told": "who was told of a breach; it holds nothing but that",
    }
    stays = text(
        "SELECT DISTINCT child.relname FROM pg_constraint c JOIN pg_class child ON child.oid = c.conrelid "
        "JOIN pg_class parent ON parent.oid = c.confrelid WHERE c.contype = 'f' "
        "AND parent.relname = 'lumbung_person' AND c.confdeltype <> 'c' AND starts_with(child.relname, 'lumbung_')"
    )
    with house.scope() as scope:
        assert set(scope.session.scalars(stays)) == set(kept)


def nik_keys(house: TestHouse) -> list[str]:
    with house.scope() as scope:
        return [key for key in scope.session.scalars(text("SELECT nik_key FROM antrean_ticket")) if key]


def as_owner(house: TestHouse, *statements: str) -> None:
    address = house.urls.migrator.replace("postgresql+psycopg://", "postgresql://", 1)
    with contextlib.closing(psycopg.connect(address, autocommit=True)) as connection:
        for statement in statements:
            connection.execute(statement)
