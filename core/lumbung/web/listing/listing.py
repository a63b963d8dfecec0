"""`Listing`: one table of a page. It reads what the address asks for, and knows the address of everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request
from sqlalchemy import ColumnElement, Select, inspect, or_
from sqlalchemy.orm import Session

from lumbung.audit import note_reading
from lumbung.context import current_scope, current_tenant
from lumbung.web.i18n import core_domain, format_number
from lumbung.web.listing.bulk import BulkAction
from lumbung.web.listing.columns import ListColumn
from lumbung.web.listing.files import csv_file, xlsx_file
from lumbung.web.listing.filters import ChoiceFilter, Filter
from lumbung.web.paging import PARAMETER as PAGE
from lumbung.web.paging import PER_PAGE, Page, page_number, paginate

_ = core_domain.gettext

WORDS, SORT, SIZE, FILE = "q", "urut", "per", "unduh"
SIZES = (25, 50, 100)
MOST_WORDS = 6
MOST_ROWS = 20_000
AT_A_TIME = 500  # rows of a download that are held at once


@dataclass(frozen=True)
class Heading:
    """A column's heading: where a press on it leads, and how the list is ordered by it now (None: it is not)."""

    column: ListColumn
    url: str | None
    direction: str | None
    next_words: str


@dataclass(frozen=True)
class Chip:
    """A filter that is on, and the address of the list without it."""

    title: str
    words: str
    url: str


