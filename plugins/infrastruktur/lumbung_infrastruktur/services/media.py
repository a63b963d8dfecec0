"""Photos that another server holds (media_url): fetched in a job, so that nobody waits for it, and drawn anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, select

from lumbung.sdk import (
    Bilingual,
    DomainError,
    OutgoingFailed,
    OutgoingRefused,
    Picture,
    Reply,
    ask_outside,
    defer,
    find,
    read_picture,
    session,
    setting,
)

from ..models import Photo, Report
from ..words import _, both
from . import history
from .moving import hold
from .reporting import photo_of

MOST = 5  # photos of a report that come by an address
LONGEST_URL = 1000
LARGEST = 15 * 1024 * 1024  # bytes
SECONDS = 20.0
AGAIN_AFTER = (timedelta(minutes=5), timedelta(hours=2))  # a server that does not answer is asked twice more


class Unanswered(Exception):
    """The other server cannot answer now, and may later."""


def usable(urls: Iterable[str]) -> list[str]:
    """Return the addresses that may be asked, each once: https, and not absurdly long. The rest is left out."""
    found = dict.fromkeys(url for url in urls if url.startswith("https://") and len(url) <= LONGEST_URL)
    return list(found)[:MOST]


def fetch_later(report: Report, urls: Iterable[str]) -> None:
    """Have photos fetched in the background, if this transaction is kept."""
    for url in usable(urls):
        defer("fetch_media", {"report": str(report.id), "url": url})


def fetch_media(report: str, url: str, tried: int = 0) -> None:
    """Fetch one photo of a report; officers read in its log when that cannot be done. A job."""
    row = find(Report, UUID(report))
    if row is None or _count(row) >= MOST:
        return
    try:
        picture = read_picture(_content(url))
        row = hold(row)
    except (OutgoingFailed, Unanswered):
        if tried < len(AGAIN_AFTER):
            again = {"report": report, "url": url, "tried": tried + 1}
            defer("fetch_media", again, delay=AGAIN_AFTER[tried])
        else:
            _note(row, both("Foto di %(host)s tidak dapat diambil: servernya tidak menjawab.", host=_host(url)))
    except OutgoingRefused:
        _note(row, both("Foto di %(host)s tidak diambil: alamatnya tidak boleh ditanya.", host=_host(url)))
    except DomainError as refusal:
        _note(row, both("Foto di %(host)s tidak dapat dipakai: %(why)s", host=_host(url), why=str(refusal)))
    else:
        add(row, picture)


def add(report: Report, picture: Picture) -> Photo | None:
    """Add a photo to a report, shown as the office decided; None when the very same is there already."""
    same = select(Photo.id).where(Photo.report_id == report.id, Photo.sha256 == picture.sha256)
    if session.scalar(same) is not None:
        return None
    policy = setting("publish_photos")
    shown = policy == "at_once" or (policy == "verified" and report.verified_at is not None)
    photo = photo_of(picture, kind="report", position=_count(report), shown=shown)
    photo.report_id = report.id
    session.add(photo)
    history.note(report, "photo", both("Foto pelapor ditambahkan dari aplikasi pengirim."))
    return photo


def _content(url: str) -> bytes:
    reply: Reply = ask_outside(url, headers={"Accept": "image/*"}, largest=LARGEST, seconds=SECONDS)
    if reply.status == 429 or reply.status >= 500:
        raise Unanswered
    if reply.status != 200:
        raise DomainError(_("HTTP %(status)s", status=reply.status))
    return reply.body


def _note(report: Report, words: Bilingual) -> None:
    history.note(report, "note", words, internal=True)


def _count(report: Report) -> int:
    return session.scalar(select(func.count(Photo.id)).where(Photo.report_id == report.id, Photo.kind == "report")) or 0


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "?")[:100]
    except ValueError:
        return "?"
