"""Planned maintenance: its rhythm, its orders, its money."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from lumbung_infrastruktur.models import Plan, WorkOrder
from lumbung_infrastruktur.services import plans, work_orders
from sqlalchemy import select

from lumbung.sdk import DomainError, find, session
from lumbung.testing import frozen_clock

SOON, FAR = date(2026, 12, 8), date(2026, 12, 9)  # 14 and 15 days from the morning of the tests


def add(works: Any, **values: Any) -> UUID:
    """A plan of PUPR; returns its id."""
    with works.inside():
        given = {"title": "Bersihkan saluran", "next_on": SOON, "unit_id": works.roads, **values}
        return plans.save(None, **given).id


def get(plan_id: UUID) -> Plan:
    """The plan as it stands."""
    found = find(Plan, plan_id)
    assert found is not None
    return found


def orders() -> list[WorkOrder]:
    """Every work order."""
    return list(session.scalars(select(WorkOrder)))


def test_a_plan_that_repeats_moves_on_when_it_is_done(works: Any) -> None:
    twice_a_year, once = add(works, every_months=6), add(works)
    with works.inside():
        plans.done(get(twice_a_year))
        plans.done(get(once))
        assert (get(twice_a_year).next_on, get(twice_a_year).state) == (date(2027, 6, 8), "planned")
        assert (get(once).next_on, get(once).state) == (SOON, "done")
        with pytest.raises(DomainError):
            plans.done(get(once))


def test_the_rhythm_is_kept_though_it_was_done_late_and_months_are_short() -> None:
    assert plans.next_after(date(2026, 1, 31), 1, date(2026, 1, 31)) == date(2026, 2, 28)
    assert plans.next_after(date(2026, 1, 31), 1, date(2026, 3, 1)) == date(2026, 3, 31)
    assert plans.next_after(date(2025, 1, 15), 6, date(2026, 11, 24)) == date(2027, 1, 15)
    assert plans.next_after(date(2026, 12, 15), 12, date(2026, 11, 24)) == date(2027, 12, 15)


def test_an_order_is_drafted_a_fortnight_ahead_and_once(works: Any) -> None:
    due, far = add(works), add(works, next_on=FAR)
    with works.inside():
        plans.order_due()
        plans.order_due()
        assert [(one.plan_id, one.state, one.planned_on) for one in orders()] == [(due, "draft", SOON)]
        assert (get(due).state, get(far).state) == ("ordered", "planned")


def test_a_cancelled_order_is_not_drafted_again_by_the_clock(works: Any) -> None:
    plan_id = add(works)
    with works.inside():
        plans.order_due()
        work_orders.cancel(orders()[0], "Hujan terus")
        assert get(plan_id).state == "planned"
        plans.order_due()
        assert len(orders()) == 1
        plans.order(get(plan_id))  # by hand
        assert len(orders()) == 2


def test_a_finished_order_moves_its_plan_on_and_the_next_time_is_ordered_again(works: Any) -> None:
    plan_id = add(works, every_months=3)
    with works.inside():
        plans.order_due()
        order = orders()[0]
        work_orders.issue(order)
        work_orders.finish(order, "Saluran bersih")
        assert (get(plan_id).state, get(plan_id).next_on) == ("planned", date(2027, 3, 8))
    with frozen_clock("2027-03-01T08:00+08:00"), works.inside():
        plans.order_due()
        assert len(orders()) == 2


def test_a_budget_is_asked_for_once_and_only_with_an_estimate(works: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(plans, "emit", lambda name, data: told.append((name, data)))
    cheap, dear = add(works), add(works, estimate=780_000_000, next_on=date(2027, 2, 1), title="Pelapisan ulang")
    with works.inside():
        with pytest.raises(DomainError, match="perkiraan"):
            plans.want_budget(get(cheap))
        plans.want_budget(get(dear))
        with pytest.raises(DomainError, match="sudah diminta"):
            plans.want_budget(get(dear))
        assert told == [
            (
                "infrastruktur.budget_wanted",
                {
                    "plan": str(dear),
                    "title": "Pelapisan ulang",
                    "estimate": 780_000_000,
                    "quarter": "2027-Q1",
                    "unit": "PUPR",
                },
            )
        ]
        assert get(dear).budget_state == "wanted"


def test_the_answer_of_the_budget_is_kept_and_a_strange_address_is_not(works: Any) -> None:
    plan_id = add(works, estimate=1)
    with works.inside():
        assert plans.note_budget(plan_id, "USL-2027-004", "/anggaran/usulan/4", "approved")
        assert (get(plan_id).budget_reference, get(plan_id).budget_url) == ("USL-2027-004", "/anggaran/usulan/4")
        plans.note_budget(plan_id, "USL-2027-004", "javascript:alert(1)", "approved")
        assert get(plan_id).budget_url == ""
        assert not plans.note_budget(uuid4(), "USL-1", "", "approved")


def test_an_event_about_a_budget_is_kept_with_its_plan(works: Any) -> None:
    from lumbung_infrastruktur.services.listening import hear

    from lumbung.sdk import Event, now

    plan_id = add(works, estimate=1)
    data = {"reference": "USL-7", "url": "/anggaran/7", "state": "approved", "answers_to": str(plan_id)}
    with works.inside():
        hear(Event(id=uuid4(), name="anggaran.budget_proposed", data=data, at=now()))
        assert (get(plan_id).budget_reference, get(plan_id).budget_state) == ("USL-7", "approved")


def test_quarters_add_up_to_all_that_waits(works: Any) -> None:
    for day, estimate in ((SOON, 100), (date(2027, 1, 1), 250), (date(2027, 3, 31), 50), (date(2027, 4, 1), 7)):
        add(works, next_on=day, estimate=estimate)
    with works.inside(works.person("roads")):
        waiting = plans.waiting()
        found = plans.by_quarter(waiting)
        assert [(one.name, one.count, one.estimate) for one in found] == [
            ("2026-Q4", 1, 100),
            ("2027-Q1", 2, 300),
            ("2027-Q2", 1, 7),
        ]
        assert sum(one.estimate for one in found) == sum(one.estimate for one in waiting) == 407
        assert plans.first_of("2027-Q4") == (date(2027, 10, 1), date(2028, 1, 1))
    with works.inside(works.person("lamps")):
        assert plans.waiting() == []


def test_a_plan_that_is_over_is_neither_changed_nor_dropped(works: Any) -> None:
    plan_id = add(works)
    with works.inside():
        with pytest.raises(DomainError, match="alasan"):
            plans.drop(get(plan_id), " ")
        plans.drop(get(plan_id), "Jalan dialihkan")
        for act in (lambda one: plans.drop(one, "lagi"), lambda one: plans.save(one, title="Lain"), plans.order):
            with pytest.raises(DomainError):
                act(get(plan_id))
        assert (get(plan_id).state, get(plan_id).title) == ("dropped", "Bersihkan saluran")
        plans.order_due()
        assert orders() == []
