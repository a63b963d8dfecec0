"""Breaches of personal data: written down, who was affected, who was told, within 72 hours."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.admin.breach_form import BreachForm, ReportForm, values_of
from lumbung.context import current_scope, current_tenant
from lumbung.documents import pdf as documents
from lumbung.documents.spreadsheet import Column, Sheet, spreadsheet
from lumbung.privacy import breach, clocks
from lumbung.privacy.breach import BreachRefused
from lumbung.privacy.retention_models import Breach
from lumbung.web.access import me, requires
from lumbung.web.downloads import XLSX, download
from lumbung.web.i18n import core_domain, format_datetime, language
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_breaches", __name__, url_prefix="/admin/data-pribadi/insiden")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.get("/")
@requires("core.privacy")
def index() -> str:
    """List breaches, those that are open first."""
    session = current_scope().session
    closed = session.scalars(select(Breach).where(Breach.closed_at.is_not(None)).order_by(Breach.closed_at.desc()))
    rows = [*breach.open_cases(session), *closed]
    return render_template("admin/privacy/breaches.html", rows=rows, **_words())


@blueprint.route("/baru", methods=["GET", "POST"])
@requires("core.privacy")
def add() -> Page:
    """Write a breach down: its clock starts when it was found."""
    form = BreachForm().offer()
    if form.is_submitted() and form.validate():
        try:
            row = breach.open_case(current_scope().session, by=me().name, **form.facts())
        except BreachRefused as error:
            form.form_errors.append(words_of(error))
        else:
            flash(_("Kejadian %(code)s dicatat.", code=breach.code_of(row)), "baik")
            return redirect(url_for(".detail", breach_id=row.id), 303)
    page = render_template("admin/privacy/breach_form.html", form=form, row=None)
    return (page, 422) if form.is_submitted() else page


@blueprint.get("/<uuid:breach_id>/")
@requires("core.privacy")
def detail(breach_id: UUID) -> str:
    """Show a breach: its clock, who was affected, what is left to do."""
    row = _find(breach_id)
    return _page(row)


@blueprint.route("/<uuid:breach_id>/ubah", methods=["GET", "POST"])
@requires("core.privacy")
def edit(breach_id: UUID) -> Page:
    """Correct what is known of it."""
    row = _find(breach_id)
    form = BreachForm(data=values_of(row)).offer()
    if form.is_submitted() and form.validate():
        try:
            breach.change(current_scope().session, row, **form.facts())
        except BreachRefused as error:
            form.form_errors.append(words_of(error))
        else:
            flash(_("Perubahan disimpan."), "baik")
            return redirect(url_for(".detail", breach_id=row.id), 303)
    page = render_template("admin/privacy/breach_form.html", form=form, row=row, **_words())
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/<uuid:breach_id>/beri-tahu")
@requires("core.privacy")
def tell(breach_id: UUID) -> Page:
    """Tell everybody affected who was not told yet."""
    row = _find(breach_id)
    try:
        told = breach.tell(current_scope().session, row)
    except BreachRefused as error:
        return _page(row, problem=words_of(error)), 422
    flash(_("%(count)s orang diberi tahu.", count=told), "baik")
    return redirect(url_for(".detail", breach_id=row.id), 303)


@blueprint.post("/<uuid:breach_id>/laporkan")
@requires("core.privacy")
def report(breach_id: UUID) -> Page:
    """Note that the agency was told."""
    row, form = _find(breach_id), ReportForm()
    if not form.validate():
        return _page(row, form=form), 422
    breach.note_report(current_scope().session, row, to=form.to.data or "")
    flash(_("Pelaporan dicatat."), "baik")
    return redirect(url_for(".detail", breach_id=row.id), 303)


@blueprint.post("/<uuid:breach_id>/tutup")
@requires("core.privacy")
def close(breach_id: UUID) -> Page:
    """Close it, once all were told."""
    row = _find(breach_id)
    try:
        breach.close(current_scope().session, row)
    except BreachRefused as error:
        return _page(row, problem=words_of(error)), 422
    flash(_("Kejadian %(code)s ditutup.", code=breach.code_of(row)), "baik")
    return redirect(url_for(".detail", breach_id=row.id), 303)


@blueprint.get("/<uuid:breach_id>/terdampak.xlsx")
@requires("core.privacy")
def sheet(breach_id: UUID) -> Response:
    """Hand out who was affected as a spreadsheet."""
    row = _find(breach_id)
    people = breach.affected(current_scope().session, row)
    audit.note_reading([one.person.id for one in people], "breach.export")
    columns = [
        Column(_("Nama"), width=30),
        Column(_("Surel"), width=30),
        Column(_("Nomor ponsel"), width=18),
        Column(_("Dibuka"), "number"),
        Column(_("Pertama"), "datetime"),
        Column(_("Terakhir"), "datetime"),
        Column(_("Diberi tahu"), "datetime"),
    ]
    rows = [
        (one.person.name, one.person.email, one.person.phone, one.readings, one.first, one.last, one.told_at)
        for one in people
    ]
    name = f"{breach.code_of(row).lower()}-terdampak.xlsx"
    return download(name, spreadsheet([Sheet(_("Terdampak"), columns, rows)]), XLSX)


@blueprint.get("/<uuid:breach_id>/laporan.pdf")
@requires("core.privacy")
def document(breach_id: UUID) -> Response:
    """Hand out the written report to the agency (article 46): what, when and how, how many, what is done."""
    row = _find(breach_id)
    people = breach.affected(current_scope().session, row)
    blocks = [
        documents.facts(
            [
                (_("Nomor"), breach.code_of(row)),
                (_("Pengendali data"), current_tenant().name),
                (_("Diketahui"), format_datetime(row.found_at)),
                (_("Terjadi"), f"{format_datetime(row.since)} – {format_datetime(row.until)}"),
                (_("Orang yang terdampak"), str(len(people))),
                (_("Diberi tahu sejak"), format_datetime(row.told_at) if row.told_at else "–"),
            ]
        ),
        documents.heading(_("Data yang terbuka")),
        documents.text(row.data),
        documents.heading(_("Apa yang terjadi")),
        documents.text(row.story),
        documents.heading(_("Apa yang dilakukan")),
        documents.text(row.measures),
        documents.text(
            _("Daftar orang yang terdampak disusun dari catatan akses dan diserahkan terpisah."), small=True
        ),
        documents.signature(current_tenant().name, _("Pejabat pelindungan data pribadi"), me().name),
    ]
    title = _("Laporan kegagalan pelindungan data pribadi")
    made = documents.pdf("document", {"title": title, "blocks": blocks}, language=language())
    return download(f"{breach.code_of(row).lower()}-laporan.pdf", made, documents.PDF)


def _page(row: Breach, *, form: ReportForm | None = None, problem: str = "") -> str:
    people = breach.affected(current_scope().session, row)
    audit.note_reading([one.person.id for one in people], "breach.page")
    return render_template(
        "admin/privacy/breach.html",
        row=row,
        people=people,
        waiting=[one for one in people if one.told_at is None and one.person.active],
        form=form or ReportForm(),
        problem=problem,
        notice=[words(language()) for words in breach.notice(row)],
        **_words(),
    )


def _find(breach_id: UUID) -> Breach:
    row = current_scope().session.get(Breach, (current_tenant().id, breach_id))
    return row if row is not None else abort(404)


def _words() -> dict[str, object]:
    return {
        "code_of": breach.code_of,
        "left_in_words": lambda due: clocks.left_in_words(due)(language()),
        "tone_of": clocks.tone_of,
    }
