"""The list of reports at the desk: its tabs, filters, columns and files. Nothing in it tells who reported."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import selectinload

from lumbung.sdk import (
    BulkAction,
    ChoiceFilter,
    DateFilter,
    ListColumn,
    Listing,
    current_tenant,
    districts,
    find_region,
    today,
    units,
)

from ...forms.desk import unit_choices
from ...models import Report
from ...rules import kinds, sensitive, states
from ...rules.states import OPEN
from ...services import browsing, inbox
from ...words import _

NAME = "laporan-petugas"
PLACE = "ke"  # the argument that says where in the list a report stands
NOBODY = "tanpa"
NEED_TITLES: dict[str, Callable[[], str]] = {
    "baru": lambda: _("Baru"),
    "belum-dijawab": lambda: _("Belum dijawab"),
    "menunggu": lambda: _("Menunggu dikerjakan"),
    "dikerjakan": lambda: _("Dikerjakan"),
    "lewat-sla": lambda: _("Lewat batas"),
    "dibuka-kembali": lambda: _("Dibuka kembali"),
    "ditunda": lambda: _("Ditunda"),
}


def inbox_listing(*, counted: bool = True) -> Listing:
    """Return the reports that who is at work may read, as this request asks for them."""
    query = inbox.readable().options(selectinload(Report.category), selectinload(Report.photos))
    triage = inbox.verifies()
    return Listing(
        query=query,
        columns=_columns(),
        name=NAME,
        title=_("Laporan masuk"),
        noun=_("laporan"),
        default_sort="-masuk",
        search=[inbox.occurs],
        search_label=_("Nomor, isi, atau alamat"),
        filters=_filters(inbox.counts() if counted else None),
        bulk=_bulk() if triage else [],
        selectable=lambda report: report.state in OPEN and inbox.may(inbox.VERIFY, report.unit_id),
    )


def address_of(report_id: UUID, listing: Listing | None, place: int | None = None) -> str:
    """Return the address of a report's page; with a list, the page knows its neighbours there."""
    here = url_for("desk.report", report_id=report_id)
    if listing is None:
        return here
    asked = listing.address().partition("?")[2]
    more = "&".join(filter(None, [asked, urlencode({PLACE: place}) if place is not None else ""]))
    return f"{here}?{more}" if more else here


def place_words(report: Report) -> str:
    """Where it is, in words: address, village, district."""
    found = (find_region(code) for code in (report.village_code, report.district_code) if code)
    return ", ".join(part for part in [report.address, *(one.name for one in found if one)] if part)


def _bulk() -> list[BulkAction]:
    sure = _("Tolak laporan yang dipilih sebagai spam? Pelapornya diberi tahu.")
    return [
        BulkAction(_("Verifikasi"), url_for("desk.several", what="verifikasi"), "circle-check", "laut"),
        BulkAction(_("Disposisi ke unit"), url_for("desk.several", what="disposisi"), "send"),
        BulkAction(_("Tolak sebagai spam"), url_for("desk.several", what="spam"), "ban", "gawat", sure),
    ]


