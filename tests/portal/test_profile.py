"""What people can do with their own account."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from lumbung.identity.models import PersonRow
from lumbung.identity.person import Person
from lumbung.notifications.models import Notification
from lumbung.testing import HouseClient, TestHouse
from lumbung.web.house import sid_cookie

PASSWORD = "empat kata yang panjang"


def sign_in(house: TestHouse, password: str = PASSWORD, **more: str) -> tuple[HouseClient, TestResponse]:
    client = house.client("sumbawa")
    form = {"email": "w@a.id", "password": password, **more}
    return client, client.post_form("/masuk", form, page="/masuk")


def kept(house: TestHouse, email: str = "w@a.id") -> PersonRow | None:
    """Return an account as it stands in the table."""
    with house.scope("sumbawa") as scope:
        return scope.session.scalars(select(PersonRow).where(PersonRow.email == email)).one_or_none()


def told(house: TestHouse) -> list[str]:
    """Return the titles of what anybody was told."""
    with house.scope("sumbawa") as scope:
        return [one.title["id"] for one in scope.session.scalars(select(Notification).order_by(Notification.at))]


@pytest.fixture
def siti(house: TestHouse) -> Person:
    """A citizen with a password."""
    return house.person("sumbawa", "w@a.id", name="Siti Rahmah", password=PASSWORD)


@pytest.fixture
def client(house: TestHouse, siti: Person) -> HouseClient:
    """Her browser."""
    return house.client("sumbawa", siti)


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
        assert str(first.id) in client.get("/akun/sesi").get_data(as_text=True)
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
        answer = here.post_form("/akun/kata-sandi", {"current": PASSWORD, "password": new, "again": new})
        assert answer.status_code == 303
        assert here.get("/akun").status_code == 200
        assert elsewhere.get("/akun").status_code == 302
        assert sign_in(house, password=new)[1].status_code == 303

    @pytest.mark.parametrize(("current", "again"), [("bukan yang lama", "kalimat lain yang baru"), (PASSWORD, "beda")])
    def test_a_wrong_form_changes_nothing(self, house: TestHouse, current: str, again: str) -> None:
        person = house.person("sumbawa", "w@a.id", password=PASSWORD)
        form = {"current": current, "password": "kalimat lain yang baru", "again": again}
        assert house.client("sumbawa", person).post_form("/akun/kata-sandi", form).status_code == 422
        assert sign_in(house)[1].status_code == 303

    def test_the_current_password_cannot_be_guessed_for_long(self, house: TestHouse) -> None:
        client = house.client("sumbawa", house.person("sumbawa", "w@a.id", password=PASSWORD))
        form = {"current": "tebakan", "password": "kalimat lain yang baru", "again": "kalimat lain yang baru"}
        codes = [client.post_form("/akun/kata-sandi", form).status_code for _ in range(11)]
        assert codes == [422] * 10 + [429]

    def test_it_is_told_to_its_owner(self, house: TestHouse, client: HouseClient) -> None:
        new = "kalimat lain yang baru"
        client.post_form("/akun/kata-sandi", {"current": PASSWORD, "password": new, "again": new})
        assert told(house) == ["Kata sandi Anda diganti"]


class TestPhoneAndLanguage:
    def test_they_are_changed_without_a_password(self, house: TestHouse, client: HouseClient) -> None:
        answer = client.post_form("/akun", {"phone": "0812 3456 7890", "language": "en"})
        assert answer.status_code == 303
        row = kept(house)
        assert row is not None
        assert (row.phone, row.language) == ("0812 3456 7890", "en")
        assert '<html lang="en"' in client.get("/akun").get_data(as_text=True)

    @pytest.mark.parametrize("wrong", [{"phone": "abc"}, {"language": "fr"}])
    def test_a_wrong_form_keeps_what_was_typed_and_changes_nothing(
        self, house: TestHouse, client: HouseClient, wrong: dict[str, str]
    ) -> None:
        answer = client.post_form("/akun", {"phone": "0812 3456 7890", "language": "en", **wrong})
        assert answer.status_code == 422
        assert f'value="{wrong.get("phone", "0812 3456 7890")}"' in answer.get_data(as_text=True)
        row = kept(house)
        assert row is not None
        assert (row.phone, row.language) == (None, None)


class TestNameAndEmail:
    def change(self, client: HouseClient, **form: str) -> TestResponse:
        given = {"name": "Siti Aminah", "email": " Siti@A.ID ", "current": PASSWORD, **form}
        return client.post_form("/akun/nama-dan-surel", given)

    def test_they_change_with_the_password_and_sessions_stay_open(self, house: TestHouse, client: HouseClient) -> None:
        assert self.change(client).status_code == 303
        row = kept(house, "siti@a.id")
        assert row is not None
        assert row.name == "Siti Aminah"
        assert client.get("/akun").status_code == 200
        assert told(house) == ["Data akun Anda diubah"]

    @pytest.mark.parametrize(
        "wrong", [{"current": "bukan ini"}, {"email": "bukan surel"}, {"email": "lain@a.id"}, {"name": ""}]
    )
    def test_a_wrong_form_keeps_what_was_typed_and_changes_nothing(
        self, house: TestHouse, client: HouseClient, wrong: dict[str, str]
    ) -> None:
        house.person("sumbawa", "lain@a.id")
        answer = self.change(client, **wrong)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert wrong.get("name", "Siti Aminah") in page
        assert wrong.get("email", " Siti@A.ID ").strip() in page
        assert PASSWORD not in page
        row = kept(house)
        assert row is not None
        assert row.name == "Siti Rahmah"
        assert told(house) == []

    def test_saving_what_is_there_already_is_no_news(self, house: TestHouse, client: HouseClient) -> None:
        assert self.change(client, name="Siti Rahmah", email="w@a.id").status_code == 303
        assert told(house) == []

    def test_the_password_cannot_be_guessed_here_either(self, client: HouseClient) -> None:
        form = {"current": "tebakan", "password": "kalimat lain yang baru", "again": "kalimat lain yang baru"}
        codes = [self.change(client, current="tebakan").status_code for _ in range(6)]
        codes += [client.post_form("/akun/kata-sandi", form).status_code for _ in range(5)]
        assert codes == [422] * 10 + [429]

    def test_the_trail_names_the_change(self, house: TestHouse, client: HouseClient, as_owner: Any) -> None:
        self.change(client)
        assert ("person.change", "siti@a.id", "Siti Rahmah") in as_owner(
            "SELECT action, thing, person_name FROM lumbung_audit"
        )


class TestMail:
    def test_it_is_switched_off_and_on(self, house: TestHouse, client: HouseClient) -> None:
        for form, wanted in (({}, False), ({"mail": "y"}, True)):
            assert client.post_form("/akun/pemberitahuan", form).status_code == 303
            row = kept(house)
            assert row is not None
            assert row.mail is wanted

    def test_a_site_that_sends_no_mail_says_so(self, client: HouseClient) -> None:
        assert "belum mengirim surel" in client.get("/akun/pemberitahuan").get_data(as_text=True)


class TestTheCopyOfOnesData:
    def test_it_holds_all_that_the_core_keeps_but_no_secret(self, house: TestHouse, client: HouseClient) -> None:
        client.post_form("/akun/nama-dan-surel", {"name": "Siti A", "email": "w@a.id", "current": PASSWORD})
        answer = client.get("/akun/data.json")
        assert "attachment" in answer.headers["Content-Disposition"]
        data = json.loads(answer.get_data(as_text=True))
        [core] = [one["sections"] for one in data["held"] if one["application"] == "core"]
        assert core["account"]["rows"][0]["email"] == "w@a.id"
        assert core["notifications"]["rows"][0]["title"] == "Data akun Anda diubah"
        assert len(core["sessions"]["rows"]) == 2
        assert "password" not in answer.get_data(as_text=True)
        assert "token" not in answer.get_data(as_text=True)

    def test_it_holds_nothing_of_anybody_else(self, house: TestHouse, client: HouseClient) -> None:
        house.person("sumbawa", "lain@a.id", name="Orang Lain")
        assert "lain@a.id" not in client.get("/akun/data.json").get_data(as_text=True)

    def test_a_visitor_gets_none(self, house: TestHouse) -> None:
        assert house.client("sumbawa").get("/akun/data.json").status_code == 302
