"""QR codes as inline SVG."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_svg(text: str, *, label: str | None = None) -> Markup:
    """Return a QR code of ``text`` as an SVG element without inline style, ready for a template.

    Error correction is at least M, so that a creased thermal ticket still scans. ``label`` is its title for
    people who do not see it.
    """
    code = segno.make(text, micro=False, error="m", boost_error=True)
    return Markup(  # noqa: S704  (segno escapes its title; the rest is numbers)
        code.svg_inline(svgclass="lb-qr-svg", lineclass=None, omitsize=True, border=3, title=label)
    )
