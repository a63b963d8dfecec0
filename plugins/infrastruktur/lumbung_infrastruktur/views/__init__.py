"""The pages, by reader: citizens, everybody who looks, the desk, the field, programs."""

from __future__ import annotations

from functools import cache

from flask import Blueprint


@cache  # what a blueprint brings is added once, also when the first opening of the plugin failed
def blueprints() -> list[Blueprint]:
    """Return the rooms; the first one brings the words that all templates share."""
    from . import assets, browse, citizen, desk, field, figures, open311, setup, work
    from .room import words

    citizen.blueprint.app_context_processor(words)
    return [
        citizen.blueprint,
        browse.blueprint,
        desk.blueprint,
        setup.blueprint,
        work.blueprint,
        field.blueprint,
        *assets.blueprints,
        figures.blueprint,
        *open311.blueprints,
    ]
