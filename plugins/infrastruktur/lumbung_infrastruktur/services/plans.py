"""Planned maintenance (pemeliharaan terencana): once or again and again; who does it and who pays for it."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from lumbung.sdk import (
    DomainError,
    audit,
    current_units,
    emit,
    find,
    session,
    today,
    units,
    within,
)

from ..models import Plan, WorkOrder
from ..words import _, _l
from .assets import ASSET

AHEAD = timedelta(days=14)  # so long before it is due an order is drafted
STATES: dict[str, Any] = {
    "planned": _l("Direncanakan"),
    "ordered": _l("Sudah diperintahkan"),
    "done": _l("Selesai"),
    "dropped": _l("Dibatalkan"),
}
TONES = {"planned": "laut", "ordered": "padi", "done": "baik", "dropped": "muted"}
BUDGET_STATES: dict[str, Any] = {
    "wanted": _l("Usulan diminta"),
    "draft": _l("Rancangan"),
    "proposed": _l("Diusulkan"),
    "approved": _l("Disetujui"),
    "accepted": _l("Disetujui"),
    "rejected": _l("Ditolak"),
    "refused": _l("Ditolak"),
}
WAITING = ("planned", "ordered")
MOST_MONTHS = 240


def save(plan: Plan | None, **values: Any) -> Plan:
    """Add a plan or change it. One that is over is not changed any more."""
    made = plan or Plan(state="planned")
    if made.state not in WAITING:
        raise DomainError(
            _("Rencana ini sudah %(state)s, jadi tidak diubah lagi.", state=state_title(made.state).lower())
        )
    months = values.get("every_months", made.every_months) or 0
    if not 0 <= months <= MOST_MONTHS:
        raise DomainError(_("Isi selang 0 sampai %(most)s bulan.", most=MOST_MONTHS))
    for name, value in values.items():
        setattr(made, name, value)
    session.add(made)
    session.flush()
    audit("infrastruktur.plan.save", made.title, about=made.id, date=made.next_on.isoformat())
    return made


def done(plan: Plan, on: date | None = None) -> None:
    """Maintenance was carried out. A plan that repeats moves on to its next day; another is over.

    The next day keeps the rhythm of the plan: as many intervals after the planned day as are needed to come after
    the day it was done.
    """
    if plan.state not in WAITING:
        raise DomainError(_("Rencana ini sudah %(state)s.", state=state_title(plan.state).lower()))
    was, day = plan.next_on, on or today()
    if plan.every_months:
        plan.next_on = next_after(plan.next_on, plan.every_months, day)
        plan.state = "planned"
        plan.budget_reference = plan.budget_url = plan.budget_state = ""
    else:
        plan.state = "done"
    audit("infrastruktur.plan.done", plan.title, about=plan.id, before=was.isoformat(), date=day.isoformat())


def next_after(first: date, months: int, day: date) -> date:
    """Return the first day of a rhythm that comes after a day: 31 January every month is 28 February, 31 March, ..."""
    steps = 1
    while (found := _months_later(first, months * steps)) <= day:
        steps += 1
    return found


def drop(plan: Plan, reason: str) -> None:
    """Give a plan up."""
    if plan.state not in WAITING:
        raise DomainError(_("Rencana ini sudah %(state)s.", state=state_title(plan.state).lower()))
    if not reason.strip():
        raise DomainError(_("Tulis alasan rencana ini dibatalkan."))
    plan.state = "dropped"
    audit("infrastruktur.plan.drop", plan.title, about=plan.id, reason=reason)


def order_due() -> None:
    """Draft a work order for each plan that is due within a fortnight, once for each time it is due. A nightly job."""
    query = select(Plan).where(Plan.state == "planned", Plan.next_on <= today() + AHEAD)
    for plan in session.scalars(query.order_by(Plan.next_on).with_for_update(skip_locked=True)):
        if not _was_ordered(plan):
            order(plan)


def order(plan: Plan, **values: Any) -> WorkOrder:
    """Draft a work order for a plan; ``values`` as `work_orders.draft_for_plan` has them. Refuses while one is open."""
    if plan.state != "planned":
        raise DomainError(_("Rencana ini sudah %(state)s.", state=state_title(plan.state).lower()))
    from .work_orders import draft_for_plan

    made = draft_for_plan(plan, **values)
    plan.state = "ordered"
    session.flush()
    audit("infrastruktur.plan.order", plan.title, about=plan.id, number=made.number)
    return made


def order_ended(made: WorkOrder) -> None:
    """Hear that a work order is done or cancelled: its plan is done then, or waits to be ordered by hand."""
    plan = find(Plan, made.plan_id, lock=True) if made.plan_id else None
    if plan is None or plan.state not in WAITING:
        return
    if made.state == "done":
        done(plan)
    elif made.state == "cancelled" and plan.state == "ordered":
        plan.state = "planned"


def want_budget(plan: Plan) -> None:
    """Ask whoever plans budgets for a proposal; the answer comes back through `note_budget`."""
    if plan.state not in WAITING:
        raise DomainError(_("Rencana ini sudah %(state)s.", state=state_title(plan.state).lower()))
    if plan.estimate <= 0:
        raise DomainError(_("Isi perkiraan biaya dulu, lalu minta usulan anggaran."))
    if plan.budget_state:
        raise DomainError(_("Usulan anggaran untuk rencana ini sudah diminta."))
    unit = units.get(plan.unit_id) if plan.unit_id else None
    plan.budget_state = "wanted"
    emit(
        "infrastruktur.budget_wanted",
        {
            "plan": str(plan.id),
            "title": plan.title,
            "estimate": plan.estimate,
            "quarter": quarter_of(plan.next_on),
            "unit": unit.code if unit else "",
        },
    )
    audit("infrastruktur.plan.budget_wanted", plan.title, about=plan.id, estimate=plan.estimate)


def note_budget(plan_id: UUID, reference: str, url: str, state: str) -> bool:
    """Keep the budget proposal that answers a plan; False when there is no such plan any more."""
    plan = find(Plan, plan_id, lock=True)
    if plan is None:
        return False
    plan.budget_reference, plan.budget_state = str(reference)[:80], str(state)[:12]
    plan.budget_url = url[:300] if url.startswith(("/", "https://")) and not url.startswith("//") else ""
    audit("infrastruktur.plan.budget", plan.title, about=plan.id, reference=plan.budget_reference, state=state)
    return True


@dataclass(frozen=True)
class Quarter:
    """The plans of a quarter, such as 2027-Q1: how many, and the sum of their estimates in Rupiah."""

    name: str
    count: int
    estimate: int


def by_quarter(plans: Iterable[Plan]) -> list[Quarter]:
    """Add up what waits, by the quarter it is due in."""
    sums: dict[str, list[int]] = {}
    for plan in plans:
        sums.setdefault(quarter_of(plan.next_on), []).append(plan.estimate)
    return [Quarter(name, len(found), sum(found)) for name, found in sorted(sums.items())]


def waiting() -> list[Plan]:
    """Return the plans of the person's units that wait, in the unit they work in now, the soonest first."""
    query = select(Plan).where(Plan.state.in_(WAITING), *mine())
    return list(session.scalars(query.order_by(Plan.next_on, Plan.title)))


