"""Asking the keeper, the process that runs instances: one line of JSON to its socket, one line back."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lumbung.errors import LumbungError
from lumbung.settings import Settings

LONGEST_LINE = 256 * 1024


class KeeperAway(LumbungError):
    """Nobody keeps instances here at the moment: the site is not served, or the keeper is being started again."""


def socket_of(settings: Settings) -> Path:
    """Return where the keeper listens."""
    return settings.home / "run" / "keeper.sock"


def ask(settings: Settings, *, timeout: float = 5.0, **question: Any) -> dict[str, Any]:
    """Ask the keeper and return what it says; raises `KeeperAway` when it does not answer in time.

    ``do="open"`` with ``plugin`` and ``tenant`` (a slug, empty for a shared instance) answers ``{"state": ...}`` as
    `InstanceRow.state`, with ``at`` ("127.0.0.1:4711") once it is running, else ``reason`` (`Sentence.as_json`) and
    ``log`` (its last lines); it notes that the instance is used. With ``wait`` (seconds) it answers when it is running
    or failed, or when that time is over. Other questions: ``stop``, ``restart``, ``halt`` and ``resume`` (with ``by``),
    ``try``, which starts one that is being upgraded and stops it again, and ``status``, which lists every instance.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(timeout)
            with _short(socket_of(settings)) as name:
                line.connect(name)
            line.sendall(json.dumps(question).encode() + b"\n")
            with line.makefile("rb") as file:
                answer = json.loads(file.readline(LONGEST_LINE))
    except (OSError, ValueError) as error:
        raise KeeperAway("The keeper of applications does not answer: %(reason)s", reason=str(error)) from error
    if not isinstance(answer, dict):
        raise KeeperAway("The keeper of applications does not answer: %(reason)s", reason="no object")
    return answer


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """Yield a name of the socket that fits into its 107 bytes, however deep the data folder lies."""
    if len(bytes(path)) < 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
