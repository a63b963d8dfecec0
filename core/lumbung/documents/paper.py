"""The parts of a document on paper, and the document made of them. In the SDK as ``paper``.

::

    blocks = [paper.heading("Jalan berlubang"), paper.picture(photo.content, "Sebelum"), paper.map([(-8.5, 117.4, "")])]
    pdf = paper.document("Perintah kerja K26-000045", blocks)
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import segno
from PIL import Image

from lumbung.bilingual import Catalogue
from lumbung.context import current_scope
from lumbung.documents.pdf import Drawing, facts, heading, pdf, signature, table, text
from lumbung.documents.plans import Point, plan

__all__ = [
    "document",
    "facts",
    "heading",
    "map",
    "page_break",
    "picture",
    "pictures",
    "qr",
    "signature",
    "table",
    "text",
]

Block = dict[str, Any]

WIDEST = 166  # millimetres between the margins
both = Catalogue("lumbung").both


def picture(jpeg: bytes, caption: str = "", width_mm: float = 80) -> Block:
    """Return a photo with what is said below it. Raises `ValueError` for what is no JPEG."""
    width = min(max(width_mm, 10), WIDEST)
    return {"kind": "picture", **_photo(jpeg, caption), "width": width}


def pictures(photos: Sequence[tuple[bytes, str]]) -> Block:
    """Return photos with their captions side by side, at most three in a row."""
    return {"kind": "pictures", "items": [_photo(jpeg, caption) for jpeg, caption in photos]}


def qr(words: str, caption: str = "") -> Block:
    """Return a QR code of a text, such as an address, with the caption (without one the text itself) beside it."""
    out = io.BytesIO()
    segno.make(words, micro=False, error="m", boost_error=True).save(out, "svg", border=1, xmldecl=False)
    alt = both("Kode QR: %(words)s", words=words)
    return {
        "kind": "qr",
        "drawing": Drawing(out.getvalue().decode()),
        "alt": alt(_language()),
        "caption": caption or words,
    }


def map(points: Sequence[Point], caption: str = "") -> Block:  # the word of the documents, whatever Python calls so
    """Return a map of places (latitude, longitude, label) over the coast and the tenant's boundaries.

    Several places are numbered, with their labels below. Raises `ValueError` without a place.
    """
    made = plan(points)
    said = ", ".join(label for _, _, label in points if label) or f"{points[0][0]:.5f}, {points[0][1]:.5f}"
    alt = both("Peta: %(places)s", places=said[:300])
    return {
        "kind": "map",
        "drawing": Drawing(made.svg),
        "alt": alt(_language()),
        "legend": [list(line) for line in made.legend],
        "caption": caption,
    }


def page_break() -> Block:
    """Go on with a new page."""
    return {"kind": "page_break"}


def document(title: str, blocks: Sequence[Block], *, language: str | None = None) -> bytes:
    """Return a PDF with this title and these parts, in the name of the current tenant (`pdf`).

    ``language`` is that of the words, the tenant's first unless given.
    """
    return pdf("document", {"title": title, "blocks": list(blocks)}, language=language or _language())


def _language() -> str:
    tenant = current_scope().tenant
    return tenant.languages[0] if tenant else "id"


def _photo(jpeg: bytes, caption: str) -> Block:
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            width, height = image.size
    except (OSError, SyntaxError, Image.DecompressionBombError):
        raise ValueError("A photo in a document is a JPEG, such as the content of a Picture.") from None
    data = base64.b64encode(jpeg).decode("ascii")
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="data:image/jpeg;base64,{data}"/></svg>'
    )
    alt = caption or both("Foto")(_language())
    return {"drawing": Drawing(svg), "alt": alt, "caption": caption}
