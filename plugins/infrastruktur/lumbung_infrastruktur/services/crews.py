"""Crews: who goes out together, who leads them, and what each does in a week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import selectinload

from lumbung.sdk import (
    DomainError,
    Moved,
    audit,
    current_units,
    find,
    holidays,
    people,
    session,
    today,
    within,
)

from ..models import Crew, WorkOrder
from ..rules import work
from ..words import _, both
from .work_orders import FIELD, WORK

DAYS = 7
MOST_MEMBERS = 40


def save(crew: Crew | None, **values: Any) -> Crew:
    """Add a crew or change it. No two of a regency are called the same; who leads one works in the field."""
    name = " ".join(str(values["name"]).split())
    twin = session.scalar(select(Crew).where(func.lower(Crew.name) == name.lower()))
    if twin is not None and (crew is None or twin.id != crew.id):
        raise DomainError(_("Sudah ada regu bernama %(name)s.", name=twin.name))
    leader = values.get("leader_id")
    if leader is not None and leader not in {one.id for one in people.with_permission(FIELD)}:
        raise DomainError(_("Kepala regu harus petugas yang boleh mengisi perintah kerja dari lapangan."))
    made = crew or Crew()
    for column, value in {**values, "name": name, "members": members_text(values.get("members", ""))}.items():
        setattr(made, column, value)
    session.add(made)
    session.flush()
    audit("infrastruktur.crew.save", made.name, about=made.id)
    return made


def members_text(text: str) -> str:
    """Return the members of a crew one a line, nobody twice."""
    found = dict.fromkeys(" ".join(line.split()) for line in text.replace("\x00", "").splitlines())
    found.pop("", None)
    if len(found) > MOST_MEMBERS:
        raise DomainError(_("Paling banyak %(most)s anggota dalam satu regu.", most=MOST_MEMBERS))
    return "\n".join(found)


def members_of(crew: Crew) -> list[str]:
    """The names of a crew's members."""
    return crew.members.splitlines()


def close(crew: Crew) -> None:
    """Take a crew out of use; what it did stays. One that still has work out there is not closed."""
    crew = _hold(crew)
    out = session.scalar(
        select(func.count()).where(WorkOrder.crew_id == crew.id, WorkOrder.state.in_(sorted(work.IN_THE_FIELD)))
    )
    if out:
        raise DomainError(
            _(
                "Regu %(name)s masih memegang %(count)s perintah kerja. Berikan kepada regu lain atau batalkan dulu.",
                name=crew.name,
                count=out,
            )
        )
    if crew.open:
        crew.open = False
        audit("infrastruktur.crew.close", crew.name, about=crew.id)


def reopen(crew: Crew) -> None:
    """Put a crew to use again."""
    crew = _hold(crew)
    if not crew.open:
        crew.open = True
        audit("infrastruktur.crew.reopen", crew.name, about=crew.id)


def mine() -> list[ColumnElement[bool]]:
    """The condition of crews of one's units, in the unit one works in now."""
    found = [within(WORK, Crew.unit_id)]
    if (chosen := current_units()) is not None:
        found.append(Crew.unit_id.in_(chosen))
    return found


def to_choose(keeps: UUID | None = None) -> Sequence[Crew]:
    """The crews that an order may be given to: open ones of one's units and of none; ``keeps`` stays among them."""
    usable = Crew.open & or_(within(WORK, Crew.unit_id), Crew.unit_id.is_(None))
    return session.scalars(select(Crew).where(or_(usable, Crew.id == keeps)).order_by(Crew.name)).all()


def chosen(text: str | None, keeps: UUID | None = None) -> Crew | None:
    """The crew of a choice in a form, None for none."""
    return next((one for one in to_choose(keeps) if str(one.id) == text), None)


def leader_names(crews: Sequence[Crew]) -> Mapping[UUID, str]:
    """The names of who leads these crews, by their ids."""
    found = people.several({one.leader_id for one in crews if one.leader_id})
    return {person_id: card.name for person_id, card in found.items()}


