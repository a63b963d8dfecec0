"""A regency's own colour as a stylesheet: the tokens of lumbung.css that it takes the place of, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from lumbung.tenancy.colours import family


@lru_cache(maxsize=256)
def stylesheet(colour: str) -> str:
    """Return the CSS for a colour (#RRGGBB) that can be read; it stands after the core's own."""
    tones = family(colour)
    return (
        "@media screen {\n"  # paper stays black on white
        f'  :root, [data-bs-theme="light"] {{ {_tokens(tones.light)} }}\n'
        f'  [data-bs-theme="dark"] {{ {_tokens(tones.dark)} }}\n'
        "}\n"
    )


@lru_cache(maxsize=256)
def stylesheet_url(colour: str) -> str:
    """Return where the stylesheet of a colour is served, with its hash: browsers may keep it for ever."""
    return f"/_tenant/warna.css?v={hashlib.sha256(stylesheet(colour).encode()).hexdigest()[:12]}"


def _tokens(tones: Mapping[str, str]) -> str:
    return "; ".join(f"--lb-{name}: {tone}" for name, tone in tones.items())
