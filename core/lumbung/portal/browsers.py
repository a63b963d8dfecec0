"""Naming a browser for the list of sessions, so that its owner recognises it."""

from __future__ import annotations

from lumbung.identity.models import SessionRow
from lumbung.web.i18n import core_domain

_ = core_domain.gettext

# The first that occurs wins: Edge and Opera also call themselves Chrome, and Chrome calls itself Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari/", "Safari"),
)
_DEVICES = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def method_words(row: SessionRow) -> str:
    """Return how a session was begun, and whether a second factor was shown for it."""
    ways = {"password": _("kata sandi"), "passkey": _("kunci sandi"), "upstream": _("identitas lain")}
    way = str(ways.get(row.method, row.method))
    if row.second_factor_at is None or row.method == "passkey":
        return way
    return str(_("%(way)s dan faktor kedua", way=way))


def browser_of(agent: str | None) -> str:
    """Return a user agent in a few words, such as ``Chrome di Android``."""
    text = agent or ""
    browser = next((name for mark, name in _BROWSERS if mark in text), None)
    device = next((name for mark, name in _DEVICES if mark in text), None)
    if browser and device:
        return str(_("%(browser)s di %(device)s", browser=browser, device=device))
    return browser or device or str(_("Peramban tak dikenal"))
