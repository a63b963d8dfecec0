"""Antrean Daring: citizens take a queue number from home, the counter calls it. A gift of Kota Bandung.

This file lists where the plugin joins the house; the work is in its rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from lumbung.sdk import hookimpl

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Blueprint

    from lumbung.sdk import Affair, DataSection, DataSubject, Demo, DeskTask, Erased, Moved, Person, SearchHit, people


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
    from .services.housekeeping import expire_tickets

    return {"expire_tickets": expire_tickets}


@hookimpl
def export_person(person: DataSubject) -> Sequence[DataSection]:
    """A person's numbers, for themselves."""
    from .services.personal_data import held_of

    return held_of(person)


@hookimpl
def erase_person(person: DataSubject) -> Sequence[Erased]:
    """Takes a person out of their numbers; open ones are cancelled."""
    from .services.personal_data import erase

    return erase(person)


@hookimpl
def sweep_personal_data(today: date) -> Sequence[Erased]:
    """Takes names and numbers out of tickets that are older than the register says."""
    from .services.housekeeping import forget_visitors

    return forget_visitors(today)


@hookimpl
def hand_over(
    giver: people.PersonCard, receiver: people.PersonCard, unit_ids: frozenset[UUID] | None
) -> Sequence[Moved]:
    """The counter at which the giver sits. Numbers belong to counters, and what was served keeps its name."""
    from .services.counters import hand_over_counters

    return hand_over_counters(giver, receiver, unit_ids)


@hookimpl
def load_demo(demo: Demo) -> None:
    """Two weeks of a believable queue in Sumbawa, and today's."""
    from .demo import load

    load(demo)
