"""What waits for an officer, in the units they answer for and work in now: three questions to the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from lumbung.sdk import DeskTask, Person, current_units, now, session, today, within

from ..models import Crew, Report, WorkOrder
from ..rules.states import OPEN, State
from ..words import _, on
from . import clock

VERIFY, WORK, FIELD = "infrastruktur.verify", "infrastruktur.work", "infrastruktur.field"
INBOX = "/infrastruktur/petugas/laporan"
LOW = 2  # stars
LOW_FOR = timedelta(days=7)
WORKABLE = ("issued", "working")


@dataclass(frozen=True)
class _Figures:
    """Counts of reports; each only of the units in which the person may do something about it."""

    new: int
    new_since: datetime | None
    unanswered: int
    to_route: int
    late: int
    late_since: date | None
    reopened: int
    to_start: int


def tasks_of(person: Person) -> Sequence[DeskTask]:
    """What waits for this person: reports to check, to answer, to mend; work in the field."""
    found: list[DeskTask] = []
    if person.can(VERIFY) or person.can(WORK):
        found += [*_reports(_figures()), *_rated_low()]
    if person.can(WORK) or person.can(FIELD):
        found += _work(person)
    return found


def _figures() -> _Figures:
    verify, work = within(VERIFY, Report.unit_id), within(WORK, Report.unit_id)
    new = and_(verify, Report.state == State.NEW)
    late = and_(work, clock.late_condition(today()))
    row = session.execute(
        select(
            _count(new),
            func.min(Report.reported_at).filter(new),
            _count(and_(verify, clock.unanswered_condition(today()))),
            _count(and_(verify, Report.state == State.VERIFIED)),
            _count(late),
            func.min(Report.due_on).filter(late),
            _count(and_(work, Report.state == State.REOPENED)),
            _count(and_(work, Report.state == State.ROUTED)),
        ).where(Report.state.in_(sorted(OPEN)), or_(verify, work), *_here(Report.unit_id))
    ).one()
    return _Figures(*row)


def _reports(figures: _Figures) -> Iterator[DeskTask]:
    if figures.unanswered:
        yield DeskTask(
            _("Laporan yang belum dijawab"),
            _("Batas jawaban pertama sudah lewat."),
            f"{INBOX}?perlu=belum-dijawab",
            count=figures.unanswered,
            tone="gawat",
            icon="clock",
        )
    if figures.new and figures.new_since:
        yield DeskTask(
            _("Laporan baru untuk diperiksa"),
            _("Yang paling lama masuk %(day)s.", day=on(clock.local_day(figures.new_since))),
            f"{INBOX}?perlu=baru",
            count=figures.new,
            tone="padi",
            icon="inbox",
        )
    if figures.to_route:
        text = _("Sudah diperiksa; tentukan unit yang menangani.")
        yield DeskTask(_("Laporan untuk didisposisi"), text, f"{INBOX}?perlu=menunggu", count=figures.to_route)
    if figures.reopened:
        yield DeskTask(
            _("Laporan yang dibuka kembali"),
            _("Pelapor mengatakan kerusakannya belum beres."),
            f"{INBOX}?perlu=dibuka-kembali",
            count=figures.reopened,
            tone="gawat",
            icon="refresh",
        )
    if figures.late and figures.late_since:
        yield DeskTask(
            _("Laporan lewat batas waktu"),
            _("Yang paling lama seharusnya selesai %(day)s.", day=on(figures.late_since)),
            f"{INBOX}?perlu=lewat-sla",
            count=figures.late,
            tone="gawat",
            icon="alert-triangle",
        )
    if figures.to_start:
        text = _("Sudah didisposisi, belum mulai dikerjakan.")
        yield DeskTask(_("Laporan untuk unit Anda"), text, f"{INBOX}?perlu=menunggu", count=figures.to_start)


def _rated_low() -> Iterator[DeskTask]:
    """Repairs of the last days that their reporters were not content with."""
    low = (Report.closed_at >= now() - LOW_FOR, Report.rating <= LOW, within(WORK, Report.unit_id))
    rows = session.execute(
        select(Report.id, Report.number).where(*low, *_here(Report.unit_id)).order_by(Report.closed_at.desc()).limit(50)
    ).all()
    if rows:
        yield DeskTask(
            _("Perbaikan yang dinilai kurang"),
            _("Minggu ini, terakhir %(number)s. Baca penilaiannya dan periksa hasilnya.", number=rows[0].number),
            f"{INBOX}/{rows[0].id}",
            count=len(rows),
            tone="padi",
            icon="star",
        )


def _work(person: Person) -> Iterator[DeskTask]:
    """Orders of the crews that the person leads, and of their units those whose day has passed."""
    leads = exists().where(Crew.id == WorkOrder.crew_id, Crew.leader_id == person.id)
    overdue = and_(within(WORK, WorkOrder.unit_id), WorkOrder.planned_on < today(), *_here(WorkOrder.unit_id))
    mine, late = session.execute(select(_count(leads), _count(overdue)).where(WorkOrder.state.in_(WORKABLE))).one()
    if mine:
        text = _("Perintah kerja untuk regu Anda.")
        yield DeskTask(_("Pekerjaan di lapangan"), text, "/infrastruktur/lapangan", count=mine, icon="tool")
    if late:
        yield DeskTask(
            _("Perintah kerja lewat hari rencana"),
            _("Mulai, jadwalkan lagi, atau batalkan."),
            "/infrastruktur/petugas/pekerjaan",
            count=late,
            tone="padi",
            icon="tool",
        )


def _here(column: InstrumentedAttribute[UUID | None]) -> list[ColumnElement[bool]]:
    chosen = current_units()
    return [] if chosen is None else [column.in_(chosen)]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)
