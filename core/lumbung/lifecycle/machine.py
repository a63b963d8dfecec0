"""Operations on plugins: one at a time, step by step, each step written down, taken up again after a kill.

An operation is a row of ``lumbung_operation``. Its steps are done in order; each must be harmless to do again, since a
process may die between a step and the note that it was done. When a step raises, those before it that know how are
undone in reverse. Whoever carries one out holds a lock of the database that dies with its connection, so that an
operation without one is known to have been left behind::

    STEPS = [Step("unpack", unpack, undo=throw_away), Step("migrate", migrate)]
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from lumbung import presence
from lumbung.clock import utc_now
from lumbung.errors import LumbungError, Sentence
from lumbung.kernel import Kernel
from lumbung.migrate import as_migrator
from lumbung.registry.models import OperationRow

logger = logging.getLogger(__name__)

Tell = Callable[[str], None]

LOCK = 5_204_003  # pg_advisory_lock key: one operation at a time on a site
WAIT_ON_A_PAGE = "3s"  # for an operation that is under way, before a page refuses
OPEN = ("waiting", "running", "returning")


class Busy(LumbungError):
    """Another operation is under way; the message names it."""


class Unexpected(LumbungError):
    """A step failed in a way nobody foresaw; the log has the details, the message has not."""


def quietly(_step: str) -> None:
    """Tell nobody about a step."""


class Listener:
    """Hears how an operation goes. This one does nothing about it; a terminal's prints."""

    def begun(self, step: str) -> None:
        """A step begins; one that is undone is called ``undo <step>``."""

    def noted(self, words: Sentence) -> None:
        """The step at hand has something to say."""

    def progressed(self, done: int, total: int) -> None:
        """The step at hand has come so far."""

    def ended(self, step: str, state: str) -> None:
        """A step is ``done``, has ``failed`` or is ``undone``."""


class _Calls(Listener):
    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def begun(self, step: str) -> None:
        self._tell(step)


@dataclass(frozen=True)
class Step:
    """One step: ``do`` it, and, where there is something to take back, ``undo`` it. Both are harmless to repeat.

    ``undo`` is called for a step that was begun, whether or not it came to its end.
    """

    name: str
    do: Callable[[Work], None]
    undo: Callable[[Work], None] | None = None


@dataclass
class Work:
    """What a step is given: the operation, and what earlier steps found out (``facts``, plain JSON)."""

    kernel: Kernel
    id: UUID
    kind: str
    plugin: str | None
    argument: str | None
    by: str
    facts: dict[str, Any] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    listener: Listener = field(default_factory=Listener)

    @property
    def name(self) -> str:
        """The name of the plugin; by the time a step asks for it, it is known."""
        if self.plugin is None:
            raise LumbungError("The operation names no plugin.")
        return self.plugin

    def keep(self, **facts: Any) -> None:
        """Keep facts for later steps, and for whoever takes the operation up again."""
        self.facts.update(facts)
        self._save()

    def renew_code(self) -> None:
        """Have the web workers replaced, which may have imported another version; the job worker at the end.

        It may be the job worker that carries this operation out: replaced in the midst of it, its successor would
        take the operation up, ask for the same again, and so on for ever.
        """
        self.keep(renews=True)
        presence.renew_code(self.kernel.settings.home, "pages")

    def found(self, plugin: str) -> None:
        """Keep the name of the plugin, once it is known."""
        self.plugin = plugin
        self._save()

    def note(self, words: Sentence) -> None:
        """Say something under the step at hand, for the page and the terminal."""
        self.steps[-1]["note"] = words.as_json()
        self.listener.noted(words)
        self._save()

    def progress(self, done: int, total: int) -> None:
        """Say how far the step at hand is; a page shows it as a bar."""
        self.steps[-1]["progress"] = [done, total]
        self.listener.progressed(done, total)
        self._save()

    @contextmanager
    def migrator(self) -> Iterator[Session]:
        """Yield a session of the owner of the tables; it is committed when the block ends well."""
        with as_migrator(migrator_url(self.kernel)) as engine, Session(engine) as session, session.begin():
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """As `migrator`, for what speaks to a connection."""
        with as_migrator(migrator_url(self.kernel)) as engine, engine.begin() as connection:
            yield connection

    def _mark(self, step: str, state: str) -> None:
        """Write down that a step was ``begun``, ``done``, ``failed`` or ``undone``."""
        now = utc_now().isoformat()
        entry = next((one for one in self.steps if one["step"] == step), None)
        if entry is None:
            self.steps.append({"step": step, "at": now, "state": state})
        else:
            entry["state"] = state
            if state != "begun":
                entry["ended"] = now
                self.listener.ended(step, state)
        self._save()

    def _state_of(self, step: str) -> str | None:
        return next((str(one["state"]) for one in self.steps if one["step"] == step), None)

    def _save(self) -> None:
        with self.kernel.database.new_session(None) as session, session.begin():
            row = session.get_one(OperationRow, self.id)
            row.plugin, row.facts, row.steps = self.plugin, dict(self.facts), [dict(one) for one in self.steps]


