"""The pages of the queue, by reader: citizens, the hall (kiosk and wall), the desk."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    """Return the one blueprint, with every page on it."""
    from . import booking, console, hall, live, open_data, recap, rest_days, setup, staff, ticket  # noqa: F401
    from .room import blueprint

    return [blueprint]
