"""What the plugin holds of one person: handed out, erased, and swept 730 days after a report ended (UU 27/2022).

A report is somebody's when they made it while signed in, or when the e-mail address of their account or a mobile number
that was proven to be theirs stands in it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, delete, false, func, or_, select, update

from lumbung.sdk import DataSection, DataSubject, Erased, current_tenant, session

from ..models import LogEntry, Photo, Report, Support
from ..rules import sensitive, states
from ..rules.answers import shown
from ..rules.contacts import email_key, phone_key
from ..rules.kinds import SEVERITIES
from ..rules.states import ENDED
from ..words import _, both
from .adding import take_out
from .places import place_words

RETENTION_DAYS = 730  # as `[[personal_data]]` of the manifest says


def held_of(person: DataSubject) -> list[DataSection]:
    """The person's reports and supports, and for an officer how much they wrote into logs."""
    return [_reports_section(person), _supports_section(person), *_officer_section(person)]


def erase(person: DataSubject) -> list[Erased]:
    """Take a person out of their reports and supports; the damage stays reported, the statistics as they were."""
    reports = _reports(person, lock=True)
    for report in reports:
        take_out(report)
        report.rating_note, report.token = "", secrets.token_urlsafe(24)
        report.description = sensitive.masked(report.description)
        _mask_notes(report)
    done = [
        Erased(both("Dukungan kepada laporan warga lain"), _end_supports(person)),
        Erased(
            both("Nama, surel, nomor ponsel, dan akun pada laporan kerusakan"),
            len(reports),
            "anonymised",
            both(
                "Tempat, foto, dan keterangan kerusakan tanpa nama tetap ada untuk perbaikan dan rekap pelayanan "
                "(UU 25/2009, UU 43/2009)."
            ),
        ),
    ]
    return done + _as_officer(person)


def sweep(today: date) -> list[Erased]:
    """Take names, addresses, numbers and accounts out of reports that ended more than 730 days ago."""
    ended = (
        Report.state.in_(sorted(ENDED)),
        func.coalesce(Report.closed_at, Report.finished_at, Report.updated_at) < _last_moment(today),
    )
    named = or_(
        Report.reporter_name != "",
        Report.reporter_email.is_not(None),
        Report.reporter_phone.is_not(None),
        Report.email_key.is_not(None),
        Report.phone_key.is_not(None),
        Report.person_id.is_not(None),
    )
    nobody = dict.fromkeys(("reporter_email", "reporter_phone", "email_key", "phone_key", "person_id"))
    reports = session.execute(
        update(Report).where(*ended, named).values(reporter_name="", show_name=False, **nobody).returning(Report.id)
    ).all()
    told = or_(Support.email.is_not(None), Support.email_key.is_not(None), Support.person_id.is_not(None))
    supports = session.execute(
        update(Support)
        .where(Support.report_id.in_(select(Report.id).where(*ended)), told)
        .values(email=None, email_key=None, person_id=None)
        .returning(Support.id)
    ).all()
    session.expire_all()
    why = both("Laporan tanpa nama tetap ada untuk rekap pelayanan (UU 25/2009, UU 43/2009).")
    return [
        Erased(both("Nama dan kontak pada laporan yang sudah lama berakhir"), len(reports), "anonymised", why),
        Erased(both("Kontak pendukung laporan yang sudah lama berakhir"), len(supports), "anonymised", why),
    ]


def _last_moment(today: date) -> datetime:
    day = today - timedelta(days=RETENTION_DAYS)
    return datetime.combine(day, time(), current_tenant().now().tzinfo)


def _reports_section(person: DataSubject) -> DataSection:
    columns = {
        "number": _("Nomor"),
        "reported_at": _("Dilaporkan"),
        "category": _("Kategori"),
        "state": _("Keadaan"),
        "severity": _("Tingkat keparahan"),
        "place": _("Tempat"),
        "lat": _("Lintang"),
        "lon": _("Bujur"),
        "description": _("Keterangan"),
        "answers": _("Jawaban"),
        "notes": _("Keterangan tambahan"),
        "photos": _("Foto"),
        "name": _("Nama"),
        "show_name": _("Nama ditampilkan"),
        "email": _("Surel"),
        "phone": _("Nomor ponsel"),
        "rating": _("Penilaian"),
        "rating_note": _("Catatan penilaian"),
        "page": _("Halaman pelapor"),
    }
    return DataSection("reports", _("Laporan kerusakan"), columns, [_line(report) for report in _reports(person)])


