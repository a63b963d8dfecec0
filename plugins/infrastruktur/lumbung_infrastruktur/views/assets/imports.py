"""Importing assets: send a file, look at what it would do, take it in, take it back."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from lumbung.sdk import DomainError, find_or_404, requires, session, within

from ...forms.assets import ColumnsForm, UploadForm, columns_form
from ...models import ImportBatch
from ...rules import kinds
from ...rules.asset_columns import FIELDS
from ...services import asset_import, import_undo
from ...services.assets import ASSET
from ...services.import_rows import Choices
from ...words import _
from ..room import refused, say
from . import blueprint

LISTED = 50
SHOWN = {"bad": 200, "changed": 50, "new": 50, "unchanged": 0}


@blueprint.route("/impor", methods=["GET", "POST"])
@requires(ASSET)
def imports() -> ResponseReturnValue:
    """Past imports, and a form for another."""
    form = UploadForm()
    if form.validate_on_submit():
        sent = form.file.data
        unit_id = UUID(form.unit.data) if form.unit.data else None
        try:
            batch = asset_import.upload(sent.read(), sent.filename or "", form.kind.data, unit_id)
        except DomainError as refusal:
            say(form, refusal)
        else:
            return redirect(url_for("assets.import_preview", batch_id=batch.id), 303)
    return _list(form), 422 if form.is_submitted() else 200


@blueprint.route("/impor/<uuid:batch_id>", methods=["GET", "POST"])
@requires(ASSET)
def import_preview(batch_id: UUID) -> ResponseReturnValue:
    """What a file would do; with a form for which column is what."""
    batch = find_or_404(ImportBatch, batch_id, permission=ASSET, lock=request.method == "POST")
    if batch.state != asset_import.DRAFT:
        return render_template("infrastruktur/assets/import_done.html", batch=batch, kinds=kinds,
                               may_undo=import_undo.may_undo(batch))  # fmt: skip
    seen = asset_import.preview(batch)
    form = columns_form(
        seen.headings,
        seen.samples,
        dict(seen.choices.columns),
        length_unit=seen.choices.length_unit,
        survey_on=seen.choices.survey_on,
        keep_rest=seen.choices.keep_rest,
    )
    if form.validate_on_submit():
        try:
            asset_import.choose(batch, _choices(form))
        except DomainError as refusal:
            say(form, refusal)
        else:
            return redirect(url_for("assets.import_preview", batch_id=batch.id), 303)
    page = render_template(
        "infrastruktur/assets/import_preview.html", seen=seen, batch=batch, form=form, fields=FIELDS,
        shown=_shown(seen), kinds=kinds,
    )  # fmt: skip
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/impor/<uuid:batch_id>/jalankan")
@requires(ASSET)
def import_run(batch_id: UUID) -> ResponseReturnValue:
    """Take the file in."""
    batch = find_or_404(ImportBatch, batch_id, permission=ASSET, lock=True)
    page = url_for("assets.import_preview", batch_id=batch.id)
    try:
        asset_import.take_in(batch, leave_out_bad=bool(request.form.get("lewati")))
    except DomainError as refusal:
        return refused(refusal, page)
    flash(_("%(added)s aset ditambahkan, %(changed)s diubah.", added=batch.added, changed=batch.changed), "baik")
    return redirect(page, 303)


@blueprint.post("/impor/<uuid:batch_id>/buang")
@requires(ASSET)
def import_drop(batch_id: UUID) -> ResponseReturnValue:
    """Throw a file away that was not taken in."""
    batch = find_or_404(ImportBatch, batch_id, permission=ASSET, lock=True)
    try:
        asset_import.drop(batch)
    except DomainError as refusal:
        return refused(refusal, url_for("assets.imports"))
    flash(_("Berkas %(name)s dibuang. Daftar aset tidak berubah.", name=batch.file_name), "baik")
    return redirect(url_for("assets.imports"), 303)


@blueprint.post("/impor/<uuid:batch_id>/urungkan")
@requires(ASSET)
def import_back(batch_id: UUID) -> ResponseReturnValue:
    """Take an import back."""
    batch = find_or_404(ImportBatch, batch_id, permission=ASSET, lock=True)
    try:
        import_undo.undo(batch)
    except DomainError as refusal:
        return refused(refusal, url_for("assets.imports"))
    flash(_("Impor %(name)s diurungkan. Nilai sebelumnya kembali.", name=batch.file_name), "baik")
    return redirect(url_for("assets.imports"), 303)


def _list(form: UploadForm) -> str:
    query = select(ImportBatch).where(within(ASSET, ImportBatch.unit_id)).order_by(ImportBatch.at.desc()).limit(LISTED)
    batches = list(session.scalars(query))
    return render_template(
        "infrastruktur/assets/imports.html",
        form=form,
        batches=batches,
        undoable={batch.id for batch in batches if import_undo.may_undo(batch)},
        kinds=kinds,
    )


def _choices(form: ColumnsForm) -> Choices:
    columns = {field: form[f"k_{field}"].data for field in FIELDS}
    return Choices(
        {field: heading for field, heading in columns.items() if heading},
        form.length_unit.data,
        form.survey_on.data,
        bool(form.keep_rest.data),
    )


def _shown(seen: asset_import.Preview) -> dict[str, list[object]]:
    """The first rows of each kind, bad ones before all."""
    return {state: [row for row in seen.rows if row.state == state][:most] for state, most in SHOWN.items()}
