"""The one door through which a report comes into being, whoever sends it: the page, an officer, a program, an event."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from lumbung.sdk import DomainError, Picture, audit, current_tenant, find_region, now, session, setting

from ..models import LONGEST_TEXT, Category, Photo, Report
from ..rules import answers
from ..rules.contacts import checked_email, checked_phone, email_key, phone_key
from ..rules.kinds import CHANNELS, SEVERITIES
from ..rules.states import OPEN, State
from ..words import _, both
from . import clock, events, history, routing, telling
from .numbering import next_number
from .where import Where, found_place

MOST_PHOTOS = 12
LONGEST_NAME = 120


@dataclass(frozen=True)
class Reporter:
    """Who reports; all of it may be empty."""

    name: str = ""
    email: str = ""
    phone: str = ""
    person_id: UUID | None = None
    show_name: bool = False


@dataclass(frozen=True)
class NewReport:
    """What somebody reports. ``source_key`` is the sender's own key: with the same one it counts once.

    ``place_from`` is map, gps, photo, village, address or asset. ``photos_follow`` when they are sent later.
    """

    category: Category
    description: str = ""
    lat: float | None = None
    lon: float | None = None
    accuracy_m: int | None = None
    place_from: str = "map"
    village_code: str = ""
    address: str = ""
    asset_id: UUID | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    photos: Sequence[Picture] = ()
    photos_follow: bool = False
    severity: str = "sedang"
    reporter: Reporter = Reporter()
    channel: str = "web"
    language: str = "id"
    source_key: str | None = None
    reported_at: datetime | None = None


def make_report(new: NewReport) -> Report:
    """Make a report, or return the one that came with the same ``source_key`` before. Raises `DomainError`.

    It gets a number, the regions of its place, a proposal of who answers for it, a last day, and a line in its log; its
    reporter is sent the link to their page, and the house is told by ``infrastruktur.reported``.
    """
    if (known := _known(new.source_key)) is not None:
        return known
    report = _written(new, found_place(new))
    session.add(report)
    session.flush()
    session.add_all(_photos(report, new.photos))
    routing.propose(report)
    history.note(report, "made", both("Laporan dibuat."), to_state=State.NEW, by_citizen=new.channel != "officer")
    report.updated_at = report.reported_at if new.reported_at else report.updated_at
    audit("infrastruktur.report.make", report.number, about=report.id, channel=report.channel)
    session.flush()
    telling.made(report)
    events.tell("reported", report)
    return report


def same_photo(category: Category, photos: Sequence[Picture]) -> Report | None:
    """Return an open report of the same category that holds one of these very photos, None when there is none."""
    if not photos:
        return None
    return session.scalars(
        select(Report)
        .join(Photo, Photo.report_id == Report.id)
        .where(
            Photo.sha256.in_([photo.sha256 for photo in photos]),
            Report.category_id == category.id,
            Report.state.in_(sorted(OPEN)),
        )
        .order_by(Report.reported_at)
        .limit(1)
    ).first()


def by_source(source_key: str) -> Report | None:
    """Return the report that came with a key, None when none did."""
    return session.scalar(select(Report).where(Report.source_key == source_key))


def photo_of(picture: Picture, *, kind: str, position: int, shown: bool) -> Photo:
    """A picture as it is kept."""
    return Photo(
        kind=kind,
        content=picture.content,
        thumbnail=picture.thumbnail,
        width=picture.width,
        height=picture.height,
        sha256=picture.sha256,
        taken_at=picture.taken_at,
        added_at=now(),
        shown=shown,
        position=position,
    )


def _known(source_key: str | None) -> Report | None:
    """The report of a key; a twin that comes at the same moment waits here for the first."""
    if source_key is None:
        return None
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(source_key, current_tenant().id))))
    return by_source(source_key)


def _written(new: NewReport, place: Where) -> Report:
    _refuse_unusable(new)
    moment = new.reported_at or now()
    who = new.reporter
    email, phone = checked_email(who.email) or None, checked_phone(who.phone) or None
    name = " ".join(who.name.replace("\x00", "").split())[:LONGEST_NAME]
    return Report(
        category=new.category,
        category_id=new.category.id,
        person_id=who.person_id,
        asset_id=new.asset_id,
        token=secrets.token_urlsafe(24),
        visibility="held" if setting("hold_new") else "public",
        severity=new.severity,
        channel=new.channel,
        source_key=new.source_key,
        language=new.language if new.language in ("id", "en") else "id",
        description=new.description.replace("\x00", "").strip(),
        answers=_answers(new),
        reporter_name=name,
        reporter_email=email,
        reporter_phone=phone,
        email_key=email_key(email),
        phone_key=phone_key(phone),
        pseudonym=pseudonym(place.village_code, place.district_code),
        show_name=who.show_name and bool(name),
        reported_at=moment,
        updated_at=moment,
        due_on=clock.due_on(new.category, clock.local_day(moment)),
        supports=0,
        escalation=0,
        reopened=0,
        number=next_number("laporan", clock.local_day(moment).year),  # last: whoever holds the series is not refused
        **vars(place),
    )


def _refuse_unusable(new: NewReport) -> None:
    """Refuse what no place and no answer can mend."""
    category = new.category
    if not category.open and new.channel != "import":
        raise DomainError(_("%(category)s tidak dapat dilaporkan di sini lagi.", category=category.title))
    if len(new.description) > LONGEST_TEXT:
        raise DomainError(
            _(
                "Keterangannya %(count)s huruf; paling banyak %(longest)s.",
                count=len(new.description),
                longest=LONGEST_TEXT,
            )
        )
    if new.severity not in SEVERITIES or new.channel not in CHANNELS:
        raise DomainError(_("Tingkat keparahan itu tidak ada."))
    if category.needs_photo and not new.photos and not new.photos_follow and new.channel in ("web", "open311"):
        raise DomainError(_("Sertakan foto: %(category)s dinilai dari fotonya.", category=category.title))
    if len(new.photos) > MOST_PHOTOS:
        raise DomainError(_("Paling banyak %(most)s foto.", most=MOST_PHOTOS))


def _answers(new: NewReport) -> dict[str, Any]:
    """The answers as they are kept. Who takes over what others were told cannot ask our questions."""
    if new.channel in ("import", "event") and not new.answers:
        return {}
    return answers.checked(new.category.questions, new.answers, now().tzinfo)


def _photos(report: Report, pictures: Sequence[Picture]) -> list[Photo]:
    """The pictures of a report, each once."""
    each = {picture.sha256: picture for picture in pictures}
    shown = setting("publish_photos") == "at_once"
    photos = [
        photo_of(picture, kind="report", position=place, shown=shown) for place, picture in enumerate(each.values())
    ]
    for photo in photos:
        photo.report_id = report.id
    return photos


def pseudonym(village_code: str, district_code: str) -> str:
    """What a reporter is called in public: somebody of a village, of a district, or of the region."""
    found = find_region(village_code or district_code) if village_code or district_code else None
    return f"Warga {found.name if found else current_tenant().name}"[:80]
