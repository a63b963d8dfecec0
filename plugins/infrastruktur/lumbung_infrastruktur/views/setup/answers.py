"""Authorities outside of the regency, and answers that are given often."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from lumbung.sdk import DomainError, find_or_404, requires, session

from ...forms.setup import DestinationForm, ReplyTemplateForm
from ...models import Destination, ReplyTemplate
from ...services import setup
from ...words import _
from ..room import refused, say
from . import MANAGE, blueprint


@blueprint.get("/tujuan")
@requires(MANAGE)
def destinations() -> ResponseReturnValue:
    """Authorities that reports are forwarded to."""
    found = session.scalars(select(Destination).order_by(Destination.authority, Destination.name)).all()
    return render_template("infrastruktur/setup/destinations.html", destinations=found)


@blueprint.route("/tujuan/baru", methods=["GET", "POST"])
@requires(MANAGE)
def new_destination() -> ResponseReturnValue:
    """Add an authority outside."""
    return _edit_destination(None, DestinationForm())


@blueprint.route("/tujuan/<uuid:destination_id>", methods=["GET", "POST"])
@requires(MANAGE)
def destination(destination_id: UUID) -> ResponseReturnValue:
    """Change an authority outside, close or open it."""
    found = find_or_404(Destination, destination_id)
    return _edit_destination(found, DestinationForm(obj=found))


def _edit_destination(found: Destination | None, form: DestinationForm) -> ResponseReturnValue:
    if form.validate_on_submit():
        try:
            made = setup.save_destination(found, **form.values())
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Tujuan %(name)s tersimpan.", name=made.name), "baik")
            return redirect(url_for(".destinations"), 303)
    page = render_template("infrastruktur/setup/destination.html", form=form, destination=found)
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/tujuan/<uuid:destination_id>/hapus")
@requires(MANAGE)
def delete_destination(destination_id: UUID) -> ResponseReturnValue:
    """Delete an authority outside that was never used."""
    found = find_or_404(Destination, destination_id)
    name = found.name
    try:
        setup.delete_destination(found)
    except DomainError as refusal:
        return refused(refusal, url_for(".destination", destination_id=destination_id))
    flash(_("Tujuan %(name)s dihapus.", name=name), "baik")
    return redirect(url_for(".destinations"), 303)


@blueprint.get("/templat")
@requires(MANAGE)
def templates() -> ResponseReturnValue:
    """Answers that are given often."""
    found = session.scalars(select(ReplyTemplate).order_by(ReplyTemplate.title)).all()
    return render_template("infrastruktur/setup/templates.html", templates=found)


@blueprint.route("/templat/baru", methods=["GET", "POST"])
@requires(MANAGE)
def new_template() -> ResponseReturnValue:
    """Add an answer."""
    return _edit_template(None, ReplyTemplateForm())


@blueprint.route("/templat/<uuid:template_id>", methods=["GET", "POST"])
@requires(MANAGE)
def template(template_id: UUID) -> ResponseReturnValue:
    """Change an answer."""
    found = find_or_404(ReplyTemplate, template_id)
    return _edit_template(found, ReplyTemplateForm(obj=found))


def _edit_template(found: ReplyTemplate | None, form: ReplyTemplateForm) -> ResponseReturnValue:
    if form.validate_on_submit():
        try:
            made = setup.save_template(found, **form.values())
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Templat %(title)s tersimpan.", title=made.title), "baik")
            return redirect(url_for(".templates"), 303)
    page = render_template("infrastruktur/setup/template.html", form=form, template=found)
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/templat/<uuid:template_id>/hapus")
@requires(MANAGE)
def delete_template(template_id: UUID) -> ResponseReturnValue:
    """Drop an answer."""
    found = find_or_404(ReplyTemplate, template_id)
    setup.delete_template(found)
    flash(_("Templat dihapus."), "baik")
    return redirect(url_for(".templates"), 303)
