"""The desk of boundaries: a file is sent, looked at on a map with what it matches, and then taken in or not."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lumbung.admin.boundary_forms import BoundaryFileForm
from lumbung.bilingual import Bilingual
from lumbung.context import current_scope, current_tenant
from lumbung.geography import importing
from lumbung.geography.errors import GeographyError
from lumbung.geography.features import LARGEST_FILE, read_features
from lumbung.geography.models import Boundary, BoundaryDraft
from lumbung.tenancy.regions import Region, find_region
from lumbung.web.access import me, requires
from lumbung.web.i18n import core_domain, language
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_boundaries", __name__, url_prefix="/admin/batas-wilayah")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]
KINDS = ("zip", "geojson", "json", "kml", "kmz", "csv")
MOST_SAID = 6


@blueprint.route("/", methods=["GET", "POST"])
@requires("core.units")
def index() -> Page:
    """Show what is loaded; read a file that is sent and go on to what it would bring."""
    form = BoundaryFileForm()
    if form.is_submitted() and form.validate():
        try:
            draft = importing.prepare(_read(form), current_tenant().region_code)
        except GeographyError as refusal:
            form.refuse(words_of(refusal))
        else:
            row = importing.keep_draft(
                current_scope().session,
                draft,
                file_name=form.file.data.filename or "berkas",
                source=" ".join((form.source.data or "").split()),
                by=me().name,
            )
            return redirect(url_for(".preview", draft_id=row.id), 303)
    page = _index(form)
    return (page, 422) if form.is_submitted() else page


@blueprint.get("/peta.json")
@requires("core.units")
def shapes() -> dict[str, Any]:
    """Return what is loaded as GeoJSON, of the level that is asked for."""
    level = request.args.get("tingkat", type=int)
    return {"type": "FeatureCollection", "features": importing.map_of(current_scope().session, level)}


@blueprint.get("/pratinjau/<uuid:draft_id>/")
@requires("core.units")
def preview(draft_id: UUID) -> Page:
    """Show what a file would bring: on a map, whose boundary each shape is, and what could not be matched."""
    row = _find(draft_id)
    if row is None:
        flash(_("Berkas itu sudah dimuat, dibatalkan, atau lebih dari sehari menunggu. Kirim lagi bila perlu."), "padi")
        return redirect(url_for(".index"))
    draft = importing.read_draft(row)
    loaded = {boundary.region_code: boundary for boundary in importing.listed(current_scope().session)}
    return render_template(
        "admin/boundary_preview.html",
        row=row,
        draft=draft,
        notes=[Bilingual(**note)(language()) for note in draft.notes],
        counts=_counts([one["kind"] for one in draft.found]),
        replaced=[code for code in draft.codes if code in loaded and not loaded[code].derived],
        missing=[region for code in draft.missing if (region := find_region(code))],
        why=_why,
        find_region=find_region,
    )


@blueprint.get("/pratinjau/<uuid:draft_id>/peta.json")
@requires("core.units")
def draft_shapes(draft_id: UUID) -> dict[str, Any]:
    """Return what a file would bring as GeoJSON."""
    row = _find(draft_id) or abort(404)
    return {"type": "FeatureCollection", "features": importing.map_of_draft(importing.read_draft(row))}


@blueprint.post("/pratinjau/<uuid:draft_id>/muat")
@requires("core.units")
def confirm(draft_id: UUID) -> Response:
    """Take in what a file brings."""
    row = _find(draft_id)
    if row is None:
        flash(_("Berkas itu sudah dimuat, dibatalkan, atau lebih dari sehari menunggu. Kirim lagi bila perlu."), "padi")
        return redirect(url_for(".index"), 303)
    count = len(importing.read_draft(row).codes)
    said = importing.confirm(current_scope().session, row, _own_code(), by=me().name)
    flash(_("%(count)s batas wilayah dimuat dari %(file)s.", count=count, file=row.file_name), "baik")
    for words in said[:MOST_SAID]:
        flash(words(language()), "laut")
    return redirect(url_for(".index"), 303)


@blueprint.post("/pratinjau/<uuid:draft_id>/batal")
@requires("core.units")
def cancel(draft_id: UUID) -> Response:
    """Forget a file that was sent; what is loaded stays as it is."""
    row = _find(draft_id)
    if row is not None:
        current_scope().session.delete(row)
    flash(_("Berkas dibatalkan. Batas yang sudah dimuat tidak berubah."), "laut")
    return redirect(url_for(".index"), 303)


@blueprint.post("/hapus")
@requires("core.units")
def remove() -> Response:
    """Remove the boundary of one region, or all of them."""
    session = current_scope().session
    code = request.form.get("kode", "")
    codes = [row.region_code for row in importing.listed(session)] if code == "semua" else [code]
    removed = importing.remove(session, codes, _own_code(), by=me().name)
    if removed:
        flash(_("%(count)s batas wilayah dihapus.", count=removed), "baik")
    else:
        flash(_("Batas itu memang sudah tidak ada. Tidak ada yang diubah."), "padi")
    return redirect(url_for(".index"), 303)


def _index(form: BoundaryFileForm) -> str:
    rows = importing.listed(current_scope().session)
    return render_template(
        "admin/boundaries.html",
        form=form,
        region=_own(),
        rows=rows,
        groups=_groups(rows),
        counts=_counts([row.kind for row in rows]),
        kinds=KINDS,
        limit_mb=LARGEST_FILE // 1024 // 1024,
        kind_title=kind_title,
    )


def _groups(rows: Any) -> list[tuple[str, list[Boundary]]]:
    """Return what is loaded by level: the regency, its districts, and the villages of each district."""
    groups: dict[str, list[Boundary]] = {}
    for row in rows:
        depth = row.region_code.count(".")
        above = find_region(row.region_code.rpartition(".")[0]) if depth == 3 else None
        title = _("Desa dan kelurahan di %(district)s", district=above.name) if above else ""
        groups.setdefault(title or (_("Kecamatan") if depth == 2 else _("Seluruh daerah")), []).append(row)
    return list(groups.items())


def _counts(kinds: list[str]) -> str:
    return ", ".join(f"{count} {kind_title(kind)}" for kind, count in Counter(kinds).items())


def kind_title(kind: str) -> str:
    """Return what a kind of region is called."""
    titles: dict[str, str] = {
        "provinsi": _("provinsi"),
        "kabupaten": _("kabupaten"),
        "kota": _("kota"),
        "kecamatan": _("kecamatan"),
        "desa": _("desa"),
        "kelurahan": _("kelurahan"),
    }
    return titles.get(kind, kind)


def _why(lost: dict[str, Any]) -> str:
    """Return why a shape of a file is nobody's boundary."""
    reasons: dict[str, str] = {
        "unknown": _("Tidak ada wilayah dengan kode atau nama ini di daerah ini."),
        "ambiguous": _("Nama ini dipakai beberapa wilayah (%(codes)s). Tambahkan kolom kode.", codes=lost["hint"]),
        "no_area": _("Bukan bidang: titik dan garis tidak dapat menjadi batas."),
        "no_name": _("Tidak ada kode maupun nama pada bentuk ini."),
    }
    return reasons[lost["why"]]


def _read(form: BoundaryFileForm) -> Any:
    return read_features(form.file.data.stream, form.file.data.filename or "")


def _own() -> Region | None:
    code = current_tenant().region_code
    return find_region(code) if code else None


def _own_code() -> str:
    return current_tenant().region_code or ""


def _find(draft_id: UUID) -> BoundaryDraft | None:
    return importing.find_draft(current_scope().session, current_tenant().id, draft_id)
