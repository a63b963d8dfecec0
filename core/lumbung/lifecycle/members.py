"""The files in a wheel, before any is unpacked: where they would land, what they are, how large they really are."""

from __future__ import annotations

import stat
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

from lumbung.errors import LumbungError

LARGEST_WHEEL = 64 * 1024 * 1024
LARGEST_UNPACKED = 256 * 1024 * 1024
MOST_FILES = 10_000
LONGEST_NAME = 200  # bytes of one part of a path; most file systems take 255
LONGEST_PATH = 1_000  # bytes
# Text and tables pack at most some forty to one; nothing but padding packs better than this.
HIGHEST_RATIO = 100
SMALL = 1024 * 1024  # bytes up to which nobody minds the ratio
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Bounds:
    """How much an archive may hold: bytes as it comes, bytes unpacked, files."""

    packed: int
    unpacked: int
    files: int


INLINE = Bounds(LARGEST_WHEEL, LARGEST_UNPACKED, MOST_FILES)
FOREIGN = Bounds(1024 * 1024 * 1024, 4 * 1024 * 1024 * 1024, 100_000)  # a whole application, its libraries, a dump


class WheelRefused(LumbungError):
    """The file is not a wheel of a plugin that may be installed here; the message says which file and why."""


def refuse_bad_members(file: str, archive: zipfile.ZipFile, size: int, bounds: Bounds = INLINE) -> None:
    """Refuse a wheel of ``size`` bytes by its table of contents; raises `WheelRefused`.

    `refuse_false_sizes` holds the table to what is really there.
    """
    members = archive.infolist()
    if len(members) > bounds.files:
        raise WheelRefused("%(file)s holds more than %(most)s files.", file=file, most=bounds.files)
    for member in members:
        _refuse_odd_path(file, member)
        _refuse_odd_kind(file, member)
    _refuse_same_places(file, [member.filename for member in members])
    _refuse_bomb(file, members, size, bounds)


def refuse_false_sizes(file: str, archive: zipfile.ZipFile) -> None:
    """Read every file to its end, a piece at a time; refuse one that is not as large as it says.

    Raises `WheelRefused`; what zipfile makes of a damaged one passes through.
    """
    for member in archive.infolist():
        read = 0
        with archive.open(member) as stream:
            while piece := stream.read(1 << 16):
                read += len(piece)
                if read > member.file_size:
                    break
        if read != member.file_size:
            raise WheelRefused(
                "%(file)s is damaged: %(path)s is not as large as it says.", file=file, path=member.filename
            )


def _refuse_odd_path(file: str, member: zipfile.ZipInfo) -> None:
    name, path = member.filename.removesuffix("/"), PurePosixPath(member.filename)
    odd = name != str(path) or not path.parts or not name.isprintable()
    if odd or name.startswith("/") or "\\" in name or ".." in path.parts or ":" in name:
        raise WheelRefused("%(file)s holds a file with a path that climbs out: %(path)r", file=file, path=name)
    if len(name.encode()) > LONGEST_PATH or any(len(part.encode()) > LONGEST_NAME for part in path.parts):
        raise WheelRefused("%(file)s holds a file with a name that is too long: %(path)s", file=file, path=name[:60])


def _refuse_odd_kind(file: str, member: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise WheelRefused("%(file)s holds a link: %(path)s", file=file, path=member.filename)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise WheelRefused(
            "%(file)s holds something that is no ordinary file: %(path)s", file=file, path=member.filename
        )
    if member.flag_bits & _ENCRYPTED:
        raise WheelRefused("%(file)s holds an encrypted file: %(path)s", file=file, path=member.filename)
    if member.compress_type not in COMPRESSIONS:
        raise WheelRefused(
            "%(file)s is packed in a way that is not read here: %(path)s", file=file, path=member.filename
        )


def _refuse_same_places(file: str, names: list[str]) -> None:
    """Refuse two files for one place: by their names, or on a disk that takes A for a, or é for e with an accent."""
    seen: dict[str, str] = {}
    for name in names:
        place = unicodedata.normalize("NFC", name.removesuffix("/")).casefold()
        other = seen.setdefault(place, name)
        if other is not name and other != name:
            raise WheelRefused(
                "%(file)s holds both %(path)r and %(other)r, which are one file on some disks.",
                file=file,
                path=name,
                other=other,
            )
        if other is not name:
            raise WheelRefused("%(file)s holds %(path)s twice.", file=file, path=name)
    files = {place for place, name in seen.items() if not name.endswith("/")}
    for place, name in seen.items():
        if any(str(above) in files for above in PurePosixPath(place).parents):
            raise WheelRefused("%(file)s holds %(path)s inside of what is a file itself.", file=file, path=name)


def _refuse_bomb(file: str, members: list[zipfile.ZipInfo], size: int, bounds: Bounds) -> None:
    """Refuse what is small to send and huge to unpack; files that share their bytes count each."""
    whole = sum(member.file_size for member in members)
    if whole > bounds.unpacked:
        most = bounds.unpacked // 2**20
        raise WheelRefused("%(file)s would take more than %(most)s MB when unpacked.", file=file, most=most)
    if sum(member.compress_size for member in members) > size:
        raise WheelRefused("%(file)s is damaged: its files lie over each other.", file=file)
    for what, unpacked, packed in (("", whole, size), *((m.filename, m.file_size, m.compress_size) for m in members)):
        if unpacked > SMALL and unpacked > HIGHEST_RATIO * packed:
            raise WheelRefused(
                "%(file)s unpacks to more than %(most)s times its size: %(path)s",
                file=file,
                most=HIGHEST_RATIO,
                path=what or file,
            )
