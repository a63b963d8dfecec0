"""A regency's own colour, and the family of tones made from it: measured, so that everything stays readable.

Lightness is changed in OKLCH (Björn Ottosson, 2020), where a lighter twin keeps its hue; contrast is that of WCAG 2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

TEXT = 4.5  # the contrast that text needs
HOUSE = "#0B5D66"  # laut, the sea of Saleh Bay: what a regency without a colour of its own has

# The grounds of static/css/lumbung.css on which the colour is read; a test holds both together.
LIGHT_GROUNDS = {"paper": "#FBFAF7", "surface": "#FFFFFF", "sunk": "#F4F2EC"}
DARK_GROUNDS = {"paper": "#101617", "surface": "#182022", "sunk": "#131A1C"}
INKS = {"light": "#1C2526", "dark": "#E8ECEB"}
_COLOUR = re.compile(r"#[0-9A-F]{6}")


@dataclass(frozen=True)
class Family:
    """The four tones of a colour for light and for dark pages: laut, laut-deep, laut-soft, on-laut."""

    light: Mapping[str, str]
    dark: Mapping[str, str]


@dataclass(frozen=True)
class TooPale:
    """A colour that cannot be read: the lowest contrast measured, what is needed, the nearest colour that has it."""

    ratio: float
    needed: float
    nearest: str


def normal_colour(text: str) -> str | None:
    """Return a colour as it is kept (#RRGGBB, capitals) from ``0b5d66`` or ``#05a``; None when it is none."""
    digits = text.strip().removeprefix("#").upper()
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    colour = f"#{digits}"
    return colour if _COLOUR.fullmatch(colour) else None


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@lru_cache(maxsize=256)
def too_pale(colour: str) -> TooPale | None:
    """Measure whether a colour can be read on every light ground; None when it can."""
    ratio = _lowest(colour)
    if ratio >= TEXT:
        return None
    lightness, chroma, hue = _to_oklch(colour)
    darker = _nearest(lambda level: _from_oklch(level, chroma, hue), lightness, 0.0, lambda it: _lowest(it) >= TEXT)
    return TooPale(ratio, TEXT, darker)


@lru_cache(maxsize=256)
def family(colour: str) -> Family:
    """Return the tones made from a colour. Raises `ValueError` for one that cannot be read, see `too_pale`."""
    if too_pale(colour):
        raise ValueError(f"{colour} cannot be read on a light page")
    return Family(_light(colour), _dark(colour))


def _light(colour: str) -> dict[str, str]:
    lightness, chroma, hue = _to_oklch(colour)
    return {
        "laut": colour,
        "laut-deep": _from_oklch(max(0.0, lightness - 0.07), chroma, hue),
        "laut-soft": _soft(colour),
        "on-laut": "#FFFFFF",
    }


def _dark(colour: str) -> dict[str, str]:
    """The lighter twin: as light as the house's own at night, and more where a ground asks for it."""
    _lightness, chroma, hue = _to_oklch(colour)
    soft = _from_oklch(0.305, min(chroma, 0.035), hue)
    on_laut = _from_oklch(0.22, min(chroma, 0.025), hue)
    grounds = (*DARK_GROUNDS.values(), soft, on_laut)

    def can_be_read(tone: str) -> bool:
        return all(contrast(tone, ground) >= TEXT for ground in grounds)

    twin = _nearest(lambda level: _from_oklch(level, min(chroma, 0.13), hue), 0.77, 1.0, can_be_read)
    deep = _from_oklch(min(1.0, _to_oklch(twin)[0] + 0.065), min(chroma, 0.11), hue)
    return {"laut": twin, "laut-deep": deep, "laut-soft": soft, "on-laut": on_laut}


def _soft(colour: str) -> str:
    _lightness, chroma, hue = _to_oklch(colour)
    return _from_oklch(0.945, min(chroma, 0.02), hue)


def _lowest(colour: str) -> float:
    return min(contrast(colour, ground) for ground in (*LIGHT_GROUNDS.values(), _soft(colour)))


def _nearest(tone: Callable[[float], str], start: float, end: float, fits: Callable[[str], bool]) -> str:
    """Return the tone nearest to ``start`` that fits, on the way to ``end``, where one is sure to."""
    if fits(tone(start)):
        return tone(start)
    for _ in range(24):
        middle = (start + end) / 2
        start, end = (start, middle) if fits(tone(middle)) else (middle, end)
    return tone(end)


def _channels(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def _linear(colour: str) -> list[float]:
    return [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in _channels(colour)]


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_oklch(colour: str) -> tuple[float, float, float]:
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _from_oklch(lightness: float, chroma: float, hue: float) -> str:
    """Return the colour; one that no screen can show becomes paler until it can be shown."""
    while True:
        values = _to_linear(lightness, chroma, hue)
        if chroma < 0.001 or all(-0.0005 <= value <= 1.0005 for value in values):
            return "#" + "".join(f"{_encode(value):02X}" for value in values)
        chroma *= 0.97


def _to_linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _encode(value: float) -> int:
    value = min(1.0, max(0.0, value))
    encoded = value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return round(encoded * 255)
