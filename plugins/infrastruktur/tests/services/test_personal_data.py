"""What is handed out of one person, what is left when they are erased, and what two years take away."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from lumbung_infrastruktur.models import Report, Support
from lumbung_infrastruktur.services import adding, personal_data, supports, workflow
from lumbung_infrastruktur.services.affairs import affairs_of
from lumbung_infrastruktur.services.reporting import Reporter
from sqlalchemy import func, select

from lumbung.sdk import DataSubject, find_or_404, session
from lumbung.testing import frozen_clock

from ..conftest import Works

PHONE = "0812 3700 1199"


@pytest.fixture
def siti(works: Works) -> UUID:
    """Somebody with a report of their account, one of their phone, a support; and a neighbour with one each."""
    person = works.person("citizen")
    mine = works.report(
        reporter=Reporter(name="Siti", email=person.email, phone=PHONE, person_id=person.id, show_name=True),
        description="Lubang, hubungi 0812 3700 1199",
    )
    works.report(reporter=Reporter(name="Siti", phone=PHONE))
    other = works.report(reporter=Reporter(name="Tetangga", email="tetangga@a.id", phone="0812 9999 0000"))
    with works.inside():
        supports.support(find_or_404(Report, other), person_id=person.id)
        supports.support(find_or_404(Report, other), email="jauh@a.id")
        adding.add(find_or_404(Report, mine), "Rumah saya 0812 3700 1199")
    return person.id


def subject(works: Works, **proven: Any) -> DataSubject:
    """Siti, with what was proven of her."""
    return DataSubject(name="Siti", email=works.person("citizen").email, **proven)


def test_reports_are_found_by_account_address_and_proven_number(works: Works, siti: UUID) -> None:
    def found(person: DataSubject) -> list[int]:
        with works.inside():
            return [len(section.rows) for section in personal_data.held_of(person)]

    assert found(subject(works, id=siti)) == [1, 1]
    assert found(subject(works, id=siti, phone="+62 812-3700-1199")) == [2, 1]
    assert found(DataSubject(id=None, name="Siti", phone=PHONE)) == [2, 0]
    assert found(DataSubject(id=None, name="Siti", email="tetangga@a.id")) == [0, 0]  # an address typed proves nothing


def test_what_is_handed_out_holds_what_was_typed(works: Works, siti: UUID) -> None:
    with works.inside():
        row = personal_data.held_of(subject(works, id=siti))[0].rows[0]
    assert (row["number"], row["name"], row["phone"]) == ("L26-000001", "Siti", "+6281237001199")
    assert "Rumah saya" in str(row["notes"])


def test_erasing_leaves_the_damage_and_the_neighbour(works: Works, siti: UUID) -> None:
    with works.inside():
        token = find_or_404(Report, session.scalars(select(Report.id).order_by(Report.number)).first()).token  # type: ignore[arg-type]
        done = personal_data.erase(subject(works, id=siti, phone=PHONE))
        assert [(one.count, one.how) for one in done] == [(1, "deleted"), (2, "anonymised")]
    with works.inside():
        reports = session.scalars(select(Report).order_by(Report.number)).all()
        assert [report.reporter_name for report in reports] == ["", "", "Tetangga"]
        assert [report.supports for report in reports] == [0, 0, 1]
        assert {(report.person_id, report.email_key, report.phone_key) for report in reports[:2]} == {(None,) * 3}
        assert "0812" not in reports[0].description + "".join(entry.note for entry in reports[0].log)
        assert reports[0].token != token
        assert reports[2].reporter_phone == "+6281299990000"
        assert personal_data.held_of(subject(works, id=siti, phone=PHONE))[0].rows == []


def test_an_officers_deeds_stay_and_are_told(works: Works) -> None:
    report_id, officer = works.report(), works.person("verifier")
    with works.inside(officer):
        workflow.verify(find_or_404(Report, report_id))
    with works.inside():
        person = DataSubject(id=officer.id, name=officer.name, email=officer.email)
        assert personal_data.held_of(person)[-1].rows[0]["entries"] == 1
        assert [(one.count, one.how) for one in personal_data.erase(person)][-1] == (1, "kept")


def test_names_and_contacts_go_two_years_after_the_end_and_no_day_sooner(works: Works, siti: UUID) -> None:
    with works.inside():
        reports = session.scalars(select(Report).order_by(Report.number)).all()
        workflow.refuse(reports[0], "Bukan lubang")
        workflow.refuse(reports[2], "Bukan lubang")
    with frozen_clock("2028-11-24T09:00+08:00"):
        with works.inside():
            assert [one.count for one in personal_data.sweep(date(2028, 11, 23))] == [0, 0]
            assert [one.count for one in personal_data.sweep(date(2028, 11, 25))] == [2, 2]
            assert [one.count for one in personal_data.sweep(date(2028, 11, 25))] == [0, 0]
        with works.inside():
            reports = session.scalars(select(Report).order_by(Report.number)).all()
            assert [report.reporter_name for report in reports] == ["", "Siti", ""]  # the open one waits
            assert reports[2].email_key is None
            assert session.scalar(select(func.count()).where(Support.email.is_not(None))) == 0
            assert reports[2].supports == 2


def test_a_merged_reporter_who_takes_back_their_contact_follows_the_main_report_no_more(works: Works) -> None:
    main = works.report()
    twin = works.report(reporter=Reporter(name="Ani", email="ani@a.id"))
    with works.inside():
        workflow.merge(find_or_404(Report, twin), find_or_404(Report, main))
    with works.inside():
        assert find_or_404(Report, main).supports == 1
        assert adding.forget_contact(find_or_404(Report, twin))
        assert not adding.forget_contact(find_or_404(Report, twin))
    with works.inside():
        assert find_or_404(Report, main).supports == 0
        assert session.scalars(select(Support)).all() == []


def test_open_reports_and_those_to_be_rated_are_a_citizens_affairs(works: Works) -> None:
    citizen = works.person("citizen")
    mine = works.report(reporter=Reporter(person_id=citizen.id))
    works.report()

    def affairs() -> list[tuple[str, str]]:
        with works.inside():
            return [(one.status, one.text) for one in affairs_of(citizen)]

    assert affairs() == [("Baru", "Paling lambat 14 Desember 2026.")]
    with works.inside():
        workflow.route(find_or_404(Report, mine), works.roads)
        workflow.finish(find_or_404(Report, mine), "Ditambal")
    assert affairs() == [("Selesai", "Sudah diperbaiki? Beri nilai.")]
    with works.inside():
        workflow.rate(find_or_404(Report, mine), 5)
    assert affairs() == []
