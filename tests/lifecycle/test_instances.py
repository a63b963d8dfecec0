"""Instances of a foreign application in operations: archived, put back after a failed upgrade, destroyed with it."""

from __future__ import annotations

import sqlite3
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from lumbung.errors import LumbungError
from lumbung.identity.models import PersonRow
from lumbung.instances import making
from lumbung.instances.instance import Instance, instance_of
from lumbung.instances.models import InstanceRow
from lumbung.lifecycle import archives, minutes
from lumbung.lifecycle.operations import run, uninstall
from lumbung.testing import TestHouse, frozen_clock

PROCESS = """
[process]
stack = "command"
command = ["catatan"]
prepare = [["sh", "-c", "{prepare}"]]
[process.database]
engine = "sqlite"
dump = "awal.sql"
file = "catatan.db"
[[access]]
path = "/"
rule = "public"
"""
DUMP = "CREATE TABLE catatan (isi text);\nINSERT INTO catatan VALUES ('dari penyumbang');\n"
HARM = "echo baru > {{ data }}/baru.txt; rm {{ database.file }}; exit 3"


@pytest.fixture
def give(gift: Callable[..., Any]) -> Callable[..., None]:
    def version(number: str, prepare: str = "true") -> None:
        files = {"lumbung_catatan/source/awal.sql": DUMP, "lumbung_catatan/source/versi.txt": number}
        gift("catatan", init="", hooks=(), plain='runtime = "process"', version=number, files=files,
             more=PROCESS.replace("{prepare}", prepare))  # fmt: skip

    return version


@pytest.fixture
def made(house: TestHouse, give: Callable[..., None]) -> Instance:
    """The application is on for Sumbawa, and somebody wrote into its database and its folder."""
    give("1.0.0")
    house.kernel.state.forget()
    one = instance_of(house.settings, house.kernel.snapshot().plugins["catatan"], house.kernel.tenant("sumbawa"))
    making.make(house.kernel, one)
    with sqlite3.connect(one.data / "catatan.db") as database:
        database.execute("INSERT INTO catatan VALUES ('dari kantor')")
    (one.data / "unggahan.txt").write_text("surat")
    return one


def rows(one: Instance) -> list[str]:
    with sqlite3.connect(one.data / "catatan.db") as database:
        return [isi for (isi,) in database.execute("SELECT isi FROM catatan ORDER BY rowid")]


def version_of(house: TestHouse, one: Instance) -> str | None:
    with house.kernel.database.new_session(None) as session:
        return session.get_one(InstanceRow, one.key).version


def test_an_upgrade_that_fails_leaves_database_and_files_as_they_were(
    house: TestHouse, made: Instance, give: Callable[..., None]
) -> None:
    with pytest.raises(LumbungError, match="sh of catatan failed with status 3"):
        give("1.1.0", HARM)
    assert house.kernel.snapshot().plugins["catatan"].version == version_of(house, made) == "1.0.0"
    assert rows(made) == ["dari penyumbang", "dari kantor"]
    assert (made.data / "unggahan.txt").read_text() == "surat"
    assert not (made.data / "baru.txt").exists()
    assert (made.source / "versi.txt").read_text() == "1.0.0"
    assert not (house.settings.home / "files" / "catatan").exists(), "what was written out is gone"


def test_an_upgrade_keeps_what_was_written_and_a_return_by_hand_finds_it_as_it_was(
    house: TestHouse, made: Instance, give: Callable[..., None]
) -> None:
    give("1.1.0", "echo baru > {{ data }}/baru.txt")
    assert (version_of(house, made), (made.source / "versi.txt").read_text()) == ("1.1.0", "1.1.0")
    assert rows(made) == ["dari penyumbang", "dari kantor"]
    with sqlite3.connect(made.data / "catatan.db") as database:
        database.execute("INSERT INTO catatan VALUES ('sesudahnya')")
    run(house.kernel, "return", plugin="catatan", by="test")
    assert (version_of(house, made), (made.source / "versi.txt").read_text()) == ("1.0.0", "1.0.0")
    assert rows(made) == ["dari penyumbang", "dari kantor"]
    assert not (made.data / "baru.txt").exists()


def test_its_archive_holds_it_and_a_purge_destroys_it(house: TestHouse, made: Instance, as_owner: Any) -> None:
    uninstall(house.kernel, "catatan", by="test")
    assert rows(made) == ["dari penyumbang", "dari kantor"], "as tables stay"
    [path] = archives.folder(house.settings).glob("catatan-*.zip")
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("files/instances/sumbawa/")]
    assert len(names) == 2, names
    with frozen_clock("2030-01-01T08:00+08:00"):
        with house.scope("sumbawa") as scope:
            newest = archives.newest(scope.session, "catatan")
            assert newest is not None
            told = {"reason": "Aplikasi diganti dengan layanan pusat.", "by": "test"}
            minutes_id = minutes.prepare(house.kernel, scope.session, newest, **told).id
        for email, nip, operator in (("op@contoh.id", None, True), ("kepala@contoh.id", "198501012010011001", False)):
            sign(house, minutes_id, email, nip, operator)
        run(house.kernel, "purge", plugin="catatan", by="test")
    assert not made.folder.exists()
    assert as_owner("SELECT state, secret, facts::text FROM lumbung_instance") == [("removed", None, "{}")]


def sign(house: TestHouse, minutes_id: Any, email: str, nip: str | None, operator: bool) -> None:
    person = house.person("sumbawa", email, operator=operator, roles=["admin"])
    with house.scope("sumbawa", person=person) as scope:
        row = scope.session.scalars(select(PersonRow).where(PersonRow.id == person.id)).one()
        if nip:
            row.nip, row.position = nip, "Kepala Dinas"
        written = minutes.find(scope.session, minutes_id)
        assert written is not None
        minutes.sign(scope.session, written, row, seen=minutes.hash_of(written))
