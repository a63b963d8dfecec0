"""Tenants, for the operator; and a tenant's identity, for its administrator."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from lumbung.audit import AuditRow
from lumbung.testing import HouseClient, TestHouse

FORM = {
    "name": "Kabupaten Dompu",
    "slug": "dompu",
    "hosts": "dompu.localhost\nlayanan.dompu.example",
    "region_code": "52.05",
    "time_zone": "Asia/Makassar",
    "first_language": "id",
    "languages": ["id", "en"],
    "admin_name": "",
    "admin_email": "",
}


@pytest.fixture
def operator(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "operator@a.id", operator=True))


@pytest.fixture
def admin(house: TestHouse) -> HouseClient:
    return house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))


def tenants(house: TestHouse) -> set[str]:
    house.kernel.state.forget()
    return set(house.kernel.snapshot().tenants)


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (600, 300), "#0B5D66").save(out, "PNG")
    return out.getvalue()


class TestRegistering:
    def test_a_tenant_answers_at_its_hosts_at_once(self, house: TestHouse, operator: HouseClient) -> None:
        assert operator.post_form("/admin/tenant/tambah", FORM).status_code == 303
        house.kernel.state.forget()
        page = house.client("dompu").get("/").get_data(as_text=True)
        assert "Kabupaten Dompu" in page
        assert house.kernel.tenant("dompu").hosts == ("dompu.localhost", "layanan.dompu.example")

    def test_its_first_administrator_can_sign_in_there_and_nowhere_else(
        self, house: TestHouse, operator: HouseClient
    ) -> None:
        form = {**FORM, "admin_name": "Arif Budiman", "admin_email": "arif@dompu.example"}
        page = operator.post_form("/admin/tenant/tambah", form).get_data(as_text=True)
        found = re.search(r'id="kata-sandi">([a-z0-9-]+)<', page)
        assert found
        credentials = {"email": "arif@dompu.example", "password": found[1]}
        there = house.client("dompu")
        assert there.post_form("/masuk", credentials, page="/masuk").status_code == 303
        assert there.get("/admin/orang/").status_code == 200
        assert there.get("/admin/tenant/").status_code == 403
        here = house.client("sumbawa").post_form("/masuk", credentials, page="/masuk")
        assert here.status_code == 422
        with house.scope("dompu") as scope:
            assert {"person.add", "person.grant"} <= {row.action for row in scope.session.query(AuditRow)}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("slug", "sumbawa"),
            ("slug", "Huruf Besar"),
            ("hosts", "sumbawa.localhost"),
            ("hosts", "http://dompu.localhost"),
            ("hosts", "  "),
            ("region_code", "99.99"),
            ("languages", []),
            ("time_zone", "Mars/Olympus"),
            ("name", "K"),
            ("admin_email", "tanpa-nama@a.id"),
            ("admin_email", "bukan surel"),
        ],
    )
    def test_a_bad_form_keeps_what_was_typed_and_adds_nothing(
        self, house: TestHouse, operator: HouseClient, field: str, value: object
    ) -> None:
        more = {"admin_name": "Arif"} if value == "bukan surel" else {}
        answer = operator.post_form("/admin/tenant/tambah", {**FORM, **more, field: value})
        page = answer.get_data(as_text=True)
        assert answer.status_code == (422 if field != "languages" else 303)
        if answer.status_code == 422:
            assert "lb-error-summary" in page
            assert ("dompu.localhost" if field != "hosts" else "Kabupaten Dompu") in page
            assert tenants(house) == {"sumbawa", "sumbawabarat"}


class TestChanging:
    def form(self, **changed: object) -> dict[str, object]:
        known = {**FORM, "name": "Kabupaten Sumbawa Barat", "hosts": "sumbawabarat.localhost"}
        return {**known, "region_code": "52.07", **changed}

    def test_another_address_and_language(self, house: TestHouse, operator: HouseClient) -> None:
        form = self.form(hosts="ksb.localhost\nsumbawabarat.localhost", first_language="en")
        assert operator.post_form("/admin/tenant/sumbawabarat/", form).status_code == 303
        house.kernel.state.forget()
        assert house.kernel.tenant("sumbawabarat").languages == ("en", "id")
        assert '<html lang="en"' in house.client("ksb").get("/").get_data(as_text=True)

    def test_a_host_of_another_tenant_is_refused_beside_its_field(
        self, house: TestHouse, operator: HouseClient
    ) -> None:
        answer = operator.post_form("/admin/tenant/sumbawabarat/", self.form(hosts="sumbawa.localhost"))
        assert answer.status_code == 422
        assert 'id="hosts-error"' in answer.get_data(as_text=True)
        assert house.kernel.tenant("sumbawabarat").hosts == ("sumbawabarat.localhost",)

    def test_the_address_in_use_is_not_taken_away(self, house: TestHouse, operator: HouseClient) -> None:
        answer = operator.post_form("/admin/tenant/sumbawa/", self.form(hosts="lain.localhost"))
        assert answer.status_code == 422
        assert house.kernel.tenant("sumbawa").hosts == ("sumbawa.localhost",)

    def test_an_administrator_is_added_later(self, house: TestHouse, operator: HouseClient) -> None:
        page = operator.get("/admin/tenant/sumbawabarat/").get_data(as_text=True)
        assert "belum punya administrator" in page
        form = {"admin-name": "Hartini", "admin-email": "hartini@b.id"}
        answer = operator.post_form("/admin/tenant/sumbawabarat/administrator", form)
        assert answer.status_code == 200
        again = operator.post_form("/admin/tenant/sumbawabarat/administrator", form)
        assert again.status_code == 422
        assert 'id="admin-email-error"' in again.get_data(as_text=True)
        assert "Hartini" in again.get_data(as_text=True)

    def test_a_tenant_that_is_not_there_is_not_found(self, operator: HouseClient) -> None:
        assert operator.get("/admin/tenant/tiada/").status_code == 404


class TestIdentity:
    FORM = {  # noqa: RUF012
        "name": "Kabupaten Samawa",
        "time_zone": "Asia/Makassar",
        "first_language": "id",
        "languages": ["id"],
    }

    def test_an_administrator_changes_name_and_languages_and_nothing_of_the_operators(
        self, house: TestHouse, admin: HouseClient
    ) -> None:
        form = {**self.FORM, "hosts": "umpan.localhost", "region_code": "52.07", "slug": "umpan"}
        assert admin.post_form("/admin/daerah/", form).status_code == 303
        house.kernel.state.forget()
        tenant = house.kernel.tenant("sumbawa")
        assert (tenant.name, tenant.languages) == ("Kabupaten Samawa", ("id",))
        assert (tenant.hosts, tenant.region_code) == (("sumbawa.localhost",), "52.04")

    def test_a_bad_name_is_kept_in_its_box(self, house: TestHouse, admin: HouseClient) -> None:
        answer = admin.post_form("/admin/daerah/", {**self.FORM, "name": "K"})
        assert answer.status_code == 422
        assert 'value="K"' in answer.get_data(as_text=True)
        assert house.kernel.tenant("sumbawa").name == "Kabupaten Sumbawa"

    def test_a_logo_becomes_a_small_png(self, house: TestHouse, admin: HouseClient) -> None:
        answer = admin.post_form("/admin/daerah/logo", {"logo": (io.BytesIO(png()), "logo.png")})
        assert answer.status_code == 303
        served = house.client("sumbawa").get("/_tenant/logo")
        assert served.mimetype == "image/png"
        assert max(Image.open(io.BytesIO(served.data)).size) == 256

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("logo.png", b"<svg onload='alert(1)'/>"),
            ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            ("logo.png", b"GIF89a<script>alert(1)</script>"),
            ("", b""),
        ],
    )
    def test_what_is_no_picture_is_refused(
        self, house: TestHouse, admin: HouseClient, name: str, content: bytes
    ) -> None:
        answer = admin.post_form("/admin/daerah/logo", {"logo": (io.BytesIO(content), name)})
        assert answer.status_code == 422
        assert 'id="logo-error"' in answer.get_data(as_text=True)
        assert house.client("sumbawa").get("/_tenant/logo").status_code == 404
