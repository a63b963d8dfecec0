"""Managers: categories and their questions, routes, destinations, templates."""

from __future__ import annotations

from flask import abort

from lumbung.sdk import current_person

from ..room import room

MANAGE = "infrastruktur.manage"

blueprint = room("setup", "/pengaturan")


@blueprint.before_request
def for_the_whole_region() -> None:
    """What is set up here holds for every unit: a manager of one unit alone does not decide it."""
    person = current_person()
    if person is not None and person.can(MANAGE) and person.units_with(MANAGE) is not None:
        abort(403)


from . import answers, categories, routes, start  # noqa: E402,F401
