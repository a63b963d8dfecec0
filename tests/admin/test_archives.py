"""Archives and minutes on pages: who sees what, who signs for whom, and that a file goes to nobody unproven."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import pytest

from lumbung.audit import anchor
from lumbung.identity.person import Person
from lumbung.lifecycle import archives, minutes
from lumbung.lifecycle.operations import uninstall
from lumbung.testing import HouseClient, TestHouse, frozen_clock
from lumbung.testing.pdf_text import pdf_text

REVISION = (
    "import sqlalchemy as sa\nfrom alembic import op\nrevision = '0001'\ndown_revision = None\n"
    "def upgrade():\n    op.create_tenant_table('contoh_note', sa.Column('words', sa.Text))\n"
)
REASON = "Aplikasi diganti dengan layanan pusat."
LATER = "2030-01-01T08:00+08:00"


@pytest.fixture
def operator(house: TestHouse) -> Person:
    return house.person("sumbawa", "op@contoh.id", operator=True, name="Ibu Operator")


@pytest.fixture
def admin(house: TestHouse) -> Person:
    return house.person("sumbawa", "pengelola@contoh.id", roles=["admin"], name="Pak Kepala")


@pytest.fixture
def archived(house: TestHouse, gift: Any, as_owner: Any) -> str:
    """A gift with one row that was uninstalled; the address of its archive."""
    gift(files={"lumbung_contoh/migrations/0001_x.py": REVISION})
    with house.scope("sumbawa") as scope:
        scope.session.connection().exec_driver_sql("INSERT INTO contoh_note (words) VALUES ('rahasia warga')")
    uninstall(house.kernel, "contoh", by="test")
    [(made,)] = as_owner("SELECT id FROM lumbung_archive")
    return f"/admin/arsip/{made}/"


def prepare(client: HouseClient, archive: str) -> str:
    answer = client.post_form(f"{archive}berita-acara", {"reason": REASON}, page=archive)
    assert answer.status_code == 303, answer.text
    return answer.location


def seen(client: HouseClient, page: str) -> dict[str, str]:
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', client.get(page).text)
    return {"seen": found[1] if found else ""}


def test_without_an_archive_the_pages_say_so_and_one_is_asked_for(
    house: TestHouse, operator: Person, gift: Any, as_owner: Any
) -> None:
    client = house.client(person=operator)
    assert "Belum ada arsip" in client.get("/admin/arsip/").text
    gift(files={"lumbung_contoh/migrations/0001_x.py": REVISION})
    page = "/admin/arsip/baru"
    answer = client.post_form(page, {"plugin": "contoh", "plain": "y", "reason": "tahu"}, page=page)
    assert (answer.status_code, as_owner("SELECT count(*) FROM lumbung_operation WHERE kind = 'archive'")) == (
        422,
        [(0,)],
    )
    assert "Tulis alasannya, sedikitnya 10 huruf." in answer.text
    assert 'value="tahu"' in answer.text
    answer = client.post_form(page, {"plugin": "contoh", "keep_until": "2031-01-02"}, page=page)
    house.work()
    assert "Arsip selesai ditulis" in client.get(answer.location).text
    assert "2 Januari 2031" in client.get("/admin/arsip/").text
    assert as_owner("SELECT state FROM lumbung_plugin") == [("installed",)]


def test_only_operators_open_archives_and_only_who_manages_sees_minutes(
    house: TestHouse, archived: str, operator: Person, admin: Person
) -> None:
    with frozen_clock(LATER):
        written = prepare(house.client(person=house.person("sumbawa", "op@contoh.id")), archived)
        citizen, officer = (
            house.person("sumbawa", "warga@contoh.id"),
            house.person("sumbawa", "petugas@contoh.id", roles=["officer"]),
        )
        for person, codes in ((None, {303, 302, 401}), (citizen, {403}), (officer, {403}), (admin, {403})):
            client = house.client(person=person)
            assert client.get(archived).status_code in codes
            for act in (f"{archived}unduh", f"{archived}periksa", f"{written}laksanakan", f"{written}batalkan"):
                assert client.post_form(act).status_code in codes | {400}, act
        for person, code in ((citizen, 403), (officer, 403), (admin, 200)):
            client = house.client(person=person)
            for page in ("/admin/arsip/", written, f"{written}berita-acara.pdf", f"{written}berita-acara.json"):
                assert client.get(page).status_code == code, page
        assert "BA-0001/2030" in house.client(person=admin).get("/admin/arsip/").text
        assert archived not in house.client(person=admin).get("/admin/arsip/").text


def test_an_archive_is_checked_and_handed_out_to_who_proves_it_and_that_is_written_down(
    house: TestHouse, archived: str, operator: Person, as_owner: Any
) -> None:
    client = house.client(person=operator)
    page = client.get(archived).text
    assert "contoh_<wbr>note" in page
    assert "disimpan sampai" in page
    assert "rahasia warga" not in page
    answer = client.post_form(f"{archived}periksa", page=archived)
    assert "Arsip ini utuh: 1 baris" in client.get(answer.location).text
    answer = client.post_form(f"{archived}unduh", page=archived, buffered=True)
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (
        200,
        "application/zip",
        "no-store",
    )
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert b"rahasia warga" in archive.read("tables/contoh_note.csv")
    downloads = "SELECT person_name FROM lumbung_audit WHERE action = 'plugin.archive_download'"
    assert as_owner(downloads) == [("Ibu Operator",)]
    as_owner("UPDATE lumbung_session SET fresh_at = now() - interval '1 hour'")
    answer = client.post_form(f"{archived}unduh", page=archived)
    assert answer.location.startswith("/akun/pastikan?next=")
    assert len(as_owner(downloads)) == 1
    [path] = archives.folder(house.settings).iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    answer = client.post_form(f"{archived}periksa", page=archived)
    assert answer.status_code == 422
    assert "Arsip ini bermasalah" in answer.text
    path.unlink()
    assert client.get(archived).status_code == 200


def test_two_people_sign_in_their_own_name_and_then_the_data_goes(
    house: TestHouse, archived: str, operator: Person, admin: Person, as_owner: Any
) -> None:
    early = house.client(person=operator).post_form(f"{archived}berita-acara", {"reason": REASON}, page=archived)
    assert early.status_code == 422
    assert "disimpan sampai" in early.text
    assert as_owner("SELECT count(*) FROM lumbung_minutes") == [(0,)]
    with frozen_clock(LATER):
        one = house.client(person=house.person("sumbawa", "op@contoh.id"))
        two = house.client(person=house.person("sumbawa", "pengelola@contoh.id"))
        written = prepare(one, archived)
        draft = one.get(f"{written}berita-acara.pdf").data
        assert "KONSEP" in pdf_text(draft)
        assert b"pdfuaid" in draft
        answer = one.post_form(f"{written}tanda-tangan", {"seen": "0" * 64}, page=written)
        assert answer.status_code == 422
        # Whoever else is named in the form, it is the sender who signs.
        wishes = {**seen(one, written), "person_id": str(admin.id), "name": "Pak Kepala"}
        assert one.post_form(f"{written}tanda-tangan", wishes, page=written).status_code == 303
        assert one.post_form(f"{written}tanda-tangan", wishes, page=written).status_code in (303, 422)
        assert as_owner("SELECT name FROM lumbung_minutes_signature") == [("Ibu Operator",)]
        assert one.post_form(f"{written}laksanakan", page=written).status_code == 422
        assert two.post_form(f"{written}tanda-tangan", seen(two, written), page=written).status_code == 303
        answer = one.post_form(f"{written}laksanakan", page=written)
        house.work()
        assert "berita acaranya disegel" in one.get(answer.location).text
        assert as_owner("SELECT to_regclass('contoh_note')") == [(None,)]
        sealed = json.loads(one.get(f"{written}berita-acara.json").data)
        statement = minutes.check_sealed(sealed, anchor.public_key(house.settings))
        assert statement["carried_out"]["rows"] == {"contoh_note": 1}
        paper = "".join(pdf_text(one.get(f"{written}berita-acara.pdf").data).replace("\u200b", "").split())
        assert "KONSEP" not in paper
        for said in ("BA-0001/2030", "IbuOperator", "PakKepala", "contoh_note"):
            assert said in paper, said
        for act in ("tanda-tangan", "batalkan", "laksanakan"):
            assert one.post_form(f"{written}{act}", {"seen": statement["sha256"]}, page=archived).status_code == 422
        assert "Berkas tidak ada" not in one.get("/admin/arsip/").text


def test_minutes_are_withdrawn_and_said_in_english_too(house: TestHouse, archived: str, operator: Person) -> None:
    with frozen_clock(LATER):
        client = house.client(person=house.person("sumbawa", "op@contoh.id"))
        written = prepare(client, archived)
        again = client.post_form(f"{archived}berita-acara", {"reason": REASON}, page=written)
        assert again.status_code == 422
        answer = client.post_form(f"{written}batalkan", page=written)
        assert "Dibatalkan" in client.get(answer.location).text
        assert prepare(client, archived) != written
