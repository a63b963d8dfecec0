"""Taking a donated application in: a zip archive, a folder or a working tree of git becomes a folder of plain files.

What is kept is kept byte for byte. What no application needs from its author's machine (version control, caches, a
virtual environment made elsewhere, links) is left out, and said.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lumbung.errors import LumbungError
from lumbung.instances.tree import digests_of, tree_hash
from lumbung.lifecycle.members import FOREIGN, refuse_bad_members, refuse_false_sizes

_LEFT_OUT = frozenset((".git", ".hg", ".svn", "__pycache__", "__MACOSX", ".DS_Store", "Thumbs.db", ".idea", ".vscode"))
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True)
class Received:
    """A donated tree. ``left_out`` maps paths to why: ``own`` (of a tool), ``link``, ``environment``, ``special``."""

    folder: Path
    given: str
    kind: str  # zip, folder, git
    commit: str | None = None
    hash: str = ""
    files: int = 0
    size: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    world_writable: tuple[str, ...] = ()
    empty_folders: tuple[str, ...] = ()


def receive(given: Path, into: Path) -> Received:
    """Bring what was given into the folder ``into``, which is made; raises `LumbungError` and leaves nothing there."""
    refuse_bad_place(given, into)
    try:
        if given.is_dir():
            return _counted(_copied(given, into))
        if zipfile.is_zipfile(given):
            return _counted(_unpacked(given, into))
    except BaseException:
        shutil.rmtree(into, ignore_errors=True)
        raise
    raise LumbungError("%(path)s is neither a folder nor a zip archive.", path=given)


def refuse_bad_place(given: Path, into: Path) -> None:
    """Refuse what is not there, and a place inside of it; raises `LumbungError`."""
    if not given.exists():
        raise LumbungError("%(path)s is not there.", path=given)
    if given.is_dir() and into.resolve().is_relative_to(given.resolve()):
        raise LumbungError("%(path)s lies inside of what is to be adopted; name another folder with --to.", path=into)


def _unpacked(given: Path, into: Path) -> Received:
    raw = into.with_name(into.name + ".raw")
    try:
        with zipfile.ZipFile(given) as archive:
            refuse_bad_members(given.name, archive, given.stat().st_size, FOREIGN)
            refuse_false_sizes(given.name, archive)
            for member in archive.infolist():
                place = raw / member.filename
                if member.is_dir():
                    place.mkdir(parents=True, exist_ok=True)
                    continue
                place.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as packed, place.open("xb") as file:
                    shutil.copyfileobj(packed, file, 1 << 20)
                if member.external_attr >> 16 & 0o777:
                    place.chmod((member.external_attr >> 16 & 0o777) | 0o600)
        inside = [one for one in raw.iterdir() if one.name not in _LEFT_OUT] if raw.exists() else []
        root = inside[0] if len(inside) == 1 and inside[0].is_dir() else raw
        found = _copied(root, into, kind="zip") if raw.exists() else Received(into, "", "zip")
        commit = archive.comment.decode("ascii", "ignore").strip()  # GitHub and GitLab write it there
        return Received(
            into, given.name, "zip", commit if _COMMIT.fullmatch(commit) else found.commit, left_out=found.left_out
        )
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError):
        raise LumbungError("%(path)s is damaged: it cannot be unpacked.", path=given) from None
    finally:
        shutil.rmtree(raw, ignore_errors=True)


def _copied(given: Path, into: Path, *, kind: str = "folder") -> Received:
    left: dict[str, str] = {}
    budget = FOREIGN.unpacked
    for where, names, files in os.walk(given):
        here = Path(where)
        for name in sorted([*names, *files]):
            why = _why_left_out(here / name)
            if why:
                left[str(PurePosixPath((here / name).relative_to(given)))] = why
        names[:] = sorted(name for name in names if not _why_left_out(here / name))
        target = into / here.relative_to(given)
        target.mkdir(parents=True, exist_ok=True)
        for name in files:
            origin = here / name
            if _why_left_out(origin):
                continue
            budget -= origin.stat().st_size
            if budget < 0:
                raise LumbungError("%(path)s is larger than %(most)s MB.", path=given, most=FOREIGN.unpacked // 2**20)
            shutil.copyfile(origin, target / name)
            (target / name).chmod(stat.S_IMODE(origin.stat().st_mode) | 0o600)
        target.chmod(stat.S_IMODE(here.stat().st_mode) | 0o700)
    commit = commit_of(given) if kind == "folder" else None
    return Received(into, given.name, "git" if (given / ".git").exists() else kind, commit, left_out=left)


def _why_left_out(path: Path) -> str:
    """Return why a file or folder is not taken along; empty when it is."""
    if path.is_symlink():
        return "link"
    if path.name in _LEFT_OUT or path.suffix == ".pyc":
        return "own"
    if path.is_dir():
        return "environment" if _is_environment(path) else ""
    return "" if path.is_file() else "special"


def _is_environment(folder: Path) -> bool:
    """Whether a folder is a virtual environment: made on another machine, it runs on none but that."""
    if (folder / "pyvenv.cfg").is_file():
        return True
    return any((folder / one / "activate").is_file() for one in ("bin", "Scripts")) and (folder / "lib").is_dir()


def commit_of(folder: Path) -> str | None:
    """Return the commit that a working tree stands at, read from its files; None when there is none to be read."""
    try:
        git = folder / ".git"
        head = (git / "HEAD").read_text().strip()
        if head.startswith("ref: ") and ".." not in head:
            name = head.removeprefix("ref: ")
            loose = git / name
            if loose.is_file():
                head = loose.read_text().strip()
            else:
                packed = (git / "packed-refs").read_text().splitlines()
                head = next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
        return head if _COMMIT.fullmatch(head) else None
    except (OSError, UnicodeDecodeError):
        return None


def _counted(received: Received) -> Received:
    digests = digests_of(received.folder)
    if not digests:
        raise LumbungError("%(path)s holds no files.", path=received.given)
    size, writable, empty = 0, [], []
    for where, names, files in os.walk(received.folder):
        here = Path(where)
        path = str(here.relative_to(received.folder))
        size += sum((here / name).stat().st_size for name in files)
        writable += [path] if here.stat().st_mode & stat.S_IWOTH else []
        here.chmod(0o755)
        if not names and not files and path != ".":
            empty.append(path)
    return Received(
        received.folder,
        received.given,
        received.kind,
        received.commit,
        tree_hash(digests),
        len(digests),
        size,
        received.left_out,
        tuple(sorted(writable)),
        tuple(sorted(empty)),
    )