def led_by(person_id: UUID) -> Sequence[UUID]:
    """The ids of the crews somebody leads."""
    return session.scalars(select(Crew.id).where(Crew.leader_id == person_id)).all()


def hand_over_crews(
    giver: people.PersonCard, receiver: people.PersonCard, unit_ids: frozenset[UUID] | None
) -> list[Moved]:
    """Give the crews that somebody leads to somebody else, those of these units (None: all)."""
    query = select(Crew).where(Crew.leader_id == giver.id)
    if unit_ids is not None:
        query = query.where(Crew.unit_id.in_(unit_ids))
    moved = 0
    for crew in session.scalars(query.order_by(Crew.id).with_for_update()):
        crew.leader_id = receiver.id
        audit("infrastruktur.crew.hand_over", crew.name, about=crew.id, before=giver.name)
        moved += 1
    return [Moved(both("regu"), moved)]


# The plan of a week


@dataclass
class CrewWeek:
    """What one crew does, by day; None are orders that no crew has."""

    crew: Crew | None
    days: dict[date, list[WorkOrder]] = field(default_factory=dict)
    undated: list[WorkOrder] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many orders there are in the week."""
        return sum(map(len, self.days.values()))


@dataclass(frozen=True)
class Week:
    """A week of all crews, Monday first; ``holidays`` names the days on which nobody has to work."""

    first: date
    days: tuple[date, ...]
    rows: tuple[CrewWeek, ...]
    holidays: Mapping[date, str]

    @property
    def name(self) -> str:
        """The week as an address says it: 2026-W48."""
        year, number, _day = self.first.isocalendar()
        return f"{year}-W{number:02}"

    @property
    def last(self) -> date:
        """Its Sunday."""
        return self.days[-1]

    def beside(self, weeks: int) -> str:
        """The week that lies so many before or after."""
        year, number, _day = (self.first + timedelta(weeks=weeks)).isocalendar()
        return f"{year}-W{number:02}"


def first_day(text: str) -> date:
    """The Monday of a week such as 2026-W48; of this week for anything else."""
    try:
        year, number = text.split("-W")
        found = date.fromisocalendar(int(year), int(number), 1)
    except ValueError:
        found = today()
    if not 1970 < found.year < 2100:
        found = today()
    return found - timedelta(days=found.weekday())


def week(first: date) -> Week:
    """What the crews of one's units do in the week that begins on a Monday, and what still waits for a day."""
    days = tuple(first + timedelta(days=step) for step in range(DAYS))
    crews = session.scalars(select(Crew).where(*mine(), Crew.open).order_by(Crew.name)).all()
    rows: dict[UUID | None, CrewWeek] = {one.id: CrewWeek(one, {day: [] for day in days}) for one in crews}
    for order in session.scalars(_of_week(days)):
        row = rows.get(order.crew_id)
        if row is None:
            row = rows[order.crew_id] = CrewWeek(order.crew, {day: [] for day in days})
        if order.planned_on is None:
            row.undated.append(order)
        else:
            row.days[order.planned_on].append(order)
    ordered = sorted(rows.values(), key=lambda row: (row.crew is None, row.crew.name.lower() if row.crew else ""))
    return Week(first, days, tuple(ordered), holidays(days[0], days[-1]))


def _of_week(days: Sequence[date]) -> Any:
    waits = WorkOrder.planned_on.is_(None) & WorkOrder.state.in_(sorted(work.OPEN))
    dated = WorkOrder.planned_on.between(days[0], days[-1]) & (WorkOrder.state != work.OrderState.CANCELLED)
    query = select(WorkOrder).where(within(WORK, WorkOrder.unit_id), or_(dated, waits))
    if (narrowed := current_units()) is not None:
        query = query.where(WorkOrder.unit_id.in_(narrowed))
    return query.options(selectinload(WorkOrder.crew)).order_by(WorkOrder.planned_on, WorkOrder.number)


def _hold(crew: Crew) -> Crew:
    session.flush()
    held = find(Crew, crew.id, lock=True)
    if held is None:
        raise DomainError(_("Regu itu tidak ada lagi."))
    return held
