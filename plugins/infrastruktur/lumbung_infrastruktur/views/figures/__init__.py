"""Heads: the recap and the SLA board."""

from ..room import room

blueprint = room("figures", "/petugas")

from . import recap, sla  # noqa: E402,F401
