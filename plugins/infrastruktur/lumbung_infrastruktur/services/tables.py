"""Tables as a spreadsheet saves them (CSV): commas, semicolons or tabs, UTF-8 or Windows letters."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lumbung.sdk import DomainError, format_number

from ..rules.asset_columns import bare
from ..words import _

LARGEST = 32 * 1024 * 1024


@dataclass(frozen=True)
class Table:
    """Headings, and each row with its line in the file."""

    headings: list[str]
    rows: list[tuple[int, dict[str, str]]]


def read(content: bytes, *, most: int) -> Table:
    """Read a table whose first line are headings. Raises `DomainError` for a file that is none."""
    if len(content) > LARGEST:
        raise DomainError(_("Berkas lebih besar dari %(size)s MB.", size=LARGEST // 1024 // 1024))
    if content[:4] == b"PK\x03\x04":
        raise DomainError(_("Ini berkas Excel atau zip. Simpan sebagai CSV dulu, lalu unggah lagi."))
    text = _decoded(content)
    if not text.strip():
        raise DomainError(_("Berkas itu kosong."))
    first = text.lstrip("\r\n").partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(";\t,", key=first.count))
    headings: list[str] = []
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not headings:
                headings = [cell.strip() for cell in cells]
                continue
            named_cells = zip(headings, cells, strict=False)
            rows.append((reader.line_num, {name: cell.strip() for name, cell in named_cells if name}))
            if len(rows) > most:
                raise DomainError(_("Paling banyak %(most)s baris sekaligus.", most=format_number(most)))
    except csv.Error as error:
        raise DomainError(_("Tabel tidak terbaca pada baris %(row)s: %(error)s.",
                            row=reader.line_num, error=error)) from None  # fmt: skip
    if not rows:
        raise DomainError(_("Berkas itu hanya berisi judul kolom, tanpa baris."))
    return Table([one for one in headings if one], rows)


def named(table: Table, spellings: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the heading of each field that can be told by its spelling."""
    known = {bare(heading): heading for heading in reversed(table.headings)}
    found = {field: next((known[one] for one in names if one in known), None) for field, names in spellings.items()}
    return {field: heading for field, heading in found.items() if heading}


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise DomainError(_("Teks berkas tidak terbaca. Simpan sebagai CSV (UTF-8)."))
