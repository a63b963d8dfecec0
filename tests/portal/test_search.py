"""The portal's search: over services, what is in them, announcements and offices."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from lumbung.announcements import services
from lumbung.announcements.services import Content
from lumbung.lifecycle.enable import set_run_by
from lumbung.portal import search
from lumbung.registry.models import FaultRow
from lumbung.tenancy.models import Unit
from lumbung.testing import TestHouse

Gift = Callable[..., object]

SEARCH = """
from lumbung.sdk import SearchHit, hookimpl

@hookimpl
def search(words):
    return {answer}
"""
HIT = 'SearchHit("Perekaman KTP", "Disdukcapil", "/contoh/ktp", "Ambil nomor")'


def found(house: TestHouse, words: str, tenant: str = "sumbawa") -> str:
    answer = house.client(tenant).get("/cari", query_string={"q": words})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "words", ["contoh", "APLIKASI contoh", "sample", "bandung", "cara contoh", "bayi", "disdukcapil"]
)
def test_a_service_is_found_by_words_of_either_language_its_life_events_and_its_unit(
    house: TestHouse, gift: Gift, words: str
) -> None:
    gift(plain='life_events = ["birth"]')
    house.unit("sumbawa", "DISDUKCAPIL")
    set_run_by(house.kernel, "contoh", house.kernel.tenant("sumbawa"), "DISDUKCAPIL", by="test")
    assert 'href="/contoh/"' in found(house, words)
    assert 'href="/contoh/"' not in found(house, words, "sumbawabarat")


def test_a_life_event_is_found_by_what_people_call_it(house: TestHouse, gift: Gift) -> None:
    gift(plain='life_events = ["death"]')
    assert 'href="/layanan/peristiwa/meninggal"' in found(house, "wafat")


class TestWhatIsInServices:
    def test_hits_are_shown_with_the_words_marked_and_counted(self, house: TestHouse, gift: Gift) -> None:
        gift(init=SEARCH.format(answer=f"[{HIT}] if words == ('ktp',) else []"), hooks=["search"])
        page = found(house, "membuat KTP")
        assert 'href="/contoh/ktp"' in page
        assert "Perekaman <mark>KTP</mark>" in page
        assert "1 hasil untuk “ktp”" in page
        assert "/contoh/ktp" not in found(house, "kk")

    @pytest.mark.parametrize("answer", ["1 / 0", "42", "['ktp']", "[None]", "__import__('sys').exit(1)"])
    def test_a_service_that_fails_leaves_the_others(self, house: TestHouse, gift: Gift, answer: str) -> None:
        gift("rusak", init=SEARCH.format(answer=answer), hooks=["search"])
        gift("sehat", init=SEARCH.format(answer=f"[{HIT}]"), hooks=["search"])
        assert 'href="/contoh/ktp"' in found(house, "ktp")
        with house.scope("sumbawa") as scope:
            assert scope.session.scalars(select(FaultRow.plugin)).all() == ["rusak"]

    def test_a_hit_that_leads_off_this_host_is_left_out(self, house: TestHouse, gift: Gift) -> None:
        umpan = (
            '[SearchHit("Umpan", "", url) for url in ("//evil.example", "javascript:alert(1)", "https://evil.example")]'
        )
        gift(init=SEARCH.format(answer=umpan), hooks=["search"])
        page = found(house, "ktp")
        assert "evil.example" not in page
        assert "javascript:" not in page

    def test_ten_hits_of_a_service_are_enough(self, house: TestHouse, gift: Gift) -> None:
        gift(init=SEARCH.format(answer="[SearchHit('Temuan', '', '/contoh/')] * 50"), hooks=["search"])
        assert found(house, "ktp").count("Temuan") == 10

    def test_what_a_service_writes_is_escaped(self, house: TestHouse, gift: Gift) -> None:
        nasty = "[SearchHit('<img src=x>', '<b>ktp</b>', '/contoh/?a=\"><b>', '<i>')]"
        gift(init=SEARCH.format(answer=nasty), hooks=["search"])
        page = found(house, "ktp")
        for tag in ("<img src=x>", "<b>", "<i>"):
            assert tag not in page

    def test_one_that_is_not_on_here_is_not_asked(self, house: TestHouse, gift: Gift) -> None:
        gift(init=SEARCH.format(answer=f"[{HIT}]"), hooks=["search"])
        assert "/contoh/ktp" not in found(house, "ktp", "sumbawabarat")


def test_announcements_of_this_moment_are_found_and_drafts_are_not(house: TestHouse) -> None:
    with house.scope("sumbawa") as scope:
        for title, draft in (("KTP keliling", False), ("KTP rahasia", True)):
            content = Content({"id": title}, {"id": "Bawa KK."}, "plain")
            services.add(scope.session, content, by="x", draft=draft)
    page = found(house, "ktp")
    assert "<mark>KTP</mark> keliling" in page
    assert "rahasia" not in page
    assert "keliling" not in found(house, "ktp", "sumbawabarat")


def test_an_office_is_found_by_name_and_street_and_one_without_an_address_is_none(house: TestHouse) -> None:
    house.unit("sumbawa", "DINKES")
    house.unit("sumbawa", "ARSIP")
    with house.scope("sumbawa") as scope:
        scope.session.scalars(select(Unit).where(Unit.code == "DINKES")).one().address = "Jalan Garuda"
    assert "Jalan <mark>Garuda</mark>" in found(house, "dinkes garuda")
    assert "Tidak ada yang cocok" in found(house, "arsip")


class TestWhatIsTyped:
    def test_nothing_asks_for_a_word(self, house: TestHouse) -> None:
        page = house.client("sumbawa").get("/cari").get_data(as_text=True)
        assert "hasil untuk" not in page
        assert "Cari layanan atau informasi" in page

    def test_a_single_letter_is_too_little(self, house: TestHouse) -> None:
        assert "Tulis sedikitnya dua huruf" in found(house, "k")

    def test_words_that_fit_nothing_say_so_and_stay_in_the_box(self, house: TestHouse) -> None:
        page = found(house, "perahu <b>")
        assert "Tidak ada yang cocok" in page
        assert 'value="perahu &lt;b&gt;"' in page
        assert "<b>" not in page

    @pytest.mark.parametrize(
        "typed", ["x" * 100_000, "kata " * 10_000, "%_\\'\";--", "\u202e\U0001f600 ktp", "(((([[[{{{"]
    )
    def test_huge_and_odd_input_is_answered(self, house: TestHouse, gift: Gift, typed: str) -> None:
        gift(init=SEARCH.format(answer="[SearchHit(str(len(words)), '', '/contoh/')]"), hooks=["search"])
        page = found(house, typed)
        assert 'id="cari"' in page
        assert f'name="q" value="{"x" * 101}' not in page

    def test_text_that_cannot_be_stored_is_refused(self, house: TestHouse) -> None:
        assert house.client("sumbawa").get("/cari?q=%00").status_code == 400

    def test_very_many_searches_from_one_address_are_too_many(
        self, house: TestHouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(search.PER_ADDRESS, "times", 2)
        client = house.client("sumbawa")
        assert [client.get("/cari?q=ktp").status_code for _ in range(3)] == [200, 200, 429]
        assert client.get("/cari").status_code == 200
