"""What every step of a report needs: the row held fast, words that were typed, who answered first."""

from __future__ import annotations

from sqlalchemy import select

from lumbung.sdk import Bilingual, DomainError, now, session, setting, units

from ..models import Photo, Report
from ..rules import states
from ..rules.states import State
from ..words import _

LONGEST_NOTE = 2000


def hold(report: Report, new: State | None = None) -> Report:
    """Keep others from changing a report until the end, read it as it is now, and refuse a way it does not have.

    Whoever holds it already loses nothing by it. Raises `DomainError`.
    """
    session.flush()
    held = session.scalars(
        select(Report).where(Report.id == report.id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if new is not None:
        states.check(held.number, held.state, new)
    return held


def typed(text: str, *, needed: str = "", longest: int = LONGEST_NOTE) -> str:
    """Return a text without the space around it; with ``needed``, the sentence that refuses an empty one."""
    text = text.strip().replace("\x00", "")
    if needed and not text:
        raise DomainError(needed)
    if len(text) > longest:
        raise DomainError(_("Teksnya %(count)s huruf; paling banyak %(longest)s.", count=len(text), longest=longest))
    return text


def joined(sentence: Bilingual, note: str) -> Bilingual:
    """A sentence, and after it what somebody wrote."""
    return Bilingual(f"{sentence.id} {note}", f"{sentence.en} {note}") if note else sentence


def answered(report: Report) -> None:
    """Somebody of the office did or said something that the reporter sees; the first time counts."""
    report.answered_at = report.answered_at or now()


def checked(report: Report) -> None:
    """Somebody looked at a report and takes it for real: it is shown, and its photos as the office decided."""
    report.verified_at = report.verified_at or now()
    if report.visibility == "held":
        report.visibility = "public"
    if setting("publish_photos") == "verified":
        undecided = (Photo.report_id == report.id, Photo.kind == "report", Photo.checked_at.is_(None))
        for photo in session.scalars(select(Photo).where(*undecided)):
            photo.shown = True


def category_name(report: Report) -> Bilingual:
    """The name of its category in both languages."""
    return Bilingual(report.category.name, report.category.name_en or report.category.name)


def unit_name(report: Report) -> str:
    """The name of the unit that answers for it, empty for none."""
    unit = units.get(report.unit_id) if report.unit_id else None
    return unit.name if unit else ""
