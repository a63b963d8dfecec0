"""Setting up places, services, slots and counters, and why something cannot be deleted.

Each line of the trail is about the thing on whose page it is read: a counter's stands on the page of its place, a
slot's on that of its service.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import time
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError

from lumbung.sdk import DomainError, audit, format_time, session

from ..models import Closure, Counter, CounterService, Location, NumberRow, Service, Slot, Ticket
from ..rules.labels import next_base, room_for
from ..words import _

LAST_MINUTE = time(23, 59)


def save_location(location: Location | None, **values: Any) -> Location:
    """Add a place or change it. Refuses a name that is taken."""
    made = location or Location(kiosk_key=new_kiosk_key())
    _keep(made, values, _("Sudah ada lokasi bernama %(name)s.", name=values.get("name", "")))
    audit("antrean.location.save", made.name, about=made.id, open=made.open)
    return made


def renew_kiosk_key(location: Location) -> None:
    """Give the kiosk a new secret address; the old one stops working at once."""
    location.kiosk_key = new_kiosk_key()
    audit("antrean.kiosk.renew", location.name, about=location.id)


def new_kiosk_key() -> str:
    return secrets.token_urlsafe(18)


def save_service(location: Location, service: Service | None, **values: Any) -> Service:
    """Add a service to a place or change it. Refuses a letter or a name that the place uses already."""
    made = service or Service(location_id=location.id)
    if service is not None and values.get("letter", service.letter) != service.letter and has_tickets(service):
        raise DomainError(
            _(
                "Huruf %(letter)s sudah dipakai pada nomor yang terbit, jadi tidak dapat diganti.",
                letter=service.letter,
            )
        )
    _keep(
        made,
        values,
        _(
            "Huruf %(letter)s atau nama %(name)s sudah dipakai layanan lain di lokasi ini.",
            letter=values.get("letter", ""),
            name=values.get("name", ""),
        ),
    )
    session.refresh(location, ["services"])
    audit("antrean.service.save", f"{location.name}: {made.name}", about=made.id, open=made.open)
    return made


def add_slots(service: Service, weekdays: Iterable[int], starts: time, ends: time, **quotas: Any) -> list[Slot]:
    """Add the same hours on several weekdays. Refuses the whole when one of them would overlap."""
    known = _slots(service)
    made = []
    for weekday in sorted(set(weekdays)):
        same_day = [slot for slot in known if slot.weekday == weekday]
        _refuse_overlap(same_day, starts, ends)
        slot = Slot(
            service_id=service.id,
            weekday=weekday,
            starts=starts,
            ends=ends,
            base=next_base((slot.base, slot.room) for slot in same_day),
            room=room_for(quotas["quota"]),
            **quotas,
        )
        made.append(slot)
    session.add_all(made)
    session.flush()
    session.refresh(service, ["slots"])
    audit(
        "antrean.slot.add",
        service.name,
        about=service.id,
        weekdays=[slot.weekday for slot in made],
        starts=f"{starts:%H.%M}",
        **quotas,
    )
    return made


def save_slot(slot: Slot, *, starts: time, ends: time, **quotas: Any) -> Slot:
    """Change hours and quotas of a slot. Numbers already given out keep their hours and labels."""
    others = [other for other in _slots(slot.service) if other.weekday == slot.weekday and other.id != slot.id]
    _refuse_overlap(others, starts, ends)
    slot.starts, slot.ends = starts, ends
    for name, value in quotas.items():
        setattr(slot, name, value)
    session.flush()
    audit(
        "antrean.slot.save",
        slot.service.name,
        about=slot.service_id,
        weekday=slot.weekday,
        starts=f"{starts:%H.%M}",
        **quotas,
    )
    return slot


def save_counter(location: Location, counter: Counter | None, services: Sequence[Service], **values: Any) -> Counter:
    """Add a counter or change it and the services it serves. Refuses a number that is taken."""
    if not services:
        raise DomainError(_("Pilih sedikitnya satu layanan untuk loket ini."))
    made = counter or Counter(location_id=location.id)
    _keep(made, values, _("Loket %(number)s sudah ada di lokasi ini.", number=values.get("number", "")))
    wanted = {service.id for service in services}
    for duty in list(made.duties):
        if duty.service_id not in wanted:
            made.duties.remove(duty)
    held = {duty.service_id for duty in made.duties}
    for service in services:
        if service.id not in held:
            made.duties.append(CounterService(service_id=service.id))
    if not made.open:
        made.operator_id, made.operator_name, made.operator_since = None, "", None
    session.flush()
    session.refresh(location, ["counters"])
    audit(
        "antrean.counter.save",
        f"{location.name}: {made.number}",
        about=location.id,
        services=sorted(service.letter for service in services),
        open=made.open,
    )
    return made


def delete(thing: Location | Service | Slot | Counter) -> None:
    """Delete something that was never used. What has tickets stays for the recap: the advice is to close it."""
    title, kind, page = title_of(thing), type(thing).__name__.lower(), _page_of(thing)
    if isinstance(thing, Location) and (thing.services or thing.counters):
        raise DomainError(
            _("%(title)s masih punya layanan atau loket. Hapus itu dulu, atau tutup lokasinya.", title=title)
        )
    if has_tickets(thing):
        raise DomainError(
            _("%(title)s sudah punya tiket, jadi disimpan untuk rekap. Tutup saja: warga tidak melihatnya lagi.",
              title=title)
        )  # fmt: skip
    if isinstance(thing, Service):
        _clear(thing)
    try:
        with session.begin_nested():
            session.delete(thing)
            session.flush()
    except IntegrityError:
        raise DomainError(
            _("%(title)s masih dipakai di tempat lain. Tutup saja: warga tidak melihatnya lagi.", title=title)
        ) from None
    audit(f"antrean.{kind}.delete", title, about=page)


def has_tickets(thing: Location | Service | Slot | Counter) -> bool:
    """Whether any ticket, ever, names this thing."""
    by: dict[type, ColumnElement[bool]] = {
        Location: Ticket.location_id == thing.id,
        Service: (Ticket.service_id == thing.id) | (Ticket.queue_id == thing.id),
        Slot: Ticket.slot_id == thing.id,
        Counter: Ticket.counter_id == thing.id,
    }
    return bool(session.scalar(select(func.count()).select_from(Ticket).where(by[type(thing)]).limit(1)))


def title_of(thing: Location | Service | Slot | Counter) -> str:
    """How a thing is named in a sentence."""
    if isinstance(thing, Counter):
        return _("Loket %(number)s", number=thing.number)
    if isinstance(thing, Slot):
        return _("Sesi %(starts)s–%(ends)s", starts=format_time(thing.starts), ends=format_time(thing.ends))
    return thing.name


def _page_of(thing: Location | Service | Slot | Counter) -> UUID:
    """The thing on whose page one reads that this one is gone."""
    if isinstance(thing, Location):
        return thing.id
    return thing.service_id if isinstance(thing, Slot) else thing.location_id


def _clear(service: Service) -> None:
    """Take what hangs on an unused service: its counting rows, slots and closings."""
    for model in (NumberRow, Closure, Slot):
        for row in session.scalars(select(model).where(model.service_id == service.id)):
            session.delete(row)
    session.flush()
    session.expire(service, ["slots"])


def _slots(service: Service) -> Sequence[Slot]:
    return session.scalars(select(Slot).where(Slot.service_id == service.id)).all()


def _refuse_overlap(others: Iterable[Slot], starts: time, ends: time) -> None:
    for other in others:
        if starts < other.ends and other.starts < ends:
            raise DomainError(
                _(
                    "Jam itu bertumpuk dengan sesi %(starts)s–%(ends)s pada hari yang sama.",
                    starts=format_time(other.starts),
                    ends=format_time(other.ends),
                )
            )


def _keep(row: Any, values: dict[str, Any], when_taken: str) -> None:
    """Write values into a row; a unique constraint that objects becomes one sentence."""
    try:
        with session.begin_nested():
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)
    except IntegrityError:
        session.expire_all()
        raise DomainError(when_taken) from None