def counts() -> Mapping[str, int]:
    """How many plans there are in each state."""
    query = select(Plan.state, func.count()).where(*mine()).group_by(Plan.state)
    return {row[0]: row[1] for row in session.execute(query)}


def mine() -> list[ColumnElement[bool]]:
    """The condition of plans of one's units, in the unit one works in now."""
    found = [within(ASSET, Plan.unit_id)]
    if (chosen := current_units()) is not None:
        found.append(Plan.unit_id.in_(chosen))
    return found


def orders_of(plan: Plan) -> list[WorkOrder]:
    """Return the work orders of a plan, the newest first."""
    return list(
        session.scalars(select(WorkOrder).where(WorkOrder.plan_id == plan.id).order_by(WorkOrder.made_at.desc()))
    )


def quarter_of(day: date) -> str:
    """Return the quarter of a day: 2027-Q1."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def quarter_title(quarter: str) -> str:
    """A quarter in words: triwulan I 2027."""
    year, _dash, number = quarter.partition("-Q")
    return _("Triwulan %(number)s %(year)s", number=("", "I", "II", "III", "IV")[int(number)], year=year)


def first_of(quarter: str) -> tuple[date, date]:
    """Return the first day of a quarter and of the next one. `ValueError` for a text that is none."""
    year, _dash, number = quarter.partition("-Q")
    month = int(number) * 3 - 2
    first = date(int(year), month, 1)
    return first, _months_later(first, 3)


def state_title(state: str) -> str:
    """The state of a plan in words."""
    return str(STATES.get(state, state))


def budget_title(state: str) -> str:
    """The state of a budget proposal in words; what another application calls it is shown as it is."""
    return str(BUDGET_STATES.get(state, state))


def timing(plan: Plan) -> tuple[str, str]:
    """Whether a plan is late, due or far, as (words, tone)."""
    if plan.state not in WAITING:
        return state_title(plan.state), TONES.get(plan.state, "muted")
    if plan.next_on < today():
        return _("Terlewat"), "gawat"
    if plan.next_on <= today() + AHEAD:
        return _("Segera jatuh tempo"), "padi"
    return state_title(plan.state), TONES[plan.state]


def _was_ordered(plan: Plan) -> bool:
    query = select(WorkOrder.id).where(WorkOrder.plan_id == plan.id, WorkOrder.planned_on == plan.next_on)
    return session.scalar(query.limit(1)) is not None


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
