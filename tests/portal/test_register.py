"""A citizen makes an account."""

from __future__ import annotations

import pytest

from lumbung.identity.models import PersonRow
from lumbung.testing import TestHouse

PASSWORD = "empat kata yang panjang"
FORM = {
    "name": "Siti Rahmah",
    "email": "siti@a.id",
    "phone": "0812 3456 7890",
    "password": PASSWORD,
    "agree": "y",
}


def test_a_citizen_gets_an_account_and_is_signed_in(house: TestHouse) -> None:
    client = house.client("sumbawa")
    answer = client.post_form("/daftar", FORM, page="/daftar")
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
def test_a_bad_form_keeps_what_was_typed_and_adds_nobody(house: TestHouse, field: str, value: str) -> None:
    client = house.client("sumbawa")
    answer = client.post_form("/daftar", {**FORM, field: value}, page="/daftar")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert ("siti@a.id" if field != "email" else "Siti Rahmah") in page
    assert PASSWORD not in page
    with house.scope("sumbawa") as scope:
        assert scope.session.query(PersonRow).count() == 0


def test_an_address_that_is_taken_is_told_beside_its_field(house: TestHouse) -> None:
    house.person("sumbawa", "siti@a.id")
    answer = house.client("sumbawa").post_form("/daftar", FORM, page="/daftar")
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.get_data(as_text=True)
