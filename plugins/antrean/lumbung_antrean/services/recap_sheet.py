"""The recap as a workbook."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from lumbung.sdk import Column, Sheet, current_unit, session

from ..models import Location, Ticket
from ..rules import states
from ..rules.lanes import priority_title
from ..words import _
from .recap import Figures, Recap, channel_title


def sheets(recap: Recap, locations: Iterable[Location]) -> list[Sheet]:
    """A sheet for each way of looking at it, and one with every number. No name and no phone is in it."""
    unit = current_unit()
    place = recap.location.name if recap.location else unit.name if unit else _("Semua lokasi")
    notes = [f"{place}, {recap.first} – {recap.last}"]
    return [
        _figures(_("Per hari"), _("Tanggal"), recap.by_day, notes, day=True),
        _figures(_("Per layanan"), _("Layanan"), recap.by_service, notes),
        _figures(_("Per loket"), _("Loket"), recap.by_counter, notes),
        _figures(_("Per petugas"), _("Petugas"), recap.by_operator, notes),
        _figures(_("Per cara mengambil"), _("Cara mengambil"), recap.by_channel, notes),
        _numbers(list(locations), recap, notes),
    ]


def _figures(title: str, first: str, rows: list[Figures], notes: list[str], *, day: bool = False) -> Sheet:
    columns = [
        Column(first, kind="date" if day else "text", width=16 if day else 36),
        Column(_("Nomor diambil"), kind="number"),
        Column(_("Hadir"), kind="number"),
        Column(_("Terlayani"), kind="number"),
        Column(_("Tidak hadir"), kind="number"),
        Column(_("Batal"), kind="number"),
        Column(_("Kedaluwarsa"), kind="number"),
        Column(_("Rata-rata tunggu"), kind="duration"),
        Column(_("Median tunggu"), kind="duration"),
        Column(_("Tunggu terlama"), kind="duration"),
        Column(_("Rata-rata layanan"), kind="duration"),
        Column(_("Bagian tidak hadir"), kind="percent"),
    ]
    total = [] if day or len(rows) < 2 else [_row(_sum(rows), _("Jumlah"))]
    return Sheet(title, columns, [_row(row, row.day if day else row.title) for row in rows] + total, notes)


def _row(row: Figures, title: Any) -> list[Any]:
    return [
        title,
        row.taken,
        row.arrived,
        row.served,
        row.no_show,
        row.cancelled,
        row.expired,
        _span(row.mean_wait),
        _span(row.median_wait),
        _span(row.longest_wait),
        _span(row.mean_service),
        row.no_show_rate,
    ]


def _sum(rows: list[Figures]) -> Figures:
    total = Figures("")
    for row in rows:
        for name in ("taken", "arrived", "served", "no_show", "cancelled", "expired"):
            setattr(total, name, getattr(total, name) + getattr(row, name))
        total.waits += row.waits
        total.services += row.services
    return total


def _numbers(locations: list[Location], recap: Recap, notes: list[str]) -> Sheet:
    tickets = session.scalars(
        select(Ticket)
        .options(joinedload(Ticket.location), joinedload(Ticket.service), joinedload(Ticket.counter))
        .where(
            Ticket.location_id.in_([location.id for location in locations]),
            Ticket.date.between(recap.first, recap.last),
        )
        .order_by(Ticket.date, Ticket.starts, Ticket.label)
    )
    columns = [
        Column(_("Tanggal"), kind="date"),
        Column(_("Lokasi"), width=30),
        Column(_("Layanan"), width=30),
        Column(_("Nomor"), width=10),
        Column(_("Status"), width=14),
        Column(_("Cara mengambil"), width=16),
        Column(_("Prioritas"), width=20),
        Column(_("Hadir"), kind="datetime"),
        Column(_("Dipanggil"), kind="datetime"),
        Column(_("Mulai dilayani"), kind="datetime"),
        Column(_("Selesai"), kind="datetime"),
        Column(_("Loket"), kind="number", width=8),
    ]
    return Sheet(_("Semua nomor"), columns, [_number(ticket) for ticket in tickets], notes)


def _number(ticket: Ticket) -> list[Any]:
    return [
        ticket.date,
        ticket.location.name,
        ticket.service.name,
        ticket.label,
        states.title(ticket.state),
        channel_title(ticket.channel),
        priority_title(ticket.priority),
        ticket.arrived_at,
        ticket.first_called_at,
        ticket.started_at,
        ticket.ended_at,
        ticket.counter.number if ticket.counter else None,
    ]


def _span(seconds: float | None) -> timedelta | None:
    return timedelta(seconds=round(seconds)) if seconds is not None else None