Steps = Callable[[Work], Sequence[Step]]


def begin(
    kernel: Kernel, kind: str, *, plugin: str | None = None, argument: str | None = None, by: str, **facts: Any
) -> UUID:
    """Write down a new operation that this process carries out next, and return its id.

    It counts as running from here on: one whose process dies before the first step is taken up too.
    """
    with kernel.database.new_session(None) as session, session.begin():
        row = OperationRow(
            kind=kind, plugin=plugin, argument=argument, asked_by=by, state="running", steps=[], facts=facts
        )
        session.add(row)
        session.flush()
        return row.id


def carry_out(kernel: Kernel, operation: UUID, steps: Steps, *, tell: Tell | Listener = quietly) -> Work | None:
    """Do an operation, or go on with one that was left behind. Returns it, None when it had ended already.

    Call it under `alone`. A step that fails is undone with those before it; then its error is raised again, as
    `Unexpected` when it is none of ours. A process that is killed leaves the row as it is, for the next to go on.
    """
    work, state = _taken(kernel, operation, tell if isinstance(tell, Listener) else _Calls(tell))
    if work is None:
        return None
    planned: list[Step] = []
    if state != "returning":
        try:
            planned += steps(work)
            _forwards(work, planned)
        except Exception as error:
            reason = _reason(error, work)
            _set(kernel, operation, "returning", reason)
            _backwards(work, planned)
            _finish(work, "failed", reason)
            if isinstance(error, LumbungError):
                raise
            template = reason
            raise Unexpected(template) from error
        _finish(work, "done", None)
        return work
    _backwards(work, steps(work))
    _finish(work, "failed", None)
    return work


def _forwards(work: Work, steps: Sequence[Step]) -> None:
    for step in steps:
        if work._state_of(step.name) == "done":
            continue
        work._mark(step.name, "begun")
        work.listener.begun(step.name)
        try:
            step.do(work)
        except Exception:
            work._mark(step.name, "failed")
            raise
        work._mark(step.name, "done")


def _backwards(work: Work, steps: Sequence[Step]) -> None:
    for step in reversed(steps):
        state = work._state_of(step.name)
        if state in (None, "undone") or step.undo is None:
            continue
        work.listener.begun(f"undo {step.name}")
        try:
            step.undo(work)
        except Exception as error:
            logger.exception("operation %s: step %s could not be undone", work.id, step.name)
            reason = Sentence(
                "The way back failed at the step %(step)s: %(reason)s", step=step.name, reason=_reason(error, work)
            )
            _finish(work, "stuck", reason)
            template = reason
            raise LumbungError(template) from error
        if state == "done":
            work._mark(step.name, "undone")


def _reason(error: Exception, work: Work) -> Sentence:
    if isinstance(error, LumbungError):
        return error.sentence
    logger.error("operation %s (%s %s) failed", work.id, work.kind, work.plugin, exc_info=error)
    return Sentence("An unexpected fault; the log has the details.")


