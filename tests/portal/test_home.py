"""The citizen's first page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from lumbung.lifecycle.enable import disable, set_run_by
from lumbung.portal.home import SERVICES
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

    def test_the_unit_that_runs_a_service_is_named_and_leads_to_all_of_its_services(
        self, house: TestHouse, gift: Gift
    ) -> None:
        gift()
        house.unit("sumbawa", "DISDUKCAPIL")
        set_run_by(house.kernel, "contoh", house.kernel.tenant("sumbawa"), "DISDUKCAPIL", by="test")
        client = house.client("sumbawa")
        assert "Unit DISDUKCAPIL" in client.get("/").get_data(as_text=True)
        assert 'href="/contoh/"' in client.get("/layanan/unit/disdukcapil").get_data(as_text=True)
        assert client.get("/layanan/unit/DINKES").status_code == 404

    def test_only_life_events_that_have_services_are_shown_and_lead_to_them(self, house: TestHouse, gift: Gift) -> None:
        gift(plain=LIFE_EVENTS)
        client = house.client("sumbawa")
        page = client.get("/").get_data(as_text=True)
        assert re.findall(r'href="/layanan/peristiwa/([\w-]+)"', page) == ["lahir", "lanjut-usia"]
        assert 'href="/contoh/"' in client.get("/layanan/peristiwa/lahir").get_data(as_text=True)
        for slug in ("sekolah", "birth", "tiada"):
            assert client.get(f"/layanan/peristiwa/{slug}").status_code == 404
        assert house.client("sumbawabarat").get("/layanan/peristiwa/lahir").status_code == 404

    def test_a_change_of_what_is_on_is_seen_at_once(self, house: TestHouse, gift: Gift) -> None:
        gift()
        client = house.client("sumbawa")
        assert 'href="/contoh/"' in client.get("/layanan/").get_data(as_text=True)
        disable(house.kernel, "contoh", house.kernel.tenant("sumbawa"), by="test")
        assert 'href="/contoh/"' not in client.get("/layanan/").get_data(as_text=True)

    def test_many_services_are_not_a_wall_of_tiles(self, house: TestHouse, gift: Gift) -> None:
        for number in range(SERVICES + 1):
            gift(f"contoh{number}")
        client = house.client("sumbawa")
        assert client.get("/layanan/").get_data(as_text=True).count('class="lb-tile"') == SERVICES + 1
        assert client.get("/").get_data(as_text=True).count('class="lb-tile"') == SERVICES
        house.unit("sumbawa", "DINKES")
        set_run_by(house.kernel, "contoh0", house.kernel.tenant("sumbawa"), "DINKES", by="test")
        page = client.get("/").get_data(as_text=True)
        assert 'class="lb-tile"' not in page
        assert 'href="/layanan/unit/DINKES"' in page
        assert f"Semua {SERVICES + 1} layanan" in page

    def test_an_officer_finds_the_desk_and_a_citizen_sees_none(self, house: TestHouse, gift: Gift) -> None:
        gift(more=ROLE)
        house.unit("sumbawa", "DUKCAPIL")
        officer = house.person("sumbawa", "o@a.id", roles=[("contoh.operator", "DUKCAPIL")])
        page = house.client("sumbawa", officer).get("/").get_data(as_text=True)
        assert page.count('href="/meja/"') == 2  # in the page, and in the menu of the account
        citizen = house.person("sumbawa", "w@a.id")
        assert "/meja/" not in house.client("sumbawa", citizen).get("/").get_data(as_text=True)


LIFE_EVENTS = 'life_events = ["birth", "old_age"]'

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

    def test_all_of_them_are_listed_by_service_on_a_page_of_their_own(self, house: TestHouse, gift: Gift) -> None:
        answer = '[Affair(f"Tiket A{n}", "Besok", "/contoh/") for n in range(5)]'
        gift(init=AFFAIRS.format(answer=answer), hooks=["my_affairs"])
        client = house.client("sumbawa", house.person("sumbawa", "w@a.id"))
        home, page = (client.get(path).get_data(as_text=True) for path in ("/", "/urusan"))
        assert (home.count("Tiket A"), page.count("Tiket A")) == (3, 5)
        assert "Lihat semua 5 urusan" in home
        assert '<h2 id="urusan-contoh">Contoh</h2>' in page

    def test_who_has_nothing_open_is_told_what_will_appear(self, house: TestHouse) -> None:
        client = house.client("sumbawa", house.person("sumbawa", "w@a.id"))
        assert "Belum ada urusan yang berjalan" in client.get("/").get_data(as_text=True)
        assert "Belum ada urusan yang berjalan" in client.get("/urusan").get_data(as_text=True)

    def test_a_visitor_is_led_to_sign_in_and_back(self, house: TestHouse) -> None:
        answer = house.client("sumbawa").get("/urusan")
        assert (answer.status_code, answer.location) == (302, "/masuk?next=%2Furusan")

    @pytest.mark.parametrize("answer", ["42", "['not an affair']", "'text'", "1 / 0"])
    def test_a_plugin_that_answers_nonsense_does_not_break_the_page(
        self, house: TestHouse, gift: Gift, answer: str
    ) -> None:
        gift(init=AFFAIRS.format(answer=answer), hooks=["my_affairs"])
        citizen = house.person("sumbawa", "w@a.id")
        page = house.client("sumbawa", citizen).get("/")
        assert page.status_code == 200
        assert "Urusan dari Contoh sedang tidak dapat ditampilkan" in page.get_data(as_text=True)
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
