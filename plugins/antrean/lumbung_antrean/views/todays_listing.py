"""The table of today's numbers: its columns, filters and download."""

from __future__ import annotations

from uuid import UUID

from flask import url_for
from sqlalchemy import ColumnElement

from lumbung.sdk import ChoiceFilter, ListColumn, Listing, format_time

from ..models import Location, Service, Ticket
from ..rules.lanes import priority_title
from ..rules.states import State
from ..rules.states import title as state_title
from ..rules.visitors import tidy_code
from ..services import places
from ..services import todays_numbers as todays
from ..services.recap import channel_title
from ..words import _

CHANNELS = ("web", "staff", "kiosk")
HALF_A_CODE = 5


def todays_listing(place: Location, counts: dict[str, int]) -> Listing:
    """Return the numbers of today in a place as this request asks for them; ``counts`` are those of each state."""
    return Listing(
        query=todays.todays_numbers(place),
        columns=_columns(),
        name="nomor-hari-ini",
        title=_("Nomor hari ini"),
        noun=_("nomor"),
        default_sort="sesi",
        search=[Ticket.label, Ticket.name, _has_code],
        search_label=_("Nomor, nama, atau kode"),
        filters=[
            ChoiceFilter(
                "status",
                _("Status"),
                [(str(state), state_title(state)) for state in State],
                where=lambda state: Ticket.state == state,
                tabs=True,
                counts=counts,
            ),
            ChoiceFilter(
                "layanan",
                _("Layanan"),
                [(str(service.id), service.name) for service in places.open_services(place)],
                where=lambda service: Ticket.service_id == UUID(service),
            ),
            ChoiceFilter(
                "cara",
                _("Cara"),
                [(channel, channel_title(channel)) for channel in CHANNELS],
                where=lambda channel: Ticket.channel == channel,
            ),
        ],
        keep={"lokasi": place.id},
        anchor=True,
        subject=lambda ticket: ticket.person_id,
        reading="antrean.ticket",
    )


def _columns() -> list[ListColumn]:
    return [
        ListColumn("nomor", _("Nomor"), lambda ticket: ticket.label, sort=Ticket.label, link=_page_of, width=12),
        ListColumn("nama", _("Nama"), lambda ticket: ticket.name, sort=(Ticket.name, Ticket.label)),
        ListColumn("layanan", _("Layanan"), lambda ticket: ticket.service.name, sort=(Service.name, Ticket.label)),
        ListColumn("sesi", _("Sesi"), _hours, sort=(Ticket.starts, Ticket.label), width=14),
        ListColumn("cara", _("Cara"), lambda ticket: channel_title(ticket.channel), width=16),
        ListColumn("golongan", _("Golongan prioritas"), lambda ticket: priority_title(ticket.priority), shown=False),
        ListColumn("status", _("Status"), lambda ticket: state_title(ticket.state), width=14),
        ListColumn("loket", _("Loket"), _counter_number, kind="number", shown=False),
        ListColumn("hadir", _("Hadir"), lambda ticket: ticket.arrived_at, kind="datetime", shown=False),
        ListColumn("dipanggil", _("Dipanggil"), lambda ticket: ticket.first_called_at, kind="datetime", shown=False),
        ListColumn("selesai", _("Selesai"), lambda ticket: ticket.ended_at, kind="datetime", shown=False),
        ListColumn("tindakan", _("Tindakan"), kind="acts"),
    ]


def _page_of(ticket: Ticket) -> str:
    return url_for("antrean.staff_ticket", ticket_id=ticket.id)


def _hours(ticket: Ticket) -> str:
    return f"{format_time(ticket.starts)}–{format_time(ticket.ends)}"


def _counter_number(ticket: Ticket) -> int | None:
    return ticket.counter.number if ticket.counter else None


def _has_code(word: str) -> ColumnElement[bool]:
    """A code is found by half of it or more, as it is shown (K7MPX-29QRT) or scanned."""
    code = tidy_code(word)
    return Ticket.code.contains(code, autoescape=True) if len(code) >= HALF_A_CODE else Ticket.code == code
