"""Installing, switching and uninstalling applications at the desk."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from lumbung.audit import AuditRow
from lumbung.lifecycle.operations import carry_out
from lumbung.registry.faults import record_fault
from lumbung.registry.models import ArchiveRow, OperationRow
from lumbung.testing import HouseClient, TestHouse, make_wheel
from lumbung.testing.wheels import MANIFEST

Gift = Callable[..., object]


@pytest.fixture
def operator(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "operator@a.id", operator=True))


@pytest.fixture
def admin(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))


def upload(client: HouseClient, name: str, content: bytes) -> TestResponse:
    return client.post_form("/admin/plugin/unggah", {"wheel": (io.BytesIO(content), name)})


def read_in(client: HouseClient, language: str) -> None:
    client.post_form("/bahasa", {"language": language, "next": "/"})


def operations(house: TestHouse) -> list[OperationRow]:
    with house.scope("sumbawa") as scope:
        return list(scope.session.scalars(select(OperationRow).where(OperationRow.asked_by != "test")))


def enabled(house: TestHouse, tenant: str) -> set[str]:
    house.kernel.state.forget()
    return {plugin.name for plugin in house.kernel.snapshot().enabled_for(house.kernel.tenant(tenant).id)}


class TestUploading:
    def test_an_operator_installs_a_wheel_step_by_step(
        self, house: TestHouse, operator: HouseClient, tmp_path: Path
    ) -> None:
        wheel = make_wheel(tmp_path)
        answer = upload(operator, wheel.name, wheel.read_bytes())
        assert answer.status_code == 303
        waiting = operator.get(answer.location).get_data(as_text=True)
        assert "Memeriksa isi berkas" in waiting
        assert 'hx-trigger="every 1s"' in waiting
        assert 'http-equiv="refresh"' in waiting
        carry_out(house.kernel, UUID(answer.location.rpartition("/")[2]))
        done = operator.get(answer.location).get_data(as_text=True)
        assert "Aplikasi terpasang" in done
        assert "hx-trigger" not in done
        assert "http-equiv" not in done
        assert "hx-trigger" not in operator.get(answer.location + "/bagian").get_data(as_text=True)
        assert 'href="/admin/plugin/contoh/"' in operator.get("/admin/plugin/").get_data(as_text=True)
        assert not any(path.is_file() for path in (house.settings.home / "uploads").rglob("*"))

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("x.whl", b"hanya teks"),
            ("lumbung_contoh-1.0.0-py3-none-any.whl", b"hanya teks"),
            ("catatan.txt", b"hanya teks"),
            ("../../lari-1.0-py3-none-any.whl", b"PK\x05\x06" + bytes(18)),
            ("", b""),
        ],
    )
    def test_what_is_no_wheel_is_refused_beside_the_field_and_nothing_changes(
        self, house: TestHouse, operator: HouseClient, name: str, content: bytes
    ) -> None:
        answer = upload(operator, name, content)
        assert answer.status_code == 422
        assert 'id="wheel-error"' in answer.get_data(as_text=True)
        assert operations(house) == []
        assert not any(path.is_file() for path in (house.settings.home / "uploads").rglob("*"))
        with house.scope("sumbawa") as scope:
            assert not scope.session.scalars(select(AuditRow).where(AuditRow.action == "plugin.install")).all()

    @pytest.mark.parametrize(
        ("language", "said"),
        [
            ("id", "Berkas ini tidak dapat dipasang. contoh.txt bukan paket aplikasi."),
            ("en", "contoh.txt is not a wheel: a plugin is handed over as a .whl file."),
        ],
    )
    def test_a_refused_wheel_is_told_in_the_readers_language(
        self, house: TestHouse, operator: HouseClient, language: str, said: str
    ) -> None:
        read_in(operator, language)
        page = upload(operator, "contoh.txt", b"hanya teks").get_data(as_text=True)
        assert said in page
        assert ("is not a wheel" in page) == (language == "en")
        assert operations(house) == []

    def test_a_wrong_key_of_a_manifest_is_told_in_indonesian(self, operator: HouseClient, tmp_path: Path) -> None:
        wheel = make_wheel(tmp_path, manifest=MANIFEST.format(name="contoh", version="1.0.0") + "lebih = 1\n")
        page = unescape(upload(operator, wheel.name, wheel.read_bytes()).get_data(as_text=True))
        assert f"{wheel.name}: plugin.toml: core.lebih: tidak dikenal; hapus, atau periksa ejaannya." in page

    def test_a_tenants_administrator_may_not_install(
        self, house: TestHouse, admin: HouseClient, tmp_path: Path
    ) -> None:
        wheel = make_wheel(tmp_path)
        assert upload(admin, wheel.name, wheel.read_bytes()).status_code == 403
        assert "Unggah dan pasang" not in admin.get("/admin/plugin/").get_data(as_text=True)
        assert operations(house) == []

    def test_an_installation_that_fails_says_where_and_why(
        self, house: TestHouse, operator: HouseClient, tmp_path: Path
    ) -> None:
        wheel = make_wheel(tmp_path, files={"lumbung_contoh/migrations/0001_x.py": "raise RuntimeError('tabel rusak')"})
        answer = upload(operator, wheel.name, wheel.read_bytes())
        with suppress(Exception):  # the page is what is looked at
            carry_out(house.kernel, UUID(answer.location.rpartition("/")[2]))
        page = operator.get(answer.location).get_data(as_text=True)
        assert "Gagal di sini" in page
        assert "Keadaan sebelumnya tetap berlaku" in page
        assert "hx-trigger" not in page
        assert "Berkas migrasi contoh tidak dapat dibaca" in page
        assert "tabel rusak" in page
        assert "cannot be read" not in page
        read_in(operator, "en")
        page = operator.get(answer.location).get_data(as_text=True)
        assert "The revisions of contoh cannot be read: tabel rusak" in page

    def test_a_failure_kept_as_plain_text_is_still_shown(self, house: TestHouse, operator: HouseClient) -> None:
        with house.scope("sumbawa") as scope:
            row = OperationRow(kind="adopt", plugin="lama", asked_by="siti", state="failed", message="50% {lama}")
            scope.session.add(row)
            scope.session.flush()
            operation = row.id
        assert "50% {lama}" in operator.get(f"/admin/plugin/operasi/{operation}").get_data(as_text=True)


class TestSwitching:
    def test_an_administrator_switches_for_their_own_tenant(
        self, house: TestHouse, admin: HouseClient, gift: Gift
    ) -> None:
        gift(tenants=[])
        assert admin.get("/contoh/").status_code == 404
        assert admin.post_form("/admin/plugin/contoh/nyalakan", {"tenant": "sumbawa"}).status_code == 303
        assert admin.get("/contoh/").status_code == 200
        page = admin.get("/admin/plugin/contoh/").get_data(as_text=True)
        assert "Contoh dinyalakan untuk Kabupaten Sumbawa." in page
        assert "Sumbawa Barat" not in page
        admin.post_form("/admin/plugin/contoh/matikan", {"tenant": "sumbawa"})
        assert admin.get("/contoh/").status_code == 404
        with house.scope("sumbawa") as scope:
            made = scope.session.scalars(select(AuditRow.action).where(AuditRow.thing == "contoh")).all()
        assert sorted(made)[-2:] == ["plugin.disable", "plugin.enable"]

    @pytest.mark.parametrize(("act", "left"), [("nyalakan", set()), ("matikan", {"contoh"})])
    def test_an_administrator_cannot_switch_for_another_tenant(
        self, house: TestHouse, admin: HouseClient, gift: Gift, act: str, left: set[str]
    ) -> None:
        gift(tenants=["sumbawabarat"] if left else [])
        answer = admin.post_form(f"/admin/plugin/contoh/{act}", {"tenant": "sumbawabarat"})
        assert answer.status_code == 403
        assert enabled(house, "sumbawabarat") == left

    def test_an_operator_switches_for_any_tenant(self, house: TestHouse, operator: HouseClient, gift: Gift) -> None:
        gift(tenants=[])
        operator.post_form("/admin/plugin/contoh/nyalakan", {"tenant": "sumbawabarat"})
        assert (enabled(house, "sumbawabarat"), enabled(house, "sumbawa")) == ({"contoh"}, set())
        missing = operator.post_form("/admin/plugin/contoh/nyalakan", {"tenant": "tiada"})
        assert missing.status_code == 404

    def test_what_another_application_needs_stays_on(self, house: TestHouse, admin: HouseClient, gift: Gift) -> None:
        gift("dasar", tenants=[])
        gift("atas", more='[dependencies]\ndasar = ">=1"\n', tenants=[])
        admin.post_form("/admin/plugin/atas/nyalakan")
        assert enabled(house, "sumbawa") == set()
        page = admin.get("/admin/plugin/atas/").get_data(as_text=True)
        assert "Nyalakan itu dulu" in page
        assert "Nyalakan semuanya" in page
        admin.post_form("/admin/plugin/dasar/nyalakan")
        admin.post_form("/admin/plugin/atas/nyalakan")
        admin.post_form("/admin/plugin/dasar/matikan")
        assert enabled(house, "sumbawa") == {"atas", "dasar"}
        assert "ikut berhenti bila" in admin.get("/admin/plugin/dasar/").get_data(as_text=True)

    def test_all_that_is_needed_is_switched_on_at_once(self, house: TestHouse, admin: HouseClient, gift: Gift) -> None:
        gift("pondasi", tenants=[])
        gift("dasar", more='[dependencies]\npondasi = ">=1"\n', tenants=[])
        gift("atas", more='[dependencies]\ndasar = ">=1"\n', tenants=[])
        admin.post_form("/admin/plugin/atas/nyalakan", {"dengan": "semua"})
        assert enabled(house, "sumbawa") == {"atas", "dasar", "pondasi"}
        admin.post_form("/admin/plugin/pondasi/matikan")
        page = unescape(admin.get("/admin/plugin/pondasi/").get_data(as_text=True))
        assert "membutuhkan Contoh. Matikan itu dulu." in page
        assert enabled(house, "sumbawa") == {"atas", "dasar", "pondasi"}

    @pytest.mark.parametrize(
        ("language", "said"),
        [
            ("id", "Tidak ada yang diubah. Daerah sumbawa tidak punya perangkat daerah dengan kode 'TIADA'."),
            ("en", "sumbawa has no unit with the code 'TIADA'."),
        ],
    )
    def test_a_refused_switch_is_told_in_the_readers_language(
        self, house: TestHouse, admin: HouseClient, gift: Gift, language: str, said: str
    ) -> None:
        gift(tenants=[])
        read_in(admin, language)
        admin.post_form("/admin/plugin/contoh/nyalakan", {"unit": "TIADA"})
        page = unescape(admin.get("/admin/plugin/contoh/").get_data(as_text=True))
        assert said in page
        assert ("has no unit" in page) == (language == "en")
        assert enabled(house, "sumbawa") == set()

    def test_an_application_that_is_not_here_is_not_found(self, admin: HouseClient) -> None:
        assert admin.post_form("/admin/plugin/tiada/nyalakan").status_code == 404
        assert admin.get("/admin/plugin/tiada/").status_code == 404


class TestWhoRunsIt:
    def test_the_unit_is_named_while_switching_on_and_afterwards(
        self, house: TestHouse, admin: HouseClient, gift: Gift
    ) -> None:
        gift(tenants=[])
        house.unit("sumbawa", "DINKES")
        house.unit("sumbawa", "PUPR")
        assert (
            admin.post_form("/admin/plugin/contoh/nyalakan", {"tenant": "sumbawa", "unit": "DINKES"}).status_code == 303
        )
        assert '<option value="DINKES" selected>' in admin.get("/admin/plugin/contoh/").get_data(as_text=True)
        admin.post_form("/admin/plugin/contoh/penyelenggara", {"tenant": "sumbawa", "unit": "PUPR"})
        page = admin.get("/admin/plugin/contoh/").get_data(as_text=True)
        assert "Penyelenggara Contoh disimpan" in page
        assert '<option value="PUPR" selected>' in page
        assert "Unit PUPR" in house.client("sumbawa").get("/").get_data(as_text=True)

    def test_only_a_unit_of_ones_own_for_an_application_that_is_on(
        self, house: TestHouse, admin: HouseClient, gift: Gift
    ) -> None:
        gift(tenants=[])
        house.unit("sumbawabarat", "SETDA")
        admin.post_form("/admin/plugin/contoh/penyelenggara", {"unit": "SETDA"})
        assert "sedang mati" in admin.get("/admin/plugin/contoh/").get_data(as_text=True)
        admin.post_form("/admin/plugin/contoh/nyalakan", {"unit": "SETDA"})
        assert enabled(house, "sumbawa") == set()
        other = admin.post_form("/admin/plugin/contoh/penyelenggara", {"tenant": "sumbawabarat", "unit": "SETDA"})
        assert other.status_code == 403
        assert house.kernel.snapshot().run_by == {}

    def test_an_officer_names_nobody(self, house: TestHouse, gift: Gift) -> None:
        gift()
        officer = house.client("sumbawa", house.person("sumbawa", "o@a.id", roles=["officer"]))
        assert officer.post_form("/admin/plugin/contoh/penyelenggara", {"unit": ""}).status_code == 403


class TestUninstalling:
    def test_only_after_its_title_was_typed_and_its_data_is_kept(
        self, house: TestHouse, operator: HouseClient, gift: Gift
    ) -> None:
        gift()
        wrong = operator.post_form("/admin/plugin/contoh/copot", {"konfirmasi": "cntoh"})
        assert wrong.status_code == 422
        assert "Tidak ada yang dicopot" in wrong.get_data(as_text=True)
        assert operations(house) == []
        odd = operator.post_form("/admin/plugin/contoh/copot", {"konfirmasi": "contoh", "simpan": "besok"})
        assert odd.status_code == 422
        assert "Tanggal simpan arsip tidak dikenal" in odd.get_data(as_text=True)
        assert operations(house) == []
        answer = operator.post_form("/admin/plugin/contoh/copot", {"konfirmasi": " contoh ", "simpan": "2090-01-31"})
        assert answer.status_code == 303
        carry_out(house.kernel, UUID(answer.location.rpartition("/")[2]))
        assert "Datanya tetap disimpan" in operator.get(answer.location).get_data(as_text=True)
        assert enabled(house, "sumbawa") == set()
        assert operator.get("/contoh/").status_code == 404
        assert "Dicopot, data disimpan" in operator.get("/admin/plugin/").get_data(as_text=True)
        with house.kernel.database.new_session(None) as session:
            assert session.scalar(select(ArchiveRow.keep_until)) == date(2090, 1, 31)

    def test_a_tenants_administrator_may_not(self, house: TestHouse, admin: HouseClient, gift: Gift) -> None:
        gift()
        assert admin.post_form("/admin/plugin/contoh/copot", {"konfirmasi": "Contoh"}).status_code == 403
        assert operations(house) == []


class TestFaults:
    def test_a_broken_application_is_named_with_its_reason(
        self, house: TestHouse, admin: HouseClient, gift: Gift
    ) -> None:
        gift(init="raise RuntimeError('lampu padam')")
        assert house.client("sumbawa").get("/contoh/").status_code == 503
        for path in ("/admin/", "/admin/plugin/contoh/"):
            page = admin.get(path).get_data(as_text=True)
            assert "lampu padam" in page
            assert "Pesan teknis" in page
        assert "1 gangguan" in admin.get("/admin/plugin/").get_data(as_text=True)

    def test_a_tenant_does_not_see_the_faults_of_another(
        self, house: TestHouse, admin: HouseClient, operator: HouseClient, gift: Gift
    ) -> None:
        gift(tenants=["sumbawa", "sumbawabarat"])
        with house.scope("sumbawabarat"):
            record_fault("contoh", "GET /", "rahasia tetangga")
        for path in ("/admin/", "/admin/plugin/contoh/"):
            assert "rahasia tetangga" not in admin.get(path).get_data(as_text=True)
            assert "rahasia tetangga" in operator.get(path).get_data(as_text=True)


HOLDS_DATA = """
from lumbung.sdk import hookimpl
@hookimpl
def routes():
    return []
