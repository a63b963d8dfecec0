"""Ten months of reports, written down as they would stand today: the same every time, whenever it is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from sqlalchemy import select

from lumbung.sdk import Demo, now, session

from ..models import Category, Destination, LogEntry, Report
from ..rules.states import State
from ..services import clock
from ..services.numbering import next_number
from .orders import finish_work, order_work
from .places import somewhere

REPORTS = 240
DAYS = 300
STILL_OPEN = timedelta(days=40)  # older ones have come to their end
S = State

# Ways that reports went, how often, and hours between the steps.
WAYS: tuple[tuple[int, tuple[tuple[State, int], ...]], ...] = (
    (46, ((S.VERIFIED, 8), (S.ROUTED, 6), (S.WORKING, 90), (S.DONE, 60), (S.CLOSED, 240))),
    (14, ((S.VERIFIED, 20), (S.ROUTED, 24), (S.WORKING, 300), (S.DONE, 200), (S.CLOSED, 90))),
    (10, ((S.VERIFIED, 10), (S.ROUTED, 10))),
    (8, ((S.VERIFIED, 6), (S.ROUTED, 8), (S.WORKING, 60))),
    (6, ((S.VERIFIED, 30), (S.ELSEWHERE, 5))),
    (5, ((S.REFUSED, 14),)),
    (5, ((S.VERIFIED, 12), (S.ROUTED, 12), (S.POSTPONED, 100))),
    (3, ((S.VERIFIED, 8), (S.ROUTED, 8), (S.WORKING, 70), (S.DONE, 50), (S.REOPENED, 30))),
    (3, ()),
)
TEXTS: dict[str, Sequence[str]] = {
    "jalan": ("Lubang dalam, sudah dua motor jatuh.", "Aspal mengelupas sepanjang jalan.", "Bahu jalan longsor."),
    "jembatan": ("Pelat jembatan berlubang.", "Pagar jembatan hilang sebagian."),
    "drainase": ("Saluran mampet, air naik ke jalan setiap hujan.", "Tutup saluran pecah."),
    "irigasi": ("Tanggul saluran irigasi jebol.", "Pintu air tidak dapat ditutup."),
    "pju": ("Lampu jalan mati sudah seminggu.", "Tiang lampu miring hampir roboh."),
    "rambu": ("Rambu tertutup pohon.", "Marka jalan sudah tidak terlihat."),
    "pohon": ("Pohon tumbang menutup jalan.", "Dahan kering menggantung di atas jalan."),
    "air_bersih": ("Pipa bocor, air terbuang terus.",),
    "bangunan": ("Atap halte bocor.",),
    "lain": ("Fasilitas umum rusak.",),
}


def fill_history(demo: Demo) -> None:
    """Write the reports, the oldest first so that numbers go up with the days."""
    chance = Random(2026)  # noqa: S311
    categories = session.scalars(select(Category).order_by(Category.position, Category.code)).all()
    outside = session.scalar(select(Destination).where(Destination.authority == "nasional"))
    moments = sorted(now() - timedelta(days=chance.uniform(0.4, DAYS)) for _ in range(REPORTS))
    often = [6 if one.group in ("jalan", "pju") else 2 for one in categories]
    for at in moments:
        _report(chance.choices(categories, weights=often)[0], at, chance, outside)
    session.flush()


def _report(category: Category, at: datetime, chance: Random, outside: Destination | None) -> None:
    lat, lon, village = somewhere(chance)
    ways = WAYS if now() - at < STILL_OPEN else WAYS[:2] + WAYS[4:7]
    way = chance.choices([steps for _, steps in ways], weights=[often for often, _ in ways])[0]
    report = Report(
        category_id=category.id,
        unit_id=category.unit_id,
        number=next_number("laporan", at.year),
        token=f"{chance.getrandbits(128):032x}",
        authority="kabupaten",
        severity=chance.choices(("ringan", "sedang", "berat", "darurat"), weights=(3, 5, 3, 1))[0],
        lat=lat,
        lon=lon,
        place_from="gps",
        village_code=village,
        district_code=village[:8],
        description=chance.choice(TEXTS[category.group]),
        pseudonym="Warga",
        reported_at=at,
        updated_at=at,
        due_on=clock.due_on(category, at.date()),
        supports=chance.choice((0, 0, 0, 1, 1, 2, 3, 7)),
    )
    session.add(report)
    session.flush()
    _log(report, at, "made", "", S.NEW)
    for state, when in _steps(way, at, chance):
        _step(report, state, when, outside, chance)


def _steps(way: tuple[tuple[State, int], ...], at: datetime, chance: Random) -> Iterator[tuple[State, datetime]]:
    """The steps that have come by today."""
    for state, hours in way:
        at += timedelta(hours=hours * chance.uniform(0.5, 1.6))
        if at >= now():
            return
        yield state, at


def _step(report: Report, state: State, at: datetime, outside: Destination | None, chance: Random) -> None:
    before = report.state
    report.state, report.updated_at = str(state), at
    report.answered_at = report.answered_at or at
    if state == S.VERIFIED:
        report.verified_at = at
    elif state == S.ROUTED:
        report.routed_at = at
    elif state == S.WORKING:
        report.started_at = at
        order_work(report, at, chance)
    elif state == S.DONE:
        report.finished_at, report.state_note = at, "Sudah diperbaiki."
        finish_work(report, at)
    elif state == S.CLOSED:
        report.closed_at = at
        if chance.random() < 0.6:
            report.rating = chance.choices((5, 4, 3, 2, 1), weights=(5, 6, 3, 1, 1))[0]
    elif state == S.ELSEWHERE and outside:
        report.authority, report.destination_id, report.forwarded_to = "nasional", outside.id, outside.name
        report.closed_at = at
    elif state == S.REFUSED:
        report.closed_at, report.state_note = at, "Tempatnya tidak ditemukan petugas."
    elif state == S.POSTPONED:
        report.planned_quarter = f"{at.year + 1}-Q1"
    elif state == S.REOPENED:
        report.reopened, report.finished_at = 1, None
        report.due_on = clock.due_on(report.category, at.date())
    _log(report, at, "state", before, state, note=report.state_note)


def _log(report: Report, at: datetime, kind: str, before: str, after: str, note: str = "") -> None:
    by: UUID | None = None
    session.add(
        LogEntry(
            report_id=report.id,
            by_id=by,
            at=at,
            kind=kind,
            from_state=str(before),
            to_state=str(after),
            note=note,
            by_name="" if kind == "made" else "Petugas",
        )
    )
