"""The figures of a day or a month: who came, how long they waited, how long they were served."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from lumbung.sdk import DomainError, now, session

from ..models import Call, Counter, Location, Ticket
from ..rules.states import State
from ..words import _

LONGEST = 366


@dataclass
class Figures:
    """One row of the recap. Times are in seconds."""

    title: str
    taken: int = 0
    arrived: int = 0
    served: int = 0
    no_show: int = 0
    cancelled: int = 0
    expired: int = 0
    waits: list[float] = field(default_factory=list)
    services: list[float] = field(default_factory=list)

    @property
    def day(self) -> date:
        """The date a row of days stands for."""
        return date.fromisoformat(self.title)

    @property
    def mean_wait(self) -> float | None:
        return sum(self.waits) / len(self.waits) if self.waits else None

    @property
    def median_wait(self) -> float | None:
        return median(self.waits) if self.waits else None

    @property
    def longest_wait(self) -> float | None:
        return max(self.waits, default=None)

    @property
    def mean_service(self) -> float | None:
        return sum(self.services) / len(self.services) if self.services else None

    @property
    def no_show_rate(self) -> float | None:
        """Of those whose number was due (served or not come): the share that did not come."""
        due = self.served + self.no_show + self.expired
        return (self.no_show + self.expired) / due if due else None

    def add(self, ticket: Ticket) -> None:
        """Count one ticket in."""
        self.taken += 1
        self.arrived += ticket.arrived_at is not None
        self.served += ticket.state == State.DONE
        self.no_show += ticket.state == State.NO_SHOW
        self.cancelled += ticket.state == State.CANCELLED
        self.expired += ticket.state == State.EXPIRED
        if (wait := _seconds(waits_from(ticket), ticket.first_called_at)) is not None:
            self.waits.append(wait)
        if ticket.state == State.DONE and (took := _seconds(ticket.started_at, ticket.ended_at)) is not None:
            self.services.append(took)


@dataclass(frozen=True)
class Recap:
    """A place between two dates, both included."""

    location: Location | None
    first: date
    last: date
    total: Figures
    by_day: list[Figures]
    by_service: list[Figures]
    by_counter: list[Figures]
    by_operator: list[Figures]
    by_channel: list[Figures]

    @property
    def is_empty(self) -> bool:
        return self.total.taken == 0


def recap(locations: Iterable[Location], first: date, last: date) -> Recap:
    """Work out the figures of these places. Refuses dates the wrong way round and more than a year."""
    if last < first:
        raise DomainError(_("Tanggal akhir lebih awal daripada tanggal mulai. Tukar keduanya."))
    if (last - first).days >= LONGEST:
        raise DomainError(_("Pilih paling lama satu tahun."))
    places = list(locations)
    tickets = _tickets(places, first, last)
    finished_by = _finished_by(places, first, last)
    return Recap(
        location=places[0] if len(places) == 1 else None,
        first=first,
        last=last,
        total=_group((_("Semua"), ticket) for ticket in tickets)[0] if tickets else Figures(_("Semua")),
        by_day=_group((ticket.date.isoformat(), ticket) for ticket in tickets),
        by_service=_group((_service_title(ticket, places), ticket) for ticket in tickets),
        by_counter=_group((_counter_title(ticket, places), ticket) for ticket in tickets if ticket.counter),
        by_operator=_group((finished_by[ticket.id], ticket) for ticket in tickets if ticket.id in finished_by),
        by_channel=_group((channel_title(ticket.channel), ticket) for ticket in tickets),
    )


def waits_from(ticket: Ticket) -> datetime | None:
    """When waiting began: at check-in, or at the slot's hour for those who came before it."""
    if ticket.arrived_at is None:
        return None
    return max(ticket.arrived_at, datetime.combine(ticket.date, ticket.starts, tzinfo=now().tzinfo))


def channel_title(channel: str) -> str:
    """The way a number was taken, in words."""
    return {"web": _("Daring"), "staff": _("Petugas"), "kiosk": _("Mesin di lokasi")}[channel]


def month_of(day: date) -> tuple[date, date]:
    """The first and the last day of a month."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def minutes(seconds: float | None) -> str:
    """Seconds as minutes and seconds, 3:20; a dash for nothing."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def _group(pairs: Iterable[tuple[str, Ticket]]) -> list[Figures]:
    groups: dict[str, Figures] = {}
    for title, ticket in pairs:
        groups.setdefault(title, Figures(title)).add(ticket)
    return [groups[title] for title in sorted(groups)]


def _tickets(locations: list[Location], first: date, last: date) -> list[Ticket]:
    rows = session.scalars(
        select(Ticket)
        .options(joinedload(Ticket.service), joinedload(Ticket.counter), joinedload(Ticket.location))
        .where(Ticket.location_id.in_([location.id for location in locations]), Ticket.date.between(first, last))
        .order_by(Ticket.date, Ticket.starts, Ticket.number)
    )
    return list(rows)


def _finished_by(locations: list[Location], first: date, last: date) -> dict[object, str]:
    rows = session.execute(
        select(Call.ticket_id, Call.operator_name)
        .where(
            Call.location_id.in_([location.id for location in locations]),
            Call.date.between(first, last),
            Call.kind.in_(["finish", "no_show"]),
            Call.operator_name != "",
        )
        .order_by(Call.seq)
    )
    return {row[0]: row[1] for row in rows}


def _service_title(ticket: Ticket, locations: list[Location]) -> str:
    title = f"{ticket.service.letter} {ticket.service.name}"
    return title if len(locations) == 1 else f"{ticket.location.name}: {title}"


def _counter_title(ticket: Ticket, locations: list[Location]) -> str:
    counter: Counter | None = ticket.counter
    title = _("Loket %(number)s", number=f"{counter.number:02d}" if counter else "")
    return title if len(locations) == 1 else f"{ticket.location.name}: {title}"


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    """Between two moments; nothing less than zero: who is called before the slot's hour did not wait."""
    return max((end - start).total_seconds(), 0) if start and end else None
