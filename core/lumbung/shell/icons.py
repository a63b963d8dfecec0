"""The names of the icons in the sprite."""

from __future__ import annotations

import re
from functools import cache

from lumbung.web.view import STATIC


@cache
def icon_names() -> tuple[str, ...]:
    """Return every name that `ui.icon` knows, in alphabetical order."""
    sprite = (STATIC / "vendor" / "icons.svg").read_text(encoding="utf-8")
    return tuple(sorted(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite)))
