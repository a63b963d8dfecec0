"""What an instance prints, in files that stay small: each line with its moment, cut when long, passwords masked."""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Iterable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from urllib.parse import quote, quote_plus

from lumbung.clock import utc_now

logger = logging.getLogger(__name__)

LONGEST_LINE = 2000  # characters
LARGEST_FILE = 4 * 1024 * 1024
OLDER_FILES = 4
TAIL = 20  # lines that are remembered for whoever asks why it does not run
SHORTEST_PASSWORD = 6  # a shorter one would mask half of every line
MASK = "*****"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Printed:
    """The log of one instance; `feed` takes what it prints, `say` what the platform has to say about it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tail: deque[str] = deque(maxlen=TAIL)
        self._masked: re.Pattern[str] | None = None
        self._rest = b""
        self._handler: _Handler | None = None

    def mask(self, passwords: Iterable[str]) -> None:
        """Write stars for these from now on, also where they stand in an address."""
        forms = {form for one in passwords for form in (one, quote(one, safe=""), quote_plus(one))}
        fit = sorted((re.escape(form) for form in forms if len(form) >= SHORTEST_PASSWORD), key=len, reverse=True)
        self._masked = re.compile("|".join(fit)) if fit else None

    def feed(self, data: bytes) -> None:
        """Take in what was printed; a line is written when it ends, or when it is too long."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._write(line.decode("utf-8", "replace"))
        if len(self._rest) > 8 * LONGEST_LINE:
            self._rest = self._rest[: 4 * LONGEST_LINE]  # the end of it is left out, whenever it comes

    def end(self) -> None:
        """Write the last line, which nothing ended, and let go of the file."""
        if self._rest:
            rest, self._rest = self._rest, b""
            self._write(rest.decode("utf-8", "replace"))
        if self._handler is not None:
            self._handler.close()
            self._handler = None

    def say(self, words: object) -> None:
        """Write a line of the platform's own."""
        self._write(f"[lumbung] {words}")

    def _write(self, line: str) -> None:
        clean = _CONTROL.sub("", line[: 2 * LONGEST_LINE]).rstrip()
        if self._masked is not None:
            clean = self._masked.sub(MASK, clean)  # before it is cut: half a password is one too
        if len(clean) > LONGEST_LINE or len(line) > 2 * LONGEST_LINE:
            clean = clean[:LONGEST_LINE] + " ..."
        self.tail.append(clean)
        if self._handler is None:
            self._handler = _Handler.open(self.path)
        if self._handler is not None:
            moment = f"{utc_now():%Y-%m-%dT%H:%M:%SZ} {clean}"
            self._handler.emit(logging.makeLogRecord({"msg": moment}))


class _Handler(RotatingFileHandler):
    """Says once, not for each line, that nothing can be written: the disk may be full for a while."""

    told = False

    @classmethod
    def open(cls, path: Path) -> _Handler | None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return cls(path, maxBytes=LARGEST_FILE, backupCount=OLDER_FILES, encoding="utf-8")
        except OSError as error:
            logger.error("what an instance prints is not kept in %s: %s", path, error.strerror)
            return None

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (the name is logging's)
        if not self.told:
            self.told = True
            logger.exception("what an instance prints is not kept in %s", self.baseFilename)
