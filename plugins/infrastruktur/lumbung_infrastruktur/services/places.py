"""What everybody may see of a report, and what its reporter may; nothing here asks who is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload, undefer

from lumbung.sdk import find_region, session

from ..models import Category, LogEntry, Photo, Report, WorkOrder
from ..rules.contacts import email_key, phone_key, tidy_number
from ..rules.kinds import GROUPS

REPORTERS_OWN = ("note", "photo")  # kinds of log entries that a reporter may write


def open_categories() -> list[tuple[str, list[Category]]]:
    """Return what can be reported, by group, in the order of the groups."""
    query = (
        select(Category)
        .where(Category.open.is_(True))
        .order_by(Category.position, Category.name)
        .options(selectinload(Category.questions))
    )
    found: dict[str, list[Category]] = {group: [] for group in GROUPS}
    for category in session.scalars(query):
        found.setdefault(category.group, []).append(category)
    return [(group, categories) for group, categories in found.items() if categories]


def category_by_code(code: str) -> Category | None:
    """Return an open category by its code, None when there is none."""
    return session.scalar(select(Category).where(Category.code == code[:40], Category.open.is_(True)))


def public_report(number: str) -> Report | None:
    """Return a report that everybody may see; None for one that is held, hidden or unknown."""
    report = session.scalar(select(Report).where(Report.number == (tidy_number(number) or number[:16])))
    return report if report is not None and report.visibility == "public" else None


def by_token(token: str) -> Report | None:
    """Return the report that a reporter's own link leads to, None for none."""
    return session.scalar(select(Report).where(Report.token == token[:40]))


def by_number_and_contact(number: str, contact: str) -> Report | None:
    """Return a report by its number and the e-mail address or mobile number that its reporter left."""
    report = session.scalar(select(Report).where(Report.number == tidy_number(number)))
    if report is None:
        return None
    if "@" in contact:
        return report if report.email_key is not None and report.email_key == email_key(contact) else None
    return report if report.phone_key is not None and report.phone_key == phone_key(contact) else None


def newest(most: int = 6) -> Sequence[Report]:
    """Return the newest reports that everybody may see."""
    query = select(Report).where(Report.visibility == "public").order_by(Report.reported_at.desc()).limit(most)
    return session.scalars(query.options(selectinload(Report.category), selectinload(Report.photos))).all()


def duplicates_of(report: Report) -> Sequence[Report]:
    """Return the reports that were merged into one, as far as everybody may see them."""
    query = select(Report).where(Report.duplicate_of_id == report.id, Report.visibility == "public")
    return session.scalars(query.order_by(Report.number)).all()


def main_report(report: Report) -> Report | None:
    """Return the report that a duplicate was merged into, as far as everybody may see it."""
    main = report.duplicate_of
    return main if main is not None and main.visibility == "public" else None


def log_of(report: Report) -> Sequence[LogEntry]:
    """Return what happened, the newest first, without what is for officers alone."""
    query = select(LogEntry).where(LogEntry.report_id == report.id, LogEntry.internal.is_(False))
    return session.scalars(query.order_by(LogEntry.at.desc(), LogEntry.id)).all()


def is_reporters_own(entry: LogEntry) -> bool:
    """Whether a line of the log is what the reporter wrote: the office and they read it, the public does not."""
    return entry.kind in REPORTERS_OWN and entry.by_id is None and not entry.by_name and not entry.note_en


def photos_of(report: Report, *, public: bool) -> list[Photo]:
    """Return the photos of a report and of the work on it, in order; those not shown only for their reporter."""
    orders = select(WorkOrder.id).where(WorkOrder.report_id == report.id)
    query = select(Photo).where(
        or_(Photo.report_id == report.id, Photo.work_order_id.in_(orders) & Photo.shown.is_(True))
    )
    if public:
        query = query.where(Photo.shown.is_(True))
    order = {"report": 0, "more": 1, "before": 2, "after": 3}
    found = session.scalars(query.order_by(Photo.position, Photo.added_at)).all()
    return sorted(found, key=lambda photo: order.get(photo.kind, 9))


def public_photo(photo_id: UUID, *, small: bool) -> Photo | None:
    """Return a photo that everybody may see, with its picture; None for any other."""
    photo = _photo(photo_id, small=small)
    if photo is None or not photo.shown:
        return None
    report = photo.report or _report_of_work(photo)
    return photo if report is not None and report.visibility == "public" else None


def own_photo(report: Report, photo_id: UUID, *, small: bool) -> Photo | None:
    """Return a photo of a report for its reporter, shown or not; None for one of another report."""
    photo = _photo(photo_id, small=small)
    if photo is None:
        return None
    if photo.report_id == report.id:
        return photo
    work = _report_of_work(photo)
    return photo if photo.shown and work is not None and work.id == report.id else None


def author(report: Report) -> str:
    """Who reported, as the public reads it."""
    return report.reporter_name if report.show_name and report.reporter_name else report.pseudonym


def place_words(report: Report) -> str:
    """Where it is, in words: address, village, district."""
    regions = [find_region(code) for code in (report.village_code, report.district_code) if code]
    return ", ".join(part for part in [report.address, *(one.name for one in regions if one)] if part)


def _photo(photo_id: UUID, *, small: bool) -> Photo | None:
    picture = undefer(Photo.thumbnail if small else Photo.content)
    return session.scalar(select(Photo).where(Photo.id == photo_id).options(picture))


def _report_of_work(photo: Photo) -> Report | None:
    if photo.work_order_id is None:
        return None
    work = select(WorkOrder.report_id).where(WorkOrder.id == photo.work_order_id)
    return session.scalar(select(Report).where(Report.id == work.scalar_subquery()))
