"""Who is called next: the priority lane interleaved with the ordinary one, always the same way."""

from __future__ import annotations

from collections.abc import Iterable

from ..words import _l

PRIORITIES = {
    "lansia": _l("Lansia (60 tahun ke atas)"),
    "disabilitas": _l("Penyandang disabilitas"),
    "ibu_hamil": _l("Ibu hamil atau membawa bayi"),
}


def priority_title(priority: str) -> str:
    """The priority class in words; empty for an ordinary ticket."""
    return str(PRIORITIES[priority]) if priority in PRIORITIES else ""


def priority_turn(called: Iterable[bool], regular_per_priority: int) -> bool:
    """Tell whether the priority lane has its turn.

    ``called`` says of each number called today whether it was a priority one, the latest first. The turn comes
    when none was called yet, or when enough ordinary numbers followed the last: P R R P R R for 1 : 2.
    """
    for ordinary_since, was_priority in enumerate(called):
        if was_priority:
            return ordinary_since >= regular_per_priority
    return True
