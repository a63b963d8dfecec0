"""A column of a list: what stands in its cells, how it is sorted, what a file holds of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal

from markupsafe import Markup
from sqlalchemy import ColumnElement, String, func

from lumbung.documents.spreadsheet import Column
from lumbung.web.i18n import (
    core_domain,
    format_date,
    format_datetime,
    format_number,
    format_rupiah,
    format_time,
)

_ = core_domain.gettext

ColumnKind = Literal["text", "number", "date", "datetime", "duration", "percent", "rupiah", "acts"]
NOTHING = "–"


@dataclass(frozen=True)
class ListColumn:
    """A column: its name in addresses, its heading, and how to find its value in a row.

    ``value`` takes a row (without it: the attribute called ``name``); ``export`` when the file holds another value.
    ``kind`` decides how a value is written and aligned; ``acts`` is a column of buttons, never exported.
    ``sort`` is what the database orders by, one expression or several; a column without it is not sortable.
    ``link`` turns a cell of `ui.listing` into a link. ``shown=False`` is for the file alone, ``exported=False``
    for the page alone; ``width`` is that of the file, in characters.
    """

    name: str
    title: str
    value: Callable[[Any], Any] | None = None
    kind: ColumnKind = "text"
    sort: Any = None
    export: Callable[[Any], Any] | None = None
    link: Callable[[Any], str] | None = None
    width: int | None = None
    shown: bool = True
    exported: bool = True

    @property
    def sortable(self) -> bool:
        """Whether the list can be ordered by this column."""
        return self.sort is not None

    @property
    def in_file(self) -> bool:
        """Whether a download holds this column."""
        return self.exported and self.kind != "acts"

    @property
    def css_class(self) -> str:
        """The class of its cells: figures stand at the right."""
        figures = {"number": "lb-num", "rupiah": "lb-num", "percent": "lb-num", "duration": "lb-num"}
        return {**figures, "datetime": "text-nowrap", "date": "text-nowrap", "acts": "lb-acts"}.get(self.kind, "")

    @property
    def directions(self) -> tuple[str, str]:
        """What ascending and descending mean here, in words."""
        if self.kind in ("date", "datetime"):
            return _("terlama dulu"), _("terbaru dulu")
        if self.css_class == "lb-num":
            return _("terkecil dulu"), _("terbesar dulu")
        return _("A ke Z"), _("Z ke A")

    def of(self, row: Any) -> Any:
        """Return the value of a row's cell."""
        return self.value(row) if self.value else getattr(row, self.name)

    def text(self, row: Any) -> str:
        """Return the cell of a row as it stands on the page; a dash for nothing."""
        return shown_value(self.of(row), self.kind) or NOTHING

    def for_file(self, row: Any) -> Any:
        """Return the value of a row's cell in a download."""
        value = self.export(row) if self.export else self.of(row)
        return plain_text(value) if self.kind == "text" and value is not None else value

    def for_sheet(self) -> Column:
        """Return this column as one of a spreadsheet."""
        return Column(str(self.title), self.kind if self.kind != "acts" else "text", self.width)

    def order(self, *, descending: bool) -> list[ColumnElement[Any]]:
        """Return what the database orders by: texts without regard to capitals, rows without a value last."""
        parts = self.sort if isinstance(self.sort, Sequence) else [self.sort]
        return [_ordered(part, descending=descending) for part in parts]


def _ordered(part: Any, *, descending: bool) -> ColumnElement[Any]:
    column = getattr(part, "expression", part)
    compared = func.lower(column) if isinstance(column.type, String) else column
    ordered: ColumnElement[Any] = compared.desc() if descending else compared.asc()
    # Said of a column that is never empty, it would keep the database from using an index.
    return ordered.nulls_last() if getattr(column, "nullable", True) else ordered


def shown_value(value: Any, kind: ColumnKind) -> str:
    """Return a value as readers of this language write it; markup stays markup, nothing is an empty text."""
    if value is None or value == "":
        return ""
    if isinstance(value, Markup):
        return value
    if kind == "rupiah":
        return format_rupiah(value)
    if kind == "number":
        return format_number(value)
    if kind == "percent":
        return f"{format_number(round(value * 100, 1))}%"
    if kind == "duration":
        return clock_length(value)
    if kind == "date":
        return format_date(value)
    return format_datetime(value) if kind == "datetime" else plain_text(value)


def plain_text(value: Any) -> str:
    """Return any value as a plain text, in the language of the page where it has one."""
    if isinstance(value, bool):
        return str(_("Ya") if value else _("Tidak"))
    if isinstance(value, datetime):
        return format_datetime(value)
    if isinstance(value, time):
        return format_time(value)
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(plain_text(one) for one in value)
    return str(value)


def clock_length(length: timedelta) -> str:
    """Return a length of time as hours, minutes and seconds: 1:05:09."""
    seconds = round(length.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
