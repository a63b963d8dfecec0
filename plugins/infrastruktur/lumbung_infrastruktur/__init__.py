"""Infrastruktur Daring: roads, drains, lamps and bridges, from report to repair. A gift of Kota Bandung.

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

    from lumbung.sdk import (
        Affair,
        DataSection,
        DataSubject,
        Demo,
        DeskTask,
        Erased,
        Event,
        Moved,
        Person,
        SearchHit,
        people,
    )


@hookimpl
def routes() -> Sequence[Blueprint]:
    """The pages, under /infrastruktur."""
    from .views import blueprints

    return blueprints()


@hookimpl
def my_affairs(person: Person) -> Sequence[Affair]:
    """Reports of a citizen that are still open."""
    from .services.affairs import affairs_of

    return affairs_of(person)


@hookimpl
def search(words: Sequence[str]) -> Sequence[SearchHit]:
    """Kinds of damage that can be reported."""
    from .services.search import hits

    return hits(words)


@hookimpl
def desk_tasks(person: Person) -> Sequence[DeskTask]:
    """What waits: new reports, late ones, work in the field."""
    from .services.desk_tasks import tasks_of

    return tasks_of(person)


@hookimpl
def jobs() -> Mapping[str, Callable[..., None]]:
    """What runs by the clock."""
    from .services import housekeeping

    return housekeeping.jobs()


@hookimpl
def on_event(event: Event) -> None:
    """Damage that another application saw, and budget proposals that answer ours."""
    from .services.listening import hear

    hear(event)


@hookimpl
def export_person(person: DataSubject) -> Sequence[DataSection]:
    """A person's reports and supports, for themselves."""
    from .services.personal_data import held_of

    return held_of(person)


@hookimpl
def erase_person(person: DataSubject) -> Sequence[Erased]:
    """Takes a person out of their reports; the damage stays reported."""
    from .services.personal_data import erase

    return erase(person)


@hookimpl
def sweep_personal_data(today: date) -> Sequence[Erased]:
    """Takes names and addresses out of reports that ended longer ago than the register says."""
    from .services.personal_data import sweep

    return sweep(today)


@hookimpl
def hand_over(
    giver: people.PersonCard, receiver: people.PersonCard, unit_ids: frozenset[UUID] | None
) -> Sequence[Moved]:
    """Crews that the giver leads."""
    from .services.crews import hand_over_crews

    return hand_over_crews(giver, receiver, unit_ids)


@hookimpl
def load_demo(demo: Demo) -> None:
    """A believable year of reports, assets and work in Sumbawa."""
    from .demo import load

    load(demo)
