"""The error budget: a plugin that fails too often is suspended for everyone, until an operator lifts it.

Faults of the last minutes are weighed: those that end a process or hold a thread for good weigh more. What one visitor
meets counts for at most half of the budget, so that nobody alone closes a service for everybody by asking for a broken
page again and again. See ``docs/decisions/0027-error-budget.md``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, literal, null, select, text, update
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.orm import Session

from lumbung.clock import utc_now
from lumbung.errors import LumbungError, Sentence
from lumbung.registry.models import FaultRow, PluginRow, SuspensionRow
from lumbung.registry.state import bump
from lumbung.settings import Settings

SAME_IN_A_MINUTE = 5  # of one fault count, however often it came
WEIGHTS = {"killed": 5, "stuck": 5, "leak": 5, "memory": 2}
FOR_ALL = frozenset({"open", "killed", "stuck", "leak"})  # whoever met it, it is everybody's trouble
NOT_HELD_AGAINST = frozenset({"mail", "anchor"})
PLATFORM = "-"
# What `lumbung.jobs.put_off` puts off names the plugin it waits for.
BRING_FORWARD = text(
    "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo' AND args ->> 'put_off' = :plugin"
)


@dataclass(frozen=True)
class Group:
    """The same fault, met several times. ``reference`` is in the message of the latest, where it has one."""

    kind: str
    place: str
    message: str
    count: int
    first: datetime
    last: datetime


def hold_against(session: Session, settings: Settings, plugin: str) -> Sentence | None:
    """Suspend a plugin whose budget is spent; return why, None when it stays open or is suspended already.

    Two workers may come here at once: one of them suspends it.
    """
    if plugin == PLATFORM or not settings.fault_budget:
        return None
    window = timedelta(minutes=settings.fault_window_minutes)
    since = max(utc_now() - window, _last_lifted(session, plugin))
    points, count = spent(session, settings.fault_budget, plugin, since)
    if points < settings.fault_budget:
        return None
    worst = grouped(session, plugin, since, limit=1)[0]
    reason = Sentence(
        "It failed %(count)s times in %(minutes)s minutes, most often at %(place)s.",
        count=count,
        minutes=settings.fault_window_minutes,
        place=worst.place,
    )
    return reason if suspend(session, plugin, reason, faults=count) else None


def suspend(session: Session, plugin: str, reason: Sentence, *, by: str | None = None, faults: int = 0) -> bool:
    """Close an installed plugin for everyone; False when it was closed already, or is not installed.

    ``by`` is who did it, None for the platform itself.
    """
    values = (literal(utc_now()), literal(reason.as_json()), literal(faults), literal(by[:160]) if by else null())
    installed = select(PluginRow.name, *values).where(
        PluginRow.name == plugin, PluginRow.state.in_(("installed", "upgrading"))
    )
    made = session.execute(
        insert(SuspensionRow)
        .from_select(["plugin", "since", "reason", "faults", "by"], installed)
        .on_conflict_do_nothing(index_elements=["plugin"], index_where=SuspensionRow.lifted_at.is_(None))
        .returning(SuspensionRow.id)
    ).first()
    if made:
        bump(session)
    return made is not None


def lift(session: Session, plugin: str, by: str) -> bool:
    """Open a suspended plugin again, with a new budget; False when it was not suspended. Who calls it audits it.

    Jobs and events that were put off meanwhile become due at once.
    """
    lifted = session.execute(
        update(SuspensionRow)
        .where(SuspensionRow.plugin == plugin, SuspensionRow.lifted_at.is_(None))
        .values(lifted_at=utc_now(), lifted_by=by[:160])
        .returning(SuspensionRow.id)
    ).first()
    if lifted:
        session.execute(BRING_FORWARD, {"plugin": plugin})
        bump(session)
    return lifted is not None


def standing(session: Session, plugin: str) -> SuspensionRow | None:
    """Return the suspension a plugin is under, None when it is open."""
    return session.scalar(
        select(SuspensionRow).where(SuspensionRow.plugin == plugin, SuspensionRow.lifted_at.is_(None))
    )


def refuse_unsuspended(session: Session, plugin: str) -> SuspensionRow:
    """Return the suspension a plugin is under; raises `LumbungError` when it is open."""
    row = standing(session, plugin)
    if row is None:
        raise LumbungError("Plugin %(plugin)s is not suspended.", plugin=plugin)
    return row


def spent(session: Session, budget: int, plugin: str, since: datetime) -> tuple[int, int]:
    """Return what a plugin spent of its budget since then, and how many faults that were."""
    minute = func.date_trunc("minute", FaultRow.at).label("minute")
    rows = session.execute(
        select(FaultRow.kind, FaultRow.place, FaultRow.source, minute, func.count())
        .where(FaultRow.plugin == plugin, FaultRow.at > since, FaultRow.kind.not_in(NOT_HELD_AGAINST))
        .group_by(FaultRow.kind, FaultRow.place, FaultRow.source, minute)
    ).all()
    return _weighed(budget, [(kind, source, count) for kind, _place, source, _minute, count in rows])


def _weighed(budget: int, groups: Iterable[tuple[str, str | None, int]]) -> tuple[int, int]:
    for_all, total = 0, 0
    by_source: dict[str | None, int] = defaultdict(int)
    for kind, source, count in groups:
        total += count
        points = min(count, SAME_IN_A_MINUTE) * WEIGHTS.get(kind, 1)
        if kind in FOR_ALL:
            for_all += points
        else:
            by_source[source] += points
    return for_all + sum(min(points, budget // 2) for points in by_source.values()), total


def grouped(session: Session, plugin: str | None, since: datetime, *, limit: int = 20) -> Sequence[Group]:
    """Return the faults of a plugin (None: of all) since then, the same ones together, the most frequent first."""
    latest = func.array_agg(aggregate_order_by(FaultRow.message, FaultRow.id.desc()))[1]
    query = (
        select(FaultRow.kind, FaultRow.place, latest, func.count(), func.min(FaultRow.at), func.max(FaultRow.at))
        .where(FaultRow.at > since)
        .group_by(FaultRow.plugin, FaultRow.kind, FaultRow.place)
        .order_by(func.count().desc(), func.max(FaultRow.at).desc())
        .limit(limit)
    )
    if plugin is not None:
        query = query.where(FaultRow.plugin == plugin)
    return [Group(*row) for row in session.execute(query)]


def _last_lifted(session: Session, plugin: str) -> datetime:
    found = session.scalar(select(func.max(SuspensionRow.lifted_at)).where(SuspensionRow.plugin == plugin))
    return found or datetime.min.replace(tzinfo=utc_now().tzinfo)
