"""Writing, showing and ending announcements: plain functions for pages, the demo and tests.

Every change grows the generation, so that what each process remembers of them (`urgent_now`) is never old.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from lumbung import audit
from lumbung.announcements.models import DRAFT, ENDED, IMPORTANT, NOW, STATES, URGENT, Announcement
from lumbung.bilingual import LANGUAGES
from lumbung.clock import utc_now
from lumbung.context import Scope
from lumbung.registry.state import bump

MOST_URGENT = 3  # bars at once: more than that and none is read


@dataclass(frozen=True)
class Content:
    """All that is written of an announcement. Texts are by language; empty ones are not kept."""

    title: Mapping[str, str]
    text: Mapping[str, str]
    weight: str
    shown_from: datetime | None = None
    shown_until: datetime | None = None
    unit_id: UUID | None = None


@dataclass(frozen=True)
class Urgent:
    """What the bar on every page needs of an urgent announcement."""

    id: UUID
    title: Mapping[str, str]
    shown_from: datetime
    shown_until: datetime | None

    def title_in(self, language: str) -> str:
        """Return the title in a language; in Indonesian when it was not written in that one."""
        return self.title.get(language) or self.title["id"]


def visible() -> Select[Announcement]:
    """Return the query for what citizens may see at this moment, the newest first."""
    moment = utc_now()
    return (
        select(Announcement)
        .where(~Announcement.draft, Announcement.shown_from <= moment, _not_over(moment))
        .order_by(Announcement.shown_from.desc(), Announcement.id)
    )


def find_visible(session: Session, announcement_id: UUID) -> Announcement | None:
    """Return an announcement that citizens may see at this moment, None when there is none of that id."""
    return session.scalar(visible().where(Announcement.id == announcement_id))


def on_top(session: Session, most: int) -> Sequence[Announcement]:
    """Return the few that stand on the citizen's home: important ones first, then the newest."""
    first = case((Announcement.weight.in_((IMPORTANT, URGENT)), 0), else_=1)
    return session.scalars(visible().order_by(None).order_by(first, Announcement.shown_from.desc()).limit(most)).all()


def matching(session: Session, words: Sequence[str], most: int) -> Sequence[Announcement]:
    """Return what citizens may see and in whose title or text, in one language, all words occur."""
    query = visible()
    for word in words:
        parts = [
            column[language].astext.icontains(word, autoescape=True)
            for column in (Announcement.title, Announcement.text)
            for language in LANGUAGES
        ]
        query = query.where(or_(*parts))
    return session.scalars(query.limit(most)).all()


def urgent_now(scope: Scope) -> list[Urgent]:
    """Return the urgent announcements of the scope's tenant at this moment, the newest first, three at most.

    Every citizen's page asks. They are read once a generation and process, those still to come too; after that
    the clock alone decides, without a query.
    """
    tenant = scope.tenant
    if tenant is None:
        return []
    known = scope.kernel.snapshot().remember(("urgent", tenant.id), lambda: _read_urgent(scope, tenant.id))
    moment = utc_now()
    return [one for one in known if one.shown_from <= moment and (one.shown_until is None or one.shown_until > moment)][
        :MOST_URGENT
    ]


def add(session: Session, content: Content, *, by: str, draft: bool) -> Announcement:
    """Write an announcement, as a draft or to be shown; without a beginning it is shown from this moment."""
    row = Announcement(written_by=by[:160], written_at=utc_now(), draft=True)
    _fill(row, content, draft=draft)
    session.add(row)
    session.flush()
    _note(session, "announcement.add", row, draft=draft)
    return row


def change(session: Session, row: Announcement, content: Content, *, draft: bool) -> None:
    """Write an announcement anew. One that was shown already never becomes a draft again."""
    published = row.draft and not draft
    _fill(row, content, draft=draft and row.draft)
    session.flush()
    _note(session, "announcement.publish" if published else "announcement.change", row)


def end(session: Session, row: Announcement) -> bool:
    """Stop showing an announcement from this moment on; False when it is not shown now."""
    if row.state != NOW:
        return False
    row.shown_until = utc_now()
    session.flush()
    _note(session, "announcement.end", row)
    return True


def delete(session: Session, row: Announcement) -> None:
    """Remove an announcement for good; the trail keeps its title."""
    session.delete(row)
    session.flush()
    _note(session, "announcement.delete", row)


def states(state: str) -> ColumnElement[bool]:
    """Return the condition that finds announcements of one state, as `Announcement.state` tells it."""
    moment = utc_now()
    if state == DRAFT:
        return Announcement.draft.is_(True)
    if state == ENDED:
        return ~Announcement.draft & (Announcement.shown_until <= moment)
    begun = Announcement.shown_from <= moment if state == NOW else Announcement.shown_from > moment
    return ~Announcement.draft & begun & _not_over(moment)


def counts(session: Session) -> dict[str, int]:
    """Return how many announcements are in each state at this moment."""
    figures = [func.count().filter(states(state)) for state in STATES]
    return dict(zip(STATES, session.execute(select(*figures)).one(), strict=True))


def _not_over(moment: datetime) -> ColumnElement[bool]:
    return or_(Announcement.shown_until.is_(None), Announcement.shown_until > moment)


def _fill(row: Announcement, content: Content, *, draft: bool) -> None:
    row.title = {language: text for language, text in content.title.items() if text}
    row.text = {language: text for language, text in content.text.items() if text}
    row.weight = content.weight
    row.draft = draft
    row.shown_from = content.shown_from if draft or content.shown_from else utc_now()
    row.shown_until = content.shown_until
    row.unit_id = content.unit_id


def _read_urgent(scope: Scope, tenant_id: int) -> list[Urgent]:
    """In a transaction of its own: what the page at hand has not committed must not be remembered."""
    moment = utc_now()
    query = (
        select(Announcement)
        .where(~Announcement.draft, Announcement.weight == URGENT, _not_over(moment))
        .order_by(Announcement.shown_from.desc(), Announcement.id)
    )
    with scope.database.new_session(tenant_id) as aside:
        return [
            Urgent(row.id, row.title, row.shown_from, row.shown_until)
            for row in aside.scalars(query)
            if row.shown_from is not None
        ]


def _note(session: Session, action: str, row: Announcement, **detail: object) -> None:
    audit.record(action, row.title["id"], about=row.id, **detail)
    bump(session)
