"""The colours of the house as the style sheet has them, and how well each can be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from lumbung.tenancy.colours import contrast, family
from lumbung.web.i18n import core_domain
from lumbung.web.view import STATIC

_ = core_domain.lazy_gettext

_TOKEN = re.compile(r"--lb-([a-z-]+):\s*(#[0-9A-Fa-f]{6});")

USES: dict[str, Any] = {
    "paper": _("dasar halaman"),
    "surface": _("kartu, isian"),
    "sunk": _("dasar yang lebih dalam"),
    "ink": _("tulisan"),
    "muted": _("tulisan sampingan"),
    "line": _("garis pemisah"),
    "control": _("tepi isian dan tombol"),
    "laut": _("tindakan, tautan, fokus"),
    "laut-deep": _("laut saat ditunjuk"),
    "laut-soft": _("dasar laut yang lembut"),
    "on-laut": _("tulisan di atas laut"),
    "padi": _("sorotan, yang sedang dilayani"),
    "padi-text": _("padi sebagai tulisan"),
    "padi-soft": _("dasar padi yang lembut"),
    "baik": _("keadaan baik"),
    "baik-soft": _("dasar keadaan baik"),
    "gawat": _("kesalahan, tindakan menghapus"),
    "gawat-soft": _("dasar kesalahan"),
}

# What is read on what, and the contrast it needs: 4.5 for text, 3 for edges (WCAG 2, level AA).
PAIRS = (
    ("ink", "paper", 4.5),
    ("ink", "surface", 4.5),
    ("muted", "sunk", 4.5),
    ("laut", "paper", 4.5),
    ("laut", "laut-soft", 4.5),
    ("on-laut", "laut", 4.5),
    ("on-padi", "padi", 4.5),
    ("padi-text", "padi-soft", 4.5),
    ("baik", "baik-soft", 4.5),
    ("gawat", "gawat-soft", 4.5),
    ("on-gawat", "gawat", 4.5),
    ("control", "surface", 3.0),
)


@dataclass(frozen=True)
class Swatch:
    """A colour of the house: its token, its use, and its value by day and by night."""

    name: str
    use: Any
    light: str
    dark: str


@dataclass(frozen=True)
class Pair:
    """Two colours on each other, with the contrast they have and the one they need."""

    text: str
    ground: str
    needed: float
    light: float
    dark: float

    @property
    def enough(self) -> bool:
        """Whether it can be read by day and by night."""
        return min(self.light, self.dark) >= self.needed


@cache
def _written() -> dict[str, dict[str, str]]:
    text = (STATIC / "css" / "lumbung.css").read_text(encoding="utf-8")
    light = dict(_TOKEN.findall(text.split(':root, [data-bs-theme="light"] {')[1].split("}")[0]))
    dark = dict(_TOKEN.findall(text.split('[data-bs-theme="dark"] {')[1].split("}")[0]))
    return {"light": light, "dark": {**light, **dark}}


def _tokens(own_colour: str | None) -> dict[str, dict[str, str]]:
    """Return name and value by day and by night, with the tenant's own colour in the place of laut."""
    written = _written()
    if own_colour is None:
        return written
    own = family(own_colour)
    return {"light": {**written["light"], **own.light}, "dark": {**written["dark"], **own.dark}}


def swatches(own_colour: str | None = None) -> list[Swatch]:
    """Return the colours with their use, in the order of the style sheet."""
    tokens = _tokens(own_colour)
    return [Swatch(name, use, tokens["light"][name], tokens["dark"][name]) for name, use in USES.items()]


def pairs(own_colour: str | None = None) -> list[Pair]:
    """Return what is read on what, measured."""
    tokens = _tokens(own_colour)
    light, dark = tokens["light"], tokens["dark"]
    return [
        Pair(text, ground, needed, contrast(light[text], light[ground]), contrast(dark[text], dark[ground]))
        for text, ground, needed in PAIRS
    ]
