"""Which reports somebody looks at: the same filters for the map, the list, the statistics and the feeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from lumbung.sdk import current_tenant, session

from ..models import Category, Report
from ..rules.kinds import GROUPS
from ..rules.states import ENDED, OPEN, State

CATEGORY, GROUP, DISTRICT, STATE, SINCE, UNTIL = "kategori", "kelompok", "kecamatan", "keadaan", "sejak", "sampai"
OPEN_ONES, ENDED_ONES = "terbuka", "berakhir"  # of STATE, beside the states themselves


@dataclass(frozen=True)
class Filter:
    """What is asked for; what makes no sense was left out. Empty fields ask for everything."""

    category: UUID | None = None
    group: str = ""
    district: str = ""
    state: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """What has to hold of a report."""
        found: list[ColumnElement[bool]] = []
        if self.category:
            found.append(Report.category_id == self.category)
        elif self.group:
            found.append(Report.category_id.in_(select(Category.id).where(Category.group == self.group)))
        if self.district:
            found.append(Report.district_code == self.district)
        if self.state:
            found.append(in_state(self.state))
        if self.since:
            found.append(Report.reported_at >= begins(self.since))
        if self.until:
            found.append(Report.reported_at < begins(self.until + timedelta(days=1)))
        return found

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.conditions)


def asked_for(arguments: Mapping[str, str]) -> Filter:
    """Read a filter from the arguments of an address."""
    state = arguments.get(STATE, "")
    known = {OPEN_ONES, ENDED_ONES, *map(str, State)}
    group = arguments.get(GROUP, "")
    return Filter(
        category=category_id(arguments.get(CATEGORY, "")),
        group=group if group in GROUPS else "",
        district=arguments.get(DISTRICT, "")[:8],
        state=state if state in known else "",
        since=_date(arguments.get(SINCE, "")),
        until=_date(arguments.get(UNTIL, "")),
    )


def in_state(state: str) -> ColumnElement[bool]:
    """The condition of reports in a state, or in any that is open or ended."""
    if state == OPEN_ONES:
        return Report.state.in_(sorted(OPEN))
    return Report.state.in_(sorted(ENDED)) if state == ENDED_ONES else Report.state == state


def shown_to_all() -> Select[tuple[Report]]:
    """The reports that everybody may see."""
    return select(Report).where(Report.visibility == "public")


def categories() -> list[Category]:
    """The categories, in the order of their groups."""
    found = session.scalars(select(Category).order_by(Category.position, Category.name)).all()
    order = list(GROUPS)
    return sorted(found, key=lambda one: order.index(one.group) if one.group in order else len(order))


def begins(day: date) -> datetime:
    """The first moment of a day where the tenant is."""
    return datetime.combine(day, time(), current_tenant().now().tzinfo)


def category_id(text: str) -> UUID | None:
    """The id of a category by its code, None for none."""
    if not text:
        return None
    return session.scalar(select(Category.id).where(Category.code == text[:40]))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
