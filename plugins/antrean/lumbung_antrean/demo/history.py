"""The last 14 days, for the recap: numbers that were taken, waited, served, missed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from uuid import uuid4

from sqlalchemy import insert, select

from lumbung.sdk import now, session, today

from ..models import Call, Counter, CounterService, Location, NumberRow, Service, Slot, Ticket
from ..rules.labels import label
from ..rules.states import State
from ..rules.visitors import new_code
from . import people

DAYS = 14
SHARE = 0.1  # of the quota: enough for a recap, and the demo starts quickly
OPERATORS = ("Syamsul Bahri", "Baiq Ratna Dewi", "Andi Kurniawan", "Sri Wahyuni")


def fill_history(place: Location) -> None:
    """Write the days before today; the same place always gets the same days."""
    chance = Random(place.name)  # noqa: S311  (sample data)
    counters = _counters_by_service(place)
    tickets: list[dict[str, object]] = []
    calls: list[dict[str, object]] = []
    for back in range(DAYS, 0, -1):
        day = today() - timedelta(days=back)
        for service in place.services:
            for slot in service.slots:
                if slot.weekday == day.weekday():
                    _one_slot(chance, slot, day, counters[service.letter], tickets, calls)
    session.flush()
    session.execute(insert(Ticket).returning(Ticket.id), tickets)  # returning: many rows in one statement
    session.execute(insert(Call).returning(Call.id), calls)


def _one_slot(
    chance: Random, slot: Slot, day: date, counters: list[Counter],
    tickets: list[dict[str, object]], calls: list[dict[str, object]],
) -> None:  # fmt: skip
    count = _demand(chance, slot, len(counters))
    free = [datetime.combine(day, slot.starts, tzinfo=now().tzinfo)] * len(counters)
    for number in range(1, count + 1):
        row = _ticket(chance, slot, day, number)
        lane = free.index(min(free))
        free[lane] = _serve(chance, row, slot, counters[lane], free[lane], calls)
        tickets.append(row)
    session.add(NumberRow(service_id=slot.service_id, slot_id=slot.id, date=day, last=count))


def _demand(chance: Random, slot: Slot, counters: int) -> int:
    """How many came: a share of the quota, seldom more than the counters can serve."""
    length = (slot.ends.hour - slot.starts.hour) * 60
    can_serve = length / slot.service.minutes * counters
    return round(min(slot.quota * SHARE, can_serve * 0.9) * chance.uniform(0.6, 1.15))


def _serve(
    chance: Random, row: dict[str, object], slot: Slot, counter: Counter, free_from: datetime,
    calls: list[dict[str, object]],
) -> datetime:  # fmt: skip
    """Decide what became of a number and return when the counter was free again."""
    luck = chance.random()
    if luck < 0.05:
        row |= {"state": State.CANCELLED, "cancelled_by": "citizen"}
        return free_from
    if luck < 0.09:
        row["state"] = State.EXPIRED
        return free_from
    start = datetime.combine(row["date"], slot.starts, tzinfo=free_from.tzinfo)  # type: ignore[arg-type]
    arrived = start + timedelta(minutes=chance.uniform(-25, 5) + 55 * (int(str(row["number"])) / (slot.quota + 1)))
    called = max(free_from, arrived) + timedelta(seconds=chance.randrange(10, 90))
    begun = called + timedelta(seconds=chance.randrange(20, 80))
    ended = begun + timedelta(minutes=slot.service.minutes * chance.uniform(0.5, 1.5))
    row |= {"arrived_at": arrived, "called_at": called, "first_called_at": called, "counter_id": counter.id}
    operator = OPERATORS[counter.number % len(OPERATORS)]
    if luck < 0.15:
        row |= {"state": State.NO_SHOW, "ended_at": begun, "skips": 2}
        _log(calls, row, counter, operator, [("call", called), ("no_show", begun)])
        return begun
    row |= {"state": State.DONE, "started_at": begun, "ended_at": ended}
    _log(calls, row, counter, operator, [("call", called), ("start", begun), ("finish", ended)])
    return ended


def _ticket(chance: Random, slot: Slot, day: date, number: int) -> dict[str, object]:
    service: Service = slot.service
    channel = chance.choices(["web", "kiosk", "staff"], [6, 3, 1])[0]
    return {
        "id": uuid4(), "location_id": service.location_id, "service_id": service.id, "queue_id": service.id,
        "slot_id": slot.id, "counter_id": None, "date": day, "starts": slot.starts, "ends": slot.ends,
        "number": number, "label": label(service.letter, slot.base, slot.room, number), "code": new_code(),
        "channel": channel, "priority": people.priority(chance), "state": State.BOOKED,
        "name": "" if channel == "kiosk" else people.name(chance),
        "phone": people.phone(chance) if channel == "web" else None,
        "booked_at": datetime.combine(day, slot.starts, tzinfo=now().tzinfo) - timedelta(hours=chance.randrange(1, 90)),
        "arrived_at": None, "called_at": None, "first_called_at": None, "started_at": None, "ended_at": None,
        "skips": 0, "cancelled_by": "",
    }  # fmt: skip


def _log(
    calls: list[dict[str, object]], row: dict[str, object], counter: Counter, operator: str,
    steps: list[tuple[str, datetime]],
) -> None:  # fmt: skip
    calls += [
        {
            "ticket_id": row["id"], "location_id": row["location_id"], "queue_id": row["queue_id"],
            "counter_id": counter.id, "operator_name": operator, "date": row["date"], "kind": kind, "at": at,
        }
        for kind, at in steps
    ]  # fmt: skip


def _counters_by_service(place: Location) -> dict[str, list[Counter]]:
    rows = session.execute(
        select(Service.letter, Counter)
        .join(CounterService, CounterService.service_id == Service.id)
        .join(Counter, Counter.id == CounterService.counter_id)
        .where(Service.location_id == place.id)
        .order_by(Counter.number)
    )
    found: dict[str, list[Counter]] = {}
    for letter, counter in rows:
        found.setdefault(letter, []).append(counter)
    return found
