"""Days off of the region: the national list, what the office adds to it and takes away from it, year by year."""

from __future__ import annotations

from collections import Counter
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lumbung.admin.holiday_forms import HolidayForm, HolidayListForm
from lumbung.context import current_scope, current_tenant
from lumbung.documents.spreadsheet import Column, Sheet, spreadsheet
from lumbung.web.access import me, requires
from lumbung.web.downloads import XLSX, download
from lumbung.web.i18n import core_domain, format_date
from lumbung.web.refusals import words_of
from lumbung.working_days import services
from lumbung.working_days.lists import EXAMPLE, read_list
from lumbung.working_days.national import JOINT, LOCAL, NATIONAL, decree
from lumbung.working_days.services import CalendarError, Line
from lumbung.working_days.working import working_days_between

blueprint = Blueprint("admin_holidays", __name__, url_prefix="/admin/hari-libur")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]


@blueprint.get("/")
@requires("core.tenant")
def index() -> str:
    """Show the days off of a year, ``?tahun=2027``, and how many days are worked in it."""
    year = _year(request.args.get("tahun"))
    lines = services.days_of(current_scope().session, year)
    return render_template(
        "admin/holidays.html",
        year=year,
        years=range(services.FIRST_YEAR, services.LAST_YEAR + 1),
        lines=lines,
        kinds=kind_titles(),
        states=state_titles(),
        decree=decree(year),
        counts=Counter(line.kind for line in lines if line.state != services.WORKED),
        worked=working_days_between(date(year - 1, 12, 31), date(year, 12, 31)),
        today=current_tenant().today(),
    )


@blueprint.get("/unduh")
@requires("core.tenant")
def exported() -> Response:
    """Give the list of a year as a spreadsheet."""
    year = _year(request.args.get("tahun"))
    kinds, states = kind_titles(), state_titles()
    rows = [
        (line.day, line.name, kinds[line.kind], states[line.state])
        for line in services.days_of(current_scope().session, year)
    ]
    columns = [Column(_("Tanggal"), "date"), Column(_("Nama"), width=48), Column(_("Jenis")), Column(_("Keadaan"))]
    sheet = Sheet(_("Hari libur %(year)s", year=year), columns, rows)
    return download(f"hari-libur-{year}.xlsx", spreadsheet([sheet]), XLSX)


@blueprint.route("/tambah", methods=["GET", "POST"])
@requires("core.tenant")
def add() -> Page:
    """Add a day off."""
    form = HolidayForm()
    if form.is_submitted() and form.validate():
        try:
            line = services.add(
                current_scope().session, form.chosen, form.name.data or "", form.kind.data, by=me().name
            )
        except CalendarError as refusal:
            form.show(refusal)
        else:
            flash(_("%(day)s kini hari libur: %(name)s.", day=format_date(line.day), name=line.name), "baik")
            return _to(line.day.year)
    page = render_template("admin/holiday.html", form=form, line=None, year=_year(request.args.get("tahun")))
    return (page, 422) if form.is_submitted() else page


@blueprint.route("/<day>/", methods=["GET", "POST"])
@requires("core.tenant")
def edit(day: str) -> Page:
    """Give a day off another name or kind."""
    line, session = _find(day), current_scope().session
    if line.state == services.WORKED:
        abort(404)
    form = HolidayForm(data={"day": line.day, "name": line.name, "kind": line.kind}).of(line.day)
    if form.is_submitted() and form.validate():
        try:
            services.rename(session, line.day, form.name.data or "", form.kind.data, by=me().name)
        except CalendarError as refusal:
            form.show(refusal)
        else:
            flash(_("%(day)s disimpan.", day=format_date(line.day)), "baik")
            return _to(line.day.year)
    page = render_template("admin/holiday.html", form=form, line=line, year=line.day.year)
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/<day>/hapus")
@requires("core.tenant")
def remove(day: str) -> Response:
    """Make a day off a working day again."""
    line = _find(day)
    try:
        services.remove(current_scope().session, line.day, by=me().name)
    except CalendarError as refusal:
        flash(words_of(refusal), "padi")
    else:
        flash(_("%(day)s bukan hari libur lagi di daerah ini.", day=format_date(line.day)), "baik")
    return _to(line.day.year)


@blueprint.post("/<day>/kembalikan")
@requires("core.tenant")
def restore(day: str) -> Response:
    """Let the national list decide about a day again."""
    line = _find(day)
    try:
        services.restore(current_scope().session, line.day)
    except CalendarError as refusal:
        flash(words_of(refusal), "padi")
    else:
        flash(_("%(day)s kembali seperti daftar nasional.", day=format_date(line.day)), "baik")
    return _to(line.day.year)


@blueprint.route("/masukkan", methods=["GET", "POST"])
@requires("core.tenant")
def take_over() -> Page:
    """Take a year over from a list, as a decree has it."""
    form = HolidayListForm(data={"year": _year(request.args.get("tahun"))})
    if form.is_submitted() and form.validate():
        year = form.year.data or 0
        try:
            days = read_list(form.lines.data or "", year)
            added = services.take_over(current_scope().session, days, by=me().name)
        except CalendarError as refusal:
            form.show(refusal)
        else:
            flash(_added(added, len(days) - added), "baik" if added else "padi")
            return _to(year)
    page = render_template("admin/holidays_import.html", form=form, example=EXAMPLE)
    return (page, 422) if form.is_submitted() else page


def kind_titles() -> dict[str, str]:
    """Return what the kinds of days off are called."""
    return {NATIONAL: _("Libur nasional"), JOINT: _("Cuti bersama"), LOCAL: _("Libur daerah")}


def state_titles() -> dict[str, str]:
    """Return where a day off comes from, in words."""
    return {
        services.LISTED: _("Daftar nasional"),
        services.CHANGED: _("Diubah di sini"),
        services.OWN: _("Ditambahkan di sini"),
        services.WORKED: _("Tetap hari kerja di sini"),
    }


def _added(added: int, left: int) -> str:
    if not left:
        return str(_("%(count)s hari libur ditambahkan.", count=added))
    return str(_("%(count)s hari libur ditambahkan; %(left)s sudah ada dan tidak diubah.", count=added, left=left))


def _year(text: str | None) -> int:
    known = text is not None and text.isascii() and text.isdigit() and len(text) == 4
    year = int(text) if known and text else current_tenant().today().year
    return year if services.FIRST_YEAR <= year <= services.LAST_YEAR else current_tenant().today().year


def _find(day: str) -> Line:
    try:
        found = date.fromisoformat(day)
    except ValueError:
        abort(404)
    if day != found.isoformat() or not services.FIRST_YEAR <= found.year <= services.LAST_YEAR:
        abort(404)
    line = services.line_of(current_scope().session, found)
    return line if line is not None else abort(404)


def _to(year: int) -> Response:
    return redirect(url_for(".index", tahun=year), 303)
