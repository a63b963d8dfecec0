"""Make the pictures of the documentation: load the demo into a fresh folder, serve it, photograph its pages.

Run by ``make screenshots``; the pictures go to ``docs/pictures/``.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from lumbung.testing.browser import FLAGS, find_chromium

PICTURES = Path(__file__).with_name("pictures")
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
PAGES = [  # name of the picture, size, role of who looks (None: a visitor), address
    ("home-phone", PHONE, None, "/"),
    ("home-desk", DESK, None, "/"),
    ("sign-in-phone", PHONE, None, "/masuk"),
    ("antrean-phone", PHONE, "citizen", "/antrean/"),
    ("antrean-display", DESK, None, "/antrean/layar"),
    ("antrean-setup", DESK, "admin", "/antrean/pengaturan"),
    ("administration", DESK, "admin", "/admin/"),
]


def main() -> None:
    """Photograph every page in `PAGES`."""
    PICTURES.mkdir(exist_ok=True)
    with demo() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        for name, size, role, address in PAGES:
            photograph(browser, site, PICTURES / f"{name}.png", size, role, address)
        browser.close()


@contextmanager
def demo() -> Iterator[dict[str, Any]]:
    """Serve the demo from a folder of its own, and yield what its ``demo.json`` says."""
    with tempfile.TemporaryDirectory(prefix="lumbung-pictures-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        Path(folder).chmod(0o711)  # the system user of the database has to pass
        home = Path(folder) / "home"
        environment = {**os.environ, "LUMBUNG_HOME": str(home), "LUMBUNG_PORT": str(port)}
        process = subprocess.Popen(
            [sys.executable, "-m", "lumbung.cli", "demo"], env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            if not any("Lumbung is running" in line for line in process.stdout or ()):
                sys.exit("The demo did not start; the lines above say why.")
            yield json.loads((home / "demo.json").read_text())
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()


def photograph(browser: Browser, site: dict[str, Any], target: Path, size: Any, role: str | None, address: str) -> None:
    """Open one page, as somebody with that role if one is named, and save what is seen."""
    tenant = site["tenants"][0]
    base = tenant["url"].rstrip("/")
    page = browser.new_page(viewport=size, locale="id-ID")
    if role:
        known = [one for one in site["accounts"] if (one["role"], one["tenant"]) == (role, tenant["slug"])]
        page.goto(f"{base}/masuk")
        page.fill("input[name=email]", known[0]["email"])
        page.fill("input[name=password]", known[0]["password"])
        page.press("input[name=password]", "Enter")
        page.wait_for_load_state("networkidle")
    answer = page.goto(f"{base}{address}", wait_until="networkidle")
    if answer is None or answer.status != 200:
        sys.exit(f"{base}{address} answers {answer.status if answer else 'nothing'}; no picture was taken.")
    page.screenshot(path=target)
    page.close()


if __name__ == "__main__":
    main()
