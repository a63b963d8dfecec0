"""From work to the end of a report: begun, mended, refused, closed by its reporter or by silence, opened again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, select

from lumbung.sdk import Bilingual, DomainError, audit, now, session, setting

from ..models import Photo, Report, WorkOrder
from ..rules.states import State
from ..words import _, both
from . import clock, events, history, merging, telling
from .moving import answered, category_name, hold, joined, typed

STARS = range(1, 6)
LONGEST_RATING = 1000


def refuse(report: Report, reason: str) -> None:
    """End a report that nothing will be done about, and say why."""
    report = hold(report, State.REFUSED)
    reason = typed(reason, needed=_("Tulis alasan penolakan; pelapor membacanya."))
    answered(report)
    _end(report, reason)
    history.note(report, "state", joined(both("Laporan ditolak:"), reason), to_state=State.REFUSED)
    audit("infrastruktur.report.refuse", report.number, about=report.id, reason=reason)
    telling.changed(report, both("Laporan %(number)s ditolak", number=report.number), Bilingual(reason, reason))
    events.tell("refused", report)


def start(report: Report) -> None:
    """The unit begins to work on it. What was postponed is on the clock again from today."""
    report = hold(report, State.WORKING)
    if report.unit_id is None:
        raise DomainError(_("Laporan %(number)s belum didisposisi kepada unit.", number=report.number))
    if report.state == State.POSTPONED:
        clock.restart(report)
    answered(report)
    report.started_at = now()
    history.note(report, "state", both("Mulai dikerjakan."), to_state=State.WORKING)
    audit("infrastruktur.report.start", report.number, about=report.id)
    telling.changed(
        report,
        both("Laporan %(number)s mulai dikerjakan", number=report.number),
        both("Petugas mulai menangani %(category)s.", category=category_name(report)),
    )
    events.tell("started", report)


def finish(report: Report, note: str, *, photo_ids: Sequence[UUID] = ()) -> None:
    """The damage is mended. ``photo_ids`` are photos of the report or of its work that prove it: they are shown.

    What was postponed and is mended all the same had its whole time, so it is in time.
    """
    report, note = hold(report, State.DONE), typed(note)
    if report.state == State.POSTPONED:
        clock.restart(report)
    answered(report)
    report.finished_at, report.state_note = now(), note
    _prove(report, photo_ids)
    history.note(report, "state", joined(both("Selesai ditangani."), note), to_state=State.DONE)
    audit("infrastruktur.report.finish", report.number, about=report.id)
    telling.changed(
        report,
        both("Laporan %(number)s selesai ditangani", number=report.number),
        joined(
            both(
                "Silakan lihat hasilnya. Tanpa tanggapan, laporan ditutup setelah %(days)s hari.",
                days=int(setting("close_after_days")),
            ),
            note,
        ),
    )
    events.tell("finished", report)


def close(report: Report, *, silence: bool = False) -> None:
    """Close a finished report: by an officer, or by the clock after so many days of ``silence``."""
    report = hold(report, State.CLOSED)
    report.closed_at = now()
    sentence = both("Ditutup karena tidak ada tanggapan.") if silence else both("Laporan ditutup.")
    history.note(report, "state", sentence, to_state=State.CLOSED)
    audit("infrastruktur.report.close", report.number, about=report.id, silence=silence)
    telling.changed(report, both("Laporan %(number)s ditutup", number=report.number), sentence, supporters=False)
    events.tell("closed", report, rating=None)


def may_rate(report: Report) -> bool:
    """Whether the reporter may still rate: once, when it is finished or was closed by silence."""
    return report.rating is None and report.state in (State.DONE, State.CLOSED)


def rate(report: Report, stars: int, note: str = "") -> None:
    """The reporter says how well it was done, 1 to 5, which closes a finished report."""
    report, note = hold(report), typed(note, longest=LONGEST_RATING)
    if stars not in STARS:
        raise DomainError(_("Pilih 1 sampai 5 bintang."))
    if not may_rate(report):
        raise DomainError(_("Laporan %(number)s tidak dapat dinilai sekarang.", number=report.number))
    report.rating, report.rating_note = stars, note
    closes = report.state == State.DONE
    if closes:
        report.closed_at = now()
    sentence = both("Dinilai %(stars)s dari 5 oleh pelapor.", stars=stars)
    history.note(report, "rating", sentence, to_state=State.CLOSED if closes else None, by_citizen=True)
    audit("infrastruktur.report.rate", report.number, about=report.id, stars=stars)
    if closes:
        events.tell("closed", report, rating=stars)


def may_reopen(report: Report) -> bool:
    """Whether the reporter may say that it is not mended: while it is finished, and some days after it was closed."""
    if report.state == State.DONE:
        return True
    days = timedelta(days=int(setting("reopen_days")))
    return report.state == State.CLOSED and report.closed_at is not None and now() < report.closed_at + days


def reopen(report: Report, reason: str, *, by_citizen: bool = False) -> None:
    """Take up an ended report again, with its whole time from today. A duplicate is split off instead."""
    report = hold(report)
    if report.state == State.DUPLICATE and not by_citizen:
        merging.split(report, reason)
        return
    report = hold(report, State.REOPENED)
    reason = typed(reason, needed=_("Tulis apa yang belum beres."))
    if by_citizen and not may_reopen(report):
        raise DomainError(
            _("Laporan %(number)s tidak dapat dibuka kembali lagi. Buatlah laporan baru.", number=report.number)
        )
    report.reopened += 1
    begin_again(report, reason)
    sentence = both("Dibuka kembali oleh pelapor:") if by_citizen else both("Dibuka kembali:")
    history.note(report, "state", joined(sentence, reason), to_state=State.REOPENED, by_citizen=by_citizen)
    audit("infrastruktur.report.reopen", report.number, about=report.id, by_citizen=by_citizen)
    _tell_reopened(report, by_citizen)
    events.tell("reopened", report, by_citizen=by_citizen)


def begin_again(report: Report, reason: str) -> None:
    """What an ended report forgets when it is taken up again; the log keeps it."""
    clock.restart(report)
    report.finished_at = report.closed_at = report.rating = None
    report.rating_note, report.state_note = "", reason


def _tell_reopened(report: Report, by_citizen: bool) -> None:
    title = both("Laporan %(number)s dibuka kembali", number=report.number)
    text = both("%(category)s ditangani lagi.", category=category_name(report))
    whom = telling.followers(report)
    telling.tell((one for one in whom if not (by_citizen and one.path == telling.own_page(report))), title, text)
    if by_citizen:
        said = both("Pelapor mengatakan bahwa %(category)s belum beres.", category=category_name(report))
        telling.office(telling.unit_officers(report), title, said, telling.desk_page(report))


def _end(report: Report, note: str) -> None:
    report.closed_at, report.state_note = now(), note


def _prove(report: Report, photo_ids: Sequence[UUID]) -> None:
    if not photo_ids:
        return
    orders = select(WorkOrder.id).where(WorkOrder.report_id == report.id)
    ours = or_(Photo.report_id == report.id, Photo.work_order_id.in_(orders))
    photos = session.scalars(select(Photo).where(Photo.id.in_(photo_ids), ours)).all()
    if len(photos) != len(set(photo_ids)):
        raise DomainError(_("Ada foto yang bukan milik laporan ini."))
    for photo in photos:
        photo.kind, photo.shown, photo.report_id = "after", True, report.id
