"""What the queue holds of one person: handed out, and erased (UU 27/2022).

A number belongs to whoever took it while signed in, whose NIK was typed, or whose phone was given to find it again.
"""

from __future__ import annotations

from collections.abc import Sequence

from lokal import normalize_phone
from sqlalchemy import ColumnElement, false, func, or_, select

from lumbung.sdk import DataSection, DataSubject, Erased, now, session

from ..models import Call, Counter, Location, Ticket
from ..rules import states
from ..rules.states import ACTIVE, State
from ..rules.visitors import key_of
from ..words import _, both

ANONYMOUS = {
    "name": "",
    "phone": None,
    "nik_tail": None,
    "nik_key": None,
    "phone_key": None,
    "account_key": None,
    "person_id": None,
    "priority": "",
    "reason": "",
}


def held_of(person: DataSubject) -> list[DataSection]:
    """The person's numbers, and for an officer how often they called at which counter."""
    columns = {
        "label": _("Nomor"),
        "date": _("Tanggal"),
        "starts": _("Jam"),
        "location": _("Lokasi"),
        "service": _("Layanan"),
        "state": _("Status"),
        "name": _("Nama"),
        "phone": _("Nomor ponsel"),
        "nik_tail": _("Empat angka terakhir NIK"),
        "priority": _("Golongan prioritas"),
        "booked_at": _("Diambil"),
        "ended_at": _("Selesai"),
    }
    sections = [DataSection("tickets", _("Nomor antrean"), columns, [_line(ticket) for ticket in _tickets(person)])]
    served = _served(person)
    if served:
        titles = {"location": _("Lokasi"), "calls": _("Panggilan"), "first": _("Pertama"), "last": _("Terakhir")}
        sections.append(DataSection("served", _("Pelayanan di loket"), titles, served))
    return sections


def erase(person: DataSubject) -> list[Erased]:
    """Cancel what is still to come, and take the person out of every number; the numbers stay for the recap."""
    tickets = _tickets(person, lock=True)
    open_ones = [ticket for ticket in tickets if ticket.state in ACTIVE]
    for ticket in open_ones:
        ticket.state = State.DONE if ticket.state == State.SERVING else State.CANCELLED
        ticket.cancelled_by = "" if ticket.state == State.DONE else "citizen"
        ticket.ended_at = now()
    for ticket in tickets:
        for column, nothing in ANONYMOUS.items():
            setattr(ticket, column, nothing)
    done = [
        Erased(both("Nomor yang belum dilayani, dibatalkan"), len(open_ones)),
        Erased(
            both("Nama, nomor ponsel, NIK, dan golongan prioritas pada nomor antrean"),
            len(tickets),
            "anonymised",
            both("Nomornya tanpa nama tetap ada untuk rekap pelayanan (UU 25/2009, UU 43/2009)."),
        ),
    ]
    return done + _as_officer(person)


def _as_officer(person: DataSubject) -> list[Erased]:
    """Calls at a counter are acts of the office: they stay under the name that made them, the seat is given up."""
    if person.id is None:
        return []
    for counter in session.scalars(select(Counter).where(Counter.operator_id == person.id)):
        counter.operator_id, counter.operator_name, counter.operator_since = None, "", None
    calls = session.scalar(select(func.count()).select_from(Call).where(Call.operator_id == person.id)) or 0
    if not calls:
        return []
    why = both("Catatan tindakan jabatan dalam pelayanan publik (UU 25/2009, UU 43/2009).")
    return [Erased(both("Catatan panggilan di loket sebagai petugas"), calls, "kept", why)]


def _tickets(person: DataSubject, *, lock: bool = False) -> Sequence[Ticket]:
    query = select(Ticket).where(_is_theirs(person)).order_by(Ticket.date, Ticket.starts, Ticket.number)
    return session.scalars(query.with_for_update() if lock else query).all()


def _is_theirs(person: DataSubject) -> ColumnElement[bool]:
    phone = normalize_phone(person.phone) if person.phone else None
    ways: list[ColumnElement[bool]] = []
    if person.id is not None:
        ways += [Ticket.person_id == person.id, Ticket.account_key == key_of("account", str(person.id))]
    if person.nik:
        ways.append(Ticket.nik_key == key_of("nik", person.nik))
    if phone:
        ways.append(Ticket.phone_key == key_of("phone", phone))
    return or_(false(), *ways)


def _line(ticket: Ticket) -> dict[str, object]:
    return {
        "label": ticket.label,
        "date": ticket.date,
        "starts": ticket.starts,
        "location": ticket.location.name,
        "service": ticket.service.name,
        "state": states.title(ticket.state),
        "name": ticket.name,
        "phone": ticket.phone,
        "nik_tail": ticket.nik_tail,
        "priority": ticket.priority,
        "booked_at": ticket.booked_at,
        "ended_at": ticket.ended_at,
    }


def _served(person: DataSubject) -> list[dict[str, object]]:
    if person.id is None:
        return []
    query = (
        select(Location.name, func.count(Call.id), func.min(Call.date), func.max(Call.date))
        .join(Location, Location.id == Call.location_id)
        .where(Call.operator_id == person.id)
        .group_by(Location.name)
        .order_by(Location.name)
    )
    return [
        {"location": name, "calls": calls, "first": first, "last": last}
        for name, calls, first, last in session.execute(query)
    ]