def left_behind(kernel: Kernel) -> list[UUID]:
    """Return the operations that somebody began and nobody ended, the oldest first. Call it under `alone`."""
    with kernel.database.new_session(None) as session:
        query = select(OperationRow.id).where(OperationRow.state.in_(("running", "returning")))
        return list(session.scalars(query.order_by(OperationRow.asked_at)))


@contextmanager
def alone(kernel: Kernel, *, wait: bool = True) -> Iterator[None]:
    """Be the only one on this site who carries out operations, for the length of a block.

    With ``wait`` another one is waited for; without, `Busy` is raised.
    """
    with as_migrator(migrator_url(kernel)) as engine, engine.connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        if wait:
            autocommit.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        elif not autocommit.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}).scalar():
            raise busy(kernel)
        try:
            yield
        finally:
            if not autocommit.closed and not autocommit.invalidated:
                autocommit.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})


def between_operations(kernel: Kernel, session: Session) -> None:
    """Let this transaction be one that no operation runs beside; raises `Busy` after a short wait."""
    session.execute(text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": WAIT_ON_A_PAGE})
    try:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != "55P03":
            raise
        session.rollback()
        raise busy(kernel) from None
    session.execute(text("SELECT set_config('lock_timeout', '0', true)"))


def busy(kernel: Kernel) -> Busy:
    """Return an error that names the operation under way."""
    with kernel.database.new_session(None) as session:
        query = select(OperationRow).where(OperationRow.state.in_(OPEN)).order_by(OperationRow.asked_at).limit(1)
        row = session.scalar(query)
    if row is None:
        return Busy("Another change to the plugins is under way; try again in a moment.")
    return Busy(
        "Another change is under way (%(kind)s of %(plugin)s, asked for by %(who)s); try again when it is done.",
        kind=row.kind,
        plugin=row.plugin or Sentence("a new plugin"),
        who=row.asked_by,
    )


def note_done(session: Session, kind: str, plugin: str, *, by: str, tenant_id: int | None, **facts: Any) -> None:
    """Write down an operation of one step that this very transaction does."""
    now = utc_now()
    step = {"step": kind, "at": now.isoformat(), "ended": now.isoformat(), "state": "done"}
    session.add(
        OperationRow(
            kind=kind,
            plugin=plugin,
            tenant_id=tenant_id,
            state="done",
            steps=[step],
            facts=facts,
            asked_by=by,
            begun_at=now,
            ended_at=now,
        )
    )


def migrator_url(kernel: Kernel) -> str:
    """Return how the owner of the tables connects; raises `LumbungError` in a process that may not know."""
    if kernel.migrator_url is None:
        raise LumbungError("This process may not change the schema; the job worker and the command line may.")
    return kernel.migrator_url


def _taken(kernel: Kernel, operation: UUID, listener: Listener) -> tuple[Work | None, str]:
    with kernel.database.new_session(None) as session, session.begin():
        row = session.scalar(select(OperationRow).where(OperationRow.id == operation).with_for_update())
        if row is None or row.state not in OPEN:
            return None, ""
        if row.state == "waiting":
            row.state = "running"
        row.begun_at = row.begun_at or utc_now()
        steps = [dict(one) for one in row.steps]
        work = Work(kernel, row.id, row.kind, row.plugin, row.argument, row.asked_by, dict(row.facts), steps, listener)
        kernel.state.forget()
        return work, row.state


def _set(kernel: Kernel, operation: UUID, state: str, reason: Sentence | None, ended: datetime | None = None) -> None:
    with kernel.database.new_session(None) as session, session.begin():
        row = session.get_one(OperationRow, operation)
        row.state = state
        row.message = reason.as_json() if reason else row.message
        row.ended_at = ended


def _finish(work: Work, state: str, reason: Sentence | None) -> None:
    _set(work.kernel, work.id, state, reason, utc_now())
    if work.facts.get("renews"):
        presence.renew_code(work.kernel.settings.home, "jobs")
