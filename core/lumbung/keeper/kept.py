"""One instance as the keeper keeps it: made, started, found healthy, watched, started again, stopped.

Everything here runs in the event loop. What an instance does from being wanted to being stopped is one task
(`Kept._live`); to stop it is to cancel that task, which does not end before nothing of the application is left.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lumbung.errors import LumbungError, Sentence
from lumbung.instances.instance import Instance
from lumbung.instances.starting import Start
from lumbung.keeper.child import HOST, Child, death_of, free_port
from lumbung.keeper.connections import is_in_use
from lumbung.keeper.healthy import LONGEST_VISIT, Visit, opens
from lumbung.keeper.pauses import Pauses
from lumbung.keeper.printed import Printed

if TYPE_CHECKING:
    from lumbung.keeper.keeper import Keeper

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.1  # seconds, until it is healthy for the first time; ever more slowly
LOOK_AGAIN = 60.0  # seconds, while it runs
MOST_COMPLAINTS = 3  # in a row; a page that is slow once is no reason to stop an application
LONGEST_TOLD = 500  # characters of a line of its log, in an answer
ALIVE = frozenset({"making", "starting", "running", "waiting"})


@dataclass(frozen=True)
class Death:
    """How one process of it ended."""

    reason: Sentence
    was_healthy: bool
    lived: float  # seconds since it was healthy


class Kept:
    """An instance and what the keeper does about it. ``state`` is one of those of `InstanceRow`."""

    def __init__(self, keeper: Keeper, instance: Instance) -> None:
        self.instance = instance
        self.state = "stopped"
        self.reason: Sentence | None = None
        self.address: str | None = None
        self.halted_by: str | None = None
        self.restarts = 0
        self.since = time.time()
        self.used_at = time.monotonic()
        self.printed = Printed(instance.log)
        self.unwritten = False
        self.held = False
        self.wanted = True
        self._keeper = keeper
        self._pauses = Pauses()
        self._made = False
        self._child: Child | None = None
        self._life: asyncio.Task[None] | None = None
        self._resting: asyncio.Task[None] | None = None
        self._again = False
        self._was_alive = False
        self._order = asyncio.Lock()
        self._turned = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The process id of the guard of the running application."""
        return self._child.pid if self._child else None

    def use(self) -> None:
        """Note that somebody wants to use it now, and start it unless it runs, was halted or cannot be."""
        self.used_at = time.monotonic()
        if self.state == "failed" and not self._pauses.may_try_again():
            return
        self.begin()

    def begin(self) -> None:
        """Start it, unless it is under way already, halted, or being upgraded."""
        if self.halted_by is not None or self.held or not self.wanted:
            return
        if self._resting is not None:
            self._again = True  # when that is over
            self._turn("starting")
        elif self._life is None or self._life.done():
            self._life = asyncio.create_task(self._live(), name=f"life of {self.instance.label}")
            if self.state not in ALIVE:
                self._turn("making" if not self._made else "starting")

    def begin_anew(self) -> None:
        """Start it as if nothing had ever gone wrong, with all that is generated made again."""
        self._made = False
        self._pauses = Pauses()
        self.begin()

    async def rest(self, state: str = "stopped", reason: Sentence | None = None) -> None:
        """Stop it, and return when nothing of it is left; of several who ask at once the first says why."""
        await asyncio.shield(self.begin_rest(state, reason))

    def begin_rest(self, state: str = "stopped", reason: Sentence | None = None) -> asyncio.Task[None]:
        """Begin to stop it; whoever uses it from now on has it started again afterwards."""
        if self._resting is None:
            if self.state in ALIVE or (reason is not None and self.halted_by is None):
                self._turn(state, reason)  # nobody is led there any more
            self._resting = asyncio.create_task(self._rest(), name=f"end of {self.instance.label}")
        return self._resting

    async def halt(self, by: str) -> None:
        """Stop it for good: it is not started again before somebody resumes it."""
        self.halted_by = by[:160]
        await self.rest("halted")
        self._turn("halted")

    def resume(self) -> None:
        """Let it be started again, and start it where that is done at boot."""
        self.halted_by = None
        if self.state in ("halted", "failed"):
            self._turn("stopped")
        self._pauses = Pauses()
        if self.instance.process.start == "boot":
            self.begin()

    def try_again(self) -> None:
        """Start it when it failed and the time to try again has come."""
        if self.state == "failed" and self._pauses.may_try_again():
            self.begin()

    async def restart(self) -> None:
        """Stop it and start it as if nothing had ever gone wrong."""
        await self.rest()
        self.begin_anew()

    async def try_out(self, seconds: float) -> Sentence | None:
        """Make and start it although it is being upgraded, stop it again, and return what was wrong with it."""
        async with self._order:
            before = self.reason
            await self.rest()
            held, self.held, self._made, self._pauses = self.held, False, False, Pauses()
            self.begin()
            await self.settled(seconds)
            wrong = None if self.state == "running" else self.reason or Sentence("It does not serve in time.")
            self.held = held
            await self.rest(reason=before if held else None)
        return wrong

    async def follow(self, instance: Instance, upgrading: Sentence) -> None:
        """Take in that its plugin or its tenant changed: it is stopped during an upgrade, made anew, started again."""
        async with self._order:
            changed, self.instance = _is_another(self.instance, instance), instance
            self._was_alive |= self.state in ALIVE
            if instance.plugin.held or changed:
                self.held = instance.plugin.held
                self._made = False
                await self.rest(reason=upgrading if self.held else None)
            if instance.plugin.held:
                if self.halted_by is None and self.reason != upgrading:  # it was being stopped already
                    self._turn("stopped", upgrading)
                return
            self.held, self._pauses = False, Pauses()
            if self.halted_by is None and (self.state == "failed" or self.reason == upgrading):
                self._turn("stopped")
            if self._was_alive or instance.process.start == "boot":
                self.begin()
            self._was_alive = False

    async def settled(self, seconds: float) -> None:
        """Return when it runs or does not even try, or when the time is over."""
        deadline = time.monotonic() + seconds
        while self.state in ALIVE - {"running"} and (left := deadline - time.monotonic()) > 0:
            self._turned.clear()
            try:
                await asyncio.wait_for(self._turned.wait(), left)
            except TimeoutError:
                return

    def let_go(self) -> None:
        """Note that it was stopped because nobody has it switched on any more, unless somebody switched it on again."""
        if not self.wanted and self.halted_by is None and self.state not in ("stopped", "new"):
            self._turn("stopped")

    def as_answer(self) -> dict[str, Any]:
        """Return what somebody is told who asks for it."""
        answer = self._as_told()
        return (
            answer
            if self.state == "running"
            else {**answer, "log": [line[:LONGEST_TOLD] for line in self.printed.tail]}
        )

    def as_line(self) -> dict[str, Any]:
        """Return what the list of all instances says of it."""
        return {
            **{"plugin": self.instance.name, "tenant": self.instance.tenant.slug if self.instance.tenant else ""},
            **{"since": self.since, "restarts": self.restarts, "pid": self.pid, "idle": self.idle_for()},
            **{"version": self.instance.plugin.version, "held": self.held},
            **self._as_told(),
        }

    def _as_told(self) -> dict[str, Any]:
        told: dict[str, Any] = {"state": self.state}
        if self.state == "running":
            return {**told, "at": self.address}
        if self.reason is not None:
            told["reason"] = self.reason.as_json()
        return {**told, "halted_by": self.halted_by}

    def idle_for(self) -> float:
        """Return for how many seconds nobody asked for it."""
        return round(time.monotonic() - self.used_at, 1)

    # From here on: what it does by itself.

    def _turn(self, state: str, reason: Sentence | None = None, address: str | None = None) -> None:
        if (state, reason) != (self.state, self.reason):
            logger.info("%s is %s%s", self.instance.label, state, f": {reason}" if reason else "")
        self.state, self.reason, self.address = state, reason, address
        self.since = time.time()
        self.unwritten = True
        self._turned.set()
        self._keeper.write_soon()

    async def _rest(self) -> None:
        life, self._life = self._life, None
        if life is not None:
            life.cancel()
            await asyncio.wait([life])
        self._resting = None
        if self._again:
            self._again = False
            self.begin()

    async def _live(self) -> None:
        try:
            if not self._made:
                self._turn("making")
                await self._keeper.make(self)
                self._made = True
            while True:
                await self._until_pause_is_over(await self._run_once())
        except LumbungError as error:
            self._fail(error.sentence)
        except Exception as error:
            logger.exception("%s cannot be kept", self.instance.label)
            self._fail(Sentence("The keeper met an error of its own: %(error)s", error=type(error).__name__))

    def _fail(self, reason: Sentence) -> None:
        self._pauses.note_failure()
        self.printed.say(reason)
        self._turn("failed", reason)

    async def _until_pause_is_over(self, death: Death) -> None:
        """Record a death and wait a little; raises `LumbungError` when there were too many."""
        await self._keeper.record_death(self, death.reason)
        pause = self._pauses.after_death(was_healthy=death.was_healthy, lived=death.lived)
        if pause is None:
            template = death.reason
            raise LumbungError(template)
        self.restarts += 1
        self._turn("waiting", death.reason)
        self.printed.say(f"{death.reason} It is started again in {pause:.1f} seconds.")
        await asyncio.sleep(pause)

    async def _run_once(self) -> Death:
        """Run one process of it until that ends, and return how."""
        port = free_port(self._keeper.ports)
        self._keeper.ports.add(port)
        try:
            self._turn("starting")
            start = await self._keeper.start(self, port)
            self.printed.say(f"Version {self.instance.plugin.version} is started on port {port}.")
            self._child = child = Child(start, self.printed)
            try:
                return await self._while_it_lives(child, start, port)
            finally:
                await child.stop(self._keeper.grace)
                self._child = None
                if await asyncio.to_thread(opens, port):
                    self.printed.say(f"Somebody still listens on port {port}.")
                    logger.error("%s is stopped, but somebody listens on port %s", self.instance.label, port)
        finally:
            self._keeper.ports.discard(port)

    async def _while_it_lives(self, child: Child, start: Start, port: int) -> Death:
        await child.start()
        ended = asyncio.ensure_future(child.ended())
        try:
            complaint = await self._until_healthy(ended, start, port)
            if complaint is not None or ended.done():
                return Death(complaint or death_of(child), was_healthy=False, lived=0.0)
            self.used_at, healthy_at = max(self.used_at, time.monotonic()), time.monotonic()
            self._pauses.note_health()
            self._turn("running", address=f"{HOST}:{port}")
            reason = await self._until_trouble(ended, start, port) or death_of(child)
            self._turn("waiting", reason)
            return Death(reason, was_healthy=True, lived=time.monotonic() - healthy_at)
        finally:
            ended.cancel()

    async def _until_healthy(self, ended: asyncio.Future[None], start: Start, port: int) -> Sentence | None:
        """Wait until it serves, or is dead; return what is wrong when its time is over."""
        seconds = start.health.within_seconds
        deadline, pause = time.monotonic() + seconds, LOOK_EVERY
        complaint = Sentence("Its port did not open within %(seconds)s seconds.", seconds=seconds)
        while time.monotonic() < deadline:
            visit = Visit(port, self._keeper.public(self.instance, port), start.health)
            visit.deadline = min(visit.deadline, max(deadline, time.monotonic() + 2.0))
            found = await self._keeper.look(visit.complaint)
            if found is None:
                return None
            complaint = complaint if visit.is_refused else found
            await asyncio.wait([ended], timeout=min(pause, max(0.0, deadline - time.monotonic())))
            if ended.done():
                return None
            pause = min(pause * 1.3, 2.0)
        return complaint

    async def _until_trouble(self, ended: asyncio.Future[None], start: Start, port: int) -> Sentence | None:
        """Watch it while it runs: return what is wrong, None when it has ended. Begins its rest when it is idle."""
        complaints = 0
        look_at = time.monotonic() + LOOK_AGAIN
        while True:
            wait = min(look_at, self._idle_at()) - time.monotonic()
            await asyncio.wait([ended], timeout=max(0.05, wait))
            if ended.done():
                return None
            if time.monotonic() >= self._idle_at():
                if not await asyncio.to_thread(is_in_use, port):
                    self.printed.say("Nobody uses it; it is stopped.")
                    self.begin_rest()
                    await asyncio.Event().wait()  # until that ends us
                self.used_at = time.monotonic()
            if time.monotonic() >= look_at:
                look_at = time.monotonic() + LOOK_AGAIN
                visit = Visit(port, self._keeper.public(self.instance, port), start.health)
                visit.deadline = time.monotonic() + LONGEST_VISIT
                found = await self._keeper.look(visit.complaint)
                complaints = complaints + 1 if found is not None else 0
                if found is not None and complaints >= MOST_COMPLAINTS:
                    return found

    def _idle_at(self) -> float:
        minutes = self.instance.process.idle_minutes
        return self.used_at + minutes * self._keeper.minute if minutes else float("inf")


def _is_another(before: Instance, now: Instance) -> bool:
    """Whether what runs was made for something else: another version, other addresses of its tenant."""
    old, new = before.plugin, now.plugin
    if (old.version, old.kept, old.isolated) != (new.version, new.kept, new.isolated):
        return True
    if before.tenant is None or now.tenant is None:
        return before.tenant is not now.tenant
    known = ("slug", "name", "hosts", "time_zone")
    return any(getattr(before.tenant, one) != getattr(now.tenant, one) for one in known)
