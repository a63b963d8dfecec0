"""What others ask the keeper over its socket; `lumbung.instances.asking` asks. Whatever comes in, it only answers."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lumbung.errors import DatabaseUnavailable, LumbungError, Sentence
from lumbung.instances.asking import socket_of
from lumbung.instances.models import SHARED
from lumbung.keeper.kept import Kept

if TYPE_CHECKING:
    from lumbung.keeper.keeper import Keeper

logger = logging.getLogger(__name__)

DOOR = "LUMBUNG_KEEPER_DOOR"  # number of the open socket that a keeper was handed on
LONGEST_QUESTION = 16 * 1024
ASKED_WITHIN = 5.0  # seconds to send the line
LONGEST_WAIT = 900.0
WAITS_FOR_END = 15.0  # at most, for an instance to stop


class Questions:
    """The socket of a keeper."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._server: asyncio.Server | None = None
        self.asked_at = time.monotonic()

    async def listen(self) -> None:
        """Listen, readable by nobody else, in the place of whoever listened there before."""
        path = socket_of(self._keeper.kernel.settings)
        inherited = os.environ.pop(DOOR, "")
        if inherited:
            door = socket.socket(fileno=int(inherited))  # who asked while we dozed is waiting there
            os.set_inheritable(door.fileno(), False)
        else:
            door = _new_door(path)
        door.setblocking(False)
        self._server = await asyncio.start_unix_server(self._hear, sock=door, limit=LONGEST_QUESTION, backlog=128)

    def hand_on(self) -> int:
        """Return the number of a copy of the open socket, for whoever listens after us."""
        assert self._server is not None  # noqa: S101  (we listen)
        return os.dup(self._server.sockets[0].fileno())

    async def close(self, *, for_good: bool = True) -> None:
        """Listen no more; unless it is ``for_good``, the socket stays where it is."""
        if self._server is not None:
            self._server.close()
            if for_good:
                socket_of(self._keeper.kernel.settings).unlink(missing_ok=True)

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked_at = time.monotonic()
        try:
            answer = await self._answer(await asyncio.wait_for(reader.readline(), ASKED_WITHIN))
        except (TimeoutError, ValueError, OSError):
            answer = _error("A question is one line of JSON.")
        except Exception:
            logger.exception("a question was not answered")
            answer = _error("The keeper met an error of its own; its log says more.")
        with suppress(OSError):
            writer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            await writer.drain()
        writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        question = json.loads(line)
        if not isinstance(question, dict):
            raise ValueError("no object")
        do = question.get("do")
        if do == "status":
            kept = sorted(self._keeper.kept.values(), key=lambda one: one.instance.label)
            return {"instances": [one.as_line() for one in kept]}
        if do not in ("open", "stop", "restart", "halt", "resume", "try"):
            return _error("There is no such question.")
        try:
            one = await self._find(question)
        except DatabaseUnavailable as error:
            return {"state": "stopped", "reason": error.sentence.as_json(), "log": []}
        except LumbungError as error:
            return {"state": "removed", "reason": error.sentence.as_json(), "log": []}
        if do == "try":
            return await self._try(one, question)
        await self._do(do, one, question)
        return one.as_answer()

    async def _try(self, one: Kept, question: Mapping[str, Any]) -> dict[str, Any]:
        wrong = await one.try_out(_seconds(question))
        return {"state": one.state} if wrong is None else {"state": "failed", "reason": wrong.as_json()}

    async def _find(self, question: Mapping[str, Any]) -> Kept:
        plugin, tenant = question.get("plugin"), question.get("tenant") or ""
        if question.get("do") == "try":
            await self._keeper.follow(anew=True)  # of the version that was put in place just now
        leaving = question.get("do") == "stop"  # who asks for that waits until nothing of it is left
        found = self._known(plugin, tenant, even_leaving=leaving)
        if found is None:
            await self._keeper.follow(anew=True)  # it may have been switched on a moment ago
            found = self._known(plugin, tenant, even_leaving=leaving)
        if found is None:
            raise LumbungError(
                "There is no instance of %(plugin)s to run for %(tenant)s: it is not installed, not switched on, "
                "suspended, or the site is in safe mode.",
                plugin=str(plugin)[:80],
                tenant=str(tenant)[:80] or Sentence("all tenants"),
            )
        return found

    def _known(self, plugin: object, tenant: object, *, even_leaving: bool) -> Kept | None:
        for (name, owner), kept in self._keeper.kept.items():
            slug = kept.instance.tenant.slug if kept.instance.tenant else None
            if name == plugin and (kept.wanted or even_leaving) and (owner == SHARED or slug == tenant):
                return kept
        return None

    async def _do(self, do: str, one: Kept, question: Mapping[str, Any]) -> None:
        by, seconds = question.get("by"), _seconds(question)
        if do == "open":
            one.use()
            await one.settled(seconds)
        elif do == "resume":
            one.resume()
        elif do == "restart":
            if one.halted_by is None:
                one.printed.say(f"It is restarted by {by}." if by else "It is restarted.")
            await self._wait(one.restart(), seconds)
            await one.settled(seconds)
        elif do == "halt":
            one.printed.say(f"It is halted by {by}.")
            await self._wait(one.halt(str(by or "-")), seconds or WAITS_FOR_END)
        else:
            await self._wait(one.rest(), seconds or WAITS_FOR_END)

    async def _wait(self, work: Any, seconds: float) -> None:
        """Wait for what goes on in any case."""
        task = self._keeper.soon(work)
        await asyncio.wait([task], timeout=seconds)


def _seconds(question: Mapping[str, Any]) -> float:
    wait = question.get("wait")
    return min(max(float(wait), 0.0), LONGEST_WAIT) if isinstance(wait, int | float) else 0.0


def _new_door(path: Path) -> socket.socket:
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # we hold the lock: whoever made it is gone
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    before = os.umask(0o177)
    try:
        door.bind(f"/proc/self/fd/{folder}/{path.name}")  # the whole name may be longer than the 107 bytes there are
    finally:
        os.umask(before)
        os.close(folder)
    return door


def _error(words: str) -> dict[str, Any]:
    return {"error": words}
