"""What a number is called: a letter and digits, unique for a service all day long."""

from __future__ import annotations

from collections.abc import Iterable


def label(letter: str, base: int, room: int, number: int) -> str:
    """Return the label of ``number`` in a slot: A007 in the first, A107 in the second.

    Cancelled numbers are not given out again, so a slot may run out of ``room``; further labels then name
    the slot and the number (A100-201) and can never equal a label of the next slot.
    """
    if number <= room:
        return f"{letter}{base + number:03d}"
    return f"{letter}{base}-{number}"


def room_for(quota: int) -> int:
    """How many numbers a slot sets aside: half as many again as its seats, in whole hundreds."""
    return max(1, -(-(quota * 3 // 2 + 1) // 100)) * 100


def next_base(taken: Iterable[tuple[int, int]]) -> int:
    """Where the numbers of a new slot begin, after all ``(base, room)`` of that service and weekday."""
    return max((base + room for base, room in taken), default=0)
