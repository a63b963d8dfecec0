"""One application that runs: started behind a guard, what it prints is kept, stopped with all that it started."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from lumbung.errors import Sentence
from lumbung.instances.starting import Start
from lumbung.keeper.printed import Printed

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
PORTS = range(20_000, 32_000)  # below those that the system gives to whoever connects to somewhere
GRACE = 10.0  # seconds between being asked to end and being killed
KILLED_WITHIN = 6.0
PRINTS_A_SECOND = 2 * 1024 * 1024  # who prints more has to wait: it costs the keeper's time
GUARD = Path(__file__).with_name("guard.py")


class Child:
    """One process of an application, with all that it starts."""

    def __init__(self, start: Start, printed: Printed) -> None:
        self._start = start
        self._printed = printed
        self._process: subprocess.Popen[bytes] | None = None
        self._ended: asyncio.Future[None] | None = None
        self._all_read: asyncio.Future[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of its guard, while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it. Called in the thread of the event loop: the guard ends when the thread that started it does.

        A command that cannot be started is one that ends at once, with the reason as its last line.
        """
        loop = asyncio.get_running_loop()
        self._process = process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-E", str(GUARD)],
            env={},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._ended, self._all_read = loop.create_future(), loop.create_future()
        descriptor = os.pidfd_open(process.pid)
        loop.add_reader(descriptor, self._bury, loop, descriptor)
        assert process.stdin is not None and process.stdout is not None  # noqa: S101  (they are pipes)
        await loop.connect_read_pipe(lambda: _Listener(self._printed, self._all_read), process.stdout)
        await loop.run_in_executor(None, _hand_over, process.stdin, self._told())

    async def ended(self) -> None:
        """Return when it has ended, with all that it started."""
        if self._ended is not None and self._all_read is not None:
            await asyncio.shield(self._ended)
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._all_read), 1.0)

    def how_it_ended(self) -> str:
        """Return how it ended, in two words."""
        status = self._process.returncode if self._process is not None else None
        return signal.Signals(-status).name if status is not None and status < 0 else f"status {status}"

    async def stop(self, grace: float = GRACE) -> None:
        """Ask all of it to end, kill what is still there after ``grace`` seconds; return when nothing is left."""
        if self._process is None or self._ended is None:
            return
        for number, seconds in ((signal.SIGTERM, grace), (signal.SIGQUIT, KILLED_WITHIN), (signal.SIGKILL, 2.0)):
            if not self._ended.done():
                self._process.send_signal(number)
                if number != signal.SIGTERM:
                    self._printed.say("It did not end when it was asked to, and is killed.")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.ended(), seconds)
        await asyncio.sleep(0)

    def _told(self) -> bytes:
        start, limits = self._start, self._start.limits.model_dump()
        told: dict[str, Any] = {"keeper": os.getpid(), "argv": list(start.argv), "cwd": str(start.cwd)}
        told |= {"environment": dict(start.environment), "limits": limits}
        return json.dumps(told).encode()

    def _bury(self, loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
        assert self._process is not None and self._ended is not None  # noqa: S101  (set before it was watched)
        if self._process.poll() is None:
            return
        loop.remove_reader(descriptor)
        os.close(descriptor)
        if not self._ended.done():
            self._ended.set_result(None)


class _Listener(asyncio.Protocol):
    """Hands on what is printed. Who prints too much is not listened to for the rest of the second."""

    def __init__(self, printed: Printed, all_read: asyncio.Future[None] | None) -> None:
        self._printed = printed
        self._all_read = all_read
        self._heard = 0
        self._transport: asyncio.ReadTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.ReadTransport)  # noqa: S101  (that of a pipe)
        self._transport = transport
        self._each_second()

    def data_received(self, data: bytes) -> None:
        self._printed.feed(data)
        self._heard += len(data)
        if self._heard > PRINTS_A_SECOND and self._transport is not None:
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._printed.end()
        if self._all_read is not None and not self._all_read.done():
            self._all_read.set_result(None)

    def _each_second(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._heard > PRINTS_A_SECOND:
            self._printed.say("It prints more than is kept; it has to wait.")
            self._transport.resume_reading()
        self._heard = 0
        asyncio.get_running_loop().call_later(1.0, self._each_second)


def _hand_over(pipe: Any, told: bytes) -> None:
    with suppress(BrokenPipeError), pipe:
        pipe.write(told)


def free_port(taken: set[int]) -> int:
    """Return a port of this machine that nobody listens on, and that is none of ``taken``."""
    while True:
        port = random.choice(PORTS)  # noqa: S311  (no secret)
        if port not in taken and not is_taken(port):
            return port


def is_taken(port: int) -> bool:
    """Whether somebody listens on a port of this machine, or did a moment ago."""
    try:
        with socket.socket() as trial:
            trial.bind((HOST, port))
    except OSError:
        return True
    return False


def death_of(child: Child) -> Sentence:
    """Return the sentence that says how an application ended by itself."""
    return Sentence("The application ended by itself (%(how)s).", how=child.how_it_ended())
