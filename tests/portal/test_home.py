"""The citizen's first page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from lumbung.registry.models import FaultRow
from lumbung.testing import TestHouse

Gift = Callable[..., object]


class TestWithoutServices:
    def test_says_that_no_service_is_open_yet(self, house: TestHouse) -> None:
        page = house.client("sumbawa").get("/").get_data(as_text=True)
        assert "Belum ada layanan yang dibuka" in page
        assert "Kabupaten Sumbawa" in page

    def test_shows_an_administrator_the_way_to_the_applications(self, house: TestHouse) -> None:
        admin = house.person("sumbawa", "admin@a.id", roles=["admin"])
        assert 'href="/admin/plugin/"' in house.client("sumbawa", admin).get("/").get_data(as_text=True)


ROLE = """
[[permissions]]
name = "contoh.serve"
title = { id = "Melayani", en = "Serve" }
[[roles]]
name = "operator"
title = { id = "Operator", en = "Operator" }
permissions = ["contoh.serve"]
[[navigation]]
place = "desk"
title = { id = "Loket", en = "Counter" }
path = "/loket"
permission = "contoh.serve"
"""


class TestWithAService:
    def test_a_service_is_shown_with_its_donor(self, house: TestHouse, gift: Gift) -> None:
        gift()
        page = house.client("sumbawa").get("/").get_data(as_text=True)
        assert 'href="/contoh/"' in page
        assert "hibah Kota Bandung" in page

    def test_a_service_of_one_tenant_is_not_shown_to_another(self, house: TestHouse, gift: Gift) -> None:
        gift()
        assert "/contoh/" not in house.client("sumbawabarat").get("/").get_data(as_text=True)

    @pytest.mark.parametrize("words", ["contoh", "APLIKASI contoh", "sample", "bandung"])
    def test_a_service_is_found_by_words_of_either_language(self, house: TestHouse, gift: Gift, words: str) -> None:
        gift()
        page = house.client("sumbawa").get("/", query_string={"q": words}).get_data(as_text=True)
        assert 'class="lb-tile"' in page

    def test_words_that_fit_nothing_say_so_and_stay_in_the_box(self, house: TestHouse, gift: Gift) -> None:
        gift()
        page = house.client("sumbawa").get("/?q=perahu+<b>").get_data(as_text=True)
        assert "Tidak ada layanan yang cocok" in page
        assert 'class="lb-tile"' not in page
        assert 'value="perahu &lt;b&gt;"' in page

    def test_an_officer_finds_the_desk_and_a_citizen_sees_none(self, house: TestHouse, gift: Gift) -> None:
        gift(more=ROLE)
        house.unit("sumbawa", "DUKCAPIL")
        officer = house.person("sumbawa", "o@a.id", roles=[("contoh.operator", "DUKCAPIL")])
        page = house.client("sumbawa", officer).get("/").get_data(as_text=True)
        assert 'href="/contoh/loket"' in page
        citizen = house.person("sumbawa", "w@a.id")
        assert "/contoh/loket" not in house.client("sumbawa", citizen).get("/").get_data(as_text=True)


AFFAIRS = """
from lumbung.sdk import Affair, hookimpl

@hookimpl
def my_affairs(person):
    return {answer}
"""


class TestMyAffairs:
    def test_what_is_open_is_listed_for_whoever_is_signed_in(self, house: TestHouse, gift: Gift) -> None:
        answer = 'Affair("Tiket A012", "Besok", "/contoh/t/1", "Menunggu", "padi")'
        gift(init=AFFAIRS.format(answer=f"[{answer}]"), hooks=["my_affairs"])
        citizen = house.person("sumbawa", "w@a.id")
        page = house.client("sumbawa", citizen).get("/").get_data(as_text=True)
        assert "Tiket A012" in page
        assert "Menunggu" in page
        assert "Tiket A012" not in house.client("sumbawa").get("/").get_data(as_text=True)

    @pytest.mark.parametrize("answer", ["42", "['not an affair']", "'text'", "1 / 0"])
    def test_a_plugin_that_answers_nonsense_does_not_break_the_page(
        self, house: TestHouse, gift: Gift, answer: str
    ) -> None:
        gift(init=AFFAIRS.format(answer=answer), hooks=["my_affairs"])
        citizen = house.person("sumbawa", "w@a.id")
        assert house.client("sumbawa", citizen).get("/").status_code == 200
        with house.scope("sumbawa") as scope:
            assert scope.session.scalars(select(FaultRow.plugin)).all() == ["contoh"]

    def test_an_affair_that_leads_off_this_host_is_left_out(self, house: TestHouse, gift: Gift) -> None:
        gift(init=AFFAIRS.format(answer='[Affair("Umpan", "", "//evil.example/")]'), hooks=["my_affairs"])
        citizen = house.person("sumbawa", "w@a.id")
        assert "evil.example" not in house.client("sumbawa", citizen).get("/").get_data(as_text=True)


@pytest.mark.parametrize(
    ("target", "expected"), [("/akun", "/akun"), ("//evil.example", "/"), ("https://evil.example", "/")]
)
def test_the_switch_of_language_returns_only_to_this_host(house: TestHouse, target: str, expected: str) -> None:
    client = house.client("sumbawa")
    answer = client.post_form("/bahasa", {"language": "en", "next": target}, page="/masuk")
    assert (answer.status_code, answer.location) == (303, expected)


def test_the_page_speaks_the_chosen_language(house: TestHouse) -> None:
    client = house.client("sumbawa")
    assert '<html lang="id"' in client.get("/").get_data(as_text=True)
    client.post_form("/bahasa", {"language": "en"}, page="/masuk")
    assert '<html lang="en"' in client.get("/").get_data(as_text=True)
    client.post_form("/bahasa", {"language": "xx"}, page="/masuk")
    assert '<html lang="en"' in client.get("/").get_data(as_text=True)
