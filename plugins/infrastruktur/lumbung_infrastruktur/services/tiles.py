"""The map: reports of a box, near ones drawn together so that 200,000 are as quick to look at as ten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, Integer, cast, func, select

from lumbung.sdk import session

from ..models import Category, Report
from ..rules.states import ENDED

CELL = 1 / 4  # of a map tile: 64 of its 256 points
MOST_POINTS = 300  # that are drawn one by one
NEAREST = 17  # from here on every report stands for itself
HEAT_CELL = 1 / 16


@dataclass(frozen=True)
class Box:
    """A part of the world in degrees (WGS 84)."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def read(cls, text: str) -> Box | None:
        """Read ``west,south,east,north``; None for anything that is no box."""
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            return None
        fine = -180 <= west < east <= 180 and -90 <= south < north <= 90
        return cls(west, south, east, north) if fine else None

    @property
    def condition(self) -> ColumnElement[bool]:
        """Reports within."""
        return Report.lat.between(self.south, self.north) & Report.lon.between(self.west, self.east)


@dataclass(frozen=True)
class Cluster:
    """Reports that lie near each other: how many, around where, and the box that holds them."""

    count: int
    lat: float
    lon: float
    bounds: tuple[float, float, float, float]
    number: str


def for_everybody() -> ColumnElement[bool]:
    """The condition of reports that everybody may see."""
    return Report.visibility == "public"


def clusters(box: Box, zoom: int, conditions: Sequence[ColumnElement[bool]]) -> list[Cluster]:
    """Return the reports of a box, put together by the cells of a grid that grows finer with the zoom.

    ``conditions`` say which there are at all, and what is asked for.
    """
    step = 360 / 2**zoom * (CELL if zoom < NEAREST else CELL / 64)
    x, y = _cell(Report.lon, step), _cell(Report.lat, step)
    query = (
        select(
            func.count(),
            func.avg(Report.lat),
            func.avg(Report.lon),
            func.min(Report.lon),
            func.min(Report.lat),
            func.max(Report.lon),
            func.max(Report.lat),
            func.min(Report.number),
        )
        .where(box.condition, *conditions)
        .group_by(x, y)
    )
    return [Cluster(row[0], row[1], row[2], (row[3], row[4], row[5], row[6]), row[7]) for row in session.execute(query)]


def singles(found: Sequence[Cluster]) -> dict[str, Any]:
    """Return what is drawn of the reports that stand alone, by their numbers."""
    numbers = [one.number for one in found if one.count == 1]
    query = (
        select(Report.number, Report.state, Report.address, Report.id, Category)
        .join(Category, Category.id == Report.category_id)
        .where(Report.number.in_(numbers))
    )
    return {row[0]: row for row in session.execute(query)} if numbers else {}


def heat(box: Box, zoom: int, conditions: Sequence[ColumnElement[bool]]) -> list[tuple[float, float, int]]:
    """Return how many open reports there are where: (latitude, longitude, count) of each cell of a fine grid."""
    step = 360 / 2**zoom * HEAT_CELL
    x, y = _cell(Report.lon, step), _cell(Report.lat, step)
    query = (
        select(func.avg(Report.lat), func.avg(Report.lon), func.count())
        .where(box.condition, Report.state.not_in(sorted(ENDED)), *conditions)
        .group_by(x, y)
    )
    return [(round(lat, 5), round(lon, 5), count) for lat, lon, count in session.execute(query)]


def _cell(column: Any, step: float) -> ColumnElement[int]:
    return cast(func.floor(column / cast(step, Float)), Integer)
