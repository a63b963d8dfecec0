"""The geometry of charts: numbers in, shares of the picture out. The macros of parts/charts.html draw them.

Everything is in percent of the picture's width or height, so that a chart fits a phone and a sheet of paper with
its letters at their true size. Nothing here knows a colour, a language or a request.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

Number = int | float | Decimal
MOST_MARKS = 31  # more points than this are a line without marks
MOST_LABELS = 6  # written below a chart
LETTERS = 34  # what fits in one line below a chart on a phone


@dataclass(frozen=True)
class Scale:
    """An axis from ``low`` to ``high`` with round numbers at even steps, lowest first; zero is always on it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: Number) -> float:
        """Return where a value lies, in percent of the way from low to high."""
        return round((float(value) - self.low) / (self.high - self.low) * 100, 3)


def scale(values: Iterable[Number | None], *, most: int = 5) -> Scale:
    """Return an axis for these values with at most ``most`` steps of 1, 2 or 5 times a power of ten.

    No values, or nothing but zeros, give an axis from 0 to 1.
    """
    known = [float(value) for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        high = 1.0
    step = _round_step((high - low) / most)
    while math.ceil(high / step - 1e-9) - math.floor(low / step + 1e-9) > most:
        step = _round_step(step * 1.01)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, -math.floor(math.log10(step)))
    ticks = tuple(_plain(round(number * step, digits)) for number in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], ticks)


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(size * power for size in (1, 2, 5, 10) if size * power >= rough * (1 - 1e-9))


def _plain(value: float) -> float:
    """Return 3 for 3.0, so that it is written without a comma."""
    return int(value) if value == int(value) else value


@dataclass(frozen=True)
class Bar:
    """One bar: from ``start``, ``length`` long, both in percent of the axis; a value of None has no bar."""

    label: str
    value: Number | None
    start: float
    length: float


@dataclass(frozen=True)
class Bars:
    """Bars on one axis; ``zero`` is where it begins."""

    bars: tuple[Bar, ...]
    scale: Scale
    zero: float
    labelled: tuple[int, ...]
    sparse: tuple[int, ...]


def bars(rows: Iterable[tuple[str, Number | None]]) -> Bars:
    """Return bars for rows of label and value; negative ones lie on the other side of zero."""
    pairs = list(rows)
    axis = scale(value for _, value in pairs)
    zero = axis.at(0)
    written = labelled(len(pairs))
    few = sparse([str(label) for label, _ in pairs], written)
    return Bars(tuple(_bar(label, value, axis) for label, value in pairs), axis, zero, written, few)


def _bar(label: str, value: Number | None, axis: Scale) -> Bar:
    zero = axis.at(0)
    end = zero if value is None else axis.at(value)
    return Bar(str(label), value, min(zero, end), round(abs(end - zero), 3))


@dataclass(frozen=True)
class Point:
    """One value of a line, ``x`` from the left and ``y`` from the top."""

    x: float
    y: float
    value: Number
    label: str


@dataclass(frozen=True)
class Line:
    """One series: its stretches without a gap, and the points that get a mark."""

    title: str
    values: tuple[Number | None, ...]
    stretches: tuple[tuple[Point, ...], ...]
    marks: tuple[Point, ...]

    @property
    def paths(self) -> list[str]:
        """The stretches as points of an SVG polyline; a lone point has none, its mark shows it."""
        return [_path(stretch) for stretch in self.stretches if len(stretch) > 1]


@dataclass(frozen=True)
class Lines:
    """Series over the same labels: where each lies, which are written, and which of those on a phone."""

    labels: tuple[str, ...]
    lines: tuple[Line, ...]
    scale: Scale
    places: tuple[float, ...]
    labelled: tuple[int, ...]
    sparse: tuple[int, ...]


def lines(labels: Iterable[str], series: Iterable[tuple[str, Sequence[Number | None]]]) -> Lines:
    """Return lines over labels. A value of None, or one that is missing at the end, is a gap in its line."""
    names = tuple(str(label) for label in labels)
    rows = [(title, _fitted(values, len(names))) for title, values in series]
    axis = scale(value for _, values in rows for value in values)
    places = tuple(_place(index, len(names)) for index in range(len(names)))
    drawn = tuple(_line(title, values, names, places, axis) for title, values in rows)
    written = labelled(len(names))
    return Lines(names, drawn, axis, places, written, sparse(names, written))


def _fitted(values: Sequence[Number | None], count: int) -> tuple[Number | None, ...]:
    return (*values[:count], *(None for _ in range(count - len(values))))


