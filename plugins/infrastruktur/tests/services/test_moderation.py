"""Moderation: what waits, what is decided, and that a decision stays."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from lumbung_infrastruktur.models import LogEntry, Photo, Report
from lumbung_infrastruktur.services import moderation, workflow
from lumbung_infrastruktur.services.officer_photos import pictures
from sqlalchemy import select

from lumbung.sdk import DomainError, find_or_404, now, read_picture, session


@pytest.fixture
def photographed(works: Any, jpeg: Any) -> tuple[UUID, UUID]:
    """A report with one photo: their ids."""
    report_id = works.report(photos=[read_picture(jpeg())])
    with works.inside():
        return report_id, session.scalars(select(Photo.id)).one()


def test_a_photo_waits_until_somebody_decides(works: Any, photographed: tuple[UUID, UUID]) -> None:
    report_id, photo_id = photographed
    with works.inside(works.person("verifier")):
        assert [photo.id for photo in moderation.waiting_photos()] == [photo_id]
        moderation.show_photo(find_or_404(Photo, photo_id))
        session.flush()
        assert not moderation.waiting_photos()
        photo = find_or_404(Photo, photo_id)
        assert photo.shown and photo.checked_at == now()
        line = session.scalars(select(LogEntry).where(LogEntry.kind == "photo", LogEntry.report_id == report_id)).one()
        assert line.internal


def test_a_hidden_photo_stays_hidden_when_its_report_is_checked(works: Any, photographed: tuple[UUID, UUID]) -> None:
    report_id, photo_id = photographed
    with works.inside(works.person("verifier")):
        moderation.hide_photo(find_or_404(Photo, photo_id))
        session.flush()
        workflow.verify(find_or_404(Report, report_id))
        session.flush()
        assert not find_or_404(Photo, photo_id).shown
        assert not moderation.waiting_photos()


def test_nothing_waits_where_the_office_shows_no_photos(works: Any, photographed: tuple[UUID, UUID]) -> None:
    works.house.set_setting("infrastruktur", "publish_photos", "never")
    with works.inside(works.person("verifier")):
        assert not moderation.waiting_photos()
        assert moderation.waiting() == 0


def test_a_held_report_is_shown_or_hidden_once(works: Any) -> None:
    works.house.set_setting("infrastruktur", "hold_new", True)
    first, second = works.report(), works.report()
    with works.inside(works.person("verifier")):
        assert {one.id for one in moderation.held()} == {first, second} and moderation.waiting() == 2
        moderation.show_report(find_or_404(Report, first))
        moderation.hide_report(find_or_404(Report, second), "Memuat nama orang")
        session.flush()
        assert not moderation.held()
        assert find_or_404(Report, first).visibility == "public"
        assert find_or_404(Report, second).visibility == "hidden"
        with pytest.raises(DomainError):
            moderation.show_report(find_or_404(Report, first))


def test_masking_leaves_no_trace_of_the_number(works: Any) -> None:
    report_id = works.report(description="Hubungi saya di 081234567890, lubang besar")
    with works.inside(works.person("verifier")):
        assert [one.id for one in moderation.suspicious()] == [report_id]
        assert moderation.mask(find_or_404(Report, report_id)) == 1
        session.flush()
        report = find_or_404(Report, report_id)
        assert "081234567890" not in report.description and "lubang besar" in report.description
        assert not moderation.suspicious()
        assert all("0812" not in note for note in session.scalars(select(LogEntry.note)))
        with pytest.raises(DomainError):
            moderation.mask(report)


def test_a_text_that_may_stay_is_not_asked_about_again(works: Any) -> None:
    report_id = works.report(description="Tiang nomor EA 12 B miring")
    with works.inside(works.person("verifier")):
        moderation.leave_text(find_or_404(Report, report_id))
        session.flush()
        assert not moderation.suspicious()
        assert find_or_404(Report, report_id).description == "Tiang nomor EA 12 B miring"


def test_who_does_not_moderate_finds_nothing(works: Any, photographed: tuple[UUID, UUID]) -> None:
    works.report(description="Telepon 081234567890")
    with works.inside(works.person("roads")):
        assert not moderation.waiting_photos() and not moderation.suspicious() and moderation.waiting() == 0


def test_an_officer_adds_at_most_five_pictures() -> None:
    class File:
        filename = "foto.jpg"
        stream = None

    with pytest.raises(DomainError):
        pictures([File()] * 6)
