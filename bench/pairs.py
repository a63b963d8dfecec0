"""Comparing two things fairly: in turns, in one run, by the median of the pairs' ratios; and one table of figures."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Figure:
    """Something measured: what, the goal at most, what came out, and the two amounts behind it in words."""

    what: str
    goal: float | None
    value: float
    detail: str

    @property
    def met(self) -> str:
        """Whether the goal is met, in a word; nothing for what has no goal."""
        return "" if self.goal is None else "yes" if self.value <= self.goal else "NO"


def show(figures: list[Figure]) -> None:
    """Print figures as a table."""
    for one in figures:
        goal = "" if one.goal is None else f"{one.goal:g}"
        print(f"{one.what:<66} {goal:>6} {one.value:>9.3f} {one.met:>4}  {one.detail}", flush=True)


def head() -> None:
    """Print the first line of the table."""
    print(f"{'what':<66} {'goal':>6} {'measured':>9} {'met':>4}  behind it")


@dataclass(frozen=True)
class Compared:
    """Two works side by side: CPU and wall time of each in milliseconds a request, and the medians of the ratios."""

    cpu: float
    wall: float
    ours: tuple[float, float]
    beside: tuple[float, float]

    @property
    def detail(self) -> str:
        """The amounts in words."""
        rates = f"{1000 / self.ours[1]:.0f} against {1000 / self.beside[1]:.0f} requests/s"
        return f"CPU {self.ours[0]:.3f} ms against {self.beside[0]:.3f} ms; {rates} (one thread)"


def compare(ours: Work, beside: Work, *, pairs: int = 300, each: int = 4, warm: int = 100) -> Compared:
    """Run both in turns, ``each`` times a turn, and compare the CPU time of this thread and the time by the clock.

    The garbage collector rests meanwhile, as it nearly does in a served worker: a collection of one side would fall
    into the other's turn.
    """
    for _ in range(warm):
        ours(), beside()
    gc.collect()
    gc.freeze()
    gc.disable()
    taken: list[tuple[tuple[float, float], tuple[float, float]]] = []
    try:
        for turn in range(pairs):
            order = (ours, beside) if turn % 2 else (beside, ours)
            times = {which: _times(which, each) for which in order}
            taken.append((times[ours], times[beside]))
            if not turn % 20:
                gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()
    median = statistics.median
    return Compared(
        cpu=median(mine[0] / other[0] for mine, other in taken),
        wall=median(mine[1] / other[1] for mine, other in taken),
        ours=(median(mine[0] for mine, _ in taken), median(mine[1] for mine, _ in taken)),
        beside=(median(other[0] for _, other in taken), median(other[1] for _, other in taken)),
    )


def _times(work: Work, each: int) -> tuple[float, float]:
    cpu, clock = time.thread_time(), time.perf_counter()
    for _ in range(each):
        work()
    return (time.thread_time() - cpu) * 1000 / each, (time.perf_counter() - clock) * 1000 / each
