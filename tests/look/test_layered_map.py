"""In a browser: a map that asks for what it shows. Clusters, filters, the address, warmth, and what when it fails."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lumbung.testing import TestHouse
from lumbung.testing.shapes import feature, polygon
from lumbung.web.house import sid_cookie

OWN = polygon([[116.84, -9.1], [118.33, -9.1], [118.33, -8.13], [116.84, -8.13], [116.84, -9.1]])


@pytest.fixture
def guide(house: TestHouse, new_page: Any) -> Any:
    """Return a function that opens the page of the style guide that has the map."""
    operator = house.person("sumbawa", "operator@contoh.id", operator=True)
    house.boundary("52.04", OWN)
    with house.serving() as port:

        def show(query: str = "", **options: Any) -> Any:
            page = new_page(**options)
            host = "sumbawa.localhost"
            token = {"name": sid_cookie(house.kernel), "value": house.token("sumbawa", operator)}
            page.context.add_cookies([{**token, "domain": host, "path": "/"}])
            page.goto(f"http://{host}:{port}/_shell/grafik/{query}")
            return page

        yield show


def settled(page: Any, words: str) -> None:
    page.locator(".lb-layered [role=status]", has_text=re.compile(words)).wait_for()


def test_clusters_are_buttons_that_come_nearer_and_what_is_seen_is_said(guide: Any) -> None:
    page = guide()
    settled(page, "^214 laporan tampak$")
    status = page.locator(".lb-layered [role=status]")
    assert status.get_attribute("aria-live") == "polite"
    cluster = page.locator(".lb-map-cluster").first
    assert cluster.get_attribute("role") == "button"
    assert re.fullmatch(r"\d+ laporan di sini\. Tekan untuk memperbesar\.", cluster.get_attribute("aria-label"))
    zooms = []
    for _ in range(2):
        page.locator(".lb-map-cluster").first.focus()
        with page.expect_response(re.compile("titik.json")) as answer:
            page.keyboard.press("Enter")
        zooms.append(int(re.search(r"&z=(\d+)", answer.value.url)[1]))
        page.locator(".lb-layered:not([aria-busy])").wait_for()
    assert 7 < zooms[0] < zooms[1]
    assert re.search(rf"peta=[^&]*%2C{zooms[1]}$", page.url)
    settled(page, r"^(?!214 )\d+ laporan tampak$")
    assert page.evaluate("document.activeElement.matches('.leaflet-container')"), "the focus is not lost"


def test_a_report_tells_what_it_is_with_the_keyboard_and_the_address_brings_one_back(guide: Any) -> None:
    page = guide("?peta=-8.4932,117.4202,14")
    mark = page.locator(".lb-layered .lb-map-mark").first
    mark.wait_for()
    assert mark.get_attribute("aria-label") in ("Jalan berlubang", "Lampu jalan padam")
    mark.focus()
    page.keyboard.press("Enter")
    link = page.locator(".lb-layered .leaflet-popup-content a")
    assert link.get_attribute("href") == "#layered-map"
    assert page.locator(".lb-layered .leaflet-popup-close-button").get_attribute("aria-label") == "Tutup"


def test_a_filter_changes_the_map_and_the_address_without_leaving(guide: Any) -> None:
    page = guide()
    settled(page, "^214 laporan")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.select_option("#saring-jenis", "lampu")
    settled(page, r"^7\d laporan tampak$")
    assert "jenis=lampu" in page.url
    assert [url for url in asked if "titik.json" in url and "jenis=lampu" in url and "kotak=" in url and "z=" in url]
    page.select_option("#saring-jenis", "")
    settled(page, "^214 laporan")
    assert "jenis=" not in page.url
    again = guide("?jenis=lampu")
    settled(again, r"^7\d laporan tampak$")


def test_many_changes_at_once_are_one_question(guide: Any) -> None:
    page = guide()
    settled(page, "^214 laporan")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "titik.json" in request.url else None)
    page.evaluate(
        """() => { const field = document.getElementById("saring-jenis");
        for (const value of ["lampu", "", "jalan", "", "lampu"]) {
          field.value = value; field.dispatchEvent(new Event("input", { bubbles: true })); } }"""
    )
    settled(page, r"^7\d laporan tampak$")
    assert len(asked) == 1


def test_boundaries_lie_below_and_the_map_begins_where_the_tenant_is(guide: Any) -> None:
    page = guide()
    page.locator(".lb-layered .lb-map-region").wait_for(state="attached")
    settled(page, "^214 laporan")


def test_warmth_takes_the_place_of_the_marks_and_gives_it_back(guide: Any) -> None:
    page = guide()
    settled(page, "^214 laporan")
    button = page.get_by_role("button", name="Peta panas")
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    page.locator(".lb-layered canvas.lb-map-heat").wait_for(state="attached")
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator(".lb-layered .lb-map-cluster").count() == 0
    painted = """() => { const canvas = document.querySelector("canvas.lb-map-heat");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.some((one, at) => at % 4 === 3 && one); }"""
    page.wait_for_function(painted)
    settled(page, "^214 laporan")
    button.click()
    page.locator(".lb-layered .lb-map-cluster").first.wait_for()
    assert page.locator("canvas.lb-map-heat").count() == 0


def test_a_question_that_fails_is_said_and_asked_again(guide: Any) -> None:
    page = guide()
    settled(page, "^214 laporan")
    marks = page.locator(".lb-layered .lb-map-cluster").count()
    page.route("**/titik.json*", lambda route: route.fulfill(status=503, body="{}"))
    page.select_option("#saring-jenis", "lampu")
    settled(page, "tidak dapat diambil")
    again = page.get_by_role("button", name="Coba lagi")
    assert again.is_visible()
    assert page.locator(".lb-layered .lb-map-cluster").count() == marks, "what was there stays"
    page.unroute("**/titik.json*")
    again.click()
    settled(page, r"^7\d laporan tampak$")
    assert again.is_hidden()


def test_words_of_others_never_become_markup(guide: Any) -> None:
    point, line = {"type": "Point", "coordinates": [117.4, -8.5]}, [[117.3, -8.5], [117.5, -8.6]]
    shown = {"kind": "point", "title": "<img src=x onerror=window.hit=1>", "text": "<b>x</b>"}
    nasty = [
        feature(point, **shown, url="javascript:window.hit=1", icon='"><script>', tone='laut"><i>'),
        feature({"type": "LineString", "coordinates": line}, kind="line", title="Jalan Garuda", tone="padi"),
    ]
    page = guide()
    settled(page, "^214 laporan")
    page.route("**/titik.json*", lambda route: route.fulfill(json={"features": nasty}))
    page.select_option("#saring-jenis", "lampu")
    settled(page, "^2 laporan tampak$")
    mark = page.locator(".lb-layered .leaflet-marker-icon").first
    mark.focus()
    page.keyboard.press("Enter")
    popup = page.locator(".lb-layered .leaflet-popup-content")
    popup.wait_for()
    assert popup.locator("img, b").count() == 0
    assert popup.locator("a").get_attribute("href") == "#"
    assert page.evaluate("window.hit") is None
    way = page.locator(".lb-layered path.lb-map-line")
    assert (way.get_attribute("role"), way.get_attribute("aria-label")) == ("button", "Jalan Garuda")
    way.focus()
    page.keyboard.press("Enter")
    page.locator(".lb-layered .leaflet-popup-content", has_text="Jalan Garuda").wait_for()


def test_without_a_script_the_map_and_its_tools_are_not_there(guide: Any) -> None:
    page = guide(java_script_enabled=False)
    assert page.locator(".lb-layered .lb-map-canvas").is_hidden()
    assert page.get_by_role("button", name="Peta panas").is_hidden()


def test_a_place_by_the_device_brings_its_accuracy_and_one_put_by_hand_does_not(guide: Any) -> None:
    here = {"latitude": -8.4932, "longitude": 117.4205, "accuracy": 11.6}
    page = guide("../formulir/", geolocation=here, permissions=["geolocation"])
    accuracy = page.locator("#letak-accuracy")
    assert accuracy.get_attribute("type") == "hidden"
    page.locator("#map-field .leaflet-container").wait_for()
    page.get_by_role("button", name="Pakai lokasi saya").click()
    page.get_by_text("Penanda ditaruh di lokasi Anda.").wait_for()
    assert (page.locator("#letak-latitude").input_value(), accuracy.input_value()) == ("-8.493200", "12")
    page.locator("#letak-latitude").fill("-8.5")
    page.locator("#letak-latitude").blur()
    assert accuracy.input_value() == ""