def _filters(counts: dict[str, int] | None) -> list[ChoiceFilter | DateFilter]:
    needs = inbox.needs()
    categories = browsing.categories()
    groups = {one.group for one in categories}
    region = current_tenant().region_code
    return [
        ChoiceFilter(
            "perlu",
            _("Yang perlu ditangani"),
            [(name, title()) for name, title in NEED_TITLES.items()],
            where=lambda name: needs[name],
            tabs=True,
            counts=counts,
        ),
        ChoiceFilter(
            "keadaan",
            _("Keadaan"),
            [(str(state), states.title(state)) for state in states.ORDER],
            where=lambda state: Report.state == state,
        ),
        ChoiceFilter(
            "kelompok",
            _("Kelompok"),
            [(code, str(words)) for code, words in kinds.GROUPS.items() if code in groups],
            where=lambda group: Report.category_id.in_([one.id for one in categories if one.group == group]),
        ),
        ChoiceFilter(
            "kategori",
            _("Kategori"),
            [(one.code, one.title) for one in categories],
            where=lambda code: Report.category_id.in_([one.id for one in categories if one.code == code]),
        ),
        ChoiceFilter(
            "unit",
            _("Unit"),
            [(NOBODY, _("Belum ada unit")), *unit_choices()],
            where=lambda unit: Report.unit_id.is_(None) if unit == NOBODY else Report.unit_id == UUID(unit),
        ),
        ChoiceFilter(
            "kecamatan",
            _("Kecamatan"),
            [(one.code, one.name) for one in (districts(region) if region else ())],
            where=lambda code: Report.district_code == code,
        ),
        ChoiceFilter(
            "tingkat", _("Tingkat"), kinds.choices(kinds.SEVERITIES), where=lambda code: Report.severity == code
        ),
        ChoiceFilter(
            "kewenangan",
            _("Kewenangan"),
            [*kinds.choices(kinds.AUTHORITIES), (NOBODY, _("Belum jelas"))],
            where=lambda code: Report.authority == ("" if code == NOBODY else code),
        ),
        ChoiceFilter("kanal", _("Kanal"), kinds.choices(kinds.CHANNELS), where=lambda code: Report.channel == code),
        DateFilter.since("dari", _("Dari tanggal"), Report.reported_at),
        DateFilter.until("sampai", _("Sampai tanggal"), Report.reported_at),
    ]


def _columns() -> list[ListColumn]:
    names = {unit.id: unit.name for unit in units.all()}
    day = today()
    return [
        ListColumn("nomor", _("Nomor"), lambda one: one.number, sort=Report.number, width=12),
        ListColumn("kategori", _("Kategori"), lambda one: one.category.title, width=28),
        ListColumn(
            "kelompok", _("Kelompok"), lambda one: str(kinds.GROUPS.get(one.category.group, "")), shown=False, width=22
        ),
        ListColumn("isi", _("Isi"), lambda one: sensitive.masked(one.description), shown=False, width=60),
        ListColumn("tempat", _("Tempat"), place_words, width=40),
        ListColumn("masuk", _("Masuk"), lambda one: one.reported_at, kind="datetime", sort=Report.reported_at),
        ListColumn("keadaan", _("Keadaan"), lambda one: states.title(one.state), width=18),
        ListColumn("batas", _("Batas"), lambda one: one.due_on, kind="date", sort=Report.due_on),
        ListColumn(
            "lewat", _("Lewat batas"), lambda one: _("ya") if inbox.late_on(one, day) else _("tidak"), shown=False
        ),
        ListColumn("dukungan", _("Dukungan"), lambda one: one.supports, kind="number", sort=Report.supports),
        ListColumn("unit", _("Unit"), lambda one: names.get(one.unit_id, ""), shown=False, width=32),
        ListColumn("tingkat", _("Tingkat"), lambda one: str(kinds.SEVERITIES.get(one.severity, "")), shown=False),
        ListColumn(
            "kewenangan", _("Kewenangan"), lambda one: str(kinds.AUTHORITIES.get(one.authority, "")), shown=False
        ),
        ListColumn("kanal", _("Kanal"), lambda one: str(kinds.CHANNELS.get(one.channel, "")), shown=False),
        ListColumn("lintang", _("Lintang"), lambda one: one.lat, shown=False),
        ListColumn("bujur", _("Bujur"), lambda one: one.lon, shown=False),
        ListColumn("selesai", _("Selesai"), lambda one: one.finished_at, kind="datetime", shown=False),
        ListColumn("ditutup", _("Ditutup"), lambda one: one.closed_at, kind="datetime", shown=False),
        ListColumn("nilai", _("Nilai"), lambda one: one.rating, kind="number", shown=False),
    ]
