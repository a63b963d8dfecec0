"""In a browser: windows, tabs, passing words, files and maps, with the keyboard; and all of it without a script."""

from __future__ import annotations

from typing import Any

import pytest

from lumbung.shell.examples import GROUPS
from lumbung.testing import TestHouse
from lumbung.web.house import sid_cookie


@pytest.fixture
def guide(house: TestHouse, new_page: Any) -> Any:
    """Return a function that opens a page of the style guide as an operator."""
    operator = house.person("sumbawa", "operator@contoh.id", operator=True)
    with house.serving() as port:

        def show(address: str, **options: Any) -> Any:
            page = new_page(**options)
            host = "sumbawa.localhost"
            token = {"name": sid_cookie(house.kernel), "value": house.token("sumbawa", operator)}
            page.context.add_cookies([{**token, "domain": host, "path": "/"}])
            page.goto(f"http://{host}:{port}/_shell/{address}")
            return page

        yield show


def focused(page: Any) -> str:
    return page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")


def test_a_window_takes_the_focus_and_gives_it_back(guide: Any) -> None:
    page = guide("dasar/")
    opener = page.locator("[data-lb-dialog]")
    window = page.locator("#alasan-batal")
    assert window.is_hidden()
    opener.focus()
    page.keyboard.press("Enter")
    assert window.is_visible()
    assert focused(page) == "alasan"
    page.keyboard.press("Escape")
    assert window.is_hidden()
    assert focused(page) == opener.text_content().strip()
    opener.click()
    page.mouse.click(5, 5)
    assert window.is_hidden()
    opener.click()
    window.locator("[data-lb-dialog-close]").click()
    assert window.is_hidden()


def test_tabs_follow_the_arrows_and_the_address(guide: Any) -> None:
    page = guide("dasar/#panel-berkas")
    assert page.locator("#panel-berkas").is_visible()
    assert page.locator("#panel-data").is_hidden()
    page.locator("#panel-berkas-tab").focus()
    for key, tab in (("ArrowRight", "catatan"), ("ArrowRight", "data"), ("ArrowLeft", "catatan"), ("Home", "data")):
        page.keyboard.press(key)
        assert focused(page) == f"panel-{tab}-tab"
        assert page.locator(f"#panel-{tab}").is_visible()
        assert page.locator("[role=tabpanel]:visible").count() == 1
    assert page.locator("[role=tab][aria-selected=true]").count() == 1
    page.keyboard.press("Tab")
    assert focused(page) == "panel-data"


def test_a_passing_word_waits_for_its_reader_and_the_grave_one_for_its_dismissal(guide: Any) -> None:
    page = guide("dasar/")
    page.clock.install()
    page.get_by_role("button", name="Katakan sambil lalu").click()
    passing = page.locator(".lb-toast.lb-baik")
    passing.wait_for()
    page.get_by_role("button", name="Katakan yang gawat").click()
    grave = page.locator(".lb-toast.lb-gawat")
    grave.wait_for()
    assert page.locator("#lb-toasts").get_attribute("aria-live") == "polite"
    assert grave.get_attribute("role") == "alert"
    page.clock.run_for(5900)
    assert passing.is_visible()
    passing.get_by_role("button").focus()
    page.clock.run_for(60_000)
    assert passing.is_visible(), "it went while the focus was on it"
    grave.get_by_role("button").focus()
    page.clock.run_for(60_000)
    assert passing.count() == 0
    page.keyboard.press("Enter")
    assert grave.count() == 0


def test_files_are_shown_taken_off_and_refused_before_they_are_sent(guide: Any) -> None:
    page = guide("formulir/")
    field = page.locator("#berkas-photos")
    small = {"name": "ktp.png", "mimeType": "image/png", "buffer": b"x" * 1500}
    field.set_input_files([small])
    field.set_input_files([{"name": "surat.exe", "mimeType": "application/x", "buffer": b"x"}])
    rows = page.locator("#upload .lb-file-list li")
    assert rows.count() == 2
    assert "1,5 KB" in rows.nth(0).text_content()
    assert "tidak diterima" in rows.nth(1).text_content()
    page.get_by_role("button", name="Kirim berkas").click()
    assert focused(page) == "berkas-photos"
    assert page.url.endswith("/formulir/")
    rows.nth(1).get_by_role("button").click()
    assert rows.count() == 1
    assert field.evaluate("input => [...input.files].map(file => file.name)") == ["ktp.png"]
    page.get_by_role("button", name="Kirim berkas").click()
    page.get_by_text("tidak ada yang disimpan").first.wait_for()


