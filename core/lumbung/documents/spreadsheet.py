"""Tables as xlsx files: typed columns, frozen header, and no text that a spreadsheet would run as a formula."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any, Literal

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from lumbung.context import scope_or_none

Kind = Literal["text", "number", "date", "datetime", "duration", "percent", "rupiah"]

_FORMATS: dict[str, str] = {
    "text": "@",
    "number": "#,##0",
    "date": "d mmm yyyy",
    "datetime": "d mmm yyyy hh:mm",
    "duration": "[h]:mm:ss",
    "percent": "0.0%",
    "rupiah": '"Rp" #,##0',
}
_WIDTHS: dict[str, int] = {
    "text": 24,
    "number": 12,
    "date": 14,
    "datetime": 18,
    "duration": 12,
    "percent": 10,
    "rupiah": 18,
}


@dataclass(frozen=True)
class Column:
    """A column: its heading, what kind of value stands in it, and its width in characters (None: by kind)."""

    title: str
    kind: Kind = "text"
    width: int | None = None


@dataclass(frozen=True)
class Sheet:
    """A worksheet. Each row has a value per column; None leaves a cell empty. ``notes`` stand above the table."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    notes: Sequence[str] = field(default_factory=tuple)


def spreadsheet(sheets: Sequence[Sheet]) -> bytes:
    """Return an xlsx file with these sheets.

    Moments are written in the current tenant's time zone. A text that begins with ``=`` or the like stays text.
    """
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        formats = {kind: book.add_format({"num_format": code}) for kind, code in _FORMATS.items()}
        heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        for sheet in sheets:
            _write(book, sheet, formats, heading)
    return out.getvalue()


def _write(book: Workbook, sheet: Sheet, formats: dict[str, Format], heading: Format) -> None:
    taken = {other.get_name().casefold() for other in book.worksheets()}
    page: Worksheet = book.add_worksheet(_sheet_name(sheet.title, taken))
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    for line, note in enumerate(sheet.notes):
        page.write_string(line, 0, note)
    top = len(sheet.notes) + (1 if sheet.notes else 0)
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, column.width or _WIDTHS[column.kind])
        page.write_string(top, place, column.title, heading)
    for line, row in enumerate(sheet.rows, start=top + 1):
        for place, (column, value) in enumerate(zip(sheet.columns, row, strict=True)):
            _write_cell(page, line, place, value, column.kind, formats[column.kind])
    page.freeze_panes(top + 1, 0)
    page.repeat_rows(top)
    if sheet.rows:
        page.autofilter(top, 0, top + len(sheet.rows), len(sheet.columns) - 1)


def _write_cell(page: Worksheet, line: int, place: int, value: Any, kind: Kind, form: Format) -> None:
    if value is None:
        page.write_blank(line, place, None, form)
    elif kind == "text":
        page.write_string(line, place, str(value), form)
    elif isinstance(value, datetime):
        page.write_datetime(line, place, _local(value), form)
    elif isinstance(value, date):
        page.write_datetime(line, place, value, form)
    elif isinstance(value, timedelta):
        page.write_number(line, place, value.total_seconds() / 86400, form)
    elif isfinite(value):
        page.write_number(line, place, float(value), form)
    else:
        page.write_blank(line, place, None, form)


def _local(moment: datetime) -> datetime:
    scope = scope_or_none()
    if moment.tzinfo is None or scope is None or scope.tenant is None:
        return moment.replace(tzinfo=None)
    from zoneinfo import ZoneInfo

    return moment.astimezone(ZoneInfo(scope.tenant.time_zone)).replace(tzinfo=None)


def _sheet_name(title: str, taken: set[str]) -> str:
    """Return a name that spreadsheets accept, unlike those that are taken already."""
    wanted = "".join("-" if letter in r"[]:*?/\'" else letter for letter in title)[:31] or "Sheet"
    name, number = wanted, 1
    while name.casefold() in taken:
        number += 1
        name = f"{wanted[:27]} {number}"
    return name
