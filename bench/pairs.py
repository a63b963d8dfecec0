"""Comparing two things fairly: run in turns, print the median of the pairs' ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def compare(title: str, ours: Callable[[], object], beside: Callable[[], object], *, pairs: int) -> float:
    """Time ``ours`` and ``beside`` alternately and print both and their ratio (1.0: as fast)."""
    ours(), beside()
    taken: list[tuple[float, float]] = []
    for turn in range(pairs):
        order = (ours, beside) if turn % 2 else (beside, ours)
        times = {which: _time(which) for which in order}
        taken.append((times[ours], times[beside]))
    ratio = statistics.median(mine / other for mine, other in taken)
    mine, other = (statistics.median(column) for column in zip(*taken, strict=True))
    print(f"{title}: {mine * 1000:.2f} ms against {other * 1000:.2f} ms, ratio {ratio:.2f} ({pairs} pairs)")
    return ratio


def _time(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
