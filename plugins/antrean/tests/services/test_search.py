"""What the portal's search finds of the queue."""

from __future__ import annotations

from typing import Any

import pytest


def found(office: Any, *words: str) -> list[str]:
    from lumbung_antrean.services.search import hits

    with office.inside():
        return [hit.url for hit in hits(words)]


@pytest.mark.parametrize(
    "words", [("perekaman",), ("ktp-el",), ("ektp",), ("e-ktp",), ("antri", "ktp"), ("disdukcapil",), ("bungur", "ktp")]
)
def test_a_service_is_found_by_name_place_street_and_what_people_say(office: Any, words: tuple[str, ...]) -> None:
    assert found(office, *words) == [f"/antrean/ambil/{office.service}"]


def test_all_words_have_to_fit(office: Any) -> None:
    assert found(office, "ktp", "gigi") == []


@pytest.mark.parametrize("what", ["service", "location"])
def test_what_is_closed_is_not_found(office: Any, what: str) -> None:
    from lumbung_antrean.models import Location, Service

    from lumbung.sdk import find_or_404

    with office.inside():
        if what == "service":
            find_or_404(Service, office.service).open = False
        else:
            find_or_404(Location, office.location).open = False
    assert found(office, "ktp") == []


def test_a_service_named_so_comes_before_one_described_so_and_ten_are_enough(office: Any) -> None:
    from lumbung_antrean.models import Location
    from lumbung_antrean.services import setup

    from lumbung.sdk import find_or_404

    with office.inside():
        place = find_or_404(Location, office.location)
        for letter in "BCDEFGHIJKL":
            setup.save_service(place, None, letter=letter, name=f"Kartu {letter}", description="Cetak KTP", minutes=5)
    urls = found(office, "ktp")
    assert len(urls) == 10
    assert urls[0] == f"/antrean/ambil/{office.service}"


def test_the_portal_leads_a_visitor_from_the_word_to_the_calendar(house: Any, office: Any) -> None:
    visitor = house.client("sumbawa")
    page = visitor.get("/cari?q=bikin+ektp").get_data(as_text=True)
    assert "Ambil nomor antrean" in page
    assert f'href="/antrean/ambil/{office.service}"' in page
    assert visitor.get(f"/antrean/ambil/{office.service}").status_code == 200
