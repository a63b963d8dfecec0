"""The keeper: follows what is switched on, keeps an instance of each, answers whoever asks.

The event loop decides; what waits for the database, for an application to answer or for an instance to be made waits
in threads. It never stops what runs because the database is away.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_threads
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from lumbung.database.engine import first_line
from lumbung.errors import DatabaseUnavailable, LumbungError, Sentence
from lumbung.instances.instance import Instance, app_address, instances_wanted
from lumbung.instances.models import InstanceRow
from lumbung.instances.rows import row_of, secrets_of, set_state
from lumbung.instances.starting import Start
from lumbung.keeper.child import GRACE, HOST
from lumbung.keeper.guard import kill_descendants
from lumbung.keeper.kept import ALIVE, Kept
from lumbung.keeper.questions import Questions
from lumbung.kernel import Kernel
from lumbung.registry.faults import record_fault
from lumbung.registry.state import InstalledPlugin, Snapshot

logger = logging.getLogger(__name__)

FOLLOW_EVERY = 1.0
DOZES_AFTER = 30.0  # seconds since somebody asked something
MOST_MAKINGS = 2
HURRIED_GRACE = 5.0  # seconds, when the whole site stops
STOP_WITHIN = 6.0
SERVER_STOPS_WITHIN = 2.0
LAST_QUESTION_WITHIN = 1.0
_SECRET = re.compile(r"PASS|SECRET|TOKEN|KEY|_PW", re.IGNORECASE)  # a variable whose value no log may hold
UPGRADING = Sentence("It is being upgraded.")

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
StartOf = Callable[[Instance, int], Start]
Make = Callable[[Instance, Callable[[object], None]], None]


class Keeper:
    """All instances of one site. ``start_of`` says how one is started on a port, ``make`` makes what it needs.

    ``minute`` is how many seconds a minute of idleness has.
    """

    def __init__(
        self, kernel: Kernel, *, start_of: StartOf, make: Make, minute: float = 60.0, may_doze: bool = False
    ) -> None:
        self.kernel = kernel
        self.kept: dict[tuple[str, int], Kept] = {}
        self.ports: set[int] = set()
        self.grace = GRACE
        self.minute = minute
        self._start_of = start_of
        self._make = make
        self._may_doze = may_doze
        self._dozes = False
        self._questions = Questions(self)
        self._snapshot: Snapshot | None = None
        self._following = asyncio.Lock()
        self._written = asyncio.Event()
        self._stop = asyncio.Event()
        self._making = 0
        self._asked: set[Future[Any]] = set()
        self._beside: set[asyncio.Task[None]] = set()
        self._makings = ThreadPoolExecutor(MOST_MAKINGS, "making")
        self._database = ThreadPoolExecutor(3, "database")
        self._looks = ThreadPoolExecutor(8, "look")

    def stop(self) -> None:
        """Have `run` stop everything and return."""
        self._stop.set()

    async def run(self, on_ready: Callable[[], None] = lambda: None) -> int | None:
        """Keep instances until `stop` is called; raises `LumbungError` when another keeper does so already.

        With ``may_doze`` it also returns when there has been nothing to keep for a while: the number of the open
        socket then, for `lumbung.keeper.doze`.
        """
        questions, door = self._questions, None
        with _only_one(self.kernel.settings.home / "run" / "keeper.lock"):
            await questions.listen()
            tasks = [asyncio.create_task(self._follow_on()), asyncio.create_task(self._write_on())]
            on_ready()
            try:
                await self._stop.wait()
                door = questions.hand_on() if self._dozes else None
            finally:
                await questions.close(for_good=door is None)
                await self._stop_all(tasks)
        return door

    async def follow(self, *, anew: bool = False) -> None:
        """Take in what is switched on; ``anew`` asks the database whatever the time.

        Raises `DatabaseUnavailable`: everything stays as it is then.
        """
        async with self._following:
            if anew:
                self.kernel.state.forget()
            snapshot = await self.ask_database(self.kernel.snapshot)
            if snapshot is not self._snapshot and not self._stop.is_set():
                await self._take_in(snapshot)
                self._snapshot = snapshot

    async def make(self, kept: Kept) -> None:
        """Make what an instance needs, in a thread; raises `LumbungError`. It cannot be interrupted."""
        work = asyncio.get_running_loop().run_in_executor(self._makings, self._make, kept.instance, kept.printed.say)
        self._making += 1
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])
            raise
        finally:
            self._making -= 1

    async def start(self, kept: Kept, port: int) -> Start:
        """Return how an instance is started; what it prints is written without its passwords from now on."""
        own = kept.instance.process.database
        if own is not None and own.engine == "mysql":
            from lumbung.instances.databases import mysql_server

            await self.ask_database(mysql_server.ensure, self.kernel.settings)  # from now on we hold on to it
        start = await self.ask_database(self._start_of, kept.instance, port)
        kept_secrets = await self.ask_database(secrets_of, self.kernel, kept.instance)
        named_so = (value for name, value in start.environment.items() if _SECRET.search(name))
        kept.printed.mask((*kept_secrets.values(), *named_so))
        return start

    async def ask_database(
        self, question: Callable[Arguments, Answer], *given: Arguments.args, **named: Arguments.kwargs
    ) -> Answer:
        """Return what ``question`` returns, asked in a thread; `DatabaseUnavailable` when the database is away."""

        def ask() -> Answer:
            try:
                return question(*given, **named)
            except SQLAlchemyError as error:
                raise DatabaseUnavailable("The database refused: %(reason)s.", reason=first_line(error)) from error

        work = self._database.submit(ask)
        self._asked.add(work)
        work.add_done_callback(self._asked.discard)
        return await asyncio.wrap_future(work)

    async def look(self, question: Callable[Arguments, Answer], *given: Arguments.args) -> Answer:  # type: ignore[valid-type]
        """Return what ``question`` returns, which waits for an application, asked in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._looks, question, *given)

    async def record_death(self, kept: Kept, reason: Sentence) -> None:
        """Write down that an instance ended by itself or does not serve: a fault of its plugin."""
        instance = kept.instance

        def record() -> None:
            with self.kernel.scope(instance.tenant, actor="keeper", plugin=instance.name):
                record_fault(instance.name, "process", str(reason), kind="process")

        try:
            await self.ask_database(record)
        except LumbungError as error:
            logger.error("a fault of %s is not written down: %s", instance.label, error)

    def public(self, instance: Instance, port: int) -> str:
        """Return scheme, host and port by which visitors know an instance; its own where they know none."""
        tenant = instance.tenant
        if tenant is None and self._snapshot is not None:
            using = (one for one in self._snapshot.tenants.values() if self._snapshot.is_enabled(instance.name, one.id))
            tenant = next((one for one in using if one.host), None)
        whole = app_address(self.kernel.settings, tenant, instance.name) if tenant is not None else None
        if not whole:
            return f"http://{HOST}:{port}"
        parts = urlsplit(whole)
        return f"{parts.scheme}://{parts.netloc}"

    def write_soon(self) -> None:
        """Have the states that changed written down."""
        self._written.set()

    def soon(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something beside all else; it goes on when whoever asked for it does not wait any more."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        return task

    async def _follow_on(self) -> None:
        while True:
            try:
                await self.follow()
            except DatabaseUnavailable:
                pass  # it is logged where it was asked, and what runs goes on
            except Exception:
                logger.exception("the keeper cannot follow what is switched on")
            await asyncio.sleep(FOLLOW_EVERY)
            self._doze_off()
            self._retry_failed()
            if any(kept.unwritten for kept in self.kept.values()):
                self.write_soon()

    def _doze_off(self) -> None:
        """Have `run` return when there is nothing to keep and nobody asked for a while."""
        if not self._may_doze or self._snapshot is None or self.kept or self._making:
            return
        if any(_may_run(plugin) for plugin in self._snapshot.plugins.values()):
            return
        if time.monotonic() - self._questions.asked_at > DOZES_AFTER:
            self._dozes = True
            self._stop.set()

    def _retry_failed(self) -> None:
        """Try those again that are to run from boot on, and did not start."""
        for kept in self.kept.values():
            if kept.state == "failed" and kept.instance.process.start == "boot":
                kept.try_again()

    async def _take_in(self, snapshot: Snapshot) -> None:
        wanted = instances_wanted(self.kernel.settings, snapshot)
        if self._snapshot is None:
            await self.ask_database(self._settle_others, set(wanted))
        for key, kept in list(self.kept.items()):
            if key not in wanted and kept.wanted:
                kept.wanted = False
                self.soon(self._let_go(key, kept))
        for key, instance in wanted.items():
            known = self.kept.get(key)
            if known is None:
                await self._take_up(instance)
            else:
                known.wanted = True
                if known.instance != instance:
                    self.soon(known.follow(instance, UPGRADING))

    async def _take_up(self, instance: Instance) -> None:
        """Begin to keep an instance: as it was left, started where it ran or is to run from boot on."""
        row = await self.ask_database(self._row_of, instance)
        kept = self.kept[instance.key] = Kept(self, instance)
        left = row.state if row is not None else "new"
        if row is not None:
            kept.restarts, kept.halted_by = row.restarts, row.halted_by if left == "halted" else None
        kept.held = instance.plugin.held
        kept.state = left if left in ("new", "halted") else "stopped"
        if left == "failed" and row is not None and row.reason:
            kept.state, kept.reason = "failed", Sentence.from_json(row.reason)
        if left in ALIVE or instance.process.start == "boot":
            kept.begin()
        kept.unwritten |= kept.state != left

    def _row_of(self, instance: Instance) -> InstanceRow | None:
        with self.kernel.database.new_session(None) as session:
            return row_of(session, instance)

    def _settle_others(self, wanted: set[tuple[str, int]]) -> None:
        """Note of those that nobody has switched on that they do not run: the keeper before us may have been killed."""
        with self.kernel.database.new_session(None) as session, session.begin():
            for row in session.scalars(select(InstanceRow).where(InstanceRow.address.is_not(None))):
                if (row.plugin, row.tenant) not in wanted:
                    row.state, row.address = "stopped", None

    async def _let_go(self, key: tuple[str, int], kept: Kept) -> None:
        await kept.rest()
        kept.let_go()
        await self._write(kept)
        if not kept.wanted and self.kept.get(key) is kept:
            del self.kept[key]
            kept.printed.end()
        elif kept.wanted and kept.instance.process.start == "boot":
            kept.begin()

    async def _write_on(self) -> None:
        while True:
            await self._written.wait()
            self._written.clear()
            for kept in list(self.kept.values()):
                await self._write(kept)

    async def _write(self, kept: Kept) -> None:
        """Write down the state of an instance, if it changed; when the database is away, a second later."""
        if not kept.unwritten:
            return
        kept.unwritten = False
        write = partial(
            set_state, self.kernel, kept.instance, kept.state, reason=kept.reason, address=kept.address,
            halted_by=kept.halted_by, restarts=kept.restarts,
        )  # fmt: skip
        try:
            await self.ask_database(write)
        except DatabaseUnavailable as error:
            kept.unwritten = kept.wanted  # the row of one that is gone may be gone too
            logger.warning("the state of %s is not written down: %s", kept.instance.label, error)

    async def _stop_all(self, tasks: list[asyncio.Task[None]]) -> None:
        """Stop every instance, all at once, and write that down. What is being made is left to the next keeper."""
        self.grace = HURRIED_GRACE
        for task in (*tasks, *self._beside):
            task.cancel()
        self._makings.shutdown(wait=False, cancel_futures=True)
        for kept in self.kept.values():
            kept.wanted = False
        being_made = {kept.begin_rest() for kept in self.kept.values() if kept.state == "making"}
        others = {kept.begin_rest() for kept in self.kept.values()} - being_made
        if others:
            await asyncio.wait(others, timeout=STOP_WITHIN)
        if self._making and (being_made or others):
            logger.warning("Something is still being made; it is begun again when somebody wants it.")
            kill_descendants(os.getpid())  # what makes it: a program that loads a dump, or installs packages
            await asyncio.wait(being_made or others, timeout=LAST_QUESTION_WITHIN)
        for kept in self.kept.values():
            await self._write(kept)
            kept.printed.end()
        # what is not over in this time goes on without us: its own watch sees that nobody uses the server any more
        if mysql_server := sys.modules.get("lumbung.instances.databases.mysql_server"):
            last = threading.Thread(target=mysql_server.stop, args=(self.kernel.settings,), daemon=True)
            last.start()
            await _end_of(last, SERVER_STOPS_WITHIN)
        if self._making:
            os._exit(0)  # a thread cannot be ended in another way
        wait_for_threads(list(self._asked), timeout=LAST_QUESTION_WITHIN)
        for pool in (self._database, self._looks):
            pool.shutdown(wait=False, cancel_futures=True)


async def _end_of(thread: threading.Thread, seconds: float) -> None:
    """Return when a thread has ended, or when the time is over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while thread.is_alive() and loop.time() < deadline:
        await asyncio.sleep(0.02)


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LumbungError(
                "Another keeper of applications runs for this data folder; stop that one first."
            ) from None
        yield
    finally:
        os.close(descriptor)


def _may_run(plugin: InstalledPlugin) -> bool:
    """Whether a plugin runs as a process where it is switched on, as `lumbung.keeper.doze` asks."""
    return plugin.isolated or plugin.raw_manifest.get("runtime") == "process"
