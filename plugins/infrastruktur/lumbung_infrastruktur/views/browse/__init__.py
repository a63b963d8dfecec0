"""Everybody: the map, the list, the statistics."""

from ..room import room

blueprint = room("browse")

from . import listing, looking  # noqa: E402,F401
