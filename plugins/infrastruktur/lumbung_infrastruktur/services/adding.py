"""What a reporter adds to their report: words, photos. And what they take back: how they may be reached."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from lumbung.sdk import DomainError, Picture, audit, people, session, setting

from ..models import Photo, Report
from ..rules import states
from ..rules.states import ENDED, State
from ..words import _, both
from . import history, supports, telling
from .moving import category_name, hold, typed
from .reporting import MOST_PHOTOS, photo_of

LONGEST_NOTE = 1000
VERIFY = "infrastruktur.verify"
MAY_ADD = (set(State) - ENDED) | {State.DONE}


def may_add(report: Report) -> bool:
    """Whether the reporter may still add something: until the report is closed."""
    return report.state in MAY_ADD


def add(report: Report, text: str, photos: Sequence[Picture] = ()) -> int:
    """Add words or photos of the reporter; return how many photos were new. The office is told.

    What they write is read by the office and by themself. Photos are shown as new ones are. Raises `DomainError`.
    """
    report, text = hold(report), typed(text, longest=LONGEST_NOTE)
    if not may_add(report):
        raise DomainError(
            _(
                "Laporan %(number)s sudah berakhir (%(state)s), jadi tidak dapat ditambah lagi.",
                number=report.number,
                state=states.title(report.state).lower(),
            )
        )
    if not text and not photos:
        raise DomainError(_("Tulis sesuatu, atau pilih foto."))
    added = _add_photos(report, photos)
    if text:
        history.note(report, "note", text, by_citizen=True)
    if added:
        history.note(report, "photo", both("Pelapor menambah %(count)s foto.", count=added), by_citizen=True)
    audit("infrastruktur.report.add", report.number, about=report.id, photos=added, note=bool(text))
    telling.office(
        telling.unit_officers(report) if report.routed_at else [one.id for one in people.with_permission(VERIFY)],
        both("Kabar dari pelapor %(number)s", number=report.number),
        both("Pelapor menambah keterangan atau foto tentang %(category)s.", category=category_name(report)),
        telling.desk_page(report),
    )
    return added


def forget_contact(report: Report) -> bool:
    """Take name, address, number and account of the reporter out of a report; False when there was nothing of it."""
    report = hold(report)
    if not had_contact(report):
        return False
    take_out(report)
    history.note(report, "change", both("Pelapor menghapus kontaknya."), internal=True, by_citizen=True)
    audit("infrastruktur.report.forget_contact", report.number, about=report.id)
    return True


def had_contact(report: Report) -> bool:
    """Whether a report still says who made it."""
    return bool(report.reporter_name or report.reporter_email or report.reporter_phone or report.person_id)


def take_out(report: Report) -> None:
    """Take out of a report who made it; as a duplicate it no longer follows the main report either."""
    supports.drop(report.token)
    report.reporter_name, report.show_name = "", False
    report.reporter_email = report.reporter_phone = report.email_key = report.phone_key = report.person_id = None


def _add_photos(report: Report, pictures: Sequence[Picture]) -> int:
    known = set(session.scalars(select(Photo.sha256).where(Photo.report_id == report.id)))
    new = {picture.sha256: picture for picture in pictures if picture.sha256 not in known}
    count = session.scalar(select(func.count()).select_from(Photo).where(Photo.report_id == report.id)) or 0
    if count + len(new) > MOST_PHOTOS:
        raise DomainError(_("Paling banyak %(most)s foto.", most=MOST_PHOTOS))
    shown = setting("publish_photos") == "at_once"
    for place, picture in enumerate(new.values()):
        photo = photo_of(picture, kind="more", position=count + place, shown=shown)
        photo.report_id = report.id
        session.add(photo)
    return len(new)
