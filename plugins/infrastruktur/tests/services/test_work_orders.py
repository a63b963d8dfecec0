"""Work orders from draft to done, what they cost, and what they do to their report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from lumbung_infrastruktur.models import Asset, LogEntry, Photo, Plan, Report, WorkOrder
from lumbung_infrastruktur.rules.work import Line
from lumbung_infrastruktur.services import crews, plans, work_costs, work_orders, work_paper, work_photos, workflow
from sqlalchemy import func, select

from lumbung.sdk import DomainError, document, find, now, read_picture, session
from lumbung.testing import pdf_text

D = Decimal


@pytest.fixture
def routed(works: Any) -> UUID:
    """A pothole that the roads office has to mend."""
    report_id = works.report()
    with works.inside(works.person("verifier")):
        workflow.route(find(Report, report_id), works.roads)
    return report_id


@contextmanager
def at_work(works: Any) -> Iterator[None]:
    """A block in which the coordinator of the roads works; kept at its end."""
    with works.inside(works.person("roads")):
        yield


def draft(report_id: UUID, **values: Any) -> WorkOrder:
    return work_orders.draft_for_report(find(Report, report_id), **values)


def state_of(works: Any, report_id: UUID) -> str:
    with works.inside():
        return str(find(Report, report_id).state)


def test_an_order_is_numbered_and_belongs_to_the_unit_of_its_report(works: Any, routed: UUID) -> None:
    with at_work(works):
        first, second = draft(routed), draft(routed, title="  Pasang   rambu ", planned_on=date(2026, 11, 25))
        assert [first.number, second.number] == ["K26-000001", "K26-000002"]
        assert (first.unit_id, first.state, first.version, first.made_by) == (works.roads, "draft", 1, "Roads")
        assert first.title.startswith("Jalan berlubang, L26-")
        assert (second.title, second.planned_on) == ("Pasang rambu", date(2026, 11, 25))


def test_a_report_nobody_answers_for_yet_has_no_orders(works: Any) -> None:
    report_id = works.report()
    with at_work(works), pytest.raises(DomainError, match="didisposisi"):
        draft(report_id)
    with works.inside():
        assert session.scalar(select(func.count()).select_from(WorkOrder)) == 0


def test_starting_the_order_starts_the_report_and_the_last_one_finishes_it(works: Any, routed: UUID) -> None:
    with at_work(works):
        one, two = draft(routed), draft(routed)
        for order in (one, two):
            work_orders.issue(order)
        work_orders.start(one)
    assert state_of(works, routed) == "dikerjakan"
    with at_work(works):
        one, two = work_orders.open_orders(find(Report, routed))
        work_orders.start(two)
        assert work_orders.is_last(one) is False
        assert work_orders.finish(one, "Lubang ditambal.") is False
    assert state_of(works, routed) == "dikerjakan"
    with at_work(works):
        (two,) = work_orders.open_orders(find(Report, routed))
        assert work_orders.finish(two, "Rambu dipasang.") is True
        assert find(Report, routed).state_note == "Rambu dipasang."
    assert state_of(works, routed) == "selesai"


def test_a_report_stays_open_when_the_officer_says_so(works: Any, routed: UUID) -> None:
    with at_work(works):
        order = draft(routed)
        work_orders.issue(order)
        assert work_orders.finish(order, "Sementara.", end_report=False) is False
        assert (order.state, order.started_at is not None) == ("done", True)
    assert state_of(works, routed) == "dikerjakan"


def test_cancelling_needs_a_reason_and_leaves_the_report(works: Any, routed: UUID) -> None:
    with at_work(works):
        order = draft(routed)
        with pytest.raises(DomainError, match="mengapa"):
            work_orders.cancel(order, "  ")
        assert (order.state, order.version) == ("draft", 1)
        work_orders.cancel(order, "Dikerjakan provinsi")
        assert (order.state, order.reason, order.version) == ("cancelled", "Dikerjakan provinsi", 2)
        with pytest.raises(DomainError, match="sudah berstatus dibatalkan"):
            work_orders.issue(order)
        notes = session.scalars(select(LogEntry.note).where(LogEntry.report_id == routed, LogEntry.kind == "work"))
        assert any("dibatalkan: Dikerjakan provinsi" in note for note in notes)
    assert state_of(works, routed) == "didisposisi"


def test_work_on_a_report_that_ended_is_refused(works: Any, routed: UUID) -> None:
    with at_work(works):
        order = draft(routed)
        work_orders.issue(order)
        workflow.refuse(find(Report, routed), "Tempatnya tidak ditemukan petugas")
        with pytest.raises(DomainError, match="Buka kembali"):
            work_orders.start(order)
        assert (order.state, order.started_at) == ("issued", None)


def test_an_order_of_a_duplicate_moves_the_report_it_was_merged_into(works: Any, routed: UUID) -> None:
    other = works.report(lat=-8.6, lon=117.5)
    with at_work(works):
        order = draft(routed)
        work_orders.issue(order)
    with works.inside(works.person("verifier")):
        workflow.route(find(Report, other), works.roads)
        workflow.merge(find(Report, routed), find(Report, other))
    with at_work(works):
        order = find(WorkOrder, order.id)
        work_orders.start(order)
        assert find(Report, other).state == "dikerjakan"
        assert work_orders.finish(order, "Ditambal.") is True
    assert [state_of(works, one) for one in (routed, other)] == ["duplikat", "selesai"]


def test_another_unit_that_took_over_a_report_is_not_moved_by_old_orders(works: Any, routed: UUID) -> None:
    with at_work(works):
        order = draft(routed)
        work_orders.issue(order)
    with works.inside(works.person("verifier")):
        workflow.route(find(Report, routed), works.lamps)
    with at_work(works):
        order = find(WorkOrder, order.id)
        work_orders.start(order)
        assert work_orders.finish(order, "Selesai.") is False
    assert state_of(works, routed) == "didisposisi"


# Costs


def test_costs_are_those_of_the_domain_and_parts_add_up(works: Any, routed: UUID) -> None:
    with at_work(works):
        order = draft(routed)
        lines = [
            Line("Aspal dingin", D("2.5"), "zak", 185_000),
            Line("Kerikil", D("0.33"), "m³", 1_250),
            Line("Tukang", D("4"), "orang-hari", 110_000, "labour"),
            Line("Stamper", D("1.5"), "hari", 350_000, "equipment"),
        ]
        work_costs.set_lines(order, lines, seen=1)
        assert order.total == 462_500 + 413 + 440_000 + 525_000 == 1_427_913
        assert work_costs.by_kind(order) == {"material": 462_913, "labour": 440_000, "equipment": 525_000}
        assert sum(work_costs.by_kind(order).values()) == order.total
        work_costs.add_line(order, Line("Cat marka", D("1"), "kaleng"))
        assert [item.name for item in order.items][-1] == "Cat marka"
        assert order.total == 1_427_913
        work_costs.set_lines(order, [], seen=order.version)
        assert (order.total, order.items) == (0, [])


def test_two_who_write_costs_at_once_do_not_undo_each_other(works: Any, routed: UUID) -> None:
    with at_work(works):
        order = draft(routed)
        work_costs.add_line(order, Line("Semen", D(3), "zak", 70_000))
        with pytest.raises(DomainError, match="berubah sejak"):
            work_costs.set_lines(order, [Line("Pasir", D(1))], seen=1)
        assert [item.name for item in order.items] == ["Semen"]
        assert order.total == 210_000


def test_a_wrong_line_changes_nothing(works: Any, routed: UUID) -> None:
    with at_work(works):
        order = draft(routed)
        work_costs.set_lines(order, [Line("Semen", D(3), "zak", 70_000)])
        with pytest.raises(DomainError, match="Pasir"):
            work_costs.set_lines(order, [Line("Batu", D(1)), Line("Pasir", D(-1))])
        session.refresh(order)
        assert ([item.name for item in order.items], order.total) == (["Semen"], 210_000)


# Photos


def test_photos_show_beside_the_report_only_when_the_work_is_done(
    works: Any, routed: UUID, jpeg: Callable[..., bytes]
) -> None:
    with at_work(works):
        order = draft(routed)
        work_orders.issue(order)
        before = work_photos.add_photo(order, read_picture(jpeg("#444444")), "before")
        after = work_photos.add_photo(order, read_picture(jpeg("#999999")), "after")
        more = work_photos.add_photo(order, read_picture(jpeg("#ffffff")), "more")
        assert work_photos.add_photo(order, read_picture(jpeg("#999999")), "after").id == after.id
        assert not any(photo.shown or photo.report_id for photo in order.photos)
        work_orders.finish(order, "Ditambal.")
    with works.inside():
        photos = {row.id: row for row in session.scalars(select(Photo).where(Photo.work_order_id.is_not(None)))}
        assert {(photos[one.id].kind, photos[one.id].shown) for one in (before, after)} == {
            ("before", True),
            ("after", True),
        }
        assert {photos[one.id].report_id for one in (before, after)} == {routed}
        assert (photos[more.id].shown, photos[more.id].report_id) == (False, None)


# From assets and plans


def test_a_plan_is_ordered_done_and_moves_on(works: Any) -> None:
    with at_work(works):
        plan = plans.save(
            None, title="Bersihkan saluran", unit_id=works.roads, next_on=date(2026, 11, 30), every_months=6
        )
        order = plans.order(plan)
        assert (order.plan_id, order.planned_on, order.unit_id) == (plan.id, date(2026, 11, 30), works.roads)
        assert plan.state == "ordered"
        work_orders.issue(order)
        work_orders.finish(order, "Bersih.")
        session.flush()
        session.refresh(plan)
        assert (plan.state, plan.next_on) == ("planned", date(2027, 5, 30))
        again = plans.order(plan)
        work_orders.cancel(again, "Hujan terus")
        session.flush()
        session.refresh(plan)
        assert (plan.state, plan.next_on) == ("planned", date(2027, 5, 30))
        assert isinstance(plan, Plan)


def test_an_asset_is_worked_on_without_a_report_unless_it_is_retired(works: Any) -> None:
    with at_work(works):
        asset = Asset(
            kind="road", code="K-001", name="Jalan Diponegoro", unit_id=works.roads, added_at=now(), changed_at=now()
        )
        session.add(asset)
        session.flush()
        order = work_orders.draft_for_asset(asset)
        assert (order.title, order.report_id, order.unit_id) == ("K-001 Jalan Diponegoro", None, works.roads)
        work_orders.issue(order)
        assert work_orders.finish(order, "Disapu.") is False
        asset.retired = True
        with pytest.raises(DomainError, match="tidak dipakai"):
            work_orders.draft_for_asset(asset)


# Paper


def test_the_sheet_has_the_place_room_to_write_and_two_signatures(works: Any, routed: UUID) -> None:
    leader = works.person("crew")
    with at_work(works):
        crew = crews.save(None, name="Regu Jalan 1", unit_id=works.roads, leader_id=leader.id, members="Ali\nBudi")
        order = draft(routed, instructions="Pasang rambu.\nTambal lubang.", crew=crew)
        work_orders.issue(order)
        blocks = work_paper.blocks(order)
        data = document(work_paper.title_of(order), blocks)
        assert data.startswith(b"%PDF")
        text = pdf_text.pdf_text(data).replace("\n", " ")
        for words in (order.number, "Pasang rambu.", "Regu Jalan 1", "Pengawas", "Kepala regu", "Crew", "Lubang dalam"):
            assert words in text, words
        kinds = [block["kind"] for block in blocks]
        assert {"map", "qr", "facts", "table", "signature"} <= set(kinds)
        assert "Rp" not in text


def test_afterwards_the_sheet_says_what_was_done_and_what_it_cost(
    works: Any, routed: UUID, jpeg: Callable[..., bytes]
) -> None:
    with at_work(works):
        order = draft(routed)
        work_orders.issue(order)
        work_photos.add_photo(order, read_picture(jpeg("#222222")), "after")
        work_costs.set_lines(
            order, [Line("Aspal dingin", D("2.5"), "zak", 185_000), Line("Kerikil", D("0.33"), "m³", 1_250)]
        )
        work_orders.finish(order, "Ditambal 2 m².")
        blocks = work_paper.blocks(order)
        text = pdf_text.pdf_text(document(work_paper.title_of(order), blocks)).replace("\xa0", " ")
        for words in ("Ditambal 2 m².", "Rp 462.500", "Rp 413", "Rp 462.913", "Aspal dingin"):
            assert words in text, words
        assert "picture" in [block["kind"] for block in blocks]


def test_the_sheet_names_nobody_who_reported(works: Any) -> None:
    from lumbung_infrastruktur.services.reporting import Reporter

    report_id = works.report(
        description="Lubang, hubungi saya 0812 3456 7890",
        reporter=Reporter(name="Siti Rahmawati", email="siti@example.id", phone="081234567891"),
    )
    with works.inside(works.person("verifier")):
        workflow.route(find(Report, report_id), works.roads)
    with at_work(works):
        order = draft(report_id)
        text = pdf_text.pdf_text(document("x", work_paper.blocks(order)))
        for secret in ("Siti", "siti@example.id", "3456 7890", "081234567891"):
            assert secret not in text
