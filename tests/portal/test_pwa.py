"""The site on a phone's first screen, and what a phone keeps of it: nothing of anybody."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lumbung.tenancy import services
from lumbung.testing import TestHouse

ROOT = Path(__file__).resolve().parents[2]
IN_CHARGE = """() => navigator.serviceWorker.controller ? null : new Promise((done) =>
  navigator.serviceWorker.addEventListener("controllerchange", () => done(null), { once: true }))"""
READY = "navigator.serviceWorker.ready.then((found) => found.active.state)"
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys())
      found.push([new URL(request.url).pathname, await (await caches.match(request)).text()]);
  return found;
}"""


@pytest.fixture
def logo(house: TestHouse) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "#1B6E43").save(out, "PNG")
    with house.scope() as scope:
        row = services.find_tenant(scope.session, "sumbawa")
        assert row is not None
        services.set_logo(scope.session, row, out.getvalue())
        services.set_colour(scope.session, row, "#1B6E43")
    house.kernel.state.forget()


@pytest.mark.usefixtures("logo")
def test_a_phone_is_told_the_name_the_colour_and_the_icons_of_the_tenant(house: TestHouse) -> None:
    client = house.client()
    page = client.get("/masuk").text
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page
    answer = client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    assert answer.headers["Cache-Control"] == "no-cache"
    told = json.loads(answer.text)
    assert (told["name"], told["short_name"], told["lang"]) == ("Layanan Kabupaten Sumbawa", "Sumbawa", "id")
    assert (told["start_url"], told["scope"], told["display"]) == ("/", "/", "standalone")
    assert told["theme_color"] == "#1B6E43"
    assert {(icon["sizes"], icon["purpose"]) for icon in told["icons"]} == {
        ("192x192", "any"),
        ("512x512", "any"),
        ("192x192", "maskable"),
        ("512x512", "maskable"),
    }
    touch = re.search(r'rel="apple-touch-icon" href="([^"]+)"', page)
    tab = re.search(r'rel="icon" type="image/png" sizes="48x48" href="([^"]+)"', page)
    assert touch and tab
    for address in (touch[1], tab[1], *(icon["src"] for icon in told["icons"])):
        served = client.get(address)
        assert served.mimetype == "image/png"
        assert served.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert served.data.startswith(b"\x89PNG")


def test_each_tenant_has_a_name_of_its_own_and_no_other_icon_is_drawn(house: TestHouse) -> None:
    assert json.loads(house.client("sumbawabarat").get("/manifest.webmanifest").text)["short_name"] == "Sumbawa Barat"
    for name in ("193", "0", "99999", "192-bulat", "../logo", ""):
        assert house.client().get(f"/_tenant/ikon-{name}.png").status_code == 404


def test_the_page_without_a_network_speaks_the_languages_of_the_tenant_and_knows_nobody(house: TestHouse) -> None:
    person = house.person("sumbawa", "warga@a.id", name="Siti Rahmawati")
    client = house.client("sumbawa", person)
    client.post_form("/bahasa", {"language": "en", "next": "/akun"})
    page = client.get("/luring")
    assert page.text == house.client().get("/luring").text, "the same for everybody"
    assert '<html lang="id"' in page.text and '<div class="lb-error" lang="en">' in page.text
    assert "Siti" not in page.text and "csrf" not in page.text
    assert page.headers["Cache-Control"] == "no-cache"
    with house.scope() as scope:
        row = services.find_tenant(scope.session, "sumbawa")
        assert row is not None
        services.change_tenant(
            scope.session,
            row,
            name=row.name,
            hosts=["sumbawa.localhost"],
            region_code=None,
            time_zone=row.time_zone,
            languages=["id"],
        )
    house.kernel.state.forget()
    assert 'lang="en"' not in house.client().get("/luring").text


