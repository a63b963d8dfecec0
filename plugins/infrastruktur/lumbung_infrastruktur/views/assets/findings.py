"""The condition of one asset: a finding more, a finding less."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect
from flask.typing import ResponseReturnValue

from lumbung.sdk import DomainError, find_or_404, requires

from ...forms.assets import ConditionForm
from ...models import Asset, Condition
from ...services import conditions
from ...services.assets import ASSET
from ...words import _, on
from ..room import say
from . import blueprint
from .one import show
from .register import page_of


@blueprint.post("/<uuid:asset_id>/kondisi")
@requires(ASSET)
def add_condition(asset_id: UUID) -> ResponseReturnValue:
    """Write down how an asset was found on a day."""
    found, form = find_or_404(Asset, asset_id, permission=ASSET, lock=True), ConditionForm()
    if form.validate_on_submit():
        try:
            made = conditions.record(
                found,
                form.on.data,
                form.condition.data,
                value=form.value.data,
                note=form.note.data or "",
                source=form.source.data or "",
            )
        except DomainError as refusal:
            say(form, refusal)
        else:
            flash(_("Kondisi per %(date)s dicatat.", date=on(made.on)), "baik")
            return redirect(f"{page_of(found)}#kondisi", 303)
    return show(found, finding=form), 422


@blueprint.post("/<uuid:asset_id>/kondisi/<uuid:condition_id>/hapus")
@requires(ASSET)
def drop_condition(asset_id: UUID, condition_id: UUID) -> ResponseReturnValue:
    """Take a finding out again."""
    found = find_or_404(Asset, asset_id, permission=ASSET, lock=True)
    condition = find_or_404(Condition, condition_id)
    if condition.asset_id != found.id:
        abort(404)
    conditions.remove(condition)
    flash(_("Kondisi per %(date)s dihapus.", date=on(condition.on)), "baik")
    return redirect(f"{page_of(found)}#kondisi", 303)
