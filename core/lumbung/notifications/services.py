"""Telling a person something, and what they do with it: plain functions for plugins, pages and the nightly sweep."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.orm import Session

from lumbung.addresses import leads_here, local_path
from lumbung.bilingual import Bilingual
from lumbung.clock import utc_now
from lumbung.context import current_scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.identity.models import PersonRow
from lumbung.jobs import defer_mail
from lumbung.notifications.models import Notification

KEEP_READ = timedelta(days=90)
KEEP_ANY = timedelta(days=365)
LONGEST_TITLE = 200
LONGEST_TEXT = 2000
LONGEST_URL = 400


class UnknownPerson(LumbungError):
    """The tenant has no person of that id, so nobody was told."""


def notify(person_id: UUID, title: Bilingual, text: Bilingual, url: str, *, must_reach: bool = False) -> Notification:
    """Tell a person of the current tenant something, in the caller's own transaction.

    It waits for them in the portal, and is sent by e-mail if they want that and their account is open; what
    ``must_reach`` them (a new password, a breach of their data) is sent also when they want no mail. ``title`` is
    a few words, ``text`` a sentence or two, ``url`` the path on this host where they can act on it. Raises
    `UnknownPerson`, or `ValueError` for a text that is empty or too long or an address that leads elsewhere.
    """
    refuse_unusable(title, text, url)
    scope = current_scope()
    person = scope.session.get(PersonRow, (current_tenant().id, person_id))
    if person is None:
        raise UnknownPerson(f"{current_tenant().name} has no person with the id {person_id}; nobody was told.")
    told = Notification(
        person_id=person_id,
        plugin=scope.plugin,
        title=asdict(title),
        text=asdict(text),
        url=url,
        at=utc_now(),
        must_reach=must_reach,
    )
    scope.session.add(told)
    scope.session.flush()
    if person.active and (person.mail or must_reach):
        defer_mail(scope, told.id)
    return told


def list_query(person_id: UUID) -> Select[Notification]:
    """Return the query for what a person was told: unread first, then the newest."""
    return (
        select(Notification)
        .where(Notification.person_id == person_id)
        .order_by(Notification.read_at.is_not(None), Notification.at.desc(), Notification.id)
    )


def open_one(session: Session, person_id: UUID, notification_id: UUID) -> str | None:
    """Mark one of a person's notifications as read and return where it leads; None when they have no such one."""
    told = session.scalar(
        select(Notification).where(Notification.id == notification_id, Notification.person_id == person_id)
    )
    if told is None:
        return None
    told.read_at = told.read_at or utc_now()
    return local_path(told.url)


def read_all(session: Session, person_id: UUID) -> int:
    """Mark everything a person was told as read; return how many were not."""
    marked = session.execute(
        update(Notification)
        .where(Notification.person_id == person_id, Notification.read_at.is_(None))
        .values(read_at=utc_now())
        .returning(Notification.id)
    )
    return len(marked.all())


def sweep(session: Session) -> int:
    """Delete what was read 90 days ago, and everything a year old; return how many. Run nightly."""
    now = utc_now()
    old = or_(Notification.read_at < now - KEEP_READ, Notification.at < now - KEEP_ANY)
    return len(session.execute(delete(Notification).where(old).returning(Notification.id)).all())


def refuse_unusable(title: Bilingual, text: Bilingual, url: str) -> None:
    """Raise `ValueError` for a message with an empty or endless text, or that leads elsewhere."""
    for words, longest in ((title, LONGEST_TITLE), (text, LONGEST_TEXT)):
        if not isinstance(words, Bilingual):
            raise TypeError(f"A notification is told in both languages, as `both` makes them; this is {words!r}.")
        if not all(0 < len(one.strip()) <= longest for one in (words.id, words.en)):
            raise ValueError(f"A notification's title or text has 1 to {longest} letters: {words.id[:60]!r}.")
    if len(url) > LONGEST_URL or not leads_here(url):
        raise ValueError(f"A notification leads to a path on this host, such as /antrean/; not to {url!r}.")
