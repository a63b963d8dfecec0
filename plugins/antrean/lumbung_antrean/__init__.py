"""Antrean Daring: citizens take a queue number from home, the counter calls it. A gift of Kota Bandung.

This file lists where the plugin joins the house; the work is in its rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from lumbung.sdk import hookimpl

if TYPE_CHECKING:
    from flask import Blueprint

    from lumbung.sdk import Affair, Demo, DeskTask, Person, SearchHit


@hookimpl
def routes() -> Sequence[Blueprint]:
    """The pages, under /antrean."""
    from .views import blueprints

    return blueprints()


@hookimpl
def my_affairs(person: Person) -> Sequence[Affair]:
    """Numbers that a citizen still holds."""
    from .services.affairs import affairs_of

    return affairs_of(person)


@hookimpl
def search(words: Sequence[str]) -> Sequence[SearchHit]:
    """Services for which a number can be taken."""
    from .services.search import hits

    return hits(words)


@hookimpl
def desk_tasks(person: Person) -> Sequence[DeskTask]:
    """Who waits, and what was left undone, at the places of this officer."""
    from .services.desk_tasks import tasks_of

    return tasks_of(person)


@hookimpl
def jobs() -> Mapping[str, Callable[..., None]]:
    """What runs by night."""
    from .services.housekeeping import expire_tickets, forget_visitors

    return {"expire_tickets": expire_tickets, "forget_visitors": forget_visitors}


@hookimpl
def load_demo(demo: Demo) -> None:
    """Two weeks of a believable queue in Sumbawa, and today's."""
    from .demo import load

    load(demo)
