"""The list of work orders, one order, a new one, the printed one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import selectinload

from lumbung.sdk import (
    ChoiceFilter,
    DateFilter,
    ListColumn,
    Listing,
    current_person,
    current_units,
    find_or_404,
    requires,
    send_document,
    session,
    today,
    units,
    within,
)

from ...models import Crew, Report, WorkOrder
from ...rules import work
from ...rules.work import OrderState
from ...services import crews, work_paper, work_places
from ...services.work_orders import WORK, is_late
from ...words import _
from . import blueprint

LATE = "terlambat"


@blueprint.get("")
@requires(WORK)
def orders() -> ResponseReturnValue:
    """The work orders of one's units."""
    listing = order_listing()
    if (file := listing.export()) is not None:
        return file
    return render_template(
        "infrastruktur/work/orders.html",
        listing=listing,
        names=unit_names(),
        several=len(_units()) > 1,
        **words_of_orders(),
    )


@blueprint.get("/<uuid:order_id>/cetak.pdf")
@requires(WORK)
def printed(order_id: UUID) -> Response:
    """One order on paper."""
    order = find_or_404(WorkOrder, order_id, permission=WORK)
    return send_document(work_paper.name_of(order), work_paper.title_of(order), work_paper.blocks(order))


def unit_names() -> dict[UUID, str]:
    """The names of all units, asked for once."""
    return {one.id: one.name for one in units.all()}


def words_of_orders() -> dict[str, Any]:
    """What templates need to put an order into words."""
    return {
        "order_state": work.title,
        "order_tone": work.tone,
        "kind_title": work.kind_title,
        "is_late": is_late,
        "place_of": work_places.spot_of,
        "place_words": work_places.place_words,
        "asset_words": work_places.asset_words,
    }


def order_listing() -> Listing:
    """Return the work orders of one's units as this request asks for them."""
    mine = _mine()
    return Listing(
        query=select(WorkOrder)
        .where(*mine)
        .options(
            selectinload(WorkOrder.crew),
            selectinload(WorkOrder.asset),
            selectinload(WorkOrder.report).selectinload(Report.category),
            selectinload(WorkOrder.items),
        ),
        columns=_columns(several=len(_units()) > 1),
        name="perintah-kerja",
        title=_("Perintah kerja"),
        noun=_("perintah kerja"),
        default_sort="-dibuat",
        search=[WorkOrder.number, WorkOrder.title, WorkOrder.instructions],
        search_label=_("Nomor atau pekerjaan"),
        filters=[_states(mine), *_narrowing()],
    )


def _mine() -> list[ColumnElement[bool]]:
    found = [within(WORK, WorkOrder.unit_id)]
    if (chosen := current_units()) is not None:
        found.append(WorkOrder.unit_id.in_(chosen))
    return found


def _late() -> ColumnElement[bool]:
    return and_(WorkOrder.state.in_(sorted(work.OPEN)), WorkOrder.planned_on < today())


def _states(mine: list[ColumnElement[bool]]) -> ChoiceFilter:
    query = select(WorkOrder.state, func.count()).where(*mine).group_by(WorkOrder.state)
    counts = {row[0]: row[1] for row in session.execute(query)}
    return ChoiceFilter(
        "keadaan",
        _("Keadaan"),
        [(str(state), work.title(state)) for state in OrderState],
        where=lambda state: WorkOrder.state == state,
        tabs=True,
        counts=counts,
    )


def _narrowing() -> list[Any]:
    found: list[Any] = [
        ChoiceFilter("waktu", _("Waktu"), [(LATE, _("Lewat hari rencana"))], where=lambda _value: _late()),
    ]
    if crew_list := session.scalars(select(Crew).where(*crews.mine()).order_by(Crew.name)).all():
        found.append(
            ChoiceFilter(
                "regu",
                _("Regu"),
                [("-", _("Tanpa regu")), *((str(one.id), one.name) for one in crew_list)],
                where=lambda value: WorkOrder.crew_id.is_(None) if value == "-" else WorkOrder.crew_id == UUID(value),
            )
        )
    if len(offered := _units()) > 1:
        found.append(ChoiceFilter("unit", _("Unit"), offered, where=lambda value: WorkOrder.unit_id == UUID(value)))
    return [
        *found,
        DateFilter.since("dari", _("Rencana dari"), WorkOrder.planned_on),
        DateFilter.until("sampai", _("Rencana sampai"), WorkOrder.planned_on),
    ]


def _units() -> list[tuple[str, str]]:
    person = current_person()
    allowed, chosen = person.units_with(WORK) if person else frozenset(), current_units()
    return [
        (str(one.id), one.name)
        for one in units.all()
        if (allowed is None or one.id in allowed) and (chosen is None or one.id in chosen)
    ]


def _columns(*, several: bool) -> list[ListColumn]:
    def whole(kind: str) -> Any:
        return lambda order: sum(work.amount(item.quantity, item.price) for item in order.items if item.kind == kind)

    names = unit_names()
    return [
        ListColumn("nomor", _("Nomor"), lambda one: one.number, link=_page, sort=WorkOrder.number),
        ListColumn("pekerjaan", _("Pekerjaan"), lambda one: one.title, sort=WorkOrder.title, width=48),
        ListColumn("laporan", _("Laporan"), lambda one: one.report.number if one.report else "", shown=False),
        ListColumn("aset", _("Aset"), lambda one: work_places.asset_words(one.asset), shown=False, width=32),
        ListColumn("tempat", _("Tempat"), work_places.place_words, shown=False, width=40),
        ListColumn("unit", _("Unit"), lambda one: names.get(one.unit_id, ""), shown=several),
        ListColumn("regu", _("Regu"), lambda one: one.crew.name if one.crew else ""),
        ListColumn("keadaan", _("Keadaan"), lambda one: work.title(one.state)),
        ListColumn("rencana", _("Hari rencana"), lambda one: one.planned_on, kind="date", sort=WorkOrder.planned_on),
        ListColumn(
            "dibuat", _("Dibuat"), lambda one: one.made_at, kind="datetime", sort=WorkOrder.made_at, shown=False
        ),
        ListColumn("mulai", _("Mulai"), lambda one: one.started_at, kind="datetime", shown=False),
        ListColumn("selesai", _("Selesai"), lambda one: one.finished_at, kind="datetime", shown=False),
        ListColumn("bahan", _("Biaya bahan"), whole("material"), kind="rupiah", shown=False),
        ListColumn("tenaga", _("Biaya tenaga kerja"), whole("labour"), kind="rupiah", shown=False),
        ListColumn("alat", _("Biaya alat"), whole("equipment"), kind="rupiah", shown=False),
        ListColumn("biaya", _("Biaya"), lambda one: one.total, kind="rupiah", sort=WorkOrder.total),
    ]


def _page(order: WorkOrder) -> str:
    return url_for("work.order", order_id=order.id)


def asked(name: str) -> UUID | None:
    """The id in an argument of the address, None for nonsense."""
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None
