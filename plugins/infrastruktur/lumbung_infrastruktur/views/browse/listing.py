"""The public list of reports."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import selectinload

from lumbung.sdk import ChoiceFilter, DateFilter, ListColumn, Listing, find_region, public

from ...models import Report
from ...rules import states
from ...services import browsing
from ...words import _
from . import blueprint
from .looking import choices


@blueprint.get("/daftar")
@public
def listing() -> ResponseReturnValue:
    """Every report that everybody may see: searched, narrowed, sorted, taken away."""
    found = report_listing()
    return found.export() or render_template("infrastruktur/browse/list.html", listing=found, asked=request.args)


def report_listing() -> Listing:
    """Return the public reports as this request asks for them; nothing in it tells of who reported."""
    offered = choices()
    return Listing(
        query=browsing.shown_to_all().options(selectinload(Report.category), selectinload(Report.photos)),
        columns=_columns(),
        name="laporan",
        title=_("Laporan kerusakan"),
        noun=_("laporan"),
        default_sort="-masuk",
        search=[Report.number, Report.description, Report.address],
        search_label=_("Nomor, isi, atau alamat"),
        filters=[
            ChoiceFilter(
                browsing.STATE,
                _("Keadaan"),
                [
                    (browsing.OPEN_ONES, _("Masih terbuka")),
                    (browsing.ENDED_ONES, _("Sudah berakhir")),
                    *offered["states"],
                ],
                where=browsing.in_state,
            ),
            ChoiceFilter(
                browsing.GROUP,
                _("Kelompok"),
                offered["groups"],
                where=lambda group: browsing.Filter(group=group).conditions[0],
            ),
            ChoiceFilter(
                browsing.CATEGORY,
                _("Kategori"),
                [(one.code, one.title) for one in offered["categories"]],
                where=_of_category,
            ),
            ChoiceFilter(
                browsing.DISTRICT,
                _("Kecamatan"),
                [(one.code, one.name) for one in offered["districts"]],
                where=lambda code: Report.district_code == code,
            ),
            DateFilter.since(browsing.SINCE, _("Dari tanggal"), Report.reported_at),
            DateFilter.until(browsing.UNTIL, _("Sampai tanggal"), Report.reported_at),
        ],
    )


def _columns() -> list[ListColumn]:
    return [
        ListColumn("nomor", _("Nomor"), lambda one: one.number, link=_page, sort=Report.number),
        ListColumn("kategori", _("Kategori"), lambda one: one.category.title),
        ListColumn("isi", _("Isi"), lambda one: one.description, shown=False, width=60),
        ListColumn("tempat", _("Tempat"), place_of),
        ListColumn("keadaan", _("Keadaan"), lambda one: states.title(one.state)),
        ListColumn("masuk", _("Masuk"), lambda one: one.reported_at, kind="datetime", sort=Report.reported_at),
        ListColumn("batas", _("Batas"), lambda one: one.due_on, kind="date", sort=Report.due_on),
        ListColumn("dukungan", _("Dukungan"), lambda one: one.supports, kind="number", sort=Report.supports),
        ListColumn("lintang", _("Lintang"), lambda one: one.lat, shown=False),
        ListColumn("bujur", _("Bujur"), lambda one: one.lon, shown=False),
    ]


def place_of(report: Report) -> str:
    """Where it is, in words: address, village, district."""
    found = (find_region(code) for code in (report.village_code, report.district_code) if code)
    return ", ".join(part for part in [report.address, *(one.name for one in found if one)] if part)


def _page(report: Report) -> str:
    return url_for("citizen.page", number=report.number)


def _of_category(code: str) -> Any:
    return browsing.Filter(category=browsing.category_id(code)).conditions[0]
