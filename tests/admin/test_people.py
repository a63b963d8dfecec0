"""People and roles at the desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from lumbung.audit import AuditRow
from lumbung.identity.models import Grant, PersonRow
from lumbung.identity.person import Person
from lumbung.testing import HouseClient, TestHouse

Gift = Callable[..., object]
PASSWORD = re.compile(r'id="kata-sandi">([a-z0-9-]+)<')
ROLE = """
[[permissions]]
name = "contoh.serve"
title = { id = "Melayani", en = "Serve" }
[[roles]]
name = "operator"
title = { id = "Operator loket", en = "Counter operator" }
permissions = ["contoh.serve"]
"""


@pytest.fixture
def admin(house: TestHouse) -> Person:
    return house.person("sumbawa", "admin@a.id", roles=["admin"])


@pytest.fixture
def desk(house: TestHouse, admin: Person) -> HouseClient:
    return house.client("sumbawa", admin)


def row_of(house: TestHouse, email: str) -> PersonRow | None:
    with house.scope("sumbawa") as scope:
        return scope.session.scalar(select(PersonRow).where(PersonRow.email == email))


def roles_of(house: TestHouse, person: Person) -> set[tuple[str, UUID | None]]:
    with house.scope("sumbawa") as scope:
        rows = scope.session.execute(select(Grant.role, Grant.unit_id).where(Grant.person_id == person.id))
        return {(role, unit) for role, unit in rows}


def actions(house: TestHouse) -> list[str]:
    with house.scope("sumbawa") as scope:
        return list(scope.session.scalars(select(AuditRow.action).order_by(AuditRow.at)))


class TestTheList:
    def test_shows_people_of_this_tenant_only(self, house: TestHouse, desk: HouseClient) -> None:
        house.person("sumbawa", "siti@a.id", name="Siti Rahmah")
        house.person("sumbawabarat", "yusuf@b.id", name="Yusuf Maulana")
        page = desk.get("/admin/orang/").get_data(as_text=True)
        assert "Siti Rahmah" in page
        assert "Yusuf" not in page
        assert "Yusuf" not in desk.get("/admin/orang/?q=yusuf").get_data(as_text=True)

    def test_has_pages_of_twenty_five(self, house: TestHouse, desk: HouseClient) -> None:
        for number in range(30):
            house.person("sumbawa", f"w{number:02}@a.id", name=f"Warga {number:02}")
        first = desk.get("/admin/orang/?q=warga").get_data(as_text=True)
        assert first.count("<strong>Warga") == 25
        assert "Halaman 1 dari 2, 30 baris" in first
        assert "q=warga&amp;halaman=2" in first
        second = desk.get("/admin/orang/?q=warga&halaman=2").get_data(as_text=True)
        assert second.count("<strong>Warga") == 5

    @pytest.mark.parametrize("number", ["0", "-1", "99999", "9" * 30, "x", "١"])
    def test_a_page_that_is_not_there_shows_one_that_is(self, desk: HouseClient, number: str) -> None:
        answer = desk.get("/admin/orang/", query_string={"halaman": number})
        assert answer.status_code == 200
        assert "admin@a.id".partition("@")[0] in answer.get_data(as_text=True)

    def test_percent_signs_are_letters(self, house: TestHouse, desk: HouseClient) -> None:
        assert "Tidak ada yang cocok" in desk.get("/admin/orang/?q=%25").get_data(as_text=True)

    def test_is_sorted_filtered_and_taken_away(self, house: TestHouse, desk: HouseClient) -> None:
        house.person("sumbawa", "siti@a.id", name="siti Rahmah", roles=["officer"])
        house.person("sumbawa", "zul@a.id", name="Zul")
        house.person("sumbawa", "beni@a.id", name="=Beni")

        def shown(query: str) -> list[str]:
            return re.findall(r"<strong>(.*?)</strong></a>", desk.get(f"/admin/orang/?{query}").get_data(as_text=True))

        assert shown("urut=nama") == ["=Beni", "Admin", "siti Rahmah", "Zul"]
        assert shown("urut=-nama") == ["Zul", "siti Rahmah", "Admin", "=Beni"]
        assert shown("tampil=petugas") == ["Admin", "siti Rahmah"]
        assert shown("tampil=warga") == ["=Beni", "Zul"]
        assert shown("peran=officer&q=SITI") == ["siti Rahmah"]
        assert shown("tampil=x&peran=x&urut=peran") == shown("")
        table = desk.get("/admin/orang/?unduh=csv&tampil=warga").get_data(as_text=True)
        assert [line.partition(";")[0] for line in table.splitlines()[1:]] == ["'=Beni", "Zul"]


class TestAdding:
    FORM = {"name": "Baiq Ratna", "email": "Ratna@A.id", "phone": ""}  # noqa: RUF012

    def test_shows_a_password_once_that_works(self, house: TestHouse, desk: HouseClient) -> None:
        answer = desk.post_form("/admin/orang/tambah", self.FORM)
        found = PASSWORD.search(answer.get_data(as_text=True))
        assert found
        assert answer.headers["Cache-Control"] == "private, no-store"
        row = row_of(house, "ratna@a.id")
        assert row
        assert found[1] not in desk.get(f"/admin/orang/{row.id}/").get_data(as_text=True)
        sign_in = house.client("sumbawa").post_form(
            "/masuk", {"email": "ratna@a.id", "password": found[1]}, page="/masuk"
        )
        assert sign_in.status_code == 303
        assert "person.add" in actions(house)

    @pytest.mark.parametrize(
        ("field", "value"), [("email", "x"), ("email", "admin@a.id"), ("name", ""), ("phone", "kosong")]
    )
    def test_a_bad_form_keeps_what_was_typed(self, house: TestHouse, desk: HouseClient, field: str, value: str) -> None:
        answer = desk.post_form("/admin/orang/tambah", {**self.FORM, field: value})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert ("Baiq Ratna" if field != "name" else "Ratna@A.id") in page
        assert f'id="{field}-error"' in page
        assert row_of(house, "ratna@a.id") is None

    def test_changing_keeps_addresses_apart(self, house: TestHouse, desk: HouseClient) -> None:
        siti = house.person("sumbawa", "siti@a.id", name="Siti")
        form = {"name": "Siti Rahmah", "email": "admin@a.id", "phone": "0812 0000 1111"}
        assert desk.post_form(f"/admin/orang/{siti.id}/ubah", form).status_code == 422
        assert desk.post_form(f"/admin/orang/{siti.id}/ubah", form | {"email": "s@a.id"}).status_code == 303
        row = row_of(house, "s@a.id")
        assert row
        assert (row.name, row.phone) == ("Siti Rahmah", "0812 0000 1111")


class TestRoles:
    def test_a_role_is_given_for_a_unit_and_withdrawn(self, house: TestHouse, desk: HouseClient, gift: Gift) -> None:
        gift(more=ROLE)
        unit = house.unit("sumbawa", "DUKCAPIL")
        siti = house.person("sumbawa", "siti@a.id")
        path = f"/admin/orang/{siti.id}/peran/"
        answer = desk.post_form(path, {"role": "contoh.operator", "unit": str(unit)})
        assert answer.status_code == 303
        assert roles_of(house, siti) == {("contoh.operator", unit)}
        page = desk.get(f"/admin/orang/{siti.id}/").get_data(as_text=True)
        assert "Operator loket" in page
        taken = re.search(r"/peran/([0-9a-f-]{36})/cabut", page)
        assert taken
        assert desk.post_form(f"{path}{taken[1]}/cabut").status_code == 303
        assert roles_of(house, siti) == set()
        assert actions(house)[-2:] == ["person.grant", "person.withdraw"]

    @pytest.mark.parametrize("role", ["operator", "platform.plugins", "contoh.operator", "", "admin.x"])
    def test_an_administrator_cannot_give_what_is_not_offered(
        self, house: TestHouse, desk: HouseClient, gift: Gift, admin: Person, role: str
    ) -> None:
        gift(more=ROLE, tenants=["sumbawabarat"])
        answer = desk.post_form(f"/admin/orang/{admin.id}/peran/", {"role": role, "unit": ""})
        assert answer.status_code == 422
        assert roles_of(house, admin) == {("admin", None)}
        row = row_of(house, "admin@a.id")
        assert row
        assert not row.operator

    def test_an_administrator_is_never_of_one_unit(self, house: TestHouse, desk: HouseClient) -> None:
        unit, siti = house.unit("sumbawa", "DUKCAPIL"), house.person("sumbawa", "siti@a.id")
        answer = desk.post_form(f"/admin/orang/{siti.id}/peran/", {"role": "admin", "unit": str(unit)})
        assert answer.status_code == 422
        assert roles_of(house, siti) == set()

    def test_a_unit_of_another_tenant_is_no_choice(self, house: TestHouse, desk: HouseClient) -> None:
        foreign, siti = house.unit("sumbawabarat", "SETDA"), house.person("sumbawa", "siti@a.id")
        answer = desk.post_form(f"/admin/orang/{siti.id}/peran/", {"role": "officer", "unit": str(foreign)})
        assert answer.status_code == 422
        assert roles_of(house, siti) == set()

    def test_nobody_takes_their_own_last_administrators_role(
        self, house: TestHouse, desk: HouseClient, admin: Person
    ) -> None:
        house.person("sumbawa", "kedua@a.id", roles=["admin"])
        page = desk.get(f"/admin/orang/{admin.id}/").get_data(as_text=True)
        path = re.search(r"/admin/orang/[0-9a-f-]+/peran/[0-9a-f-]+/cabut", page)
        assert path
        assert desk.post_form(path[0]).status_code == 422
        assert roles_of(house, admin) == {("admin", None)}

    def test_a_role_of_somebody_else_is_not_found_under_ones_own_name(
        self, house: TestHouse, desk: HouseClient, admin: Person
    ) -> None:
        second = house.person("sumbawa", "kedua@a.id", roles=["admin"])
        with house.scope("sumbawa") as scope:
            grant = scope.session.scalar(select(Grant.id).where(Grant.person_id == second.id))
        assert desk.post_form(f"/admin/orang/{admin.id}/peran/{grant}/cabut").status_code == 404
        assert roles_of(house, second) == {("admin", None)}


class TestClosing:
    def test_a_closed_account_is_out_at_once_and_can_come_back(self, house: TestHouse, desk: HouseClient) -> None:
        siti = house.person("sumbawa", "siti@a.id")
        client = house.client("sumbawa", siti)
        assert client.get("/akun").status_code == 200
        assert desk.post_form(f"/admin/orang/{siti.id}/nonaktifkan").status_code == 303
        assert client.get("/akun").status_code == 302
        assert desk.post_form(f"/admin/orang/{siti.id}/aktifkan").status_code == 303
        assert client.get("/akun").status_code == 302
        assert house.client("sumbawa", siti).get("/akun").status_code == 200

    def test_nobody_closes_the_account_they_use(self, house: TestHouse, desk: HouseClient, admin: Person) -> None:
        assert desk.post_form(f"/admin/orang/{admin.id}/nonaktifkan").status_code == 422
        assert desk.get("/akun").status_code == 200

    def test_several_are_closed_at_once_and_told_who_was_left_and_why(
        self, house: TestHouse, desk: HouseClient, admin: Person
    ) -> None:
        siti, budi = (house.person("sumbawa", f"{name}@a.id", name=name) for name in ("Siti", "Budi"))
        operator = house.person("sumbawa", "operator@a.id", operator=True, name="Lalu Hendra")
        there = house.person("sumbawabarat", "yusuf@b.id")
        signed_in = house.client("sumbawa", siti)
        ids = [str(one.id) for one in (siti, budi, operator, there, admin)]
        answer = desk.post_form(
            "/admin/orang/nonaktifkan", {"pilih": [*ids, "x"], "kembali": "/admin/orang/?urut=-nama"}
        )
        assert (answer.status_code, answer.location) == (303, "/admin/orang/?urut=-nama")
        page = desk.get(answer.location).get_data(as_text=True)
        assert "2 akun dinonaktifkan dan sesinya diakhiri. Tidak diubah:" in page
        assert "Admin (akun yang sedang Anda pakai)" in page
        assert "Lalu Hendra (operator platform)" in page
        assert signed_in.get("/akun").status_code == 302
        assert house.client("sumbawabarat", there).get("/akun").status_code == 200
        rows = {email: row_of(house, email) for email in ("siti@a.id", "budi@a.id", "operator@a.id", "admin@a.id")}
        assert [row is not None and row.active for row in rows.values()] == [False, False, True, True]
        assert actions(house).count("person.close") == 2

    @pytest.mark.parametrize("form", [{}, {"pilih": "x"}, {"pilih": str(UUID(int=1)), "kembali": "//evil.example/"}])
    def test_nothing_ticked_closes_nobody(self, house: TestHouse, desk: HouseClient, form: dict[str, str]) -> None:
        house.person("sumbawa", "siti@a.id")
        answer = desk.post_form("/admin/orang/nonaktifkan", form)
        assert (answer.status_code, answer.location) == (303, "/admin/orang/")
        assert "Belum ada akun yang dipilih" in desk.get("/admin/orang/").get_data(as_text=True)
        assert "person.close" not in actions(house)

    def test_a_new_password_ends_the_sessions(self, house: TestHouse, desk: HouseClient) -> None:
        siti = house.person("sumbawa", "siti@a.id", password="kalimat lama yang lama")
        client = house.client("sumbawa", siti)
        answer = desk.post_form(f"/admin/orang/{siti.id}/kata-sandi")
        assert PASSWORD.search(answer.get_data(as_text=True))
        assert client.get("/akun").status_code == 302
        old = {"email": "siti@a.id", "password": "kalimat lama yang lama"}
        assert house.client("sumbawa").post_form("/masuk", old, page="/masuk").status_code == 422


class TestOperators:
    @pytest.mark.parametrize("act", ["nonaktifkan", "aktifkan", "kata-sandi", "akhiri-sesi", "ubah", "peran/"])
    def test_a_tenants_administrator_cannot_touch_an_operators_account(
        self, house: TestHouse, desk: HouseClient, act: str
    ) -> None:
        operator = house.person("sumbawa", "operator@a.id", operator=True)
        client = house.client("sumbawa", operator)
        form = {"name": "Umpan", "email": "umpan@a.id", "role": "officer", "unit": ""}
        assert desk.post_form(f"/admin/orang/{operator.id}/{act}", form).status_code == 403
        assert client.get("/admin/tenant/").status_code == 200
        row = row_of(house, "operator@a.id")
        assert row
        assert row.active
        assert roles_of(house, operator) == set()

    @pytest.mark.parametrize("act", ["", "ubah"])
    def test_a_person_of_another_tenant_is_not_found(self, house: TestHouse, desk: HouseClient, act: str) -> None:
        other = house.person("sumbawabarat", "yusuf@b.id")
        assert desk.get(f"/admin/orang/{other.id}/{act}").status_code == 404
