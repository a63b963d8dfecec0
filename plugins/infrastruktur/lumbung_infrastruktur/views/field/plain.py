"""The same work without a script: a list of one's orders, and forms."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Response, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from lumbung.sdk import DomainError, find, read_picture, requires, session

from ...forms.field import FieldFinishForm, FieldItemForm, FieldPhotoForm
from ...forms.work import WorkForm
from ...models import Photo, WorkOrder
from ...rules import sensitive
from ...rules.work import OrderState
from ...services import field, field_facts, work_costs, work_orders, work_photos
from ...services.work_orders import FIELD
from ...words import _
from ..room import refused, say
from ..work.orders import words_of_orders
from ..work.photos import served
from . import blueprint


@blueprint.get("/biasa")
@requires(FIELD)
def plain() -> ResponseReturnValue:
    """My orders."""
    found, more = field.my_orders()
    return render_template("infrastruktur/field/plain.html", orders=found, more=more, **words_of_orders())


@blueprint.get("/biasa/<uuid:order_id>")
@requires(FIELD)
def order(order_id: UUID) -> ResponseReturnValue:
    """One of them."""
    return _page(_found(order_id))


@blueprint.post("/biasa/<uuid:order_id>/mulai")
@requires(FIELD)
def start(order_id: UUID) -> ResponseReturnValue:
    """Work begins."""
    found = _found(order_id)
    try:
        work_orders.start(found)
    except DomainError as refusal:
        return refused(refusal, _here(found))
    flash(_("Pekerjaan dimulai."), "baik")
    return redirect(_here(found), 303)


@blueprint.post("/biasa/<uuid:order_id>/foto")
@requires(FIELD)
def add_photo(order_id: UUID) -> ResponseReturnValue:
    """Add a photo."""
    found, form = _found(order_id), FieldPhotoForm()

    def act() -> None:
        work_photos.add_photo(found, read_picture(form.photo.data.stream), form.kind.data)

    return _done(found, form, act, _("Foto sudah ditambahkan."))


@blueprint.post("/biasa/<uuid:order_id>/bahan")
@requires(FIELD)
def add_item(order_id: UUID) -> ResponseReturnValue:
    """Write down what was used."""
    found, form = _found(order_id), FieldItemForm()
    return _done(found, form, lambda: work_costs.add_line(found, field.line_of(form.data)), _("Sudah dicatat."))


@blueprint.post("/biasa/<uuid:order_id>/selesai")
@requires(FIELD)
def finish(order_id: UUID) -> ResponseReturnValue:
    """The work is done."""
    found, form = _found(order_id), FieldFinishForm()

    def act() -> None:
        work_orders.hold(found, seen=form.seen)
        work_orders.finish(found, form.typed("result"))

    return _done(found, form, act, _("Pekerjaan selesai."), url_for(".plain"))


@blueprint.get("/foto/<uuid:photo_id>/kecil")
@requires(FIELD)
def thumbnail(photo_id: UUID) -> Response:
    """A small picture of an order, or of the report that one of one's orders is about."""
    photo = find(Photo, photo_id)
    if photo is None:
        abort(404)
    reached = select(WorkOrder.id).where(WorkOrder.state != OrderState.DRAFT, field.reachable())
    about = WorkOrder.id == photo.work_order_id
    if photo.report_id is not None:
        about = about | (WorkOrder.report_id == photo.report_id)
    if session.scalar(reached.where(about).limit(1)) is None:
        abort(404)
    return served(photo.thumbnail)


def _page(found: WorkOrder, typed: WorkForm | None = None) -> str:
    forms: dict[type[WorkForm], WorkForm] = {
        kind: kind(formdata=None) for kind in (FieldPhotoForm, FieldItemForm, FieldFinishForm)
    }
    forms[FieldFinishForm].version.data = str(found.version)
    if typed is not None:
        forms[type(typed)] = typed
    report = found.report
    return render_template(
        "infrastruktur/field/order.html",
        order=found,
        photo_form=forms[FieldPhotoForm],
        item_form=forms[FieldItemForm],
        finish_form=forms[FieldFinishForm],
        states=OrderState,
        description=sensitive.masked(report.description) if report else "",
        answers=field_facts.answers(report, field_facts.questions_of(report)) if report else [],
        reported=[one for one in report.photos if one.kind == "report"][: field_facts.MOST_PHOTOS] if report else [],
        photo_kinds=work_photos.KINDS,
        **words_of_orders(),
    )


def _done(found: WorkOrder, form: WorkForm, act: Callable[[], None], told: str, after: str = "") -> ResponseReturnValue:
    if form.validate_on_submit():
        try:
            with session.begin_nested():  # what was begun before a refusal is not shown as if it were so
                act()
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(told, "baik")
            return redirect(after or _here(found), 303)
    form.version.data = str(found.version)
    return _page(found, form), 422


def _here(found: WorkOrder) -> str:
    return url_for(".order", order_id=found.id)


def _found(order_id: UUID) -> WorkOrder:
    return field.order(order_id) or abort(404)