def test_what_destroys_waits_until_its_name_is_typed_whatever_else_is_asked_for(guide: Any) -> None:
    page = guide("formulir/")
    form = page.locator("form[data-lb-typing]")
    button = form.locator("button[type=submit]")
    assert form.locator("input:visible").count() == 2, "the date comes before the name"
    assert button.is_disabled()
    name = form.locator("[name=konfirmasi]")
    name.fill("Antrean")
    assert button.is_disabled()
    name.fill(" antrean  daring ")
    assert button.is_enabled()


def test_a_place_is_chosen_with_the_keyboard_or_by_typing(guide: Any) -> None:
    page = guide("formulir/")
    canvas = page.locator("#map-field .leaflet-container")
    canvas.wait_for()
    canvas.focus()
    page.keyboard.press("Enter")
    latitude = page.locator("#letak-latitude")
    assert -9.2 < float(latitude.input_value()) < -8
    assert page.locator("#map-field .leaflet-marker-icon").count() == 1
    latitude.fill("-8.5")
    page.locator("#letak-longitude").fill("117.4")
    page.locator("#letak-longitude").blur()
    assert page.locator("#map-field .leaflet-marker-icon").count() == 1


def test_a_mark_on_the_map_tells_its_place_and_nothing_leaves_this_host(guide: Any) -> None:
    page = guide("grafik/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload(wait_until="networkidle")
    mark = page.locator(".leaflet-marker-icon").nth(2)
    mark.focus()
    page.keyboard.press("Enter")
    assert page.locator(".leaflet-popup a").first.text_content() == "Kantor Kecamatan Plampang"
    assert page.locator("#map .lb-map-land").count() == 1
    assert all("//sumbawa.localhost:" in url for url in asked), asked
    assert not [url for url in asked if "/images/" in url]


def test_without_a_script_everything_stands_in_the_page(guide: Any) -> None:
    page = guide("dasar/", java_script_enabled=False)
    assert page.locator("#alasan").is_visible()
    assert page.locator("#panel-data").is_visible() and page.locator("#panel-catatan").is_visible()
    assert page.locator("[data-lb-dialog]").is_hidden()
    page = guide("grafik/", java_script_enabled=False)
    assert page.locator(".lb-map-list a").first.is_visible()
    assert page.locator(".lb-map-canvas").first.is_hidden()
    page = guide("formulir/", java_script_enabled=False)
    assert page.locator("#letak-latitude").is_visible()
    assert page.locator("[data-lb-locate]").is_hidden()


def test_the_guide_fits_a_small_phone(guide: Any) -> None:
    page = guide("", width=320)
    for name in (group.name for group in GROUPS):
        page.goto(page.url.split("/_shell/")[0] + f"/_shell/{name}/")
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, name


def test_help_stands_beside_the_form_and_is_folded_above_it_on_a_phone(guide: Any) -> None:
    wide = guide("bingkai/warga")
    assert wide.locator(".lb-help-panel").is_visible() and wide.locator(".lb-help-fold").is_hidden()
    phone = guide("bingkai/warga", width=390)
    assert phone.locator(".lb-help-panel").is_hidden()
    words = phone.locator(".lb-help-fold .lb-help-body")
    assert words.is_hidden()
    phone.locator(".lb-help-fold summary").press("Enter")
    assert words.is_visible()


def test_leaflet_is_fetched_only_where_a_map_stands(guide: Any) -> None:
    page = guide("dasar/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload(wait_until="networkidle")
    assert not [url for url in asked if "leaflet" in url or "maps.js" in url]
