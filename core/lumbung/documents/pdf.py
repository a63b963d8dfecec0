"""PDFs by Typst: tagged for readers who do not see (PDF/UA-1), made in milliseconds, without system packages.

Everything that is said comes as data and is set as text: a name such as ``#eval()`` or ``*x*`` stands there as it was
written. See `docs/decisions/0023-documents-by-typst.md`.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typst

from lumbung.bilingual import Catalogue
from lumbung.clock import utc_now
from lumbung.context import current_tenant

PDF = "application/pdf"
TEMPLATES = Path(__file__).resolve().parent / "templates"
ALIGNMENTS = {"left", "center", "right"}

both = Catalogue("lumbung").both  # names the texts for the catalogue


def pdf(template: str, data: Mapping[str, Any], *, language: str = "id") -> bytes:
    """Return ``templates/<template>.typ`` filled with ``data`` as a PDF in the name of the current tenant.

    ``data`` is plain JSON data with a ``title``; the template ``document`` also wants ``blocks`` (see `heading`,
    `text`, `facts`, `table`, `signature`, and `lumbung.documents.paper`). A `Drawing` may stand in it wherever its
    template draws one. Tenant, date in the tenant's time and page numbers are added here.

    The file is PDF/UA-1. One that holds a character which no font here can draw (an emoji, another script) cannot
    be, and is an ordinary tagged PDF: the character is in it and can be copied, readers draw a box.
    Raises `ValueError` for a template that does not exist.
    """
    path = TEMPLATES / f"{template}.typ"
    if not path.is_file() or path.parent != TEMPLATES:
        raise ValueError(f"there is no template {template!r} for documents")
    tenant = current_tenant()
    made = both("%(tenant)s, dibuat %(at)s", tenant=tenant.name, at=tenant.now())
    whole = {
        "tenant": tenant.name,
        "language": language,
        "foot": f"{made(language)} {tenant.now().tzname() or ''}".strip(),
        "page_of": _page_of(language),
        **data,
    }
    drawings: dict[str, str] = {}
    words = json.dumps(_printable(whole, drawings))
    compiler = typst.Compiler(path, root=TEMPLATES, ignore_system_fonts=True, sys_inputs={"data": words, **drawings})
    try:
        return _compiled(compiler, ["ua-1"])
    except typst.TypstError as error:
        if "could not be displayed" not in error.message:
            raise
        return _compiled(compiler, [])


@dataclass(frozen=True)
class Drawing:
    """Something to look at, as SVG. It is data as the words are: a photo stands inside of it."""

    svg: str


def heading(words: str, level: int = 2) -> dict[str, Any]:
    """Return a heading below the title, which is level 1."""
    return {"kind": "heading", "text": words, "level": level}


def text(words: str, *, small: bool = False) -> dict[str, Any]:
    """Return a paragraph; ``small`` for a remark."""
    return {"kind": "note" if small else "text", "text": words}


def facts(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return names with their values, one pair a line; an empty value is a dash."""
    return {"kind": "facts", "pairs": [[name, value or "–"] for name, value in pairs]}


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], align: Sequence[str] | None = None) -> dict[str, Any]:
    """Return a table; every row has a text for each heading. ``align``: left, center or right for each column.

    Raises `ValueError` for a row or an ``align`` of another length, or another word in it.
    """
    sides = list(align) if align is not None else ["left"] * len(headings)
    if len(sides) != len(headings) or not set(sides) <= ALIGNMENTS:
        raise ValueError(f"align has left, center or right for each of {len(headings)} columns, not {sides}")
    if any(len(row) != len(headings) for row in rows):
        raise ValueError(f"every row of a table has {len(headings)} texts, as it has headings")
    written = [[cell or "–" for cell in row] for row in rows]
    return {"kind": "table", "headings": list(headings), "rows": written, "align": sides}


def signature(place: str, office: str, name: str) -> dict[str, Any]:
    """Return the place where somebody signs."""
    return {"kind": "signature", "place": place, "office": office, "name": name}


def _compiled(compiler: typst.Compiler, standards: list[typst.PDFStandard]) -> bytes:
    made = compiler.compile(format="pdf", pdf_standards=standards, timestamp=utc_now().replace(microsecond=0))
    if not isinstance(made, bytes):
        raise TypeError("Typst answered with something else than one file")
    return made


def _page_of(language: str) -> list[str]:
    mark = both("Halaman %(page)s dari %(pages)s", page="\0", pages="\0")(language)
    return mark.split("\0")


def _printable(value: Any, drawings: dict[str, str]) -> Any:
    """Leave out what is no letter and that no font draws: control characters, lone surrogates.

    A drawing is put among ``drawings``, and in its place the name that it has there.
    """
    if isinstance(value, Drawing):
        name = f"drawing-{len(drawings)}"
        drawings[name] = value.svg
        return name
    if isinstance(value, str):
        return "".join(one for one in value if one == "\n" or unicodedata.category(one) not in ("Cc", "Cs"))
    if isinstance(value, Mapping):
        return {key: _printable(one, drawings) for key, one in value.items()}
    return [_printable(one, drawings) for one in value] if isinstance(value, list | tuple) else value
