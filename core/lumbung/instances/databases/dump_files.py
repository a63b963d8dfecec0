"""The lines of a dump, whatever it is packed in: ``.sql``, ``.sql.gz``, or a ``.zip`` with one ``.sql`` in it."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, cast

from lumbung.errors import LumbungError

LONGEST_LINE = 64 * 1024 * 1024  # bytes: a server takes no longer statement either, and memory has an end
BLOCK = 1024 * 1024
LOOK = 8192
UTF16 = (b"\xff\xfe", b"\xfe\xff")
DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, lzma.LZMAError, UnicodeError, NotImplementedError)


@dataclass
class DumpFile:
    """A dump that is open. ``done`` of ``total`` bytes of the file have been read, packed as it is."""

    path: Path
    name: str  # of the file inside an archive, else of the file
    packed_at: datetime | None
    total: int
    _packed: IO[bytes]
    _content: io.BufferedReader

    @property
    def done(self) -> int:
        """How many bytes of the file have been read."""
        return self._packed.tell()

    def start(self) -> bytes:
        """Return how it begins, a few thousand bytes; nothing is consumed."""
        with _sentences(self.path):
            start = self._content.peek(LOOK)[:LOOK]
        return start.decode("utf-16", errors="replace").encode() if start[:2] in UTF16 else start

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield every line with its number, from 1; raises `LumbungError` for a damaged file or an endless line."""
        with _sentences(self.path):
            if self._content.peek(2)[:2] in UTF16:  # what a redirection in PowerShell writes
                text = io.TextIOWrapper(self._content, encoding="utf-16", newline="\n")
                try:
                    yield from ((number, line.encode()) for number, line in enumerate(text, 1))
                finally:
                    text.detach()
                return
            for number, line in enumerate(iter(lambda: self._content.readline(LONGEST_LINE), b""), 1):
                if len(line) == LONGEST_LINE:
                    raise LumbungError(
                        "%(file)s: line %(line)s is longer than %(most)s MB; export it anew with several rows a line.",
                        file=self.path.name,
                        line=number,
                        most=LONGEST_LINE // 1024 // 1024,
                    )
                yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


@contextmanager
def open_dump(path: Path) -> Iterator[DumpFile]:
    """Open a dump; raises `LumbungError` when it cannot be read or an archive holds no dump, or several."""
    with ExitStack() as stack:
        with _sentences(path):
            opened = _opened(path, stack)
        yield opened  # what goes wrong with the lines that were read is no fault of the file


def _opened(path: Path, stack: ExitStack) -> DumpFile:
    packed = stack.enter_context(path.open("rb"))
    start = packed.read(4)
    packed.seek(0)
    name, packed_at, content = path.name, None, cast(IO[bytes], packed)
    if start[:2] == b"\x1f\x8b":
        content = cast(IO[bytes], stack.enter_context(gzip.GzipFile(fileobj=packed)))
        name = path.name.removesuffix(".gz")
    elif start == b"PK\x03\x04":
        archive = stack.enter_context(zipfile.ZipFile(packed))
        member = _only_dump_in(archive, path)
        name, packed_at = member.filename, _time_of(member)
        content = stack.enter_context(archive.open(member))
    raw = cast(io.RawIOBase, content)
    return DumpFile(path, name, packed_at, path.stat().st_size, packed, io.BufferedReader(raw, BLOCK))


def _only_dump_in(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    dumps = [one for one in archive.infolist() if one.filename.lower().endswith(".sql")]
    if len(dumps) != 1:
        raise LumbungError(
            "%(file)s holds %(count)s files that end in .sql; give the one that is to be loaded.",
            file=path.name,
            count=len(dumps),
        )
    if dumps[0].flag_bits & 1:
        raise LumbungError("%(file)s is protected by a password; unpack it first.", file=path.name)
    return dumps[0]


def _time_of(member: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*member.date_time)  # noqa: DTZ001  (an archive knows no time zone)
    except ValueError:
        return None


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or "it ends too early"
        raise LumbungError("%(file)s cannot be read: %(reason)s.", file=path.name, reason=reason.rstrip(".")) from error
