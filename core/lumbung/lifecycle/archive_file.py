"""The file of an archive: written member by member in bounded memory, and read back without this platform."""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from lumbung.errors import LumbungError

FORMAT = "lumbung-archive-1"
DESCRIPTION = "archive.json"
SUMS = "SHA256SUMS"
BLOCK = 1 << 16
_SUM = re.compile(r"([0-9a-f]{64})  (.+)")
_NO_ARCHIVE = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, LookupError, TypeError,
    AttributeError,
)  # fmt: skip
LARGEST_LIST = 64 * 1024 * 1024  # bytes of a list of hashes or a description: these two are read at once
_PLAIN = re.compile(r"[A-Za-z0-9_]")
_UNWANTED = re.compile(r"[\x00-\x1f\x7f\\%\ud800-\udfff]")


class BadArchive(LumbungError):
    """A file is no archive of this kind, or is not as it was written."""


@dataclass(frozen=True)
class Checked:
    """What `check` found in a sound archive. ``description`` is its ``archive.json``."""

    description: dict[str, Any]
    members: int
    rows: int
    sha256: str
    size: int


@dataclass
class ArchiveWriter:
    """Writes members into a zip; each is hashed on its way."""

    zip: zipfile.ZipFile
    at: datetime
    sums: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, contents: str | bytes | Iterable[bytes]) -> str:
        """Write a member and return its SHA-256."""
        if isinstance(contents, str | bytes):
            contents = [contents.encode("utf-8") if isinstance(contents, str) else contents]
        entry = zipfile.ZipInfo(name, self.at.timetuple()[:6])
        entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        digest = hashlib.sha256()
        with self.zip.open(entry, "w", force_zip64=True) as member:
            for block in in_blocks(contents):
                digest.update(block)
                member.write(block)
        self.sums[name] = digest.hexdigest()
        return self.sums[name]

    def add_file(self, name: str, path: Path) -> None:
        """Write a file of the disk as a member."""
        with path.open("rb") as file:
            self.add(name, iter(lambda: file.read(BLOCK), b""))

    def close(self) -> None:
        """Write the list of hashes, the last member."""
        self.add(SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(self.sums.items())))


@contextmanager
def writing(draft: Path, at: datetime) -> Iterator[ArchiveWriter]:
    """Yield a writer of a new file that only its owner may read; it is on the disk when the block ended well."""
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
            writer = ArchiveWriter(archive, at)
            yield writer
            writer.close()
        file.flush()
        os.fsync(file.fileno())


def check(path: Path) -> Checked:
    """Read an archive to its end: every hash, every row, nothing missing and nothing more. Raises `BadArchive`.

    Works on a bare file: nothing of a site is asked.
    """
    try:
        sha256 = sha256_of(path)
        with zipfile.ZipFile(path) as archive:
            return _checked(archive, sha256, path.stat().st_size)
    except FileNotFoundError:
        raise BadArchive("There is no file %(path)s.", path=path) from None
    except _NO_ARCHIVE:
        raise BadArchive("%(file)s is damaged or is no archive of Lumbung.", file=path.name) from None
    except OSError as error:
        raise BadArchive(
            "%(file)s cannot be read: %(reason)s.", file=path.name, reason=error.strerror or error
        ) from None


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def member_name(*parts: str) -> str:
    """Return the name of a member; what a list of hashes could not hold on a line of its own is written %XX."""
    return _UNWANTED.sub(lambda found: f"%{ord(found[0]) & 0xFF:02X}", "/".join(parts))


def table_member(table: str) -> str:
    """Return the name of the CSV of a table; a name that a file system could misread is written %XX."""
    plain = "".join(one if _PLAIN.fullmatch(one) else "".join(f"%{byte:02X}" for byte in one.encode()) for one in table)
    return f"tables/{plain}.csv"


def in_blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces (a row each) into blocks."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        gathered.append(bytes(piece))
        size += len(piece)
        if size >= BLOCK:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


class RowCount:
    """Counts the rows of a CSV whose blocks go by. A line break within quotes is part of a value."""

    def __init__(self) -> None:
        self._lines = 0
        self._quoted = False

    def update(self, block: bytes) -> None:
        """Take the next block into account."""
        for number, part in enumerate(block.split(b'"')):
            if number:
                self._quoted = not self._quoted
            if not self._quoted:
                self._lines += part.count(b"\n")

    @property
    def rows(self) -> int:
        """How many rows there are, the heading aside."""
        return max(0, self._lines - 1)


def _checked(archive: zipfile.ZipFile, sha256: str, size: int) -> Checked:
    names = archive.namelist()
    if len(set(names)) != len(names) or SUMS not in names or DESCRIPTION not in names:
        raise BadArchive("%(file)s is damaged or is no archive of Lumbung.", file=Path(archive.filename or "").name)
    if any(archive.getinfo(name).file_size > LARGEST_LIST for name in (SUMS, DESCRIPTION)):
        raise BadArchive("%(file)s is damaged or is no archive of Lumbung.", file=Path(archive.filename or "").name)
    sums = dict(_listed(archive.read(SUMS)))
    if stray := sorted((set(names) - {SUMS}) ^ sums.keys()):
        raise BadArchive("The archive and its list of hashes do not name the same files: %(names)s.", names=stray[:5])
    description = json.loads(archive.read(DESCRIPTION))
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise BadArchive("The archive was written in another format than %(format)s.", format=FORMAT)
    counted = {}
    for name, expected in sums.items():
        with archive.open(name) as member:
            found, counted[name] = _read(member)
        if found != expected:
            raise BadArchive("%(name)s in the archive is not as it was written: its hash is another.", name=name)
    rows = 0
    for table, told in description["tables"].items():
        name = table_member(table)
        if sums.get(name) != told["sha256"] or counted[name] != told["rows"]:
            raise BadArchive(
                "The table %(table)s has %(found)s rows in the archive, where %(told)s were written.",
                table=table,
                found=counted.get(name, 0),
                told=told["rows"],
            )
        rows += counted[name]
    return Checked(description, len(sums) + 1, rows, sha256, size)


def _listed(sums: bytes) -> Iterator[tuple[str, str]]:
    for line in sums.decode("utf-8").rstrip("\n").split("\n"):
        found = _SUM.fullmatch(line)
        if found is None:
            raise BadArchive("The list of hashes in the archive is damaged.")
        yield found[2], found[1]


def _read(member: IO[bytes]) -> tuple[str, int]:
    digest, count = hashlib.sha256(), RowCount()
    while block := member.read(BLOCK):
        digest.update(block)
        count.update(block)
    return digest.hexdigest(), count.rows