@dataclass(frozen=True, eq=False)
class Listing:
    """A list of rows of one model, as a page shows it and a file holds it.

    ``query`` selects the model and says which rows there are at all; it is ordered here, ties by primary key.
    ``name`` names the download; ``title`` is read out as the table's caption; ``noun`` is what is counted ("orang").
    ``default_sort`` is a column's name, with a minus in front for descending. ``search`` are the columns in which
    every word must occur, or functions from a word to a condition. ``keep`` are arguments of the address that belong
    to the page rather than to the list. ``bulk`` are acts on rows that are ticked, where ``selectable`` allows it.
    ``anchor`` brings the reader back to the table after each press, for a list far down its page.

    A list of people's data names ``subject``, which returns the id of the person a row is about (None: of nobody), and
    ``reading``, its code in the log of who read what: each page is recorded as ``<reading>.list``, a file as
    ``<reading>.export``.
    """

    query: Select[Any]
    columns: Sequence[ListColumn]
    name: str
    title: str
    default_sort: str
    search: Sequence[Any] = ()
    filters: Sequence[Filter] = ()
    noun: str = ""
    search_label: str = ""
    keep: Mapping[str, Any] = field(default_factory=dict)
    size: int = PER_PAGE
    bulk: Sequence[BulkAction] = ()
    selectable: Callable[[Any], bool] = lambda _row: True
    anchor: bool = False
    limit: int = MOST_ROWS
    subject: Callable[[Any], UUID | None] | None = None
    reading: str = ""

    def __post_init__(self) -> None:
        names = [WORDS, SORT, SIZE, FILE, PAGE, *self.keep, *(one.name for one in self.filters)]
        if len(set(names)) < len(names):
            raise ValueError(f"listing {self.name!r}: two filters share an argument, or one takes q, urut, per, ...")
        if self.default_sort.removeprefix("-") not in self._sortable:
            raise ValueError(f"listing {self.name!r}: default_sort names no column that can be sorted")
        if self.size not in SIZES:
            raise ValueError(f"listing {self.name!r}: size must be one of {SIZES}")
        if bool(self.subject) != bool(self.reading):
            raise ValueError(f"listing {self.name!r}: subject and reading go together")

    # What is asked for

    @cached_property
    def words(self) -> str:
        """What is searched for."""
        return request.args.get(WORDS, "").strip()[:100] if self.search else ""

    @cached_property
    def chosen(self) -> Mapping[str, str]:
        """The value of each filter that is on, by the filter's name."""
        read = {one.name: one.read(request.args.get(one.name, "")[:200]) for one in self.filters}
        return {name: value for name, value in read.items() if value}

    @cached_property
    def sort(self) -> str:
        """The column by which the list is ordered, with a minus in front for descending."""
        asked = request.args.get(SORT, "")
        return asked if asked.removeprefix("-") in self._sortable else self.default_sort

    @cached_property
    def per(self) -> int:
        """How many rows a page has."""
        asked = request.args.get(SIZE, "")
        return next((size for size in SIZES if str(size) == asked), self.size)

    @property
    def narrowed(self) -> bool:
        """Whether a search or a filter is on."""
        return bool(self.words or self.chosen)

    # What is found

    @cached_property
    def page(self) -> Page[Any]:
        """The page that is asked for; past the end the last one."""
        return paginate(self._session, self.found, page_number(), size=self.per)

    @cached_property
    def rows(self) -> Sequence[Any]:
        """The rows of this page. Whose data they hold is recorded."""
        self._note({self.subject(row) for row in self.page.items} if self.subject else set(), "list")
        return self.page.items

    @property
    def total(self) -> int:
        """How many rows the search and the filters leave."""
        return self.page.total

    @property
    def count(self) -> str:
        """The number of rows with their noun, in words."""
        return f"{format_number(self.total)} {self.noun or _('baris')}"

    @cached_property
    def found(self) -> Select[Any]:
        """The query with search, filters and order."""
        query = self.query.order_by(None)
        for word in self.words.split()[:MOST_WORDS]:
            query = query.where(or_(*(_occurs(part, word) for part in self.search)))
        for one in self.filters:
            if one.name in self.chosen:
                query = query.where(one.condition(self.chosen[one.name]))
        column = self._sortable[self.sort.removeprefix("-")]
        model = inspect(self.query.column_descriptions[0]["entity"])
        return query.order_by(*column.order(descending=self.sort.startswith("-")), *model.primary_key)

    def export(self) -> Response | None:
        """Return the file that the address asks for, None when it asks for a page.

        It holds what search and filters leave, in the order of the page, up to ``limit`` rows. Rows are read in small
        parts, so collections of a row are loaded with ``selectinload``, not with ``joinedload``.
        """
        kind = request.args.get(FILE)
        if kind not in ("xlsx", "csv"):
            return None
        columns = [column for column in self.columns if column.in_file]
        note = self.limit_words
        query = self.found.limit(self.limit).execution_options(yield_per=AT_A_TIME)
        subjects: set[UUID | None] = set()
        rows = self._told(self._session.scalars(query), subjects)
        name = f"{self.name}-{current_tenant().slug}-{current_tenant().today():%Y%m%d}"
        file = csv_file(name, columns, rows) if kind == "csv" else xlsx_file(name, self.title, columns, rows, note)
        self._note(subjects, "export")
        return file

    @property
    def limit_words(self) -> str:
        """What a reader must know before a download: that it leaves rows out. Empty when it does not."""
        if self.total <= self.limit:
            return ""
        words = _(
            "Unduhan memuat %(limit)s baris pertama dari %(total)s. Persempit saringan untuk mengunduh sisanya.",
            limit=format_number(self.limit),
            total=format_number(self.total),
        )
        return str(words)

    # Where else one may go

    def address(self, changes: Mapping[str, Any] | None = None) -> str:
        """Return the address of this list with some arguments changed; None takes one away. Starts at page 1."""
        now: dict[str, Any] = {**self.keep, WORDS: self.words, **self.chosen}
        now |= {
            SORT: self.sort if self.sort != self.default_sort else None,
            SIZE: self.per if self.per != self.size else None,
            **(changes or {}),
        }
        given = urlencode([(name, str(value)) for name, value in now.items() if value not in (None, "")])
        return f"{self.path}{'?' if given else ''}{given}{self.fragment}"

    @property
    def path(self) -> str:
        """The path of the page, for a form."""
        return request.script_root + request.path

    @property
    def fragment(self) -> str:
        """The end of each address that brings the reader back to the table."""
        return f"#{self.name}" if self.anchor else ""

    @property
    def here(self) -> str:
        """The address of exactly this page of the list."""
        return self.page_url(self.page.number) if self.page.has_prev else self.address()

    def page_url(self, number: int) -> str:
        """Return the address of a page of the list."""
        return self.address({PAGE: number})

    @property
    def clear_url(self) -> str:
        """The address of the list with nothing narrowed."""
        return self.address({WORDS: None, **dict.fromkeys(self.chosen)})

    @property
    def headings(self) -> list[Heading]:
        """The headings of the table, each with the address that orders by it."""
        return [self._heading(column) for column in self.shown_columns]

    @property
    def shown_columns(self) -> list[ListColumn]:
        """The columns of the table."""
        return [column for column in self.columns if column.shown]

    @property
    def sort_choices(self) -> list[tuple[str, str, bool]]:
        """Every order there is: its argument (empty for the usual one), its words, whether it is the present one."""
        return [
            ("" if name == self.default_sort else name, f"{column.title}: {words}", name == self.sort)
            for column in self._sortable.values()
            for name, words in zip((column.name, f"-{column.name}"), column.directions, strict=True)
        ]

    @property
    def chips(self) -> list[Chip]:
        """What is narrowed now; tabs show by themselves what they are at."""
        chips = [Chip(_("Cari"), self.words, self.address({WORDS: None}))] if self.words else []
        return chips + [
            Chip(one.title, one.words(self.chosen[one.name]), self.address({one.name: None}))
            for one in self.fields
            if one.name in self.chosen
        ]

    @property
    def fields(self) -> list[Filter]:
        """The filters that stand in the toolbar."""
        return [one for one in self.filters if not one.tabs]

    @property
    def tab_rows(self) -> list[tuple[str, list[tuple[str, str, bool, None, int | None]]]]:
        """The filters that are tabs: a title, and what `ui.tabs` takes."""
        return [(one.title, self._tabs(one)) for one in self.filters if isinstance(one, ChoiceFilter) and one.tabs]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the form of the toolbar has to carry along."""
        carried = {**self.keep, **{one.name: self.chosen.get(one.name) for one in self.filters if one.tabs}}
        carried |= {SIZE: self.per if self.per != self.size else None}
        return [(name, str(value)) for name, value in carried.items() if value not in (None, "")]

    @property
    def sizes(self) -> list[tuple[int, str, bool]]:
        """The sizes a page may have, with their addresses; none when all rows fit the smallest."""
        if self.total <= SIZES[0]:
            return []
        return [(size, self.address({SIZE: size if size != self.size else None}), size == self.per) for size in SIZES]

    @property
    def files(self) -> list[tuple[str, str, str]]:
        """The downloads: title, icon and address."""
        return [
            (_("Excel (xlsx)"), "file-spreadsheet", self._plain_address({FILE: "xlsx"})),
            (_("CSV"), "file-text", self._plain_address({FILE: "csv"})),
        ]

    def row_name(self, row: Any) -> str:
        """Return what a row is called where one ticks it: the text of the first column."""
        return self.shown_columns[0].text(row)

    # Within

    @property
    def _session(self) -> Session:
        return current_scope().session

    def _told(self, rows: Iterable[Any], subjects: set[UUID | None]) -> Iterator[Any]:
        """Hand on the rows of a file and remember whose they are; the ids alone are held until the end."""
        for row in rows:
            if self.subject:
                subjects.add(self.subject(row))
            yield row

    def _note(self, subjects: set[UUID | None], how: str) -> None:
        note_reading([one for one in subjects if one is not None], f"{self.reading}.{how}")

    @cached_property
    def _sortable(self) -> dict[str, ListColumn]:
        return {column.name: column for column in self.columns if column.sortable}

    def _heading(self, column: ListColumn) -> Heading:
        if not column.sortable:
            return Heading(column, None, None, "")
        direction = {column.name: "ascending", f"-{column.name}": "descending"}.get(self.sort)
        down = direction == "ascending"
        wanted = f"-{column.name}" if down else column.name
        url = self.address({SORT: wanted if wanted != self.default_sort else None})
        return Heading(column, url, direction, column.directions[1 if down else 0])

    def _tabs(self, one: ChoiceFilter) -> list[tuple[str, str, bool, None, int | None]]:
        chosen, counts = self.chosen.get(one.name, ""), one.counts
        every = sum(counts.values()) if counts is not None else None
        tabs = [(one.all_title, self.address({one.name: None}), not chosen, None, every)]
        for value, title in one.choices:
            count = counts.get(value, 0) if counts is not None else None
            if count != 0 or value == chosen:
                tabs.append((title, self.address({one.name: value}), value == chosen, None, count))
        return tabs

    def _plain_address(self, changes: Mapping[str, Any]) -> str:
        return self.address(changes).removesuffix(self.fragment)


def _occurs(part: Any, word: str) -> ColumnElement[bool]:
    """Return the condition that a word occurs: in a column, or as a function of the author says."""
    found: ColumnElement[bool] = part(word) if callable(part) else part.icontains(word, autoescape=True)
    return found