def _line(report: Report) -> dict[str, str | int | float | bool | datetime | None]:
    photos = session.scalar(select(func.count()).select_from(Photo).where(Photo.report_id == report.id)) or 0
    return {
        "number": report.number,
        "reported_at": report.reported_at,
        "category": report.category.title,
        "state": states.title(report.state),
        "severity": str(SEVERITIES.get(report.severity, report.severity)),
        "place": place_words(report),
        "lat": report.lat,
        "lon": report.lon,
        "description": report.description,
        "answers": "; ".join(f"{title} {text}" for title, text in shown(report.category.questions, report.answers)),
        "notes": "\n".join(note.note for note in _own_notes(report)),
        "photos": photos,
        "name": report.reporter_name,
        "show_name": report.show_name,
        "email": report.reporter_email,
        "phone": report.reporter_phone,
        "rating": report.rating,
        "rating_note": report.rating_note,
        "page": f"/infrastruktur/ikuti/{report.token}",
    }


def _supports_section(person: DataSubject) -> DataSection:
    columns = {"report": _("Laporan"), "at": _("Sejak"), "email": _("Surel"), "language": _("Bahasa")}
    query = select(Support, Report.number).join(Report, Support.report_id == Report.id).where(_supported_by(person))
    rows = [
        {"report": number, "at": support.at, "email": support.email, "language": support.language}
        for support, number in session.execute(query.order_by(Support.at))
    ]
    return DataSection("supports", _("Laporan yang didukung"), columns, rows)


def _officer_section(person: DataSubject) -> list[DataSection]:
    if person.id is None:
        return []
    count, first, last = session.execute(
        select(func.count(LogEntry.id), func.min(LogEntry.at), func.max(LogEntry.at)).where(LogEntry.by_id == person.id)
    ).one()
    if not count:
        return []
    columns = {"entries": _("Catatan"), "first": _("Pertama"), "last": _("Terakhir")}
    return [
        DataSection(
            "handled", _("Catatan sebagai petugas"), columns, [{"entries": count, "first": first, "last": last}]
        )
    ]


def _as_officer(person: DataSubject) -> list[Erased]:
    """What an officer did stays under the name that did it: it is an act of the office."""
    if person.id is None:
        return []
    count = session.scalar(select(func.count()).select_from(LogEntry).where(LogEntry.by_id == person.id)) or 0
    why = both("Catatan tindakan jabatan dalam pelayanan publik (UU 25/2009, UU 43/2009).")
    return [Erased(both("Catatan penanganan laporan sebagai petugas"), count, "kept", why)] if count else []


def _reports(person: DataSubject, *, lock: bool = False) -> Sequence[Report]:
    query = select(Report).where(_made_by(person)).order_by(Report.reported_at)
    return session.scalars(query.with_for_update() if lock else query).all()


def _made_by(person: DataSubject) -> ColumnElement[bool]:
    ways: list[ColumnElement[bool]] = []
    if person.id is not None:
        ways.append(Report.person_id == person.id)
        ways += [Report.email_key == email_key(person.email)] if person.email else []
    if person.phone and (key := phone_key(person.phone)):
        ways.append(Report.phone_key == key)
    return or_(false(), *ways)


def _supported_by(person: DataSubject) -> ColumnElement[bool]:
    if person.id is None:
        return false()
    same = [Support.email_key == email_key(person.email)] if person.email else []
    return or_(Support.person_id == person.id, *same)


def _end_supports(person: DataSubject) -> int:
    """Delete a person's supports, and count them no more."""
    ended = session.execute(delete(Support).where(_supported_by(person)).returning(Support.report_id)).all()
    for (report_id,) in ended:
        fewer = {"supports": func.greatest(Report.supports - 1, 0)}
        session.execute(update(Report).where(Report.id == report_id).values(**fewer))
    return len(ended)


def _own_notes(report: Report) -> Sequence[LogEntry]:
    query = select(LogEntry).where(
        LogEntry.report_id == report.id,
        LogEntry.kind == "note",
        LogEntry.by_id.is_(None),
        LogEntry.by_name == "",
        LogEntry.note_en == "",
    )
    return session.scalars(query.order_by(LogEntry.at)).all()


def _mask_notes(report: Report) -> None:
    for note in _own_notes(report):
        note.note = sensitive.masked(note.note)
