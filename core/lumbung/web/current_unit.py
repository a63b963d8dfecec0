"""The unit an officer works in at the moment: one of theirs, chosen at the desk and remembered by the browser.

It narrows what lists show; it gives no right and takes none. What the browser remembers is only an id, looked up
among the person's own units at each request: a role that was withdrawn leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import has_request_context, session

from lumbung.context import current_scope, scope_or_none
from lumbung.identity.person import Person
from lumbung.tenancy import cards
from lumbung.tenancy.cards import UnitCard

KEY = "unit"


def current_unit() -> UnitCard | None:
    """Return the unit that the person at the desk works in now; None when they look at all of theirs.

    Who has exactly one unit works in that one. None outside of a request, too.
    """
    person = _person()
    if person is None:
        return None
    if _has_one(person):
        return next(iter(my_units()), None)
    wanted = session.get(KEY)
    return next((unit for unit in my_units() if str(unit.id) == wanted), None) if wanted else None


def current_units() -> frozenset[UUID] | None:
    """Return the ids of that unit and of those below it; None when lists are not narrowed to a unit."""
    person = _person()
    if person is not None and _has_one(person):
        return person.units
    chosen = current_unit()
    if chosen is None:
        return None
    covered = {chosen.id}
    for unit in my_units():  # in the order of the tree: a unit comes after the one above it
        if unit.parent_id in covered:
            covered.add(unit.id)
    return frozenset(covered)


def my_units() -> list[UnitCard]:
    """Return the units in which the person at the desk holds a permission, in the order of the tree.

    Asked of the database at most once in a request. ``depth`` counts from the topmost of theirs.
    """
    person, memory = _person(), current_scope().memory
    if person is None or person.units == frozenset():
        return []
    if "my_units" not in memory:
        mine = [unit for unit in cards.all() if person.units is None or unit.id in person.units]
        depths: dict[UUID | None, int] = {}
        for unit in mine:
            depths[unit.id] = depths.get(unit.parent_id, -1) + 1
        memory["my_units"] = [replace(unit, depth=depths[unit.id]) for unit in mine]
    found: list[UnitCard] = memory["my_units"]
    return found


def choose_unit(unit_id: str) -> bool:
    """Remember the unit with this id, or with an empty text all of them; False when it is not one of theirs."""
    if not unit_id:
        session.pop(KEY, None)
        return True
    if unit_id not in {str(unit.id) for unit in my_units()}:
        return False
    session[KEY] = unit_id
    return True


def _has_one(person: Person) -> bool:
    return person.units is not None and len(person.units) == 1


def _person() -> Person | None:
    scope = scope_or_none()
    return scope.person if scope is not None and has_request_context() else None
