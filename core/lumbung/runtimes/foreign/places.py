"""Where an application listens: asked of the keeper, and known for two seconds in each process."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from lumbung.instances import asking
from lumbung.instances.asking import KeeperAway
from lumbung.instances.instance import Instance
from lumbung.kernel import Kernel
from lumbung.registry.at_work import board

logger = logging.getLogger(__name__)

KNOWN_FOR = 2.0  # seconds; the keeper hears that often that an application is used
WAIT = 8.0  # seconds that a visitor waits for one that is being started, before they see a page that says so
KEEPER_BACK_WITHIN = 3.0  # seconds
LOOK_EVERY = 0.25


@dataclass(frozen=True)
class Place:
    """How an instance is, as the keeper says: with ``at`` it runs, and listens there."""

    state: str
    at: str | None = None

    @property
    def comes(self) -> bool:
        """Whether it is worth while to wait a little longer."""
        return self.at is None and self.state not in ("failed", "halted", "removed", "away")


class Places:
    """Asks the keeper. At most a quarter of the threads wait for applications that are being started."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._known: dict[tuple[str, int], tuple[float, str]] = {}
        self._room = threading.Semaphore(max(1, kernel.settings.threads // 4))

    def of(self, instance: Instance, *, wait: float = WAIT) -> Place:
        """Return how an instance is; one that stands still is started. The time that takes is not the plugin's."""
        until, at = self._known.get(instance.key, (0.0, ""))
        if time.monotonic() < until:
            return Place("running", at)
        slot, begun = board.slot(), time.monotonic()
        slot.waiting_since = begun
        has_room = self._room.acquire(blocking=False)
        try:
            place = self._ask(instance, wait if has_room else 0.0)
        finally:
            if has_room:
                self._room.release()
            slot.waiting_since = None
            if slot.since is not None:
                slot.since += time.monotonic() - begun
        if place.at is not None:
            self._known[instance.key] = (time.monotonic() + KNOWN_FOR, place.at)
        return place

    def known(self, instance: Instance) -> str | None:
        """Return where an instance listened a moment ago, None when nobody asked for it."""
        return self._known.get(instance.key, (0.0, None))[1]

    def forget(self, instance: Instance) -> None:
        """Ask anew at the next question: nobody listened there any more."""
        self._known.pop(instance.key, None)

    def _ask(self, instance: Instance, wait: float) -> Place:
        """Ask the keeper, again for a moment where it is away: it may be started anew."""
        tenant = instance.tenant.slug if instance.tenant is not None else ""
        until = time.monotonic() + min(KEEPER_BACK_WITHIN, wait)
        while True:
            try:
                answer = asking.ask(
                    self._kernel.settings, timeout=wait + 3, do="open", plugin=instance.name, tenant=tenant, wait=wait
                )
                return Place(str(answer.get("state", "failed")), answer.get("at"))
            except KeeperAway as error:
                if time.monotonic() >= until:
                    logger.error("%s cannot be asked for: %s", instance.label, error)
                    return Place("away")
                time.sleep(LOOK_EVERY)
