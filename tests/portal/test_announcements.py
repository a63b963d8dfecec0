"""Announcements as citizens read them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from lumbung.announcements import services
from lumbung.announcements.services import Content
from lumbung.clock import utc_now
from lumbung.testing import TestHouse

HOUR = timedelta(hours=1)


def written(
    house: TestHouse,
    title: str = "Loket tutup",
    *,
    tenant: str = "sumbawa",
    weight: str = "plain",
    draft: bool = False,
    since: timedelta = -HOUR,
    until: timedelta | None = None,
    text: str = "Sampai siang.",
    english: str = "",
) -> UUID:
    content = Content(
        {"id": title, "en": english and f"{english} title"},
        {"id": text, "en": english},
        weight,
        utc_now() + since,
        None if until is None else utc_now() + until,
    )
    with house.scope(tenant) as scope:
        known = services.add(scope.session, content, by="Nurhayati", draft=draft).id
    house.kernel.state.forget()
    return known


def page(house: TestHouse, path: str, tenant: str = "sumbawa") -> str:
    return house.client(tenant).get(path).get_data(as_text=True)


def test_one_is_listed_and_read(house: TestHouse) -> None:
    known = written(house, text="Bawa:\n- KK\n- KTP")
    assert f'href="/pengumuman/{known}"' in page(house, "/pengumuman/")
    read = page(house, f"/pengumuman/{known}")
    assert "<h1>Loket tutup</h1>" in read
    assert "<ul><li>KK</li><li>KTP</li></ul>" in read


@pytest.mark.parametrize(
    "hidden", [{"draft": True}, {"since": HOUR}, {"since": -2 * HOUR, "until": -HOUR}, {"tenant": "sumbawabarat"}]
)
def test_a_draft_one_to_come_one_that_is_over_and_a_neighbours_are_not_there(
    house: TestHouse, hidden: dict[str, object]
) -> None:
    known = written(house, "Rahasia", weight="urgent", **hidden)  # type: ignore[arg-type]
    for path in ("/", "/pengumuman/", "/layanan/", "/cari?q=rahasia"):
        assert 'href="/pengumuman/' + str(known) not in page(house, path)
    assert house.client("sumbawa").get(f"/pengumuman/{known}").status_code == 404


def test_an_id_that_is_none_is_not_found(house: TestHouse) -> None:
    client = house.client("sumbawa")
    assert client.get(f"/pengumuman/{uuid4()}").status_code == 404
    assert client.get("/pengumuman/bukan-id").status_code == 404


def test_none_at_all_says_what_will_be_here(house: TestHouse) -> None:
    assert "Belum ada pengumuman" in page(house, "/pengumuman/")
    assert "/pengumuman/" not in page(house, "/")


def test_a_long_list_comes_in_pages(house: TestHouse) -> None:
    for number in range(11):
        written(house, f"Kabar {number:02}", since=-HOUR * (number + 1))
    assert "Kabar 09" in page(house, "/pengumuman/")
    assert "Kabar 10" not in page(house, "/pengumuman/")
    assert "Kabar 10" in page(house, "/pengumuman/?halaman=2")
    assert house.client("sumbawa").get("/pengumuman/?halaman=zzz").status_code == 200


def test_an_important_one_stands_on_top_of_the_home_and_plain_ones_beside(house: TestHouse) -> None:
    important = written(house, "Listrik padam", weight="important", since=-9 * HOUR)
    plain = [written(house, f"Kabar {number}") for number in range(5)]
    home = page(house, "/")
    assert home.index(str(important)) < home.index("Kabar")
    assert sum(str(one) in home for one in plain) == 3


def test_english_readers_read_english_where_it_was_written_and_indonesian_where_not(house: TestHouse) -> None:
    both, one = written(house, english="Open late"), written(house, "Hanya Indonesia")
    client = house.client("sumbawa")
    client.post_form("/bahasa", {"language": "en"}, page="/masuk")
    assert "Open late" in client.get(f"/pengumuman/{both}").get_data(as_text=True)
    assert "Hanya Indonesia" in client.get(f"/pengumuman/{one}").get_data(as_text=True)


def test_what_is_written_is_escaped_everywhere(house: TestHouse) -> None:
    nasty = "<script>alert(1)</script>"
    known = written(house, nasty, text=nasty + "\njavascript:alert(1)", weight="urgent")
    written(house, nasty, weight="important")
    for path in ("/", "/pengumuman/", f"/pengumuman/{known}", "/cari?q=script"):
        shown = page(house, path)
        assert "<script>alert" not in shown
        assert 'href="javascript:' not in shown


class TestTheBarOfAnUrgentOne:
    def test_it_stands_on_every_page_of_citizens_those_of_plugins_too(self, house: TestHouse) -> None:
        written(house, "Banjir di Lunyuk", weight="urgent")
        for path in ("/", "/masuk", "/layanan/", "/cari"):
            assert "Banjir di Lunyuk" in page(house, path)
        assert "Banjir" not in page(house, "/masuk", "sumbawabarat")

    def test_it_is_closed_for_the_visit_of_one_visitor_and_leads_back(self, house: TestHouse) -> None:
        known, other = written(house, "Banjir", weight="urgent"), written(house, "Gempa", weight="urgent")
        client = house.client("sumbawa")
        answer = client.post_form(f"/pengumuman/{known}/tutup", {"next": "/layanan/"}, page="/masuk")
        assert (answer.status_code, answer.location) == (303, "/layanan/")
        shown = client.get("/masuk").get_data(as_text=True)
        assert "Banjir" not in shown
        assert str(other) in shown
        assert "Banjir" in page(house, "/masuk")

    def test_closing_leads_nowhere_else(self, house: TestHouse) -> None:
        known = written(house, "Banjir", weight="urgent")
        client = house.client("sumbawa")
        answer = client.post_form(f"/pengumuman/{known}/tutup", {"next": "//evil.example"}, page="/masuk")
        assert answer.location == "/"
        assert client.post(f"/pengumuman/{known}/tutup").status_code == 400
        quiet = client.post_form(f"/pengumuman/{known}/tutup", page="/masuk", headers={"HX-Request": "true"})
        assert (quiet.status_code, quiet.get_data()) == (200, b"")

    def test_the_cookie_of_a_visit_does_not_grow_without_end(self, house: TestHouse) -> None:
        client = house.client("sumbawa")
        for _ in range(30):
            client.post_form(f"/pengumuman/{uuid4()}/tutup", page="/masuk")
        cookie = client.get_cookie("lumbung", domain="sumbawa.localhost")
        assert cookie is not None and len(cookie.value) < 2500
