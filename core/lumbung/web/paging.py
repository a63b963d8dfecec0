"""Long lists, a page at a time, counted and cut by the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from flask import request
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

PER_PAGE = 25
PARAMETER = "halaman"

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list. ``number`` counts from 1; an empty list has one empty page."""

    items: Sequence[Item]
    number: int
    total: int
    size: int = PER_PAGE

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // self.size))

    @property
    def has_prev(self) -> bool:
        """Whether a page comes before this one."""
        return self.number > 1

    @property
    def has_next(self) -> bool:
        """Whether a page comes after this one."""
        return self.number < self.pages


def paginate(session: Session, query: Select[Any], number: int, *, size: int = PER_PAGE) -> Page[Any]:
    """Run ``query`` for one page of its first column or entity; past the end is the last page."""
    counted = select(func.count()).select_from(query.order_by(None).subquery())
    total = session.scalar(counted) or 0
    number = min(max(number, 1), max(1, -(-total // size)))
    items = session.scalars(query.limit(size).offset((number - 1) * size)).unique().all() if total else []
    return Page(items, number, total, size)


def page_number() -> int:
    """Return the page that the request asks for; 1 when it asks for nonsense."""
    asked = request.args.get(PARAMETER, "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1


def page_url() -> Callable[[int], str]:
    """Return a function from a page's number to its address, with the filters of this request kept."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != PARAMETER and value]
    here = request.script_root + request.path
    return lambda number: f"{here}?{urlencode([*kept, (PARAMETER, str(number))])}"
