"""The monthly recap as a workbook and as a signed sheet."""

from __future__ import annotations

from typing import Any

from lumbung.sdk import (
    Column,
    Sheet,
    current_tenant,
    current_unit,
    format_date,
    format_number,
    format_rupiah,
    paper,
)

from ..words import _
from .recap import Recap, Row


def name_of(recap: Recap) -> str:
    """The name of the file."""
    return f"rekap-infrastruktur-{recap.year}-{recap.month:02}"


def title_of(recap: Recap) -> str:
    """The title: the month, and whose reports."""
    unit = current_unit()
    whose = unit.name if unit else current_tenant().name
    return _("Rekap infrastruktur %(month)s, %(whose)s", month=format_date(recap.first, "MMMM y"), whose=whose)


def sheets(recap: Recap) -> list[Sheet]:
    """A sheet for each way of looking at it. No personal data is in it."""
    notes = [title_of(recap), _books()]
    return [
        _sheet(_("Per unit"), _("Unit"), recap.units, recap.total, notes),
        _sheet(_("Per kecamatan"), _("Kecamatan"), recap.districts, recap.total, notes),
        _sheet(_("Per kategori"), _("Kategori"), recap.categories, recap.total, notes),
    ]


def blocks(recap: Recap) -> list[Any]:
    """The same for paper, with room for the head's signature."""
    unit = current_unit()
    total = recap.total
    found = [
        paper.facts(
            [
                (_("Terbuka pada awal bulan"), format_number(total.opening)),
                (_("Masuk"), format_number(total.new)),
                (_("Dibuka kembali"), format_number(total.reopened)),
                (_("Berakhir"), format_number(total.ended)),
                (_("Terbuka pada akhir bulan"), format_number(total.closing)),
                (_("Selesai tepat waktu"), percent(total.in_time_share)),
                (_("Biaya perbaikan"), format_rupiah(total.cost)),
            ]
        )
    ]
    for title, first, rows in (
        (_("Per unit"), _("Unit"), recap.units),
        (_("Per kecamatan"), _("Kecamatan"), recap.districts),
        (_("Per kategori"), _("Kategori"), recap.categories),
    ):
        found += [paper.heading(title), paper.table(_headings(first), [_printed(row) for row in [*rows, total]])]
    found.append(paper.text(_books(), small=True))
    office = unit.name if unit else current_tenant().name
    return [*found, paper.signature(f"{current_tenant().name}, {format_date(current_tenant().today())}", office, "")]


def percent(share: float | None) -> str:
    """A share in per cent, a dash when there is nothing to share."""
    return "–" if share is None else f"{format_number(round(share * 100, 1))} %"


def _books() -> str:
    return _("Awal + masuk + dibuka kembali − berakhir = akhir.")


def _headings(first: str) -> list[str]:
    return [
        first,
        _("Awal"),
        _("Masuk"),
        _("Dibuka kembali"),
        _("Berakhir"),
        _("Akhir"),
        _("Selesai"),
        _("Tepat waktu"),
        _("Rata-rata hari"),
    ]


def _printed(row: Row) -> list[str]:
    figures = (row.opening, row.new, row.reopened, row.ended, row.closing, row.mended)
    days = "–" if row.days is None else format_number(round(row.days, 1))
    return [row.title, *(format_number(one) for one in figures), percent(row.in_time_share), days]


def _sheet(title: str, first: str, rows: list[Row], total: Row, notes: list[str]) -> Sheet:
    columns = [
        Column(first, width=40),
        *(Column(one, kind="number") for one in _headings("")[1:7]),
        Column(_("Tepat waktu"), kind="percent"),
        Column(_("Rata-rata hari"), kind="number"),
        Column(_("Ditolak"), kind="number"),
        Column(_("Bukan kewenangan"), kind="number"),
        Column(_("Duplikat"), kind="number"),
        Column(_("Lewat batas"), kind="number"),
        Column(_("Nilai rata-rata"), kind="number"),
        Column(_("Penilaian"), kind="number"),
        Column(_("Biaya perbaikan"), kind="rupiah"),
    ]
    return Sheet(title, columns, [_cells(row) for row in [*rows, total]], notes)


def _cells(row: Row) -> list[Any]:
    return [
        row.title,
        row.opening,
        row.new,
        row.reopened,
        row.ended,
        row.closing,
        row.mended,
        row.in_time_share,
        None if row.days is None else round(row.days, 1),
        row.refused,
        row.elsewhere,
        row.duplicates,
        row.late,
        None if row.rating is None else round(row.rating, 2),
        row.ratings,
        row.cost,
    ]
