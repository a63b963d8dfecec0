"""Contrast of the colour tokens, measured as WCAG 2 does, in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "core" / "lumbung" / "static" / "css" / "lumbung.css"


def _tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--lb-([a-z-]+):\s*(#[0-9A-Fa-f]{6});", block))


def _themes() -> dict[str, dict[str, str]]:
    text = CSS.read_text(encoding="utf-8")
    light = _tokens(text.split(':root, [data-bs-theme="light"] {')[1].split("}")[0])
    dark = _tokens(text.split('[data-bs-theme="dark"] {')[1].split("}")[0])
    return {"light": light, "dark": {**light, **dark}}


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("paper", "surface", "sunk")
TEXT = [(text, ground) for text in ("ink", "muted", "laut", "baik", "gawat", "padi-text") for ground in GROUNDS]
TONES = [(tone, f"{tone}-soft") for tone in ("laut", "baik", "gawat")]
TONES += [("ink", f"{tone}-soft") for tone in ("laut", "baik", "gawat", "padi")]
TONES += [("padi-text", "padi-soft"), ("on-padi", "padi")]
BUTTONS = [(f"on-{tone}", ground) for tone in ("laut", "baik", "gawat") for ground in (tone, f"{tone}-deep")]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT + TONES + BUTTONS)
def test_text_can_be_read(theme: str, text: str, ground: str) -> None:
    tokens = _themes()[theme]
    assert _contrast(tokens[text], tokens[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "surface"])
@pytest.mark.parametrize("mark", ["control", "laut", "gawat"])
def test_edges_of_controls_and_the_focus_ring_can_be_seen(theme: str, ground: str, mark: str) -> None:
    tokens = _themes()[theme]
    assert _contrast(tokens[mark], tokens[ground]) >= 3
