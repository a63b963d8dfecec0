"""Open reports of the same damage near a place: what somebody is shown before they report it once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from lumbung.sdk import distance_m, session

from ..models import Category, Report
from ..rules.states import OPEN

MOST = 5
METRES_A_DEGREE = 111_195  # of latitude, as `distance_m` counts


@dataclass(frozen=True)
class Near:
    """A report, and how many metres it is away."""

    report: Report
    metres: float


def similar(category: Category, lat: float | None, lon: float | None) -> Sequence[Near]:
    """Return open reports of a category that everybody may see, within its radius of a place, the nearest first."""
    if lat is None or lon is None:
        return []
    slack = category.radius_m / METRES_A_DEGREE * 1.01
    wide = slack / max(cos(radians(lat)), 0.01)
    query = (
        select(Report)
        .where(
            Report.lat.between(lat - slack, lat + slack),
            Report.lon.between(lon - wide, lon + wide),
            Report.category_id == category.id,
            Report.state.in_(sorted(OPEN)),
            Report.visibility == "public",
        )
        .options(selectinload(Report.photos), selectinload(Report.category))
    )
    found = [
        Near(report, distance_m(lat, lon, report.lat, report.lon))
        for report in session.scalars(query)
        if report.lat is not None and report.lon is not None
    ]
    return sorted((one for one in found if one.metres <= category.radius_m), key=lambda one: one.metres)[:MOST]
