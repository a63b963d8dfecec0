"""The administrators' desk: plugins, people, units, regions, tenants, the trail. One module a room."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    """Return the desk's pages, one blueprint a room."""
    from lumbung.admin import (
        announcements,
        identity,
        operations,
        overview,
        people,
        plugins,
        regions,
        roles,
        switching,
        tenants,
        trail,
        units,
    )

    rooms = (
        overview,
        announcements,
        plugins,
        switching,
        operations,
        people,
        roles,
        units,
        regions,
        identity,
        tenants,
        trail,
    )
    return [room.blueprint for room in rooms]
