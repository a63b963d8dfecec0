"""Signing in on a page, and where it leads."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from lumbung.identity.models import PersonRow
from lumbung.testing import HouseClient, TestHouse

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


class TestTheLanguage:
    def language_of(self, house: TestHouse) -> str | None:
        with house.scope("sumbawa") as scope:
            return scope.session.scalars(select(PersonRow.language)).one()

    def test_the_switch_is_remembered_on_who_is_signed_in(self, house: TestHouse) -> None:
        client = house.client("sumbawa", house.person("sumbawa", "w@a.id", password=PASSWORD))
        client.post_form("/bahasa", {"language": "en", "next": "/akun"})
        assert self.language_of(house) == "en"
        again, _answer = sign_in(house)
        assert '<html lang="en"' in again.get("/akun").get_data(as_text=True)

    def test_a_language_that_is_not_offered_changes_nothing(self, house: TestHouse) -> None:
        client = house.client("sumbawa", house.person("sumbawa", "w@a.id"))
        client.post_form("/bahasa", {"language": "fr", "next": "/akun"})
        assert self.language_of(house) is None

    def test_who_never_chose_keeps_what_the_browser_chose(self, house: TestHouse) -> None:
        house.person("sumbawa", "w@a.id", password=PASSWORD)
        client = house.client("sumbawa")
        client.post_form("/bahasa", {"language": "en", "next": "/masuk"}, page="/masuk")
        client.post_form("/masuk", {"email": "w@a.id", "password": PASSWORD}, page="/masuk")
        assert '<html lang="en"' in client.get("/akun").get_data(as_text=True)
        assert self.language_of(house) is None
