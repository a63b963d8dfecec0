"""Personal data that somebody typed into a description: found by its shape, so that a person can look at it.

These are hints. A house number may look like the plate of a car; what is meant, a moderator decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..words import _l

# The letters with which plates begin, one for each former residency (Perpol 7/2021).
_AREAS = (
    "A|AA|AB|AD|AE|AG|B|BA|BB|BD|BE|BG|BH|BK|BL|BM|BN|BP|D|DA|DB|DC|DD|DE|DG|DH|DK|DL|DM|DN|DP|DR|DS|DT|DW|"
    "E|EA|EB|ED|F|G|H|K|KB|KH|KT|KU|L|M|N|P|PA|PB|R|S|T|W|Z"
)
_SHORT_WORDS = r"(?:di|ke|rt|rw|km|cm|m|dan|jl)\b"  # they follow a number without being the end of a plate
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("nik", re.compile(r"(?<![\d.])(?:\d[ .-]?){15}\d(?!\d)")),
    ("phone", re.compile(r"(?<!\d)(?:\+?62|0)[ .-]?8(?:[ .-]?\d){7,11}(?!\d)")),
    ("plate", re.compile(rf"\b(?:{_AREAS})[ -]?\d{{1,4}}[ -]?[A-Z]{{1,3}}\b")),
    (
        "plate",
        re.compile(rf"\b(?:{_AREAS})[ -]?\d{{3,4}}[ -]?(?!{_SHORT_WORDS})[a-z]{{1,3}}\b", re.IGNORECASE),
    ),
)

KINDS: dict[str, Any] = {
    "nik": _l("mirip NIK"),
    "phone": _l("nomor telepon"),
    "plate": _l("pelat kendaraan"),
    "email": _l("alamat surel"),
}


@dataclass(frozen=True)
class Hint:
    """A part of a text that looks like personal data: its kind, and where it stands."""

    kind: str
    start: int
    end: int

    @property
    def title(self) -> str:
        """What it looks like, in the reader's language."""
        return str(KINDS[self.kind])


def hints(text: str) -> list[Hint]:
    """Return what looks like personal data, in the order of the text; no letter is counted twice."""
    found: list[Hint] = []
    for kind, shape in _SHAPES:
        for match in shape.finditer(text):
            if not any(match.start() < other.end and other.start < match.end() for other in found):
                found.append(Hint(kind, match.start(), match.end()))
    return sorted(found, key=lambda hint: hint.start)


def masked(text: str) -> str:
    """Return a text with all of that made unreadable, its length kept."""
    for hint in hints(text):
        text = text[: hint.start] + "•" * (hint.end - hint.start) + text[hint.end :]
    return text


def parts(text: str) -> list[tuple[str, str]]:
    """Return a text in parts for a page: each with the title of its kind, empty where it is harmless."""
    found, at = [], 0
    for hint in hints(text):
        found += [(text[at : hint.start], ""), (text[hint.start : hint.end], hint.title)]
        at = hint.end
    return [part for part in [*found, (text[at:], "")] if part[0]]
