"""Reading what an instance printed: the newest lines, a search through older files too, the whole of it.

The keeper writes the files (`lumbung.keeper.printed`): a line is ``2026-11-24T18:15:49Z words``, older files are
``app.log.1`` and so on. They are read from their end, a block at a time. What is given as ``hide`` is masked once more,
before anything is searched for: a password that came into a file in another way does not come out of it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, quote_plus

from lumbung.clock import utc_now
from lumbung.instances.instance import Instance
from lumbung.instances.models import InstanceRow
from lumbung.instances.rows import secrets_of
from lumbung.kernel import Kernel

BLOCK = 64 * 1024
LONGEST = 16 * 1024  # bytes of a line that are read: the keeper writes shorter ones
LOOK_EVERY = 0.3  # seconds, while a log is followed
SHORTEST = 6  # a shorter password would mask half of every line
MASK = "*****"
PLATFORM = "[lumbung] "  # how lines begin that the platform wrote, not the application
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z (.*)", re.DOTALL)


@dataclass(frozen=True)
class LogLine:
    """One line: when it was printed (None where it does not say), its words, whether the platform wrote it."""

    at: datetime | None
    words: str
    of_platform: bool = False


def add(instance: Instance, words: str) -> None:
    """Write a line of the platform into an instance's log; one that cannot be written is lost."""
    line = f"{utc_now():%Y-%m-%dT%H:%M:%SZ} {PLATFORM}{' '.join(words.split())[:LONGEST]}\n"
    with suppress(OSError), instance.log.open("ab") as file:
        file.write(line.encode("utf-8", "replace"))


def tail(instance: Instance, lines: int, *, hide: Iterable[str] = ()) -> list[str]:
    """Return the last ``lines`` lines of an instance, the oldest first; none when it never printed anything."""
    return list(islice(_backwards(instance, _masking(hide)), lines))[::-1]


def search(instance: Instance, words: str, limit: int, *, hide: Iterable[str] = ()) -> list[str]:
    """Return the last ``limit`` lines that hold ``words``, whatever their capitals, the oldest first."""
    wanted = words.casefold()
    found = (line for line in _backwards(instance, _masking(hide)) if wanted in line.casefold())
    return list(islice(found, limit))[::-1]


def whole(instance: Instance, *, hide: Iterable[str] = ()) -> Iterator[bytes]:
    """Yield all that is kept, the oldest file first, in pieces that end with a line."""
    mask = _masking(hide)
    for path in reversed(files_of(instance)):
        try:
            with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
                while lines := file.readlines(BLOCK):
                    yield mask("".join(lines)).encode()
        except OSError:
            continue  # it became the next older one, or went, while the others were read


def follow(instance: Instance, *, hide: Iterable[str] = (), until: Callable[[], bool] = lambda: False) -> Iterator[str]:
    """Yield each line that is written from now on, in whatever file, until ``until`` says so."""
    mask, rest = _masking(hide), b""
    path = instance.log
    file = path.open("rb") if path.exists() else None
    try:
        if file is not None:
            file.seek(0, os.SEEK_END)
        while not until():
            piece = file.read(BLOCK) if file is not None else b""
            *lines, rest = (rest + piece).split(b"\n")
            yield from (mask(_text(line)) for line in lines)
            if piece:
                continue
            if _is_another(path, file):
                if file is not None:
                    file.close()
                file, rest = path.open("rb"), b""
                continue
            time.sleep(LOOK_EVERY)
    finally:
        if file is not None:
            file.close()


def parsed(line: str) -> LogLine:
    """Return a line in its parts."""
    found = _MOMENT.fullmatch(line)
    if found is None:
        return LogLine(None, line)
    try:
        at = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    except ValueError:
        return LogLine(None, line)
    return LogLine(at, found[2].removeprefix(PLATFORM), found[2].startswith(PLATFORM))


def files_of(instance: Instance) -> list[Path]:
    """Return the files that there are, the newest first."""
    place = instance.log
    older = [path for path in place.parent.glob(f"{place.name}.*") if path.suffix[1:].isdecimal()]
    here = [place] if place.is_file() else []
    return here + sorted(older, key=lambda path: int(path.suffix[1:]))


def passwords_of(kernel: Kernel, instance: Instance) -> frozenset[str]:
    """Return what must not be shown of an instance; empty before it has any. Nothing is made or written."""
    with kernel.database.new_session(None) as session:
        row = session.get(InstanceRow, instance.key)
        has_any = row is not None and row.secret is not None
    return frozenset(secrets_of(kernel, instance).values()) if has_any else frozenset()


def _masking(hide: Iterable[str]) -> Callable[[str], str]:
    forms = {form for one in hide for form in (one, quote(one, safe=""), quote_plus(one))}
    fit = sorted((re.escape(form) for form in forms if len(form) >= SHORTEST), key=len, reverse=True)
    if not fit:
        return lambda text: text
    pattern = re.compile("|".join(fit))
    return lambda text: pattern.sub(MASK, text)


def _backwards(instance: Instance, mask: Callable[[str], str]) -> Iterator[str]:
    """Yield every line of an instance, the newest first."""
    for path in files_of(instance):
        try:
            with path.open("rb") as file:
                for line in _lines_backwards(file):
                    yield mask(_text(line))
        except OSError:
            continue


def _lines_backwards(stream: BinaryIO) -> Iterator[bytes]:
    place = stream.seek(0, os.SEEK_END)
    rest, is_end = b"", True
    while place > 0:
        size = min(BLOCK, place)
        place -= size
        stream.seek(place)
        first, *lines = (stream.read(size) + rest).split(b"\n")
        if lines and is_end and not lines[-1]:
            lines.pop()  # what stands behind the last end of a line is none
        is_end = is_end and not lines
        yield from reversed(lines)
        rest = first[:LONGEST]  # of a line that is too long its beginning is kept
    if rest:
        yield rest


def _text(line: bytes) -> str:
    return line[:LONGEST].decode("utf-8", "replace").rstrip("\r\n")


def _is_another(path: Path, file: BinaryIO | None) -> bool:
    """Whether ``path`` is by now another file than the one that is read: it was rotated, or is there at last."""
    try:
        there = path.stat()
    except OSError:
        return False
    if file is None:
        return True
    here = os.fstat(file.fileno())
    return (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino)
