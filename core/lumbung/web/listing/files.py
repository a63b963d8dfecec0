"""A list as a file: xlsx, or CSV as Indonesian spreadsheets expect it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response

from lumbung.context import current_tenant
from lumbung.documents.spreadsheet import Sheet, spreadsheet
from lumbung.web.downloads import XLSX, download
from lumbung.web.listing.columns import ListColumn, clock_length

# A spreadsheet that opens a CSV file runs what begins like this.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def xlsx_file(name: str, title: str, columns: Sequence[ListColumn], rows: Iterable[Any], note: str = "") -> Response:
    """Return a download called ``name``.xlsx: one sheet with a line for each row, ``note`` above it."""
    lines = [[column.for_file(row) for column in columns] for row in rows]
    sheet = Sheet(title, [column.for_sheet() for column in columns], lines, [note] if note else [])
    return download(f"{name}.xlsx", spreadsheet([sheet]), XLSX)


def csv_file(name: str, columns: Sequence[ListColumn], rows: Iterable[Any]) -> Response:
    """Return a download called ``name``.csv: UTF-8 with a mark, semicolons, decimal commas, ISO dates."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([_guarded(str(column.title)) for column in columns])
    for row in rows:
        writer.writerow([csv_value(column.for_file(row)) for column in columns])
    return download(f"{name}.csv", out.getvalue().encode("utf-8-sig"), "text/csv")


def csv_value(value: Any) -> str:
    """Return a value as it stands in a CSV file; a text that a spreadsheet would run begins with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        moment = value.astimezone(ZoneInfo(current_tenant().time_zone)) if value.tzinfo else value
        return moment.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return clock_length(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value).replace(".", ",")
    return _guarded(str(value))


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