def _line(
    title: str, values: tuple[Number | None, ...], names: tuple[str, ...], places: tuple[float, ...], axis: Scale
) -> Line:
    stretches: list[list[Point]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            stretches.append([])
        else:
            y = round(100 - axis.at(value), 3)
            stretches[-1].append(Point(places[index], y, value, names[index]))
    found = tuple(tuple(stretch) for stretch in stretches if stretch)
    few = len(values) <= MOST_MARKS
    marks = tuple(point for stretch in found if few or len(stretch) == 1 for point in stretch)
    return Line(str(title), values, found, marks)


def _place(index: int, count: int) -> float:
    return 50.0 if count == 1 else round(index / (count - 1) * 100, 3)


def _path(points: Sequence[Point]) -> str:
    return " ".join(f"{point.x:g},{point.y:g}" for point in points)


def labelled(count: int, most: int = MOST_LABELS) -> tuple[int, ...]:
    """Return which of ``count`` labels are written: all when they fit, else some at even steps from the first."""
    if count <= most:
        return tuple(range(count))
    step = math.ceil((count - 1) / (most - 1))
    return tuple(range(0, count, step))


def sparse(labels: Sequence[str], written: Sequence[int]) -> tuple[int, ...]:
    """Return which of the written labels stand in one line on a phone: every second, every third."""
    longest = max((len(labels[index]) for index in written), default=0)
    fit = max(1, LETTERS // (longest + 2))
    return tuple(written[:: math.ceil(len(written) / fit)]) if written else ()


@dataclass(frozen=True)
class Share:
    """One part of a whole: where it begins and how long it is, and its share in whole percent."""

    label: str
    value: Number
    start: float
    length: float
    percent: int


def shares(parts: Iterable[tuple[str, Number | None]]) -> list[Share]:
    """Return the parts of a whole. The whole percents add up to 100; a whole of nothing has parts of 0.

    Raises `ValueError` for a part below zero: it is no part.
    """
    pairs = [(str(label), value or 0) for label, value in parts]
    if any(value < 0 for _, value in pairs):
        raise ValueError("a part of a whole is not below zero")
    total = sum(float(value) for _, value in pairs)
    exact = [float(value) / total * 100 if total else 0.0 for _, value in pairs]
    whole = _whole_percents(exact) if total else [0] * len(pairs)
    starts = [round(sum(exact[:index]), 3) for index in range(len(pairs))]
    return [
        Share(label, value, start, round(length, 3), percent)
        for (label, value), start, length, percent in zip(pairs, starts, exact, whole, strict=True)
    ]


def _whole_percents(exact: Sequence[float]) -> list[int]:
    """Round so that the sum stays 100: those with the largest remainder go up."""
    whole = [math.floor(value) for value in exact]
    order = sorted(range(len(exact)), key=lambda index: whole[index] - exact[index])
    for index in order[: 100 - sum(whole)]:
        whole[index] += 1
    return whole


@dataclass(frozen=True)
class Spark:
    """A line the height of a word: its stretches, and where it ends."""

    paths: tuple[str, ...]
    last: Point | None


def spark(values: Sequence[Number | None]) -> Spark:
    """Return a tiny line that fills its height from the lowest to the highest value; equal ones lie in the middle."""
    known = [float(value) for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    stretches: list[list[Point]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            stretches.append([])
            continue
        y = 50.0 if low == high else round(100 - (float(value) - low) / (high - low) * 100, 3)
        stretches[-1].append(Point(_place(index, len(values)), y, value, ""))
    found = [stretch for stretch in stretches if stretch]
    paths = tuple(_path(stretch) for stretch in found if len(stretch) > 1)
    return Spark(paths, found[-1][-1] if found else None)


@dataclass(frozen=True)
class Extremes:
    """What the words below a chart tell: the highest, the lowest, the sum."""

    highest: tuple[str, Number]
    lowest: tuple[str, Number]
    total: Number
    equal: bool


def extremes(rows: Iterable[tuple[str, Number | None]]) -> Extremes | None:
    """Return what stands out among rows of label and value, the first of equals; None when there is no value."""
    known = [(str(label), value) for label, value in rows if value is not None]
    if not known:
        return None
    highest, lowest = max(known, key=_second), min(known, key=_second)
    total = sum((Decimal(str(value)) for _, value in known), Decimal())
    return Extremes(highest, lowest, _plain_decimal(total), highest[1] == lowest[1])


def _second(pair: tuple[str, Number]) -> float:
    return float(pair[1])


def _plain_decimal(value: Decimal) -> Number:
    return int(value) if value == value.to_integral_value() else value
