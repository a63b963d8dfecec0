"""Personal data of an application without hooks: handed out and erased by its SQL, while its process is stopped."""

from __future__ import annotations

import os
import shutil

import pytest
from sqlalchemy import select, text

from lumbung.errors import LumbungError
from lumbung.hooks import DataSubject
from lumbung.identity.models import PersonRow
from lumbung.instances import accounts, adapter
from lumbung.instances.databases.mysql_cluster import PLACES
from lumbung.instances.models import AppAccountRow
from lumbung.instances.statements import BadStatement, read_statements
from lumbung.lifecycle.enable import disable
from lumbung.privacy import erasure, requests
from lumbung.privacy.register import processors
from lumbung.privacy.subject import everything, subject_of
from lumbung.testing.donated import make_donated

ROWS = (
    "INSERT INTO surat VALUES (1, 'siti@contoh.id', NULL, 'Mohon surat pengantar'), "
    "(2, NULL, '081237001199', 'Jalan rusak'), (3, 'tono@contoh.id', '081299990000', 'Lain'), (4, '', NULL, 'Anonim')"
)


MARIADB = pytest.param(
    "mysql",
    marks=pytest.mark.skipif(not shutil.which("mariadbd", path=os.pathsep.join(PLACES)), reason="no MariaDB here"),
)
EACH = pytest.mark.parametrize("surat", ["sqlite", "postgresql", MARIADB], indirect=True)
POSTGRESQL = pytest.mark.parametrize("surat", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def surat(request, house, gift):
    donated = make_donated(house, gift, getattr(request, "param", "sqlite"))
    donated.ask(ROWS)
    donated.ask("INSERT INTO rahasia VALUES ('tidak untuk adaptor')")
    yield donated
    donated.drop()


@pytest.fixture
def siti(house):
    """A clerk whose address and number were confirmed; the letters of hers were written under either."""
    person = house.person("sumbawa", "siti@contoh.id", roles=["surat.clerk"], name="Siti")
    with house.scope() as scope:
        row = scope.session.get_one(PersonRow, (person.tenant_id, person.id))
        row.email_verified_at = row.phone_verified_at = row.created_at
        row.phone = "+6281237001199"
    return person


def held(house, person, language="id"):
    with house.scope() as scope:
        row = scope.session.get_one(PersonRow, (person.tenant_id, person.id))
        kept = everything(subject_of(row), row, language)
    return {one.name: one.sections for one in kept.held if one.name != "core"}, kept.silent


def erase(house, person):
    with house.scope() as scope:
        row = scope.session.get_one(PersonRow, (person.tenant_id, person.id))
        for grant in list(row.grants):
            scope.session.delete(grant)
        request = requests.make(scope.session, requests.ERASURE, person_id=person.id, text="Hapus")
        requests.verify(scope.session, request, how="KTP", by="Petugas")
    with house.scope() as scope:
        subject = subject_of(scope.session.get_one(PersonRow, (person.tenant_id, person.id)))
        request = scope.session.scalars(select(type(request))).one()
        return erasure.erase(scope.session, request, subject, by="Petugas")


@POSTGRESQL
def test_what_is_theirs_is_handed_out_in_either_language_and_nothing_of_others(house, surat, siti):
    with house.scope(person=siti) as scope:
        username = accounts.account_for(scope, surat.instance, siti).username
    surat.ask(f"INSERT INTO buku VALUES ('Rapat', NULL, '{username}'), ('Lain', NULL, NULL)")  # noqa: S608
    told, silent = held(house, siti)
    assert silent == []
    letters, book = told["surat"]
    assert (letters.name, letters.title, dict(letters.columns)) == (
        "letters_received", "Surat masuk", {"nomor": "Nomor", "isi": "isi", "telepon": "telepon"},
    )  # fmt: skip
    assert [row["nomor"] for row in letters.rows] == [1, 2]
    assert (book.title, list(book.rows)) == ("Buku tamu; 100%", [{"catatan": "Rapat"}])
    assert [one.title for one in held(house, siti, "en")[0]["surat"]] == ["Letters received", "Guest book"]
    page = house.client("sumbawa", siti).get("/akun/data").get_data(as_text=True)
    assert "Mohon surat pengantar" in page
    assert "tidak untuk" not in page


def test_an_address_that_nobody_confirmed_finds_nothing(house, surat):
    stranger = house.person("sumbawa", "tono@contoh.id")
    assert held(house, stranger) == ({"surat": []}, [])
    with house.scope() as scope:
        [plugin] = [house.kernel.snapshot().plugins["surat"]]
        nobody = adapter.export(scope, [plugin], DataSubject(None, "", "", None), "id")
        assert nobody.values == {"surat": []}


@EACH
def test_an_erasure_reaches_the_application_and_closes_the_account_there(house, surat, siti):
    with house.scope(person=siti) as scope:
        username = accounts.account_for(scope, surat.instance, siti).username
    surat.ask(f"INSERT INTO buku VALUES ('Rapat', NULL, '{username}'), ('Lain', NULL, NULL)")  # noqa: S608
    disable(house.kernel, "surat", house.kernel.tenant("sumbawa"), by="test")
    done = {one["what"]["en"]: one for one in erase(house, siti) if one["application"]["id"] == "Contoh"}
    assert [(one["count"], one["how"]) for one in done.values()] == [(1, "deleted"), (2, "anonymised")]
    assert done["Names on letters"]["why"] == {"id": "UU 43/2009 tentang Kearsipan", "en": "Law 43/2009 on archives"}
    assert surat.ask("SELECT email, telepon, isi FROM surat ORDER BY nomor") == [
        (None, None, ""), (None, None, ""), ("tono@contoh.id", "081299990000", "Lain"), ("", None, "Anonim"),
    ]  # fmt: skip
    assert surat.ask("SELECT catatan FROM buku") == [("Lain",)]
    assert surat.ask("SELECT aktif FROM pengguna") == [(0,)]
    with house.scope() as scope:
        assert scope.session.scalars(select(AppAccountRow)).all() == []


def test_an_application_that_fails_leaves_everything_as_it_was_and_is_written_down(house, surat, siti):
    surat.ask("DROP TABLE buku")
    told, silent = held(house, siti)
    assert (told, silent) == ({}, ["Contoh"])
    with pytest.raises(erasure.ErasureFailed, match="Contoh could not erase"):
        erase(house, siti)
    surat.ask("CREATE TABLE buku (catatan varchar(200), nik varchar(16), akun varchar(40))")
    assert surat.ask("SELECT count(*) FROM surat WHERE email = 'siti@contoh.id'") == [(1,)]
    with house.scope() as scope:
        assert scope.session.get_one(PersonRow, (siti.tenant_id, siti.id)).name == "Siti"
        faults = scope.session.execute(text("SELECT plugin, place, message FROM lumbung_fault")).all()
    assert {(one.plugin, one.place) for one in faults} == {
        ("surat", "hook export_person"),
        ("surat", "hook erase_person"),
    }
    assert not [one for one in faults if "siti@" in one.message]


@POSTGRESQL
def test_an_erasure_that_fails_elsewhere_is_undone_in_the_application_too(house, surat, siti, monkeypatch):
    monkeypatch.setattr(erasure, "_anonymise", lambda *_given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        erase(house, siti)
    assert surat.ask("SELECT count(*) FROM surat WHERE email = 'siti@contoh.id'") == [(1,)]


def test_the_register_counts_its_rows(house, surat):
    with house.scope() as scope:
        [found] = [one for one in processors(scope, {}) if one.name == "surat"]
    assert (found.rows, found.answers) == (4, True)


@POSTGRESQL
def test_the_adapter_reaches_no_other_table(house, surat, siti, tmp_path, monkeypatch):
    forged = tmp_path / "forged.sql"
    forged.write_text("-- x\nSELECT isi FROM rahasia WHERE :email = :email")
    monkeypatch.setattr(
        adapter, "_statements", lambda *_: read_statements(forged, engine=surat.engine, known=adapter.VALUES)
    )
    with house.scope() as scope:
        subject = subject_of(scope.session.get_one(PersonRow, (siti.tenant_id, siti.id)))
        answers = adapter.export(scope, [house.kernel.snapshot().plugins["surat"]], subject, "id")
    assert answers.values == {}
    assert "rahasia" in answers.failures["surat"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"erase.sql": "-- Semua | All\nDELETE FROM surat;"}, "asks for nobody in particular"),
        ({"erase.sql": "-- Nama | Name\nDELETE FROM surat WHERE nama = :name"}, "asks for nobody in particular"),
        ({"erase.sql": "-- Nama | Name\nUPDATE surat SET isi = '' WHERE email = :email"}, "which law asks"),
        ({"erase.sql": "DELETE FROM surat WHERE email = :email"}, "a comment above the statement"),
        ({"export.sql": "-- a\nDELETE FROM surat WHERE email = :email"}, "begins with one of SELECT"),
        ({"export.sql": "-- a\n\nSELECT ':x' FROM surat WHERE email = :surel"}, "export.sql, line 3: .* :surel"),
        ({"export.sql": "-- a\nSELECT 'x FROM surat WHERE email = :email"}, "line 2: a quote or a comment is not"),
        ({"export.sql": "-- nothing"}, "holds no statement"),
    ],
)
def test_sql_that_cannot_be_used_keeps_an_application_off(house, gift, files, said):
    with pytest.raises(BadStatement, match=said):
        make_donated(house, gift, "sqlite", sql=files)
    assert not house.kernel.snapshot().is_enabled("surat", house.kernel.tenant("sumbawa").id)


def test_personal_data_without_an_adapter_keeps_an_application_off(house, gift):
    with pytest.raises(LumbungError, match=r"has no \[data_adapter\]"):
        make_donated(house, gift, "sqlite", change=lambda words: words[: words.index("[data_adapter]")])


def test_quotes_and_comments_hold_neither_values_nor_ends(tmp_path):
    file = tmp_path / "a.sql"
    file.write_text(
        "-- ; :x\nSELECT 'it''s; :no', \"a:b;\", t::text, '50%' /* ;:q */ FROM t WHERE a = :email;;\nSELECT 1"
    )
    for engine, mark, percent in (("sqlite", "?", "50%"), ("postgresql", "%s", "50%%"), ("mysql", "%s", "50%%")):
        first, second = read_statements(file, engine=engine, known=frozenset(["email"]))
        words = f"SELECT 'it''s; :no', \"a:b;\", t::text, '{percent}'   FROM t WHERE a = {mark}"  # noqa: S608
        assert first.bound({"email": "e"}, engine=engine) == (words, ("e",))
        assert (second.line, second.comments, first.comments) == (3, (), ("; :x",))