@hookimpl
def export_person(person):
    return []
@hookimpl
def erase_person(person):
    return []
"""


def test_the_page_of_an_application_holds_its_register_of_personal_data(admin: HouseClient, gift: Gift) -> None:
    gift(
        init=HOLDS_DATA,
        hooks=["routes", "export_person", "erase_person"],
        more="""
[[personal_data]]
name = "NIK"
purpose = { id = "Satu nomor untuk satu orang", en = "One number each" }
basis = "UU 27/2022 pasal 20"
where = "contoh_ticket.nik"
retention_days = 90
""",
    )
    page = admin.get("/admin/plugin/contoh/").get_data(as_text=True)
    for words in (
        "NIK",
        "Satu nomor untuk satu orang",
        "contoh_ticket.<wbr>nik",
        "90 hari",
        "Kota Bandung",
        "EUPL-1.2",
    ):
        assert words in page
    assert not re.search(r"action=\"[^\"]*copot", page)


class TestHistory:
    def test_what_was_done_is_listed_filtered_and_exported(
        self, house: TestHouse, operator: HouseClient, admin: HouseClient, gift: Gift
    ) -> None:
        gift()
        assert admin.get("/admin/plugin/operasi/").status_code == 403
        page = operator.get("/admin/plugin/operasi/").get_data(as_text=True)
        assert "Pemasangan dari berkas" in page
        assert "Penyalaan" in page
        assert "Kabupaten Sumbawa" in page
        only = operator.get("/admin/plugin/operasi/?jenis=enable").get_data(as_text=True)
        installing = 'data-label="Pekerjaan">Pemasangan dari berkas'
        assert (installing in page, installing in only) == (True, False)
        assert b"Penyalaan" in operator.get("/admin/plugin/operasi/?unduh=csv").data
        assert "Penyalaan" in operator.get("/admin/plugin/contoh/").get_data(as_text=True)

    def test_one_that_is_stuck_is_tried_again_from_its_page(self, house: TestHouse, operator: HouseClient) -> None:
        with house.scope("sumbawa") as scope:
            row = OperationRow(kind="uninstall", plugin="lama", asked_by="siti", state="stuck", message="disk penuh")
            scope.session.add(row)
            scope.session.flush()
            operation = row.id
        page = f"/admin/plugin/operasi/{operation}"
        assert "Coba kembalikan lagi" in operator.get(page).get_data(as_text=True)
        assert operator.post_form(f"{page}/lanjutkan").status_code == 303
        carry_out(house.kernel, operation)
        assert "Tidak berhasil" in operator.get(page).get_data(as_text=True)
        assert operator.post_form(f"{page}/lanjutkan").status_code == 409
