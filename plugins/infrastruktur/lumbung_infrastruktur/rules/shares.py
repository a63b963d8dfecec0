"""Shares of a whole, and whether parts make up their whole."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal


def shares(counts: Mapping[str, int], *, decimals: int = 2) -> dict[str, Decimal]:
    """Return per cent of each part, rounded so that together they are exactly 100 (largest remainders).

    505 and 59 of 564 are 89.54 and 10.46 (domain/04, section g). Nothing at all: zeros.
    """
    whole = sum(counts.values())
    step = Decimal(1).scaleb(-decimals)
    if whole == 0:
        return {name: Decimal(0).quantize(step) for name in counts}
    exact = {name: Decimal(count) * 100 / whole for name, count in counts.items()}
    rounded = {name: value.quantize(step, ROUND_FLOOR) for name, value in exact.items()}
    missing = int((Decimal(100) - sum(rounded.values())) / step)
    for name in sorted(exact, key=lambda one: (rounded[one] - exact[one], one))[:missing]:
        rounded[name] += step
    return rounded


def difference(parts: Mapping[str, int], total: int) -> int:
    """Return by how much parts are more than their total; 0 when the books are right.

    LAPOR!'s states of 2013/14 were 4,774 + 33 + 794 for a total of 5,571: 30 too many (domain/04, section g).
    """
    return sum(parts.values()) - total
