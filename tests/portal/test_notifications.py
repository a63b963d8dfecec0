"""The list behind the bell."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from lumbung.identity.person import Person
from lumbung.notifications.models import Notification
from lumbung.sdk import Bilingual, notify
from lumbung.testing import HouseClient, TestHouse


@pytest.fixture
def siti(house: TestHouse) -> Person:
    return house.person("sumbawa", "siti@a.id")


@pytest.fixture
def client(house: TestHouse, siti: Person) -> HouseClient:
    return house.client("sumbawa", siti)


def tell(house: TestHouse, person: Person, *titles: str, tenant: str = "sumbawa", url: str = "/antrean/") -> list[UUID]:
    with house.scope(tenant) as scope:
        for title in titles:
            notify(person.id, Bilingual(title, f"{title} in English"), Bilingual("Kabar", "News"), url)
        scope.session.flush()
        return list(scope.session.scalars(select(Notification.id).order_by(Notification.at)))


def unread(client: HouseClient) -> str | None:
    found = re.search(r'class="lb-bell-count"[^>]*>(\d+\+?)<', client.get("/akun").get_data(as_text=True))
    return found[1] if found else None


def test_the_bell_counts_what_is_unread_and_only_for_who_is_signed_in(
    house: TestHouse, client: HouseClient, siti: Person
) -> None:
    assert unread(client) is None
    tell(house, siti, "Satu", "Dua")
    assert unread(client) == "2"
    assert "Pemberitahuan, 2 belum dibaca" in client.get("/akun").get_data(as_text=True)
    assert "lb-bell" not in house.client("sumbawa").get("/").get_data(as_text=True)


def test_the_list_begins_with_what_is_unread_and_says_so_in_words(
    house: TestHouse, client: HouseClient, siti: Person
) -> None:
    first, _second = tell(house, siti, "Kabar satu", "Kabar dua")
    client.post_form(f"/pemberitahuan/{_second}/buka")
    page = client.get("/pemberitahuan/").get_data(as_text=True)
    assert page.index("Kabar satu") < page.index("Belum dibaca") < page.index("Kabar dua") < page.index("Sudah dibaca")
    assert f"/pemberitahuan/{first}/buka" in page


def test_it_is_read_in_the_language_of_the_page(house: TestHouse, client: HouseClient, siti: Person) -> None:
    tell(house, siti, "Kabar satu")
    client.post_form("/bahasa", {"language": "en", "next": "/"})
    assert "Kabar satu in English" in client.get("/pemberitahuan/").get_data(as_text=True)


def test_opening_one_marks_it_read_and_leads_on(house: TestHouse, client: HouseClient, siti: Person) -> None:
    (one,) = tell(house, siti, "Kabar", url="/antrean/t/AB12")
    answer = client.post_form(f"/pemberitahuan/{one}/buka")
    assert (answer.status_code, answer.location) == (303, "/antrean/t/AB12")
    assert unread(client) is None
    again = client.post_form(f"/pemberitahuan/{one}/buka")
    assert again.location == "/antrean/t/AB12"


def test_looking_at_the_list_marks_nothing(house: TestHouse, client: HouseClient, siti: Person) -> None:
    (one,) = tell(house, siti, "Kabar")
    client.get("/pemberitahuan/")
    assert client.get(f"/pemberitahuan/{one}/buka").status_code == 405
    assert unread(client) == "1"


def test_an_address_that_leads_elsewhere_is_not_followed_even_if_it_got_into_the_table(
    house: TestHouse, client: HouseClient, siti: Person, as_owner: Any
) -> None:
    (one,) = tell(house, siti, "Kabar")
    as_owner("UPDATE lumbung_notification SET url = '//evil.example/x'")
    assert client.post_form(f"/pemberitahuan/{one}/buka").location == "/"


def test_nobody_opens_what_another_person_was_told(house: TestHouse, client: HouseClient) -> None:
    other = house.person("sumbawa", "lain@a.id")
    (one,) = tell(house, other, "Rahasia")
    assert client.post_form(f"/pemberitahuan/{one}/buka").status_code == 404
    assert client.post_form(f"/pemberitahuan/{uuid4()}/buka").status_code == 404
    assert "Rahasia" not in client.get("/pemberitahuan/").get_data(as_text=True)
    assert unread(house.client("sumbawa", other)) == "1"


def test_nothing_of_another_tenant_is_seen_or_opened(house: TestHouse, client: HouseClient) -> None:
    neighbour = house.person("sumbawabarat", "siti@a.id")
    (one,) = tell(house, neighbour, "Rahasia", tenant="sumbawabarat")
    assert client.post_form(f"/pemberitahuan/{one}/buka").status_code == 404
    assert "Rahasia" not in client.get("/pemberitahuan/").get_data(as_text=True)
    assert unread(house.client("sumbawabarat", neighbour)) == "1"


def test_all_are_marked_read_at_once_but_not_those_of_others(
    house: TestHouse, client: HouseClient, siti: Person
) -> None:
    other = house.person("sumbawa", "lain@a.id")
    tell(house, siti, "Satu", "Dua")
    tell(house, other, "Tiga")
    assert client.post_form("/pemberitahuan/semua-terbaca").status_code == 303
    page = client.get("/pemberitahuan/").get_data(as_text=True)
    assert "2 pemberitahuan ditandai terbaca" in page
    assert "Belum dibaca" not in page
    assert unread(house.client("sumbawa", other)) == "1"


def test_an_empty_list_says_what_will_appear(client: HouseClient) -> None:
    assert "Belum ada pemberitahuan" in client.get("/pemberitahuan/").get_data(as_text=True)


def test_a_visitor_is_asked_to_sign_in(house: TestHouse) -> None:
    assert house.client("sumbawa").get("/pemberitahuan/").location == "/masuk?next=%2Fpemberitahuan%2F"


def test_many_come_a_page_at_a_time(house: TestHouse, client: HouseClient, siti: Person) -> None:
    tell(house, siti, *(f"Kabar {number}" for number in range(30)))
    assert client.get("/pemberitahuan/").get_data(as_text=True).count("/buka") == 25
    assert client.get("/pemberitahuan/?halaman=2").get_data(as_text=True).count("/buka") == 5


class TestAccountEvents:
    def titles(self, house: TestHouse, person: Person) -> list[str]:
        with house.scope("sumbawa") as scope:
            query = select(Notification).where(Notification.person_id == person.id).order_by(Notification.at)
            return [one.title["id"] for one in scope.session.scalars(query)]

    def test_a_new_role_is_told_once(self, house: TestHouse, siti: Person) -> None:
        house.unit("sumbawa", "DINKES")
        admin = house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))
        page = f"/admin/orang/{siti.id}/"
        for _time in range(2):
            admin.post_form(f"{page}peran/", {"role": "officer", "unit": ""}, page=page)
        assert self.titles(house, siti) == ["Anda mendapat peran baru: Petugas"]

    def test_a_password_made_by_an_administrator_is_told(self, house: TestHouse, siti: Person) -> None:
        admin = house.client("sumbawa", house.person("sumbawa", "admin@a.id", roles=["admin"]))
        page = f"/admin/orang/{siti.id}/"
        assert admin.post_form(f"{page}kata-sandi", page=page).status_code == 200
        assert self.titles(house, siti) == ["Kata sandi Anda dibuat baru oleh pengelola"]
