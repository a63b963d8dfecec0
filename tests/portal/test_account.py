"""Signing in and out, registering, and what people can do with their own account."""

from __future__ import annotations

from typing import ClassVar

import pytest
from werkzeug.test import TestResponse

from lumbung.identity.models import PersonRow
from lumbung.testing import HouseClient, TestHouse
from lumbung.web.house import sid_cookie

PASSWORD = "empat kata yang panjang"


def sign_in(house: TestHouse, password: str = PASSWORD, **more: str) -> tuple[HouseClient, TestResponse]:
    client = house.client("sumbawa")
    form = {"email": "w@a.id", "password": password, **more}
    return client, client.post_form("/masuk", form, page="/masuk")


class TestSigningIn:
    def test_the_right_password_opens_the_account(self, house: TestHouse) -> None:
        house.person("sumbawa", "w@a.id", password=PASSWORD)
        client, answer = sign_in(house)
        assert (answer.status_code, answer.location) == (303, "/")
        assert client.get("/akun").status_code == 200

    def test_a_wrong_password_keeps_the_address_that_was_typed(self, house: TestHouse) -> None:
        house.person("sumbawa", "w@a.id", password=PASSWORD)
        client, answer = sign_in(house, password="salah sekali ini")
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert 'value="w@a.id"' in page
        assert "salah sekali ini" not in page
        assert client.get("/akun").status_code == 302

    def test_an_account_of_another_tenant_is_nobody_here(self, house: TestHouse) -> None:
        house.person("sumbawabarat", "w@a.id", password=PASSWORD)
        assert sign_in(house)[1].status_code == 422

    @pytest.mark.parametrize(
        ("target", "expected"),
        [
            ("/akun", "/akun"),
            ("//evil.example/x", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
        ],
    )
    def test_it_leads_only_to_pages_of_this_host(self, house: TestHouse, target: str, expected: str) -> None:
        house.person("sumbawa", "w@a.id", password=PASSWORD)
        assert sign_in(house, next=target)[1].location == expected

    def test_the_trail_names_who_signed_in(self, house: TestHouse) -> None:
        admin = house.person("sumbawa", "admin@a.id", roles=["admin"])
        house.person("sumbawa", "w@a.id", password=PASSWORD, name="Siti Rahmah")
        sign_in(house)
        page = house.client("sumbawa", admin).get("/admin/jejak/?tindakan=person.sign_in")
        assert "Siti Rahmah" in page.get_data(as_text=True)


class TestRegistering:
    FORM: ClassVar = {
        "name": "Siti Rahmah",
        "email": "siti@a.id",
        "phone": "0812 3456 7890",
        "password": PASSWORD,
        "agree": "y",
    }

    def test_a_citizen_gets_an_account_and_is_signed_in(self, house: TestHouse) -> None:
        client = house.client("sumbawa")
        answer = client.post_form("/daftar", self.FORM, page="/daftar")
        assert answer.status_code == 303
        assert "Siti Rahmah" in client.get("/akun").get_data(as_text=True)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("email", "bukan surel"),
            ("password", "pendek"),
            ("password", "aaaaaaaaaaaa"),
            ("phone", "abc"),
            ("agree", ""),
            ("name", ""),
        ],
    )
    def test_a_bad_form_keeps_what_was_typed_and_adds_nobody(self, house: TestHouse, field: str, value: str) -> None:
        client = house.client("sumbawa")
        answer = client.post_form("/daftar", {**self.FORM, field: value}, page="/daftar")
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert ("siti@a.id" if field != "email" else "Siti Rahmah") in page
        assert PASSWORD not in page
        with house.scope("sumbawa") as scope:
            assert scope.session.query(PersonRow).count() == 0

    def test_an_address_that_is_taken_is_told_beside_its_field(self, house: TestHouse) -> None:
        house.person("sumbawa", "siti@a.id")
        answer = house.client("sumbawa").post_form("/daftar", self.FORM, page="/daftar")
        assert answer.status_code == 422
        assert 'id="email-error"' in answer.get_data(as_text=True)


class TestSessions:
    def test_a_revoked_session_kills_a_copied_cookie(self, house: TestHouse) -> None:
        person = house.person("sumbawa", "w@a.id")
        thief, owner = house.client("sumbawa", person), house.client("sumbawa", person)
        assert thief.get("/akun").status_code == 200
        assert owner.post_form("/akun/sesi/akhiri-lainnya").status_code == 303
        assert owner.get("/akun").status_code == 200
        assert thief.get("/akun").status_code == 302

    def test_one_session_is_ended_by_its_button(self, house: TestHouse) -> None:
        person = house.person("sumbawa", "w@a.id")
        client = house.client("sumbawa", person)
        first = house.sessions_of("sumbawa", person)[0]
        assert str(first.id) in client.get("/akun").get_data(as_text=True)
        assert client.post_form(f"/akun/sesi/{first.id}/akhiri").status_code == 303
        assert client.post_form(f"/akun/sesi/{first.id}/akhiri").status_code == 404

    def test_nobody_ends_the_session_of_another(self, house: TestHouse) -> None:
        victim, other = house.person("sumbawa", "v@a.id"), house.person("sumbawa", "w@a.id")
        client = house.client("sumbawa", victim)
        for row in house.sessions_of("sumbawa", victim):
            answer = house.client("sumbawa", other).post_form(f"/akun/sesi/{row.id}/akhiri")
            assert answer.status_code == 404
        assert client.get("/akun").status_code == 200

    def test_a_cookie_copied_before_signing_out_is_dead_after(self, house: TestHouse) -> None:
        person = house.person("sumbawa", "w@a.id")
        client, copy = house.client("sumbawa", person), house.client("sumbawa")
        cookie = client.get_cookie(sid_cookie(house.kernel), domain="sumbawa.localhost")
        assert cookie is not None
        copy.set_cookie(cookie.key, cookie.value, domain="sumbawa.localhost")
        assert copy.get("/akun").status_code == 200
        client.post_form("/keluar")
        assert copy.get("/akun").status_code == 302


class TestChangingThePassword:
    def test_it_ends_the_other_sessions(self, house: TestHouse) -> None:
        person = house.person("sumbawa", "w@a.id", password=PASSWORD)
        here, elsewhere = house.client("sumbawa", person), house.client("sumbawa", person)
        new = "kalimat lain yang baru"
        answer = here.post_form("/akun", {"current": PASSWORD, "password": new, "again": new})
        assert answer.status_code == 303
        assert here.get("/akun").status_code == 200
        assert elsewhere.get("/akun").status_code == 302
        assert sign_in(house, password=new)[1].status_code == 303

    @pytest.mark.parametrize(("current", "again"), [("bukan yang lama", "kalimat lain yang baru"), (PASSWORD, "beda")])
    def test_a_wrong_form_changes_nothing(self, house: TestHouse, current: str, again: str) -> None:
        person = house.person("sumbawa", "w@a.id", password=PASSWORD)
        form = {"current": current, "password": "kalimat lain yang baru", "again": again}
        assert house.client("sumbawa", person).post_form("/akun", form).status_code == 422
        assert sign_in(house)[1].status_code == 303

    def test_the_current_password_cannot_be_guessed_for_long(self, house: TestHouse) -> None:
        client = house.client("sumbawa", house.person("sumbawa", "w@a.id", password=PASSWORD))
        form = {"current": "tebakan", "password": "kalimat lain yang baru", "again": "kalimat lain yang baru"}
        codes = [client.post_form("/akun", form).status_code for _ in range(11)]
        assert codes == [422] * 10 + [429]
