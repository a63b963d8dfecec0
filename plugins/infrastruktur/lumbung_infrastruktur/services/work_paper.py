"""A work order on paper: what to do and where, room to write by hand; afterwards what was used and what it cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lumbung.sdk import (
    current_tenant,
    external_url,
    format_date,
    format_datetime,
    format_number,
    format_rupiah,
    paper,
    people,
    units,
)

from ..models import Crew, Photo, WorkOrder
from ..rules import sensitive, work
from ..rules.work import OrderState
from ..words import _
from . import field_facts, telling, work_photos
from .work_costs import by_kind
from .work_places import asset_words, report_words, spot_of

EMPTY_ROWS = 8
PHOTOS_IN_A_ROW = 2
MOST_PHOTOS = 4  # of each kind
BOX = "[\u2003]"  # to be ticked by hand
NOTHING = "\u00a0"


def name_of(order: WorkOrder) -> str:
    """The name of the file."""
    return f"perintah-kerja-{order.number}"


def title_of(order: WorkOrder) -> str:
    """The title of the sheet."""
    return _("Perintah kerja %(number)s", number=order.number)


def blocks(order: WorkOrder) -> list[Any]:
    """The sheet: before the work with room to write, after it with what was done."""
    over = order.state in (OrderState.DONE, OrderState.CANCELLED)
    found = [paper.facts(_facts(order)), paper.qr(external_url(link_of(order)), _link_words(order))]
    found += [*_instructions(order), *_where(order)]
    found += _reported(order)
    found += [*_result(order), *_costs(order)] if over else [*_checklist(), *_to_fill_in(order)]
    found += _photos(order)
    return [*found, *_signatures(order)]


def link_of(order: WorkOrder) -> str:
    """Where the code leads: to the report when everybody may see it, else to the order at the desk."""
    if order.report is not None and order.report.visibility == "public":
        return telling.public_page(order.report)
    return desk_page(order)


def desk_page(order: WorkOrder) -> str:
    """The path of an order at the desk."""
    return f"/infrastruktur/petugas/pekerjaan/{order.id}"


def _link_words(order: WorkOrder) -> str:
    is_report = order.report is not None and order.report.visibility == "public"
    return _("Halaman laporan %(number)s", number=order.report.number) if is_report and order.report else order.number


def _facts(order: WorkOrder) -> list[tuple[str, str]]:
    unit = units.get(order.unit_id) if order.unit_id else None
    found = [
        (_("Pekerjaan"), order.title),
        (_("Keadaan"), work.title(order.state)),
        (_("Unit"), unit.name if unit else current_tenant().name),
        (_("Regu"), order.crew.name if order.crew else _("Belum ditentukan")),
        (_("Hari rencana"), format_date(order.planned_on, "EEEE, d MMMM y") if order.planned_on else "–"),
        (_("Laporan"), report_words(order.report) if order.report else "–"),
        (_("Aset"), asset_words(order.asset) or "–"),
        (_("Diterbitkan"), format_datetime(order.issued_at) if order.issued_at else "–"),
    ]
    if order.report and order.report.due_on:
        found.append((_("Batas laporan"), format_date(order.report.due_on)))
    if order.started_at:
        found.append((_("Mulai"), format_datetime(order.started_at)))
    if order.finished_at:
        found.append((_("Selesai"), format_datetime(order.finished_at)))
    return found


def _instructions(order: WorkOrder) -> Iterator[Any]:
    if order.instructions:
        yield paper.heading(_("Yang harus dikerjakan"))
        yield from (paper.text(part) for part in order.instructions.splitlines() if part.strip())


def _where(order: WorkOrder) -> Iterator[Any]:
    spot = spot_of(order)
    yield paper.heading(_("Tempat"))
    yield paper.text(spot.text or _("Tempatnya tidak tercatat."))
    if spot.lat is None or spot.lon is None:
        return
    if spot.rough:
        yield paper.text(_("Hanya desa atau kelurahannya yang diketahui; titik di peta adalah tengahnya."), small=True)
    else:
        yield paper.text(f"{spot.lat:.6f}, {spot.lon:.6f}", small=True)
    yield paper.map([(spot.lat, spot.lon, order.number)])


def _reported(order: WorkOrder) -> Iterator[Any]:
    report = order.report
    if report is None:
        return
    yield paper.heading(_("Yang dilaporkan"))
    if report.description:
        yield paper.text(sensitive.masked(report.description))
    if told := field_facts.answers(report, field_facts.questions_of(report)):
        yield paper.facts([(question, answer) for question, answer in told])
    shown = [photo for photo in report.photos if photo.kind == "report"][:MOST_PHOTOS]
    yield from _rows([(photo, "") for photo in shown])


def _checklist() -> Iterator[Any]:
    yield paper.heading(_("Periksa"))
    points = (
        _("Rambu dan pengaman dipasang sebelum mulai"),
        _("Foto sebelum pekerjaan diambil"),
        _("Pekerjaan sesuai perintah; perubahan ditulis di bawah"),
        _("Lokasi dibersihkan, sisa bahan diangkut"),
        _("Foto sesudah pekerjaan diambil, dari tempat yang sama"),
    )
    yield paper.table([_("Ya"), _("Yang diperiksa"), _("Catatan")], [[BOX, one, _line(22)] for one in points])


def _to_fill_in(order: WorkOrder) -> Iterator[Any]:
    yield paper.heading(_("Bahan, tenaga, dan alat yang dipakai"))
    written = [
        [item.name, work.kind_title(item.kind), _quantity(item.quantity), item.measure or _line(6), _line(14)]
        for item in order.items
    ]
    empty = [[_line(22), _line(8), _line(6), _line(6), _line(14)]] * max(3, EMPTY_ROWS - len(written))
    headings = [_("Nama"), _("Jenis"), _("Jumlah"), _("Satuan"), _("Keterangan")]
    yield paper.table(headings, [*written, *empty])
    yield paper.heading(_("Hasil dan catatan"))
    yield paper.table([_("Mulai (hari, pukul)"), _("Selesai (hari, pukul)")], [[_line(26)] * 2])
    yield paper.table([_("Hasil pekerjaan, ditulis tangan")], [[_line(60)]] * 4)


def _result(order: WorkOrder) -> Iterator[Any]:
    if order.state == OrderState.CANCELLED:
        yield paper.heading(_("Dibatalkan"))
        yield paper.text(order.reason)
    if order.result:
        yield paper.heading(_("Hasil pekerjaan"))
        yield from (paper.text(part) for part in order.result.splitlines() if part.strip())


def _costs(order: WorkOrder) -> Iterator[Any]:
    yield paper.heading(_("Bahan, tenaga, dan alat yang dipakai"))
    if not order.items:
        yield paper.text(_("Tidak ada yang dicatat."))
        return
    headings = [_("Nama"), _("Jenis"), _("Jumlah"), _("Satuan"), _("Harga satuan"), _("Biaya")]
    rows = [
        [
            item.name,
            work.kind_title(item.kind),
            _quantity(item.quantity),
            item.measure,
            format_rupiah(item.price),
            format_rupiah(work.amount(item.quantity, item.price)),
        ]
        for item in order.items
    ]
    rows.append([_("Jumlah biaya"), NOTHING, NOTHING, NOTHING, NOTHING, format_rupiah(order.total)])
    yield paper.table(headings, rows, ["left", "left", "right", "left", "right", "right"])
    parts = [f"{work.kind_title(kind)} {format_rupiah(cost)}" for kind, cost in by_kind(order).items() if cost]
    if len(parts) > 1:
        yield paper.text(" · ".join(parts), small=True)


def _photos(order: WorkOrder) -> Iterator[Any]:
    taken = [(photo, str(title)) for kind, title in work_photos.KINDS.items() for photo in _some(order, kind)]
    if taken:
        yield paper.heading(_("Foto pekerjaan"))
        yield from _rows(taken)


def _some(order: WorkOrder, kind: str) -> list[Photo]:
    return list(work_photos.of_kind(order, kind))[:MOST_PHOTOS]


def _rows(photos: list[tuple[Photo, str]]) -> Iterator[Any]:
    for first in range(0, len(photos), PHOTOS_IN_A_ROW):
        row = photos[first : first + PHOTOS_IN_A_ROW]
        if len(row) == 1:  # alone it would be as wide as the sheet
            yield paper.picture(row[0][0].content, _caption(*row[0]))
            return
        yield paper.pictures([(photo.content, _caption(photo, kind)) for photo, kind in row])


def _caption(photo: Photo, kind: str) -> str:
    return ", ".join(filter(None, [kind, format_datetime(photo.taken_at) if photo.taken_at else "", photo.caption]))


def _signatures(order: WorkOrder) -> list[Any]:
    day = order.finished_at.date() if order.finished_at else current_tenant().today()
    place = f"{current_tenant().name}, {format_date(day)}" if order.finished_at else f"{current_tenant().name}, ……………"
    return [
        paper.signature(place, _("Pengawas"), order.made_by),
        paper.signature("", _("Kepala regu"), _leader(order.crew)),
    ]


def _leader(crew: Crew | None) -> str:
    card = people.get(crew.leader_id) if crew and crew.leader_id else None
    return card.name if card else ""


def _line(length: int) -> str:
    """Dots to write on by hand."""
    return "." * length * 2


def _quantity(value: Any) -> str:
    return format_number(value.normalize())
