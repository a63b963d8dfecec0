"""Crews: the page that works without a network."""

from ..room import room

blueprint = room("field", "/lapangan")

from . import phone, plain  # noqa: E402,F401
