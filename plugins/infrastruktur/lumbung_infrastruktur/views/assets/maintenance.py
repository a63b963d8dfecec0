"""Planned maintenance: what is due, what it will cost, by quarter and in a calendar."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, and_, false, select
from sqlalchemy.orm import selectinload

from lumbung.sdk import (
    ChoiceFilter,
    Day,
    DomainError,
    ListColumn,
    Listing,
    current_person,
    find,
    find_or_404,
    month,
    month_of,
    requires,
    today,
)

from ...forms.assets import PlanForm, ReasonForm
from ...models import Asset, Plan
from ...services import plans as services
from ...services.assets import ASSET, title_of
from ...words import _
from ..room import refused, say, unit_name
from . import plans as blueprint

LATE, SOON = "terlewat", "segera"


@blueprint.get("")
@requires(ASSET)
def plans() -> ResponseReturnValue:
    """Every plan of one's units."""
    listing = _listing()
    if file := listing.export():
        return file
    waiting = services.waiting()
    late = [plan for plan in waiting if plan.next_on < today()]
    soon = [plan for plan in waiting if today() <= plan.next_on <= today() + services.AHEAD]
    return render_template(
        "infrastruktur/assets/plans.html",
        listing=listing,
        late=late,
        soon=soon,
        quarters=services.by_quarter(waiting),
        estimate=sum(plan.estimate for plan in waiting),
        waiting=len(waiting),
        month=_month(waiting),
        month_url=lambda year, number: f"{url_for('plans.plans', bulan=f'{year}-{number:02}')}#kalender",
        services=services,
    )


@blueprint.route("/baru", methods=["GET", "POST"])
@requires(ASSET)
def new() -> ResponseReturnValue:
    """Plan maintenance, of an asset when the address names one."""
    asset = _asked_asset()
    first = {"unit": str(asset.unit_id or "")} if asset else {}
    form = PlanForm(data=first if request.method == "GET" else None)
    return _written(form, None, asset)


@blueprint.route("/<uuid:plan_id>", methods=["GET", "POST"])
@requires(ASSET)
def plan(plan_id: UUID) -> ResponseReturnValue:
    """One plan: change it, say that it is done, order it, ask for money."""
    found = find_or_404(Plan, plan_id, permission=ASSET, lock=request.method == "POST")
    return _written(PlanForm() if request.method == "POST" else _form_of(found), found, found.asset)


@blueprint.post("/<uuid:plan_id>/selesai")
@requires(ASSET)
def finish(plan_id: UUID) -> ResponseReturnValue:
    """It was carried out, without a work order or beside one."""
    return _act(plan_id, services.done, _("Pemeliharaan dicatat selesai."))


@blueprint.post("/<uuid:plan_id>/perintah")
@requires(ASSET)
def order(plan_id: UUID) -> ResponseReturnValue:
    """Draft its work order now."""
    return _act(plan_id, services.order, _("Rancangan perintah kerja dibuat."))


@blueprint.post("/<uuid:plan_id>/usulan")
@requires(ASSET)
def want_budget(plan_id: UUID) -> ResponseReturnValue:
    """Ask for a budget proposal."""
    return _act(plan_id, services.want_budget, _("Usulan anggaran diminta. Jawabannya tampil di sini."))


@blueprint.post("/<uuid:plan_id>/batalkan")
@requires(ASSET)
def drop(plan_id: UUID) -> ResponseReturnValue:
    """Give it up."""
    found, form = find_or_404(Plan, plan_id, permission=ASSET, lock=True), ReasonForm()
    if form.validate_on_submit():
        try:
            services.drop(found, form.reason.data or "")
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Rencana dibatalkan."), "baik")
            return redirect(url_for("plans.plan", plan_id=found.id), 303)
    return _page(_form_of(found), found, found.asset, dropping=form), 422


def _form_of(found: Plan) -> PlanForm:
    values = {name: getattr(found, name) for name in ("title", "next_on", "every_months", "note")}
    values |= {"unit": str(found.unit_id or ""), "estimate": str(found.estimate or "")}
    return PlanForm(formdata=None, data=values)


def _act(plan_id: UUID, act: Any, said: str) -> ResponseReturnValue:
    found = find_or_404(Plan, plan_id, permission=ASSET, lock=True)
    page = url_for("plans.plan", plan_id=found.id)
    try:
        act(found)
    except DomainError as refusal:
        return refused(refusal, page)
    flash(said, "baik")
    return redirect(page, 303)


