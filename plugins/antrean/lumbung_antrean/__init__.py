"""Antrean Daring: citizens take a queue number from home, the counter calls it. A gift of Kota Bandung.

This file lists where the plugin joins the house; the work is in its rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from lumbung.sdk import hookimpl

if TYPE_CHECKING:
    from flask import Blueprint

    from lumbung.sdk import Affair, Demo, Person


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
def jobs() -> Mapping[str, Callable[..., None]]:
    """What runs by night."""
    from .services.housekeeping import expire_tickets, forget_visitors

    return {"expire_tickets": expire_tickets, "forget_visitors": forget_visitors}


@hookimpl
def load_demo(demo: Demo) -> None:
    """Two weeks of a believable queue in Sumbawa, and today's."""
    from .demo import load

    load(demo)
