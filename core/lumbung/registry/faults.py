"""Writing down what a plugin did wrong, so that the operator's page can name it. Never fails itself.

Each fault that is written down is held against the plugin's error budget (`lumbung.registry.budget`). Of one fault
that repeats itself only some are written down, so that a visitor who hammers a broken page fills no table.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from lumbung.clock import utc_now
from lumbung.context import Scope, scope_or_none
from lumbung.registry import at_work, budget
from lumbung.registry.models import FaultRow

if TYPE_CHECKING:
    from lumbung.kernel import Kernel

logger = logging.getLogger(__name__)

KINDS = {
    "open": "it could not be opened",
    "request": "a page of it failed",
    "slow": "a page of it took too long",
    "stuck": "a page of it did not come to an end",
    "hook": "it failed when the platform asked it something",
    "job": "a job of it failed",
    "event": "it failed when it was told of an event",
    "killed": "a process died while it was being served",
    "process": "its own process ended, or did not serve",
    "memory": "it asked for more memory than a process may have",
    "leak": "it leaves threads or open files behind",
    "mail": "a letter was refused",
    "anchor": "the trail could not be anchored",
}

MOST_A_MINUTE = 5  # of one fault, by one visitor, that are written down by one process
MOST_AT_ONCE = 2000  # different faults a process remembers in a minute


@dataclass(frozen=True)
class Fault:
    """One fault before it is written down. ``source`` is what `source_of` says."""

    plugin: str
    place: str
    message: str
    kind: str
    tenant_id: int | None = None
    source: str | None = None


class Brake:
    """Lets the same fault through a few times a minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute: datetime | None = None
        self._counts: dict[tuple[str, str, str, str | None], int] = {}

    def lets_through(self, fault: Fault) -> bool:
        """Count a fault and tell whether it should be written down."""
        minute = utc_now().replace(second=0, microsecond=0)
        key = (fault.plugin, fault.kind, fault.place, fault.source)
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._counts.clear()
            if key not in self._counts and len(self._counts) >= MOST_AT_ONCE:
                return False
            self._counts[key] = self._counts.get(key, 0) + 1
            return self._counts[key] <= MOST_A_MINUTE


def record_fault(plugin: str, place: str, message: str, *, kind: str = "request") -> None:
    """Keep one line about a fault of ``plugin``, in a transaction of its own.

    ``kind`` is one of `KINDS`. ``place`` says where in the plugin, in words that are the same each time: never an
    address with somebody's number in it. Outside of a scope nothing is kept.
    """
    scope = scope_or_none()
    if scope is None:
        return
    tenant_id = scope.tenant.id if scope.tenant else None
    write(scope.kernel, Fault(plugin, place, message, kind, tenant_id, source_of(scope)))


def write(kernel: Kernel, fault: Fault) -> bool:
    """Write a fault down and hold it against the plugin's budget; tell whether that was possible."""
    if not kernel.fault_brake.lets_through(fault):
        return True
    row = FaultRow(
        at=utc_now(),
        plugin=_storable(fault.plugin)[:40],
        tenant_id=fault.tenant_id,
        kind=fault.kind,
        place=_storable(fault.place)[:80],
        message=_storable(fault.message)[:2000],
        source=fault.source,
    )
    try:
        with kernel.database.new_session(None) as session, session.begin():
            session.add(row)
        with kernel.database.new_session(None) as session, session.begin():
            suspended = budget.hold_against(session, kernel.settings, fault.plugin)
    except SQLAlchemyError:
        logger.exception("a fault of plugin %s could not be written down", fault.plugin)
        return False
    if suspended:
        logger.error("plugin %s is suspended for everyone: %s", fault.plugin, suspended)
        kernel.state.forget()
    return True


def record_deaths(kernel: Kernel) -> int:
    """Write down which plugins were being served when processes of this site died; return how many died."""
    count = 0
    for death in at_work.deaths(kernel.settings.home / "run"):
        count += 1
        process = "web worker" if death.kind == "web" else "job worker"
        logger.error("a %s died (%s) while it served: %s", process, death.status, ", ".join(death.serving) or "nobody")
        noted = [
            write(kernel, Fault(suspect, process, f"The {process} died ({death.status}).", "killed"))
            for suspect in death.suspects
        ]
        if all(noted):
            at_work.forget(death)
    return count


def source_of(scope: Scope) -> str | None:
    """Return a sign that tells one visitor from another and says nothing about who it is; it changes every day.

    A visitor is the person who is signed in, or else the network that asks; in the job worker it is the tenant.
    """
    if scope.person is not None:
        visitor = str(scope.person.id)
    elif scope.address:
        visitor = _network(scope.address)
    elif scope.tenant is not None:
        visitor = scope.tenant.slug
    else:
        return None
    try:
        key = hashlib.sha256(scope.kernel.settings.signing_key().encode()).digest()
    except OSError:
        return None
    return hashlib.blake2b(f"{utc_now():%Y-%m-%d} {visitor}".encode(), key=key, digest_size=8).hexdigest()


def _network(address: str) -> str:
    """Return what one visitor can hardly change: an IPv6 subscriber has a whole /64 to choose addresses from."""
    return ":".join(address.split(":")[:4]) if ":" in address else address


def _storable(words: str) -> str:
    return words.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
