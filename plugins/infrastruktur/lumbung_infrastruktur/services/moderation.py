"""Moderation: reports that wait to be shown, photos that nobody decided about, personal data in what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import selectinload

from lumbung.sdk import Bilingual, DomainError, audit, now, session, setting, within

from ..models import Photo, Report
from ..rules import sensitive
from ..rules.states import OPEN
from ..words import _, both
from . import history, workflow

MODERATE = "infrastruktur.moderate"
AT_ONCE = 50  # of each, on one page
NEWEST = 500  # open reports whose text is read through


def held() -> Sequence[Report]:
    """Reports that are shown to nobody until somebody says so, the oldest first."""
    query = _mine().where(Report.visibility == "held").order_by(Report.reported_at).limit(AT_ONCE)
    return session.scalars(query.options(selectinload(Report.category), selectinload(Report.photos))).all()


def waiting_photos() -> Sequence[Photo]:
    """Photos of open reports that are not shown and nobody decided about, the oldest first."""
    query = select(Photo).join(Report, Photo.report_id == Report.id).where(*_waiting())
    query = query.options(selectinload(Photo.report).selectinload(Report.category))
    return session.scalars(query.order_by(Photo.added_at).limit(AT_ONCE)).all()


def suspicious() -> list[Report]:
    """The newest open reports in whose text something looks like personal data, unless it was looked at."""
    query = (
        _mine()
        .where(Report.visibility == "public", Report.state.in_(sorted(OPEN)), Report.checked_at.is_(None))
        .order_by(Report.reported_at.desc())
        .limit(NEWEST)
        .options(selectinload(Report.category))
    )
    return [report for report in session.scalars(query) if sensitive.hints(report.description)][:AT_ONCE]


def waiting() -> int:
    """How many reports and photos wait for a moderator."""
    photos = select(func.count()).select_from(Photo).join(Report, Photo.report_id == Report.id).where(*_waiting())
    reports = _mine().where(Report.visibility == "held").with_only_columns(func.count())
    return (session.scalar(reports) or 0) + (session.scalar(photos) or 0)


def show_report(report: Report) -> None:
    """Let everybody see a report; its text counts as looked at."""
    workflow.show(report)
    report.checked_at = now()


def hide_report(report: Report, reason: str) -> None:
    """Take a report out of everybody's sight."""
    workflow.hide(report, reason)
    report.checked_at = now()


def leave_text(report: Report) -> None:
    """Say that the text of a report may stay as it is, whatever it looks like."""
    report.checked_at = now()
    audit("infrastruktur.report.leave_text", report.number, about=report.id)


def mask(report: Report) -> int:
    """Make unreadable what looks like personal data in a report's text, for good; return how many places.

    What stood there is kept nowhere: neither in the log nor in the trail.
    """
    found = sensitive.hints(report.description)
    if not found:
        raise DomainError(_("Keterangan laporan %(number)s tidak memuat data pribadi.", number=report.number))
    report.description = sensitive.masked(report.description)
    report.checked_at = now()
    _note(report, "change", both("Data pribadi dalam keterangan disamarkan."))
    audit("infrastruktur.report.mask", report.number, about=report.id, count=len(found))
    return len(found)


def show_photo(photo: Photo) -> None:
    """Let everybody see a photo."""
    if (report := _decided(photo, True, both("Foto ditampilkan bagi umum."))) is not None:
        audit("infrastruktur.photo.show", report.number, about=report.id)


def hide_photo(photo: Photo) -> None:
    """Take a photo out of everybody's sight, for good: no later check of the report shows it again."""
    if (report := _decided(photo, False, both("Foto disembunyikan dari umum."))) is not None:
        audit("infrastruktur.photo.hide", report.number, about=report.id)


def _decided(photo: Photo, shown: bool, words: Bilingual) -> Report | None:
    """Decide about a photo; return its report, None when that had been decided before or it has none."""
    if photo.shown == shown and photo.checked_at is not None:
        return None
    photo.shown, photo.checked_at = shown, now()
    if photo.report is not None:
        _note(photo.report, "photo", words)
    return photo.report


def _note(report: Report, kind: str, words: Bilingual) -> None:
    history.note(report, kind, words, internal=True)


def _mine() -> Select[tuple[Report]]:
    return select(Report).where(within(MODERATE, Report.unit_id))


def _waiting() -> list[ColumnElement[bool]]:
    """What holds of a photo that waits. Where the office shows no photos at all, none does."""
    never: list[Any] = [Photo.id.is_(None)] if setting("publish_photos") == "never" else []
    return [
        Photo.shown.is_(False),
        Photo.checked_at.is_(None),
        Report.visibility != "hidden",
        Report.state.in_(sorted(OPEN)),
        within(MODERATE, Report.unit_id),
        *never,
    ]
