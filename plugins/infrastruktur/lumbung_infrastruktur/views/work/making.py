"""A new work order, from a report, an asset or a plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import exists, select
from sqlalchemy.orm import selectinload

from lumbung.sdk import DomainError, current_person, current_units, find_or_404, requires, session, within

from ...forms.work import NewOrderForm
from ...models import Asset, Plan, Report, WorkOrder
from ...rules import states, work
from ...services import plans, work_orders, work_places
from ...services.work_orders import MAY_HAVE_ORDERS, WORK
from ...words import _
from ..room import say
from . import blueprint
from .orders import asked

MOST_OFFERED = 50


@dataclass(frozen=True)
class Source:
    """What an order is made from: its name, whose it is, the page one came from, and how to draft."""

    title: str
    text: str
    instructions: str
    unit_id: UUID | None
    back: str
    name: str
    draft: Callable[..., WorkOrder]
    report: Report | None = None


@blueprint.route("/baru", methods=["GET", "POST"])
@requires(WORK)
def new() -> ResponseReturnValue:
    """Make an order, or choose what from."""
    source = _source()
    if source is None:
        return render_template("infrastruktur/work/choose.html", reports=_without_orders(), state_title=states.title)
    form = NewOrderForm()
    form.offer()
    form.offer_units(_my_units(), known=source.unit_id is not None)
    if form.validate_on_submit():
        try:
            order = _make(source, form)
        except DomainError as refusal:
            say(form, refusal)
        else:
            return redirect(url_for(".order", order_id=order.id), 303)
    elif not form.is_submitted():
        form.title.data, form.instructions.data = source.title, source.instructions
    others = work_orders.open_orders(source.report) if source.report else ()
    return (
        render_template("infrastruktur/work/new.html", form=form, source=source, others=others, order_state=work.title),
        422 if form.is_submitted() else 200,
    )


def _make(source: Source, form: NewOrderForm) -> WorkOrder:
    values: dict[str, Any] = form.values()
    if source.unit_id is None:
        values["unit_id"] = form.unit_id
    order = source.draft(**values)
    if not form.issue_now.data:
        flash(_("Perintah kerja %(number)s disimpan sebagai rancangan.", number=order.number), "baik")
        return order
    work_orders.issue(order)
    flash(_("Perintah kerja %(number)s diterbitkan.", number=order.number), "baik")
    return order


def _source() -> Source | None:
    """What the address names; 404 for what is not of one's units."""
    if report_id := asked("laporan"):
        return _from_report(find_or_404(Report, report_id, permission=WORK))
    if asset_id := asked("aset"):
        asset = find_or_404(Asset, asset_id)
        if asset.unit_id is not None:
            find_or_404(Asset, asset_id, permission=WORK)
        return _from_asset(asset)
    if plan_id := asked("rencana"):
        return _from_plan(find_or_404(Plan, plan_id, permission=WORK))
    return None


def _from_report(report: Report) -> Source:
    return Source(
        title=f"{report.category.name}, {report.address or report.number}"[: work_orders.LONGEST_TITLE],
        text=report.description,
        instructions="",
        unit_id=report.unit_id,
        back=url_for("desk.report", report_id=report.id),
        name=work_places.report_words(report),
        draft=lambda **values: work_orders.draft_for_report(report, **values),
        report=report,
    )


def _from_asset(asset: Asset) -> Source:
    return Source(
        title=work_places.asset_words(asset)[: work_orders.LONGEST_TITLE],
        text="",
        instructions="",
        unit_id=asset.unit_id,
        back=url_for("assets.asset", asset_id=asset.id),
        name=work_places.asset_words(asset),
        draft=lambda **values: work_orders.draft_for_asset(asset, **values),
    )


def _from_plan(plan: Plan) -> Source:
    return Source(
        title=plan.title,
        text=plan.note,
        instructions=plan.note,
        unit_id=plan.unit_id or (plan.asset.unit_id if plan.asset else None),
        back=url_for("plans.plans"),
        name=plan.title,
        draft=lambda **values: plans.order(plan, **values),
    )


def _without_orders() -> Sequence[Report]:
    """Reports of one's units that wait for somebody to go out, the most urgent first."""
    has_order = exists().where(WorkOrder.report_id == Report.id, WorkOrder.state.in_(sorted(work.OPEN)))
    query = select(Report).where(within(WORK, Report.unit_id), Report.state.in_(sorted(MAY_HAVE_ORDERS)), ~has_order)
    if (chosen := current_units()) is not None:
        query = query.where(Report.unit_id.in_(chosen))
    query = query.options(selectinload(Report.category)).order_by(Report.due_on.nulls_last(), Report.number)
    return session.scalars(query.limit(MOST_OFFERED)).all()


def _my_units() -> frozenset[UUID] | None:
    person = current_person()
    return person.units_with(WORK) if person else frozenset()
