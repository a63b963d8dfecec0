"""Locks that somebody else holds: asked for again a few times, then given up with the name of who holds them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Connection, text

from lumbung.errors import LumbungError
from lumbung.lifecycle.layout import tables_in
from lumbung.lifecycle.machine import Work
from lumbung.lifecycle.tables import quoted
from lumbung.presence import is_served
from lumbung.registry.state import LOOK_EVERY

PAUSES = (0.5, 1.0, 2.0)  # seconds between attempts
PAUSES_ON_THE_WAY_BACK = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)  # by then the server ended every session of ours
LONGEST_WAIT = 1.5  # seconds for processes that serve the site to follow
_NOT_HAD = ("55P03", "40P01")  # lock_not_available, deadlock_detected

Result = TypeVar("Result")


def patiently(work: Work, act: Callable[[], Result], *, pauses: Sequence[float] | None = None) -> Result:
    """Do ``act`` and, when it fails because of somebody's lock, again after a pause.

    Raises `LumbungError` that names who holds the tables when the last attempt failed too; whatever else ``act``
    raises passes through.
    """
    for pause in (*(PAUSES if pauses is None else pauses), None):
        try:
            return act()
        except Exception as error:
            if not lock_not_had(error):
                raise
            if pause is None:
                raise LumbungError(
                    "The tables of %(plugin)s are in use by %(who)s; try again when that has ended.",
                    plugin=work.name,
                    who=_holders(work) or "somebody",
                ) from error
        time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def within(work: Work, act: Callable[[Connection], Result]) -> Callable[[], Result]:
    """Return ``act`` as a transaction of the owner's that waits for a lock no longer than the settings allow."""

    def do() -> Result:
        with work.connection() as connection:
            timeout = str(work.kernel.settings.lock_timeout_ms)
            connection.execute(text("SELECT set_config('lock_timeout', :timeout, true)"), {"timeout": timeout})
            return act(connection)

    return do


def lock_not_had(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, is that a lock could not be had."""
    while error is not None:
        if getattr(getattr(error, "orig", error), "sqlstate", None) in _NOT_HAD:
            return True
        error = error.__cause__
    return False


def let_others_follow(work: Work) -> None:
    """Wait until the processes that serve this home know what was just changed and writers of old are done.

    Nobody is waited for where nobody serves. What still writes after `LONGEST_WAIT` meets the locks.
    """
    if not is_served(work.kernel.settings.home):
        return
    begun = time.monotonic()
    time.sleep(LOOK_EVERY)  # no process knows less than this
    while time.monotonic() - begun < LONGEST_WAIT:
        with work.connection() as connection:
            if not list(_holding(connection, work.name, writing=True)):
                return
        time.sleep(0.05)


def _holders(work: Work) -> list[str]:
    with work.connection() as connection:
        return list(dict.fromkeys(_holding(connection, work.name)))


def _holding(connection: Connection, plugin: str, *, writing: bool = False) -> Iterator[str]:
    """Yield who has locks on a plugin's tables: the name a program gave itself, its role and since when."""
    tables = [quoted(connection, one) for one in tables_in(connection, plugin)]
    rows = connection.execute(
        text(
            "SELECT coalesce(nullif(a.application_name, ''), '?'), a.usename, l.pid, "
            "coalesce(extract(epoch FROM now() - a.xact_start)::int, 0) "
            "FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            "WHERE l.relation = ANY(CAST(:tables AS regclass[])) AND l.granted AND l.pid <> pg_backend_pid() "
            "AND (NOT :writing OR l.mode = 'RowExclusiveLock') ORDER BY a.xact_start, l.pid"
        ),
        {"tables": tables, "writing": writing},
    )
    for program, role, process, seconds in rows:
        yield f"{program} ({role}, {process}, {seconds} s)"
