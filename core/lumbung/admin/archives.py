"""Archives of applications: which there are, whether each is whole, and the way to minutes of a destruction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, send_file, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from lumbung import audit
from lumbung.admin.archive_forms import ArchiveForm, MinutesForm
from lumbung.admin.rights import PLUGINS, acting_as, need_one_of
from lumbung.context import current_scope
from lumbung.errors import LumbungError
from lumbung.lifecycle import archives, minutes
from lumbung.lifecycle.operations import ask
from lumbung.registry.models import ArchiveRow, PluginRow
from lumbung.web.access import me, requires, staff
from lumbung.web.i18n import core_domain, format_number, language
from lumbung.web.proof import need_fresh
from lumbung.web.refusals import words_of

blueprint = Blueprint("admin_archives", __name__, url_prefix="/admin/arsip")
_ = core_domain.gettext

Page = Response | str | tuple[str, int]

READ_AT_ONCE = 256 * 1024 * 1024  # bytes; a larger archive is verified by the command


@blueprint.get("/")
@staff
def index() -> str:
    """List archives, and minutes: those who may sign see only the latter."""
    need_one_of(*PLUGINS)
    scope = current_scope()
    operator = me().can("platform.plugins")
    rows = archives.listed(scope.session) if operator else []
    return render_template(
        "admin/archives/index.html",
        rows=rows,
        here={row.id for row in rows if archives.path_of(scope.kernel.settings, row).is_file()},
        minutes=minutes.listed(scope.session),
        today=archives.today_of(scope.kernel),
        titles=_titles(),
        can_archive=bool(_offered()),
        **helpers(),
    )


@blueprint.route("/baru", methods=["GET", "POST"])
@requires("platform.plugins")
def add() -> Page:
    """Have the job worker make an archive of an application that stays as it is."""
    form = ArchiveForm().offer(_offered())
    if form.is_submitted() and form.validate():
        if form.plain.data:
            need_fresh(back_to=url_for(".add"))
        facts: dict[str, Any] = {
            "keep_until": form.keep_until.data.isoformat() if form.keep_until.data else None,
            "plain": bool(form.plain.data),
            "reason": (form.reason.data or "").strip() or None,
        }
        if not form.plain.data or len(facts["reason"] or "") >= archives.SHORTEST_REASON:
            operation = ask("archive", plugin=form.plugin.data, by=acting_as(), **facts)
            return redirect(url_for("admin_operations.show", operation_id=operation), 303)
        form.reason.errors = [_("Tulis alasannya, sedikitnya 10 huruf.")]
    page = render_template("admin/archives/new.html", form=form)
    return (page, 422) if form.is_submitted() else page


@blueprint.get("/<uuid:archive_id>/")
@requires("platform.plugins")
def detail(archive_id: UUID) -> str:
    """Show what is in an archive, and how it was made."""
    return _detail(_find(archive_id))


@blueprint.post("/<uuid:archive_id>/periksa")
@requires("platform.plugins")
def verify(archive_id: UUID) -> Page:
    """Read an archive to its end and say whether it is whole."""
    row = _find(archive_id)
    if row.size > READ_AT_ONCE:
        problem = _("Arsip ini terlalu besar untuk diperiksa di sini. Jalankan: lumbung plugin verify-archive %(file)s")
        return _detail(row, problem=problem % {"file": row.file}), 422
    try:
        checked = archives.verify(current_scope().kernel.settings, row)
    except LumbungError as error:
        return _detail(row, problem=words_of(error)), 422
    flash(
        _(
            "Arsip ini utuh: %(rows)s baris dan %(members)s berkas dibaca sampai selesai, semua sidiknya cocok.",
            rows=format_number(checked.rows),
            members=format_number(checked.members),
        ),
        "baik",
    )
    return redirect(url_for(".detail", archive_id=row.id), 303)


@blueprint.post("/<uuid:archive_id>/unduh")
@requires("platform.plugins")
def download(archive_id: UUID) -> Page:
    """Hand out the file, after having made sure who asks; that it was is written down."""
    row = _find(archive_id)
    need_fresh(back_to=url_for(".detail", archive_id=row.id))
    path = archives.path_of(current_scope().kernel.settings, row)
    if not path.is_file():
        return _detail(row, problem=_("Berkas arsip ini tidak ada lagi di tempatnya. Kembalikan dari cadangan.")), 422
    audit.record("plugin.archive_download", row.plugin, about=row.id, file=row.file)
    answer = send_file(path.resolve(), mimetype="application/zip", as_attachment=True, download_name=row.file)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/<uuid:archive_id>/berita-acara")
@requires("platform.plugins")
def prepare(archive_id: UUID) -> Page:
    """Prepare minutes for the destruction of what the application left."""
    row, form, scope = _find(archive_id), MinutesForm(), current_scope()
    if not form.validate():
        return _detail(row, form=form), 422
    try:
        made = minutes.prepare(
            scope.kernel,
            scope.session,
            row,
            reason=form.reason.data or "",
            by=acting_as(),
            also_archive=bool(form.also_archive.data),
            archive_lost=bool(form.archive_lost.data),
        )
    except LumbungError as error:
        form.form_errors.append(words_of(error))
        return _detail(row, form=form), 422
    audit.record("plugin.minutes", row.plugin, about=made.id, minutes=minutes.code_of(made))
    flash(_("Berita acara %(code)s disiapkan. Dua orang menandatanganinya.", code=minutes.code_of(made)), "baik")
    return redirect(url_for("admin_minutes.detail", minutes_id=made.id), 303)


def helpers() -> dict[str, Any]:
    """Return what the pages of archives and minutes write with."""
    return {"size_words": size_words, "code_of": minutes.code_of, "title_in": lambda title: title_in(title)}


def title_in(title: Mapping[str, str]) -> str:
    """Return a title kept in both languages in that of the page."""
    return title.get(language()) or title.get("id", "")


def size_words(size: int) -> str:
    """Return how large a file is, in words."""
    for unit, least in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)):
        if size >= least:
            return f"{format_number(round(size / least, 1))} {unit}"
    return f"{format_number(size)} B"


def _detail(row: ArchiveRow, *, form: MinutesForm | None = None, problem: str = "") -> str:
    scope = current_scope()
    plugin = scope.session.get_one(PluginRow, row.plugin)
    return render_template(
        "admin/archives/detail.html",
        row=row,
        plugin=plugin,
        form=form or MinutesForm(),
        problem=problem,
        here=archives.path_of(scope.kernel.settings, row).is_file(),
        latest=(archives.newest(scope.session, row.plugin) or row).id == row.id,
        opened=minutes.open_of(scope.session, row.plugin),
        kept=archives.today_of(scope.kernel) > row.keep_until,
        rows=sum(told["rows"] for told in row.contents["tables"].values()),
        **helpers(),
    )


def _offered() -> list[tuple[str, str]]:
    query = select(PluginRow).where(PluginRow.state != "purged").order_by(PluginRow.name)
    found = current_scope().session.scalars(query)
    return [(row.name, title_in(row.manifest.get("title") or {}) or row.name) for row in found]


def _titles() -> dict[str, str]:
    found = current_scope().session.scalars(select(PluginRow))
    return {row.name: title_in(row.manifest.get("title") or {}) or row.name for row in found}


def _find(archive_id: UUID) -> ArchiveRow:
    row = current_scope().session.get(ArchiveRow, archive_id)
    return row if row is not None else abort(404)
