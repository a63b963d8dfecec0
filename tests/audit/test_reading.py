"""Reading the personal data of others is recorded: at once, whatever becomes of the request, and not one's own."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from lumbung import audit
from lumbung.audit import AccessRow, reading
from lumbung.housekeeping import sweep_all
from lumbung.testing import TestHouse, frozen_clock


def readings(as_owner: Any) -> list[tuple[Any, ...]]:
    return as_owner(
        "SELECT reader_name, what, why, plugin, subject_id FROM lumbung_access ORDER BY at, what, reader_name"
    )


def test_a_reading_stands_when_the_request_falls(house: TestHouse, as_owner: Any) -> None:
    reader = house.person("sumbawa", "siti@a.id", name="Siti")
    subject, other = house.person("sumbawa", "umar@a.id"), house.person("sumbawa", "ali@a.id")
    with pytest.raises(ZeroDivisionError), house.scope(person=reader, plugin="contoh"):
        audit.note_reading([subject.id, other.id, reader.id, subject.id], "contoh.file", why="  surat \0 12 ")
        raise ZeroDivisionError
    assert sorted(row[:4] for row in readings(as_owner)) == [("Siti", "contoh.file", "surat 12", "contoh")] * 2
    assert {row[4] for row in readings(as_owner)} == {subject.id, other.id}
    with house.scope(person=reader):
        audit.note_reading(reader.id, "person.page")
        audit.note_reading([], "person.page")
    assert len(readings(as_owner)) == 2
    with house.scope():  # a command: nobody is signed in
        audit.note_reading(subject.id, "person.page")
    assert readings(as_owner)[-1] == ("test", "person.page", "", None, subject.id)


def test_the_same_reading_within_ten_minutes_is_one(house: TestHouse, as_owner: Any) -> None:
    reader, subject = house.person("sumbawa", "siti@a.id"), house.person("sumbawa", "umar@a.id").id

    def read(at: str, what: str = "person.page") -> int:
        with frozen_clock(f"2026-11-24T{at}+08:00"), house.scope(person=reader):
            audit.note_reading(subject, what)
        return len(readings(as_owner))

    assert [read("08:00"), read("08:09"), read("08:09", "person.edit"), read("08:11")] == [1, 1, 2, 3]


def test_each_tenant_has_its_own_log_and_nobody_alters_it(house: TestHouse, as_owner: Any) -> None:
    reader, subject = house.person("sumbawa", "siti@a.id", name="Siti"), house.person("sumbawa", "umar@a.id")
    with house.scope(person=reader):
        audit.note_reading(subject.id, "person.page")
        [mine] = audit.readings_of(subject.id)
        assert (mine.reader, mine.what, audit.readings_of(reader.id)) == ("Siti", "person.page", [])
    with house.scope("sumbawabarat") as scope:
        assert scope.session.scalars(select(AccessRow)).all() == [] == audit.readings_of(subject.id)
        with pytest.raises(SQLAlchemyError, match="row-level security"):
            scope.session.execute(
                text(
                    "INSERT INTO lumbung_access (tenant_id, at, reader_name, subject_id, what) "
                    "VALUES (:tenant, now(), 'x', :subject, 'x')"
                ),
                {"tenant": reader.tenant_id, "subject": uuid4()},
            )
        scope.session.rollback()
    assert len(readings(as_owner)) == 1


def test_what_cannot_be_recorded_is_not_shown(house: TestHouse, as_owner: Any) -> None:
    admin, umar = house.person("sumbawa", "admin@a.id", roles=["admin"]), house.person("sumbawa", "umar@a.id")
    desk = house.client("sumbawa", admin)
    as_owner("ALTER TABLE lumbung_access RENAME TO lumbung_gone")
    for path in (f"/admin/orang/{umar.id}/", "/admin/orang/", "/admin/orang/?unduh=csv"):
        answer = desk.get(path)
        assert answer.status_code >= 500 and "umar@a.id" not in answer.get_data(as_text=True), path


def test_five_years_are_kept_and_no_more(house: TestHouse, as_owner: Any) -> None:
    subject, reader = house.person("sumbawa", "umar@a.id").id, house.person("sumbawa", "siti@a.id")
    with house.scope(person=reader):
        for what in ("old", "young"):
            audit.note_reading(subject, what)
    with house.scope("sumbawabarat"):
        audit.note_reading(uuid4(), "theirs")
    as_owner("UPDATE lumbung_access SET at = now() - interval '5 years 1 day' WHERE what <> 'young'")
    as_owner("UPDATE lumbung_access SET at = now() - interval '4 years 364 days' WHERE what = 'young'")
    with house.scope() as scope:
        assert reading.sweep(scope.session) == 1
    assert {what for _name, what, *_ in readings(as_owner)} == {"theirs", "young"}
    sweep_all(house.kernel)
    assert {what for _name, what, *_ in readings(as_owner)} == {"young"}
