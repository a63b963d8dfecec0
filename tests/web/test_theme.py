"""A regency's own colour on its pages: served once, after the core's own, and nowhere else."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lumbung.tenancy import services
from lumbung.testing import TestHouse
from lumbung.web.theme import stylesheet, stylesheet_url

GREEN = "#1B6E43"


@pytest.fixture
def green(house: TestHouse) -> None:
    with house.scope() as scope:
        row = services.find_tenant(scope.session, "sumbawa")
        assert row is not None
        services.set_colour(scope.session, row, GREEN)
    house.kernel.state.forget()


def test_the_stylesheet_changes_four_tokens_on_screens_and_leaves_paper_alone() -> None:
    text = stylesheet(GREEN)
    assert text.startswith("@media screen {")
    names = re.findall(r"--lb-([a-z-]+): #[0-9A-F]{6}", text)
    assert names == ["laut", "laut-deep", "laut-soft", "on-laut"] * 2
    assert f"--lb-laut: {GREEN}" in text


def test_the_address_changes_with_the_colour() -> None:
    assert stylesheet_url(GREEN) == stylesheet_url(GREEN)
    assert stylesheet_url(GREEN) != stylesheet_url("#0B5D66")


@pytest.mark.usefixtures("green")
def test_pages_of_a_tenant_with_a_colour_link_it_last_and_browsers_keep_it(house: TestHouse) -> None:
    client = house.client()
    page = client.get("/masuk").text
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    assert sheets[-1] == stylesheet_url(GREEN)
    assert f'<meta name="theme-color" content="{GREEN}">' in page
    served = client.get(sheets[-1])
    assert served.text == stylesheet(GREEN)
    assert served.mimetype == "text/css"
    assert served.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in served.headers and "Cookie" not in served.headers.get("Vary", "")


@pytest.mark.usefixtures("green")
def test_another_tenant_keeps_the_colour_of_the_house(house: TestHouse) -> None:
    client = house.client("sumbawabarat")
    page = client.get("/masuk").text
    assert "warna.css" not in page
    assert '<meta name="theme-color" content="#0B5D66">' in page
    assert client.get("/_tenant/warna.css").status_code == 404


@pytest.mark.usefixtures("green")
def test_the_colour_reaches_what_is_seen_by_day_and_by_night(house: TestHouse, new_page: Any) -> None:
    with house.serving() as port:
        for scheme, colour in (("light", "rgb(27, 110, 67)"), ("dark", "rgb(123, 200, 152)")):
            page = new_page(color_scheme=scheme)
            page.goto(f"http://sumbawa.localhost:{port}/masuk")
            button = page.locator("button.btn-primary").first
            assert button.evaluate("element => getComputedStyle(element).backgroundColor") == colour
