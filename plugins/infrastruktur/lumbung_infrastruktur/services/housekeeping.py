"""What runs by the clock: late reports go up, finished ones that nobody objects to are closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy import select

from lumbung.sdk import now, session, setting

from ..models import LogEntry, Report
from ..rules.states import State
from . import ending
from .escalating import escalate

AT_ONCE = 2000


def jobs() -> Mapping[str, Callable[..., None]]:
    """Return the jobs by name."""
    from . import media, sources

    return {
        "keep_time": keep_time,
        "fetch_sources": sources.fetch_all,
        "fetch_source": sources.fetch_source,
        "read_source": sources.read_source,
        "fetch_media": media.fetch_media,
        "order_planned_work": _order_planned_work,
    }


def keep_time() -> None:
    """Each morning. Harmless to do twice, and a morning that is missed is made up for by the next."""
    escalate()
    close_silent()


def close_silent() -> int:
    """Close what was finished long ago without a word of its reporter since; return how many.

    A note or a photo of the reporter is a word: from there the days are counted anew.
    """
    before = now() - timedelta(days=int(setting("close_after_days")))
    spoke = (
        select(LogEntry.id)
        .where(
            LogEntry.report_id == Report.id,
            LogEntry.at > before,
            LogEntry.kind.in_(("note", "photo")),
            LogEntry.by_name == "",
            LogEntry.internal.is_(False),
        )
        .exists()
    )
    silent = session.scalars(
        select(Report)
        .where(Report.state == State.DONE, Report.finished_at <= before, ~spoke)
        .order_by(Report.finished_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    for report in silent:
        ending.close(report, silence=True)
    return len(silent)


def _order_planned_work() -> None:
    from .plans import order_due

    order_due()
