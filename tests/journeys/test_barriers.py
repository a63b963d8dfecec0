"""Nobody is kept out: axe (WCAG 2.2 AA) and a narrow screen on every page that a link leads to, for each of us.

The crawl starts at the home page and follows links; of pages that differ only by an id, a date or a code it opens one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Only what is wrong is put into words: with all that is right, a run takes twice as long.
RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
NARROW = {"resultTypes": ["violations"], "runOnly": ["color-contrast", "target-size", "scrollable-region-focusable"]}
AXE = Axe().axe_script
NOT_A_PAGE = re.compile(
    r"/static/|/_static/|/_tenant/|/unduh|/foto/|\.(?:json|geojson|rss|xml|csv|xlsx|pdf|webmanifest|js|css|png|svg|atom)$"
)

Who = tuple[str, tuple[str, ...], tuple[str, ...], int]

# Who looks, what of the site is theirs to look at, and how many pages there are at the least.
VISITOR = ("", ("/",), ("/admin", "/meja", "/_shell"), 15)
CITIZEN = ("warga@sumbawa.example", ("/akun", "/urusan", "/pemberitahuan", "/antrean/t"), (), 4)
OFFICER = ("loket1@sumbawa.example", ("/meja", "/antrean/loket", "/antrean/hari-ini", "/antrean/petugas"), (), 5)
ADMIN = ("admin@sumbawa.example", ("/admin", "/antrean/pengaturan", "/antrean/rekap", "/infrastruktur/pe"), (), 45)
OPERATOR = ("operator@sumbawa.example", ("/admin/plugin", "/admin/tenant", "/_shell"), (), 10)


def kind_of(path: str) -> str:
    """Return a path with what differs from row to row taken out."""
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "*", path)
    path = re.sub(r"\d{4}-\d{2}(-\d{2})?", "*", path)
    path = re.sub(r"/(?=[A-Z0-9-]*[A-Z0-9])[A-Z0-9.-]{3,}(?=/|$)", "/*", path)
    path = re.sub(r"(/(?:layar|langsung|peristiwa|kios|plugin|tenant))/[^/]+", r"\1/*", path)
    return re.sub(r"\d+", "*", path)


def links_of(page: Page, address: str) -> list[str]:
    """Return the paths on this host that a page links to."""
    found: list[str] = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
    here = [urlsplit(link) for link in found if link.startswith(address + "/")]
    return [link.path + (f"?{link.query}" if link.query else "") for link in here if not NOT_A_PAGE.search(link.path)]


def crawl(page: Page, address: str, mine: tuple[str, ...], others: tuple[str, ...]) -> Iterator[str]:
    """Open one page of each kind, starting at the home page; yield its path while it is open."""
    waiting, known = ["/", *(path for path in mine if path in ("/meja", "/admin"))], set()
    while waiting:
        path = waiting.pop(0)
        kind = kind_of(path.partition("?")[0])
        if kind in known or kind.startswith(others or ("-",)):
            continue
        known.add(kind)
        answer = page.goto(address + path)
        assert answer is not None and answer.status < 400, (path, answer and answer.status)
        here = urlsplit(page.url).path
        known.add(kind_of(here))
        waiting += links_of(page, address)
        if here.startswith(mine):
            yield here


def barriers(page: Page, path: str) -> list[str]:
    """Return what keeps somebody out of the page that is open: in light at full width, in dark on a narrow screen."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate(AXE)
    problems = told(page, path, RULES)
    page.set_viewport_size({"width": 320, "height": 640})
    root = page.locator("html")
    root.evaluate("root => root.dataset.theme === 'auto' && root.setAttribute('data-bs-theme', 'dark')")
    wide = root.evaluate("root => root.scrollWidth - root.clientWidth")
    if wide > 0 and "lb-display" not in (root.get_attribute("class") or ""):
        problems.append(f"{path}: {wide} pixels wider than a screen of 320")
    return problems + told(page, f"{path} (narrow, dark)", NARROW)


def told(page: Page, path: str, options: dict[str, object]) -> list[str]:
    page.wait_for_load_state("networkidle")  # a map that is being drawn covers what is beside it
    page.locator(".leaflet-zoom-anim").wait_for(state="detached")
    page.evaluate("scrollTo(0, 0)")
    found = page.evaluate("options => axe.run(options).then(results => results.violations)", options)
    return [
        f"{path}: {one['id']}: {node['target']} {node['html'][:160]} {node['failureSummary'][:300]}"
        for one in found
        for node in one["nodes"][:3]
    ]


def sign_in(page: Page, address: str, email: str, password: str) -> None:
    page.goto(f"{address}/masuk")
    page.get_by_label("Alamat surel").fill(email)
    page.get_by_label("Kata sandi").fill(password)
    page.get_by_role("main").get_by_role("button", name="Masuk", exact=True).click()
    page.get_by_text("Keluar").first.wait_for(state="attached")


@pytest.mark.parametrize("who", [VISITOR, CITIZEN, OFFICER, ADMIN, OPERATOR], ids=lambda who: who[0].partition("@")[0])
def test_no_page_keeps_anybody_out(demo_regency: str, password: str, new_page: Callable[..., Page], who: Who) -> None:
    email, mine, others, least = who
    page = new_page(reduced_motion="reduce")
    if email:
        sign_in(page, demo_regency, email, password)
    problems, looked_at = [], []
    for path in crawl(page, demo_regency, mine, others):
        looked_at.append(path)
        problems += barriers(page, path)
    assert problems == [], "\n".join(problems)
    assert len(looked_at) >= least, looked_at
