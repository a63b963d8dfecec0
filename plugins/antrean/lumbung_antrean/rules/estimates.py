"""How long it may take: the figures shown to citizens."""

from __future__ import annotations

from datetime import datetime, timedelta


def served_from(starts: datetime, number: int, counters: int, minutes: int) -> datetime:
    """When number ``number`` of a slot that begins at ``starts`` is served at the earliest.

    Number 40 of the slot from 08:00, at 5 counters of 6 minutes: 08:00 + floor(39 / 5) * 6 = 08:42.
    """
    rounds_before = (number - 1) // max(counters, 1)
    return starts + timedelta(minutes=rounds_before * minutes)


def wait_minutes(ahead: int, counters: int, minutes: int) -> int:
    """About how long somebody waits with ``ahead`` people before them."""
    return ahead // max(counters, 1) * minutes
