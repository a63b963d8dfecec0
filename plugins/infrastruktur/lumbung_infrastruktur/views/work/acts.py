"""One work order, and what is done to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, find_or_404, requires, session

from ...forms.work import CancelForm, CostsForm, FinishForm, OrderForm, PhotosForm, WorkForm, files_of
from ...models import WorkOrder
from ...rules import work
from ...services import officer_photos, work_costs, work_orders, work_photos
from ...services.work_orders import WORK
from ...words import _
from ..room import refused, say
from . import blueprint
from .orders import words_of_orders


@blueprint.get("/<uuid:order_id>")
@requires(WORK)
def order(order_id: UUID) -> ResponseReturnValue:
    """One order."""
    return order_page(_found(order_id))


@blueprint.post("/<uuid:order_id>/ubah")
@requires(WORK)
def change(order_id: UUID) -> ResponseReturnValue:
    """Change what is to be done, by whom, when."""
    order, form = _found(order_id), OrderForm()
    form.offer(order.crew_id)
    return _done(
        order,
        form,
        lambda: work_orders.change(order, **form.values(order.crew_id), seen=form.seen),
        _("Sudah disimpan."),
    )


@blueprint.post("/<uuid:order_id>/terbitkan")
@requires(WORK)
def issue(order_id: UUID) -> ResponseReturnValue:
    """Give it to its crew."""
    return _pressed(_found(order_id), work_orders.issue, _("Perintah kerja diterbitkan; regu melihatnya sekarang."))


@blueprint.post("/<uuid:order_id>/mulai")
@requires(WORK)
def start(order_id: UUID) -> ResponseReturnValue:
    """Work begins."""
    return _pressed(_found(order_id), work_orders.start, _("Pekerjaan dimulai."))


@blueprint.post("/<uuid:order_id>/selesai")
@requires(WORK)
def finish(order_id: UUID) -> ResponseReturnValue:
    """The work is done."""
    order, form = _found(order_id), FinishForm()

    def act() -> None:
        for picture in officer_photos.pictures(files_of(form.photos)):
            work_photos.add_photo(order, picture, "after")
        ended = work_orders.finish(order, form.typed("result"), end_report=bool(form.end_report.data))
        if ended and (report := work_orders.report_of(order)) is not None:
            flash(_("Laporan %(number)s ikut dinyatakan selesai.", number=report.number), "baik")

    return _done(order, form, act, _("Pekerjaan selesai."))


@blueprint.post("/<uuid:order_id>/batal")
@requires(WORK)
def cancel(order_id: UUID) -> ResponseReturnValue:
    """Nothing is done after all."""
    order, form = _found(order_id), CancelForm()
    return _done(order, form, lambda: work_orders.cancel(order, form.typed("reason")), _("Perintah kerja dibatalkan."))


@blueprint.post("/<uuid:order_id>/biaya")
@requires(WORK)
def costs(order_id: UUID) -> ResponseReturnValue:
    """What it used."""
    order, form = _found(order_id), CostsForm()

    def act() -> None:
        work_costs.set_lines(order, form.read(), seen=form.seen)

    return _done(order, form, act, _("Bahan, tenaga, dan alat sudah disimpan."), anchor="biaya")


@blueprint.post("/<uuid:order_id>/foto")
@requires(WORK)
def add_photos(order_id: UUID) -> ResponseReturnValue:
    """Add photos."""
    order, form = _found(order_id), PhotosForm()

    def act() -> None:
        for picture in officer_photos.pictures(files_of(form.photos)):
            work_photos.add_photo(order, picture, form.kind.data)

    return _done(order, form, act, _("Foto sudah ditambahkan."), anchor="foto")


def order_page(order: WorkOrder, typed: WorkForm | None = None) -> str:
    """Show an order; ``typed`` is a form that was refused, with what was typed in it."""
    edit, costs = OrderForm(formdata=None), CostsForm(formdata=None)
    edit.offer(order.crew_id)
    edit.fill(order)
    costs.fill(order)
    forms: dict[str, Any] = {
        "edit": edit,
        "costs": costs,
        "finish": FinishForm(formdata=None),
        "cancel": CancelForm(formdata=None),
        "photos": PhotosForm(formdata=None),
    }
    if typed is not None:
        forms[_NAMES[type(typed)]] = typed
    report = work_orders.report_of(order)
    return render_template(
        "infrastruktur/work/order.html",
        order=order,
        forms=forms,
        typed=typed,
        ways=work.TRANSITIONS[work.OrderState(order.state)],
        states=work.OrderState,
        is_open=order.state in work.OPEN,
        lost=_lost(order, typed),
        ends_report=report is not None and work_orders.is_last(order),
        by_kind=work_costs.by_kind(order),
        photo_kinds=work_photos.KINDS,
        **words_of_orders(),
    )


_NAMES: dict[type[WorkForm], str] = {
    OrderForm: "edit",
    CostsForm: "costs",
    FinishForm: "finish",
    CancelForm: "cancel",
    PhotosForm: "photos",
}


def _lost(order: WorkOrder, typed: WorkForm | None) -> WorkForm | None:
    """A refused form that the page has no place for any more, as the order went on meanwhile; its words are kept."""
    ways = work.TRANSITIONS[work.OrderState(order.state)]
    gone = {FinishForm: work.OrderState.DONE not in ways, CancelForm: work.OrderState.CANCELLED not in ways}
    gone[OrderForm] = order.state not in work.OPEN
    return typed if typed is not None and gone.get(type(typed)) else None


def _found(order_id: UUID) -> WorkOrder:
    return find_or_404(WorkOrder, order_id, permission=WORK)


def _page(order: WorkOrder, anchor: str = "") -> str:
    return url_for(".order", order_id=order.id, _anchor=anchor or None)


def _pressed(order: WorkOrder, act: Callable[[WorkOrder], object], told: str) -> ResponseReturnValue:
    try:
        act(order)
    except DomainError as refusal:
        return refused(refusal, _page(order))
    flash(told, "baik")
    return redirect(_page(order), 303)


def _done(
    order: WorkOrder, form: WorkForm, act: Callable[[], None], told: str, anchor: str = ""
) -> ResponseReturnValue:
    """Do what a form asks for, or show it again with why not, and with the version as it is now."""
    if form.validate_on_submit():
        try:
            with session.begin_nested():  # what was begun before a refusal is not shown as if it were so
                act()
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(told, "baik")
            return redirect(_page(order, anchor), 303)
    form.version.data = str(order.version)
    if isinstance(form, CostsForm):
        form.leave_room()
    return order_page(order, form), 422
