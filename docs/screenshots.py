"""Make the pictures of the documentation: the demo regency on a Tuesday morning, photographed page by page.

Run by ``make screenshots``; the pictures go to ``docs/pictures/``. With ``--review FOLDER`` every kind of page is
photographed instead, wide and narrow, light and dark: to be looked at before a change of the look goes in.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from lumbung.demo.load import demo_password, load_demo
from lumbung.settings import Settings
from lumbung.testing import TestHouse, frozen_clock
from lumbung.testing.browser import FLAGS, find_chromium
from lumbung.testing.databases import fresh_database, test_server

PICTURES = Path(__file__).with_name("pictures")
MORNING = "2026-11-24T09:05+08:00"
PHONE, DESK, WALL = (390, 844), (1280, 800), (1280, 720)

CITIZEN = "warga@sumbawa.example"
OFFICER = "loket1@sumbawa.example"
ADMIN = "admin@sumbawa.example"
OPERATOR = "operator@sumbawa.example"


@dataclass(frozen=True)
class Shot:
    """One picture: what is photographed, for whom, how large, by day or by night.

    ``path`` may name links to follow after an address (``/antrean/ > Perekaman KTP-el``), and a part of the address
    to put another in the place of (``/langsung/=/layar/``).
    """

    name: str
    path: str
    who: str | None = None
    size: tuple[int, int] = DESK
    dark: bool = False


SHOTS = [
    Shot("home", "/"),
    Shot("home-phone", "/", CITIZEN, PHONE),
    Shot("home-phone-dark", "/", CITIZEN, PHONE, dark=True),
    Shot("search-phone", "/cari?q=ktp", None, PHONE),
    Shot("service-phone", "/antrean/ > Perekaman KTP-el", None, PHONE),
    Shot("notifications-phone", "/pemberitahuan/", CITIZEN, PHONE),
    Shot("desk", "/meja/", OFFICER),
    Shot("desk-table", "/antrean/hari-ini", ADMIN),
    Shot("desk-table-phone", "/antrean/hari-ini", ADMIN, PHONE),
    Shot("desk-dark", "/admin/", ADMIN, dark=True),
    Shot("form-with-help", "/admin/daerah/", ADMIN),
    Shot("announcements", "/admin/pengumuman/", ADMIN),
    Shot("plugins", "/admin/plugin/", OPERATOR),
    Shot("wall", "/antrean/ > Antrean langsung > /langsung/=/layar/", None, WALL),
    Shot("style-guide", "/_shell/", OPERATOR),
]

# The kinds of pages, for a review; one is enough of each kind.
KINDS = [
    Shot("home-visitor", "/"),
    Shot("home-citizen", "/", CITIZEN),
    Shot("services", "/layanan/"),
    Shot("search", "/cari?q=ktp"),
    Shot("search-nothing", "/cari?q=zzzz"),
    Shot("sign-in", "/masuk"),
    Shot("register", "/daftar"),
    Shot("announcements", "/pengumuman/"),
    Shot("affairs", "/urusan", CITIZEN),
    Shot("notifications", "/pemberitahuan/", CITIZEN),
    Shot("profile", "/akun", CITIZEN),
    Shot("missing", "/tidak-ada"),
    Shot("forbidden", "/admin/", CITIZEN),
    Shot("offline", "/luring"),
    Shot("queue", "/antrean/"),
    Shot("queue-service", "/antrean/ > Perekaman KTP-el"),
    Shot("queue-mine", "/antrean/tiket-saya", CITIZEN),
    Shot("desk", "/meja/", OFFICER),
    Shot("desk-admin", "/meja/", ADMIN),
    Shot("counter", "/antrean/loket/pilih", OFFICER),
    Shot("numbers", "/antrean/hari-ini", ADMIN),
    Shot("recap", "/antrean/rekap", ADMIN),
    Shot("queue-settings", "/antrean/pengaturan", ADMIN),
    Shot("overview", "/admin/", ADMIN),
    Shot("people", "/admin/orang/", ADMIN),
    Shot("units", "/admin/unit/", ADMIN),
    Shot("identity", "/admin/daerah/", ADMIN),
    Shot("trail", "/admin/jejak/", ADMIN),
    Shot("write-announcements", "/admin/pengumuman/", ADMIN),
    Shot("plugins", "/admin/plugin/", OPERATOR),
    Shot("plugin", "/admin/plugin/antrean/", OPERATOR),
    Shot("tenants", "/admin/tenant/", OPERATOR),
    Shot("guide", "/_shell/", OPERATOR),
]


def main() -> None:
    """Photograph what the documentation shows, or (with ``--review``) every kind of page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--review", type=Path, metavar="FOLDER", help="photograph every kind of page into FOLDER")
    parser.add_argument("--only", default="", help="with --review: pages whose name begins so")
    asked = parser.parse_args()
    folder = asked.review or PICTURES
    folder.mkdir(exist_ok=True, parents=True)
    with demo() as (address, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        for shot in review(asked.only) if asked.review else SHOTS:
            save(photograph(browser, shot, address, password, whole=bool(asked.review)), folder / f"{shot.name}.webp")
            print(shot.name)  # noqa: T201
        browser.close()


def review(beginning: str) -> Iterator[Shot]:
    """Yield each kind of page wide and narrow, light and dark."""
    for kind in KINDS:
        if kind.name.startswith(beginning):
            for size, dark in ((DESK, False), (DESK, True), (PHONE, False), (PHONE, True)):
                name = f"{kind.name}-{'phone' if size == PHONE else 'desk'}{'-dark' if dark else ''}"
                yield Shot(name, kind.path, kind.who, size, dark)


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """Serve the demo on a database of its own with the clock stopped; yield its address and the password."""
    with test_server() as server, fresh_database(server, []) as urls, tempfile.TemporaryDirectory() as folder:
        house = TestHouse(Settings(home=Path(folder) / "home"), urls)
        try:
            with frozen_clock(MORNING):
                load_demo(house.settings, house.urls, tell=lambda step: None)
                house.kernel.state.forget()
                with house.serving() as port:
                    yield f"http://sumbawa.localhost:{port}", demo_password(house.settings)
        finally:
            house.close()


def photograph(browser: Browser, shot: Shot, address: str, password: str, *, whole: bool) -> bytes:
    """Return a PNG of one page; ``whole`` takes in what one would have to scroll to."""
    context = browser.new_context(
        viewport={"width": shot.size[0], "height": shot.size[1]},
        color_scheme="dark" if shot.dark else "light",
        locale="id-ID",
        timezone_id="Asia/Makassar",
        reduced_motion="reduce",
    )
    page = context.new_page()
    if shot.who:
        sign_in(page, address, shot.who, password)
    path, *links = shot.path.split(" > ")
    page.goto(address + path)
    for link in links:
        page.wait_for_load_state()
        old, _, new = link.partition("=")
        if new:
            page.goto(page.url.replace(old, new))
            continue
        page.get_by_role("main").get_by_role("link", name=link).first.click()
    page.wait_for_load_state("networkidle")
    picture = page.screenshot(full_page=whole)
    context.close()
    return picture


def sign_in(page: Page, address: str, email: str, password: str) -> None:
    """Sign somebody in."""
    page.goto(f"{address}/masuk")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.get_by_text("Keluar").first.wait_for(state="attached")


def save(picture: Any, target: Path) -> None:
    """Keep a picture small: WebP, good enough to read every letter."""
    Image.open(io.BytesIO(picture)).convert("RGB").save(target, "WEBP", quality=82, method=6)


if __name__ == "__main__":
    main()
