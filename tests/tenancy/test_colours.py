"""A regency's own colour: whatever is chosen, what is shown can be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lumbung.tenancy.colours import (
    DARK_GROUNDS,
    HOUSE,
    INKS,
    LIGHT_GROUNDS,
    TEXT,
    contrast,
    family,
    normal_colour,
    too_pale,
)

CSS = Path(__file__).resolve().parents[2] / "core/lumbung/static/css/lumbung.css"
colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06X}")


def pairs(tones: Mapping[str, str], grounds: Mapping[str, str], ink: str) -> list[tuple[str, str]]:
    """Every text on its ground that tests/look/test_tokens.py asks of the house's own colour, and the hovered link."""
    found = [(tones[tone], ground) for tone in ("laut", "laut-deep") for ground in grounds.values()]
    found += [(tones["laut"], tones["laut-soft"]), (tones["laut-deep"], tones["laut-soft"]), (ink, tones["laut-soft"])]
    return [*found, (tones["on-laut"], tones["laut"]), (tones["on-laut"], tones["laut-deep"])]


@settings(deadline=None)
@given(colours)
@example("#FFFFFF")
@example("#000000")
@example("#FFFF00")
@example("#0000FF")
@example("#00FF00")
@example(HOUSE)
def test_a_colour_is_refused_with_one_that_can_be_read_or_all_its_tones_can(colour: str) -> None:
    measured = too_pale(colour)
    if measured:
        assert measured.ratio < measured.needed == TEXT
        assert too_pale(measured.nearest) is None
        with pytest.raises(ValueError, match="cannot be read"):
            family(colour)
        colour = measured.nearest
    tones = family(colour)
    assert tones.light["laut"] == colour, "the colour that was chosen is the one that is shown"
    for one, other in pairs(tones.light, LIGHT_GROUNDS, INKS["light"]):
        assert contrast(one, other) >= TEXT, (one, other)
    for one, other in pairs(tones.dark, DARK_GROUNDS, INKS["dark"]):
        assert contrast(one, other) >= TEXT, (one, other)


def test_the_nearest_colour_keeps_its_hue() -> None:
    measured = too_pale("#2E9E5B")
    assert measured is not None
    red, green, blue = (int(measured.nearest[at : at + 2], 16) for at in (1, 3, 5))
    assert green > blue > red


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("#1b6e43", "#1B6E43"),
        ("1B6E43", "#1B6E43"),
        (" #1B6E43 ", "#1B6E43"),
        ("#05a", "#0055AA"),
        ("", None),
        ("hijau", None),
        ("#1B6E4", None),
        ("#1B6E43FF", None),
        ("#1B6E4G", None),
        ("red;}*{display:none", None),
        ("#1B6E43\n#", None),
    ],
)
def test_only_six_digits_are_a_colour(written: str, kept: str | None) -> None:
    assert normal_colour(written) == kept


def test_black_on_white_is_twenty_one() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast(HOUSE, HOUSE) == pytest.approx(1)


def test_the_grounds_are_those_of_the_stylesheet() -> None:
    text = CSS.read_text(encoding="utf-8")
    in_light = re.findall(r"--lb-([a-z-]+):\s*(#[0-9A-F]{6});", text.split("@media screen")[0])
    in_dark = re.findall(
        r"--lb-([a-z-]+):\s*(#[0-9A-F]{6});", text.split('  [data-bs-theme="dark"] {')[1].split("}")[0]
    )
    assert LIGHT_GROUNDS.items() <= dict(in_light).items()
    assert DARK_GROUNDS.items() <= dict(in_dark).items()
    assert dict(in_light)["ink"] == INKS["light"] and dict(in_dark)["ink"] == INKS["dark"]
    assert dict(in_light)["laut"] == HOUSE
