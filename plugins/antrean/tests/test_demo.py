"""The demo: believable, repeatable, and bookable at any hour of any day."""

from __future__ import annotations

from uuid import UUID

import pytest
from lumbung_antrean.demo import history, load
from lumbung_antrean.demo.offices import open_offices
from lumbung_antrean.models import Location, Service, Ticket
from lumbung_antrean.services import opening_hours
from lumbung_antrean.services.affairs import affairs_of
from sqlalchemy import func, select

from lumbung.sdk import session, today
from lumbung.testing import TestHouse, frozen_clock


class SampleRegency:
    """Units and people as `lumbung demo` has them."""

    def __init__(self, house: TestHouse) -> None:
        codes = ("DISDUKCAPIL", "PKM-SUMBAWA-1", "PKM-ALAS", "MPP")
        self.units = {code: house.unit("sumbawa", code) for code in codes}
        self.citizen = house.person("sumbawa", "warga@sumbawa.example")

    def person(self, email: str) -> UUID:
        assert email == self.citizen.email
        return self.citizen.id

    def unit(self, code: str) -> UUID:
        return self.units[code]

    def grant(self, email: str, role: str, unit_code: str | None = None) -> None:
        pass

    def run_by(self, unit_code: str) -> None:
        assert unit_code in self.units


def test_demo_fills_once_and_shows_every_state(house: TestHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "DAYS", 3)
    counts = []
    with frozen_clock("2026-11-24T10:15+08:00"):
        regency = SampleRegency(house)
        for _time in range(2):
            with house.scope("sumbawa", plugin="antrean"):
                load(regency)
                counts.append(session.scalar(select(func.count()).select_from(Ticket)))
        with house.scope("sumbawa", plugin="antrean"):
            assert len(session.scalars(select(Location)).all()) == 4
            assert session.scalar(select(func.count(func.distinct(Ticket.date)))) == 1 + 3
            states = set(session.scalars(select(Ticket.state).where(Ticket.date == today())))
            assert len(affairs_of(regency.citizen)) == 1
            assert states >= {"booked", "waiting", "called", "serving", "done", "skipped", "cancelled"}
    assert counts[0] == counts[1]


@pytest.mark.parametrize("moment", ["2026-11-29T23:40+08:00", "2026-12-25T05:00+08:00"])
def test_today_can_be_booked_in_the_demo_late_on_a_sunday_and_on_a_holiday(house: TestHouse, moment: str) -> None:
    with frozen_clock(moment):
        regency = SampleRegency(house)
        with house.scope("sumbawa", plugin="antrean"):
            open_offices(regency)
            mall = select(Service).join(Location).where(Location.name.like("Mal%"))
            assert all(opening_hours.open_day(service, today()).left("web") > 0 for service in session.scalars(mall))
