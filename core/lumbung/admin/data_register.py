"""The processing register and the retention of personal data: what is held, why, and what goes when."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from lumbung import housekeeping
from lumbung.bilingual import Bilingual
from lumbung.context import current_scope, current_tenant
from lumbung.documents import pdf as documents
from lumbung.documents.spreadsheet import Column, Sheet, spreadsheet
from lumbung.privacy import retention
from lumbung.privacy.register import Processor, processors
from lumbung.privacy.retention_models import Swept
from lumbung.web.access import me, requires
from lumbung.web.downloads import XLSX, download
from lumbung.web.i18n import core_domain, language
from lumbung.web.listing import ListColumn, Listing

blueprint = Blueprint("admin_data", __name__, url_prefix="/admin/data-pribadi")
_ = core_domain.gettext


@blueprint.get("/register")
@requires("core.privacy")
def register() -> str:
    """Show the processing register of this tenant, application by application."""
    return render_template("admin/privacy/register.html", processors=_processors(), kept_for=kept_for)


@blueprint.get("/register.xlsx")
@requires("core.privacy")
def register_sheet() -> Response:
    """Hand out the register as a spreadsheet."""
    headings = [*_headings(), _("Letak"), _("Jumlah baris")]
    rows = [
        (*line, entry.where, processor.rows)
        for processor in _processors()
        for entry, line in zip(processor.entries, _lines(processor), strict=True)
    ]
    columns = [Column(heading, width=30) for heading in headings]
    return download("register-pemrosesan.xlsx", spreadsheet([Sheet(_("Register"), columns, rows)]), XLSX)


@blueprint.get("/register.pdf")
@requires("core.privacy")
def register_document() -> Response:
    """Hand out the register as a document to sign and file."""
    tenant = current_tenant()
    blocks = [documents.facts([(_("Pengendali data"), tenant.name), (_("Dasar"), "UU 27/2022, pasal 31")])]
    for processor in _processors():
        blocks.append(documents.heading(processor.title(language())))
        if not processor.answers:
            blocks.append(documents.text(_("Aplikasi ini tidak terpasang lagi; datanya masih tersimpan.")))
            continue
        rows = [line[1:] for line in _lines(processor)]
        blocks.append(documents.table(_headings()[1:], rows))
    title = _("Rekaman kegiatan pemrosesan data pribadi")
    made = documents.pdf("document", {"title": title, "blocks": blocks}, language=language())
    return download("register-pemrosesan.pdf", made, documents.PDF)


@blueprint.get("/retensi")
@requires("core.privacy")
def retention_page() -> Response | str:
    """Show what was swept so far."""
    listing = _swept()
    rules = [rule for rule in _rules() if rule.personal]
    return listing.export() or render_template(
        "admin/privacy/retention.html", listing=listing, rules=rules, rehearsal=None, kept_for=kept_for, title_of=_title
    )


@blueprint.get("/retensi/uji-coba")
@requires("core.privacy")
def rehearse() -> str:
    """Show what a run would do now. All of it is undone before the page is made."""
    rehearsal = retention.rehearse(_rules())
    return render_template(
        "admin/privacy/retention.html",
        listing=_swept(),
        rules=[rule for rule in _rules() if rule.personal],
        rehearsal=rehearsal,
        kept_for=kept_for,
        title_of=_title,
    )


@blueprint.post("/retensi")
@requires("core.privacy")
def run() -> Response:
    """Sweep now instead of waiting for the night."""
    outcome = retention.run(_rules(), by=me().name)
    flash(_("%(count)s data yang habis masanya sudah dibersihkan.", count=_told(outcome)), "baik")
    for plugin in outcome.failures:
        flash(_("%(plugin)s tidak dapat membersihkan datanya; gangguannya dicatat.", plugin=_title(plugin)), "gawat")
    return redirect(url_for(".retention_page"), 303)


def kept_for(span: timedelta | None) -> str:
    """Return how long something is kept, in days, months or years; a dash where nothing was said."""
    if span is None:
        return str(_("selama layanan dipakai"))
    days = max(1, round(span.total_seconds() / 86_400))
    if days >= 365 and days % 365 < 2:  # 1826 days are five years with a leap day
        return str(_("%(count)s tahun", count=days // 365))
    return str(_("%(count)s hari", count=days))


def _told(outcome: retention.Outcome) -> int:
    return sum(line.done.count for line in outcome.told if line.done.how != "kept")


def _processors() -> list[Processor]:
    by_table = {rule.where: rule.keep for rule in _rules() if rule.where}
    return processors(current_scope(), by_table)


def _rules() -> list[retention.Rule]:
    return housekeeping.rules(current_scope().kernel.settings)


def _headings() -> list[str]:
    return [
        str(one)
        for one in (
            _("Aplikasi"),
            _("Data pribadi"),
            _("Tujuan"),
            _("Dasar hukum"),
            _("Subjek data"),
            _("Penerima"),
            _("Disimpan"),
        )
    ]


def _lines(processor: Processor) -> list[tuple[str, ...]]:
    say = language()

    def words(text: Bilingual | None) -> str:
        return text(say) if text else ""

    return [
        (
            processor.title(say),
            words(entry.name),
            words(entry.purpose),
            words(entry.basis),
            words(entry.subjects),
            words(entry.recipients),
            kept_for(entry.keep),
        )
        for entry in processor.entries
    ]


def _title(plugin: str | None) -> str:
    """Return whose data those were: an application's title, or the house."""
    found = current_scope().kernel.snapshot().plugins.get(plugin or "")
    if plugin is None:
        return str(_("Akun dan situs ini"))
    return found.manifest.title(language()) if found and found.usable else plugin


def _swept() -> Listing:
    how = {"deleted": _("dihapus"), "anonymised": _("dianonimkan"), "kept": _("disimpan")}
    return Listing(
        query=select(Swept),
        columns=[
            ListColumn("waktu", _("Waktu"), kind="datetime", value=lambda row: row.at, sort=Swept.at),
            ListColumn("aplikasi", _("Aplikasi"), value=lambda row: _title(row.plugin), width=30),
            ListColumn("data", _("Data"), value=lambda row: Bilingual(**row.what)(language()), width=40),
            ListColumn("jumlah", _("Jumlah"), kind="number", value=lambda row: row.count, sort=Swept.count),
            ListColumn("cara", _("Tindakan"), value=lambda row: how[row.how]),
            ListColumn("oleh", _("Oleh"), value=lambda row: row.by, width=30),
        ],
        name="retensi",
        title=_("Data yang dibersihkan"),
        noun=_("catatan"),
        default_sort="-waktu",
        search=[],
    )