def test_the_worker_keeps_that_page_with_the_files_it_needs_and_changes_when_they_do(house: TestHouse) -> None:
    client = house.client()
    answer = client.get("/sw.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    kept = json.loads(answer.text.partition("const KEPT = ")[2].partition(";\n")[0])
    assert kept["files"][0] == "/luring"
    for file in kept["files"][1:]:
        assert file.startswith(("/_static/", "/_tenant/")) and "?v=" in file
        with client.get(file) as served:
            assert served.status_code == 200, file
            assert "immutable" in served.headers["Cache-Control"]
    with house.scope() as scope:
        row = services.find_tenant(scope.session, "sumbawa")
        assert row is not None
        services.set_colour(scope.session, row, "#1B6E43")
    house.kernel.state.forget()
    assert kept["cache"] not in client.get("/sw.js").text


def test_the_font_is_asked_for_under_one_address_everywhere(house: TestHouse) -> None:
    version = json.loads((ROOT / "core/lumbung/static_src/vendor.json").read_text())["packages"]
    address = f"/_static/vendor/plus-jakarta-sans.woff2?v={version['@fontsource-variable/plus-jakarta-sans']}"
    client = house.client()
    assert f'<link rel="preload" as="font" type="font/woff2" crossorigin href="{address}">' in client.get("/masuk").text
    assert address in client.get("/sw.js").text
    with client.get("/_static/css/lumbung.css") as sheet:
        assert f'url("../vendor/{address.rpartition("/")[2]}")' in sheet.text


def test_without_a_network_a_phone_shows_the_page_and_comes_back_by_itself(house: TestHouse, new_page: Any) -> None:
    with house.serving() as port:
        page = new_page(width=390, height=844)
        page.goto(f"http://sumbawa.localhost:{port}/masuk")
        assert page.evaluate(READY) in ("activating", "activated")
        page.evaluate(IN_CHARGE)
        page.context.set_offline(True)
        page.goto(f"http://sumbawa.localhost:{port}/daftar")
        assert "Tidak ada sambungan internet" in page.locator("h1").inner_text()
        assert page.url.endswith("/daftar")
        colour = page.locator(".btn-primary").evaluate("element => getComputedStyle(element).backgroundColor")
        assert colour == "rgb(11, 93, 102)", "its look is kept too"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.context.set_offline(False)
        page.wait_for_selector("form input[name=password]")
        assert page.url.endswith("/daftar")


def test_what_a_phone_keeps_holds_nothing_of_whoever_was_signed_in(house: TestHouse, new_page: Any) -> None:
    house.person("sumbawa", "warga@a.id", name="Siti Rahmawati", password="kuda laut biru")
    with house.serving() as port:
        page = new_page()
        page.goto(f"http://sumbawa.localhost:{port}/masuk?next=/akun")
        page.fill("input[name=email]", "warga@a.id")
        page.fill("input[name=password]", "kuda laut biru")
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda address: "/masuk" not in address)
        page.evaluate(READY)
        page.goto(f"http://sumbawa.localhost:{port}/")
        assert "Siti Rahmawati" in page.content()
        kept = page.evaluate(KEPT)
        assert {path for path, _ in kept if not path.startswith(("/_static/", "/_tenant/"))} == {"/luring"}
        assert not [path for path, text in kept if "Siti" in text or "warga@a.id" in text or "csrf" in text]
        page.context.set_offline(True)
        page.goto(f"http://sumbawa.localhost:{port}/akun")
        assert "Siti" not in page.content()


def test_a_browser_without_service_workers_misses_nothing(house: TestHouse, new_page: Any) -> None:
    with house.serving() as port:
        page = new_page(service_workers="block")
        page.add_init_script("Object.defineProperty(Navigator.prototype, 'serviceWorker', { value: undefined })")
        page.goto(f"http://sumbawa.localhost:{port}/masuk")
        page.wait_for_load_state("networkidle")
        assert page.locator("form input[name=email]").is_visible()


OFFLINE = """
from datetime import datetime
from flask import Blueprint
from lumbung.sdk import current_person, hookimpl, public, signed_in
blueprint = Blueprint("luar", __name__)
PAGE = '<!doctype html><title>x</title><link rel="stylesheet" href="/_static/css/lumbung.css?v=1"><h1>{}</h1>'
@blueprint.get("/formulir")
@public
def form():
    return PAGE.format(current_person().name if current_person() else "Formulir luring")
@blueprint.get("/pribadi")
@signed_in
def mine():
    return PAGE.format("Milik " + current_person().name)
@hookimpl
def routes():
    return [blueprint]
"""


def test_a_page_that_a_gift_names_works_without_a_network_and_is_nobodys(
    house: TestHouse, gift: Any, new_page: Any
) -> None:
    """One that wants somebody to be signed in is not kept, though the manifest names it."""
    gift("luar", init=OFFLINE, plain='offline = ["/formulir", "/pribadi"]')
    house.person("sumbawa", "warga@a.id", name="Siti Rahmawati", password="kuda laut biru")
    with house.serving() as port:
        site = f"http://sumbawa.localhost:{port}"
        page = new_page()
        page.goto(f"{site}/masuk?next=/luar/formulir")
        page.fill("input[name=email]", "warga@a.id")
        page.fill("input[name=password]", "kuda laut biru")
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda address: "/masuk" not in address)
        assert page.locator("h1").inner_text() == "Siti Rahmawati", "with a network it is the page as it is now"
        page.goto(f"{site}/")
        page.evaluate(IN_CHARGE)
        assert not [path for path, text in page.evaluate(KEPT) if "Siti" in text]
        page.context.set_offline(True)
        page.goto(f"{site}/luar/formulir?kategori=1")
        assert page.locator("h1").inner_text() == "Formulir luring"
        page.goto(f"{site}/luar/pribadi")
        assert "Tidak ada sambungan internet" in page.locator("h1").inner_text()
        page.context.set_offline(False)


def test_pages_of_a_gift_that_is_off_are_no_longer_kept(house: TestHouse, gift: Any) -> None:
    gift("luar", init=OFFLINE, plain='offline = ["/formulir"]')
    assert '"/luar/formulir"' in house.client().get("/sw.js").text
    assert "/luar/" not in house.client("sumbawabarat").get("/sw.js").text
