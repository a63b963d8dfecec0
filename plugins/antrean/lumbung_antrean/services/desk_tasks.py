"""What waits for an officer: people in the hall, calls left open, and days on which citizens would come in vain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, load_only

from lumbung.sdk import DeskTask, Person, format_time, now, session, today

from ..models import Holiday, Location, Ticket
from ..rules.states import ACTIVE, QUEUING, State
from ..words import _, on
from . import closures, places
from .counters import counter_of
from .recap import waits_from

LONG_WAIT = timedelta(hours=1)
LEFT_CALLED = timedelta(minutes=5)
DAYS_AHEAD = timedelta(days=14)
PLACES_APART = 3  # with more places than that, one line tells of all
SERVE, ASSIST, MANAGE, REPORT = "antrean.serve", "antrean.assist", "antrean.manage", "antrean.report"


def tasks_of(person: Person) -> list[DeskTask]:
    """What waits at the places of this officer, in the unit they work in now."""
    assisted = {place.id: place for place in places.my_locations(ASSIST)}
    hall = {**{place.id: place for place in places.my_locations(SERVE)}, **assisted}
    managed = places.my_locations(MANAGE)
    return [
        *_waiting(hall, assisted, person),
        *_left_called(hall, assisted),
        *_left_open(places.my_locations(REPORT)),
        *_on_days_off(managed),
        *_to_tell(managed),
    ]


Places = dict[UUID, Location]


def _waiting(hall: Places, assisted: Places, person: Person) -> Iterator[DeskTask]:
    """People who are here and wait to be called."""
    waits: dict[UUID, list[datetime]] = {}
    for ticket in session.scalars(
        select(Ticket)
        .options(load_only(Ticket.location_id, Ticket.date, Ticket.starts, Ticket.arrived_at))
        .where(Ticket.location_id.in_(hall), Ticket.date == today(), Ticket.state.in_(QUEUING))
    ):
        waits.setdefault(ticket.location_id, []).append(waits_from(ticket) or now())
    if len(waits) > PLACES_APART:
        title = _("Orang menunggu di %(count)s lokasi", count=len(waits))
        url = "/antrean/hari-ini" if assisted else "/antrean/loket/pilih"
        yield _people(title, [since for of_place in waits.values() for since in of_place], url)
        return
    seat = counter_of(person) if waits else None
    for place_id, of_place in waits.items():
        here = seat is not None and seat.location_id == place_id
        url = "/antrean/loket" if here else _hall_url(place_id, assisted)
        yield _people(_("Orang menunggu di %(place)s", place=hall[place_id].name), of_place, url)


def _people(title: str, waits: list[datetime], url: str) -> DeskTask:
    first = min(waits)
    if first > now():
        text, tone = _("Semua datang lebih awal; sesi mulai pukul %(time)s.", time=format_time(first)), "laut"
    else:
        text = _("Yang paling lama menunggu sejak pukul %(time)s.", time=format_time(first))
        tone = "gawat" if now() - first > LONG_WAIT else "padi"
    return DeskTask(title, text, url, count=len(waits), tone=tone, icon="users")


def _left_called(hall: Places, assisted: Places) -> Iterator[DeskTask]:
    """Numbers that were called a while ago, and nobody said whether the person came."""
    called: dict[UUID, list[Ticket]] = {}
    for ticket in session.scalars(
        select(Ticket)
        .options(joinedload(Ticket.counter))
        .where(
            Ticket.location_id.in_(hall),
            Ticket.date == today(),
            Ticket.state == State.CALLED,
            Ticket.called_at < now() - LEFT_CALLED,
        )
        .order_by(Ticket.called_at)
    ):
        called.setdefault(ticket.location_id, []).append(ticket)
    for place_id, tickets in called.items():
        numbers = ", ".join(
            _("%(label)s di loket %(number)s", label=ticket.label, number=ticket.counter.number) for ticket in tickets
        )
        yield DeskTask(
            title=_("Sudah dipanggil, belum dilayani"),
            text=f"{hall[place_id].name}: {numbers}",
            url=_hall_url(place_id, assisted, "&status=called"),
            count=len(tickets),
            tone="padi",
            icon="speakerphone",
        )


def _left_open(reported: Sequence[Location]) -> Iterator[DeskTask]:
    """Numbers of days gone by that the nightly job did not close."""
    count, first, last = session.execute(
        select(func.count(), func.min(Ticket.date), func.max(Ticket.date)).where(
            Ticket.location_id.in_([place.id for place in reported]), Ticket.date < today(), Ticket.state.in_(ACTIVE)
        )
    ).one()
    if count:
        yield DeskTask(
            title=_("Nomor hari lalu masih terbuka"),
            text=_("Penutupan malam belum berjalan, jadi rekap belum lengkap. Beri tahu pengelola sistem."),
            url=f"/antrean/rekap?dari={first}&sampai={last}",
            count=count,
            tone="padi",
            icon="moon",
        )


def _on_days_off(managed: Sequence[Location]) -> Iterator[DeskTask]:
    """Numbers booked for a day off: an imported holiday does not cancel them, closing the day does."""
    rows = session.execute(
        select(Holiday.date, func.min(Holiday.name), func.count(Ticket.id.distinct()))
        .join(
            Ticket,
            (Ticket.date == Holiday.date)
            & or_(Holiday.location_id.is_(None), Holiday.location_id == Ticket.location_id),
        )
        .where(
            Ticket.location_id.in_([place.id for place in managed]),
            Ticket.state == State.BOOKED,
            Holiday.date.between(today(), today() + DAYS_AHEAD),
        )
        .group_by(Holiday.date)
        .order_by(Holiday.date)
    )
    for day, name, count in rows:
        yield DeskTask(
            title=_("Nomor dipesan pada hari libur"),
            text=_("%(date)s, %(name)s. Tutup hari itu supaya warga tidak datang sia-sia.", date=on(day), name=name),
            url="/antrean/pengaturan/tutup",
            count=count,
            tone="padi",
            due=_morning(day),
            icon="calendar-off",
        )


def _to_tell(managed: Sequence[Location]) -> Iterator[DeskTask]:
    """Citizens whose number a closing cancelled and who left a phone number."""
    for closure in closures.closures_from(today()):
        if closure.location not in managed or closure.date > today() + DAYS_AHEAD:
            continue
        to_ring = [ticket for ticket in closures.cancelled_by(closure) if ticket.phone]
        if to_ring:
            yield DeskTask(
                title=_("Warga yang perlu dihubungi"),
                text=_("%(place)s tutup pada %(date)s.", place=closure.location.name, date=on(closure.date)),
                url="/antrean/pengaturan/tutup",
                count=len(to_ring),
                due=_morning(closure.date),
                icon="phone",
            )


def _hall_url(place_id: UUID, assisted: Places, more: str = "") -> str:
    return f"/antrean/hari-ini?lokasi={place_id}{more}" if place_id in assisted else "/antrean/loket/pilih"


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(8), tzinfo=now().tzinfo)