def _written(form: PlanForm, found: Plan | None, asset: Asset | None) -> ResponseReturnValue:
    if form.validate_on_submit():
        given = {} if found else {"asset_id": asset.id if asset else None}
        try:
            made = services.save(found, **form.values(), **given)
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Rencana disimpan."), "baik")
            return redirect(url_for("plans.plan", plan_id=made.id), 303)
    return _page(form, found, asset), 422 if form.is_submitted() else 200


def _page(form: PlanForm, found: Plan | None, asset: Asset | None, dropping: ReasonForm | None = None) -> str:
    return render_template(
        "infrastruktur/assets/plan.html",
        form=form,
        plan=found,
        asset=asset,
        orders=services.orders_of(found) if found else [],
        open_=found is None or found.state in services.WAITING,
        dropping=dropping or ReasonForm(formdata=None),
        services=services,
    )


def _asked_asset() -> Asset | None:
    try:
        asset_id = UUID(request.args.get("aset", ""))
    except ValueError:
        return None
    found, person = find(Asset, asset_id), current_person()
    mine = person.units_with(ASSET) if person else frozenset()
    return found if found and (mine is None or found.unit_id in mine) else None


def _month(waiting: list[Plan]) -> Any:
    year, number = month_of(request.args.get("bulan", "")[:7], today())
    days: dict[date, list[Day]] = {}
    for one in waiting:
        _words, tone = services.timing(one)
        days.setdefault(one.next_on, []).append(Day(one.title, url_for("plans.plan", plan_id=one.id), tone))
    return month(year, number, days, today=today())


def _listing() -> Listing:
    return Listing(
        query=select(Plan).where(*services.mine()).options(selectinload(Plan.asset)),
        columns=[
            ListColumn("pekerjaan", _("Pekerjaan"), lambda one: one.title, sort=Plan.title,
                       link=lambda one: url_for("plans.plan", plan_id=one.id), width=40),
            ListColumn("aset", _("Aset"), lambda one: title_of(one.asset) if one.asset else ""),
            ListColumn("jatuh-tempo", _("Jatuh tempo"), lambda one: one.next_on, kind="date", sort=Plan.next_on),
            ListColumn("triwulan", _("Triwulan"), lambda one: services.quarter_title(services.quarter_of(one.next_on)),
                       shown=False),
            ListColumn("ulang", _("Diulang"), _repeats, shown=False),
            ListColumn("biaya", _("Perkiraan biaya"), lambda one: one.estimate, kind="rupiah", sort=Plan.estimate),
            ListColumn("keadaan", _("Keadaan"), lambda one: services.state_title(one.state), sort=Plan.state),
            ListColumn("unit", _("Unit"), lambda one: unit_name(one.unit_id)),
            ListColumn("anggaran", _("Anggaran"), _budget),
        ],
        name="pemeliharaan",
        title=_("Pemeliharaan terencana"),
        noun=_("rencana"),
        default_sort="jatuh-tempo",
        search=[Plan.title, Plan.note],
        search_label=_("Pekerjaan atau catatan"),
        filters=[
            ChoiceFilter("keadaan", _("Keadaan"), [(code, str(words)) for code, words in services.STATES.items()],
                         where=lambda state: Plan.state == state, tabs=True, counts=services.counts()),
            ChoiceFilter("tempo", _("Tempo"), [(LATE, _("Terlewat")), (SOON, _("Jatuh tempo dalam 14 hari"))],
                         where=_due),
            ChoiceFilter("triwulan", _("Triwulan"), _quarters(), where=_in_quarter),
        ],
    )  # fmt: skip


def _quarters() -> list[tuple[str, str]]:
    names = sorted({services.quarter_of(one.next_on) for one in services.waiting()})
    return [(name, services.quarter_title(name)) for name in names]


def _due(which: str) -> ColumnElement[bool]:
    waits = Plan.state.in_(services.WAITING)
    if which == LATE:
        return and_(waits, Plan.next_on < today())
    return and_(waits, Plan.next_on.between(today(), today() + services.AHEAD))


def _in_quarter(name: str) -> ColumnElement[bool]:
    try:
        first, after = services.first_of(name)
    except ValueError:
        return false()
    return and_(Plan.next_on >= first, Plan.next_on < after)


def _repeats(one: Plan) -> str:
    return _("setiap %(months)s bulan", months=one.every_months) if one.every_months else _("sekali")


def _budget(one: Plan) -> str:
    return " ".join(part for part in (one.budget_reference, services.budget_title(one.budget_state)) if part)
