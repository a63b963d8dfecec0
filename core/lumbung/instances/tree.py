"""The copy of a donated tree that an instance runs in, and what becomes of it when the application is upgraded.

Beside the copy lies ``source.json``: the hash of each donated file as it was copied, by which a file that the
application changed is told from one it left alone. Files come into place by a rename, and the list is written before
and after: whoever is killed half-way is followed by somebody who knows what was meant.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lumbung.errors import LumbungError
from lumbung.instances.instance import Instance
from lumbung.registry.discovery import find_plugin

LEFT_OUT = frozenset(("__pycache__",))
_DRAFT = re.compile(r"\.[0-9a-f]{12}\.lumbung(-wal|-shm|-journal)?")
_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Copied:
    """What `copy_tree` did. ``kept`` are files that the application changed or deleted and that stayed so."""

    hash: str
    files: int
    kept: tuple[str, ...]


@dataclass
class _Noted:
    """``source.json``: the files as last copied, those that a copy in progress brings, what it is a copy of."""

    files: dict[str, str] = field(default_factory=dict)
    coming: dict[str, str] = field(default_factory=dict)
    origin: str = ""

    def had(self, path: str, digest: str) -> bool:
        """Whether a file with this hash is a donated one, as it was copied here."""
        return digest in (self.files.get(path), self.coming.get(path))


def donated_folder(instance: Instance) -> Path:
    """Return the donated tree in the installed package; raises `LumbungError` when it is not there."""
    found = find_plugin(instance.name)
    folder = found.folder / instance.process.source if found is not None else None
    if folder is None or not folder.is_dir():
        raise LumbungError(
            "Plugin %(plugin)s has no folder %(folder)s in its package; install it again.",
            plugin=instance.name,
            folder=instance.process.source,
        )
    return folder


def digests_of(folder: Path) -> dict[str, str]:
    """Return the hash of each file of a tree by its path; raises `LumbungError` for a link that leads out of it."""
    return {path: _digest(folder / path) for path in _files(folder)}


def tree_hash(digests: Mapping[str, str]) -> str:
    """Return the hash of a whole tree: of the paths and contents of its files, not of times or modes."""
    whole = hashlib.sha256()
    for path in sorted(digests):
        whole.update(f"{digests[path]}  {path}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def copy_tree(instance: Instance) -> Copied:
    """Make ``instance.source`` the donated tree of the installed version, and return what that was.

    A file that the application wrote, changed or deleted since the last copy stays as it made it; of the others, those
    that were donated anew are replaced and those that are donated no more removed. Raises `LumbungError`.
    """
    donated, noted = donated_folder(instance), _read(instance)
    coming = digests_of(donated)
    first = not instance.source.exists()
    instance.source.mkdir(parents=True, exist_ok=True, mode=0o700)
    forget_drafts(instance.source)
    _write(instance, _Noted(noted.files, coming, noted.origin))
    kept = _remove_vanished(instance.source, noted, coming)
    for path in _folders(donated):
        _make_folder(instance.source, path)
    for path, digest in coming.items():
        if not _bring(donated / path, instance.source, path, digest, noted, first=first):
            kept.append(path)
    _write(instance, _Noted(coming, {}, origin_of(donated, instance)))
    return Copied(tree_hash(coming), len(coming), tuple(sorted(kept)))


def is_copied(instance: Instance) -> bool:
    """Whether ``instance.source`` was made of the very package that is installed now, and completely."""
    noted = _read(instance)
    donated = donated_folder(instance)
    return instance.source.is_dir() and not noted.coming and noted.origin == origin_of(donated, instance)


def origin_of(donated: Path, instance: Instance) -> str:
    """Return what tells one installed package from the next: version, place and time."""
    place = donated.parent.resolve()
    return f"{instance.plugin.version} {place} {place.stat().st_mtime_ns}"


def changed_files(instance: Instance) -> Iterator[str]:
    """Yield the files of ``instance.source`` that are not as they were donated: what an archive has to hold."""
    noted = _read(instance)
    for path in _files(instance.source, strict=False):
        if not noted.had(path, _digest(instance.source / path)):
            yield path


def is_donated(instance: Instance, path: str) -> bool:
    """Whether a path inside the tree is that of a donated file."""
    return path in _read(instance).files


def place_in(root: Path, path: str) -> Path:
    """Return where ``path`` lies in ``root``; raises `LumbungError` when a link on the way leads out."""
    place = root / path
    if not place.parent.resolve().is_relative_to(root.resolve()):
        raise LumbungError("%(path)s leads out of the folder of the application, through a link.", path=path)
    return place


def write_file(place: Path, data: bytes, mode: int) -> None:
    """Put a file into place in one piece."""
    draft = place.with_name(f".{secrets.token_hex(6)}.lumbung")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
        draft.chmod(mode)
        draft.replace(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def forget_drafts(folder: Path) -> None:
    """Remove what somebody who was killed had not put into place yet."""
    for draft in folder.rglob(".*.lumbung*"):
        if _DRAFT.fullmatch(draft.name) and not draft.is_symlink():
            draft.unlink()


def _bring(origin: Path, root: Path, path: str, digest: str, noted: _Noted, *, first: bool) -> bool:
    """Put one donated file into place unless the application made it its own; return whether it is the donated one."""
    place = place_in(root, path)
    if place.is_symlink() or place.is_dir():
        return False
    if place.exists():
        there = _digest(place)
        if there == digest:
            return True
        if not noted.had(path, there):
            return False
    elif not first and not noted.coming and noted.files.get(path) == digest:
        return False  # the application deleted it, as installers do with themselves
    _copy(origin, place)
    return True


def _copy(origin: Path, place: Path) -> None:
    draft = place.with_name(f".{secrets.token_hex(6)}.lumbung")
    mode = origin.stat().st_mode & 0o755 | 0o600
    try:
        with (
            origin.open("rb") as given,
            os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as taken,
        ):
            while block := given.read(_BLOCK):
                taken.write(block)
        draft.chmod(mode)
        draft.replace(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _remove_vanished(root: Path, noted: _Noted, coming: Mapping[str, str]) -> list[str]:
    """Remove what is donated no more, with folders left empty; return what the application had changed of it."""
    kept = []
    for path, _digest_then in noted.files.items():
        place = place_in(root, path)
        if path in coming or place.is_symlink() or not place.is_file():
            continue
        if noted.had(path, _digest(place)):
            place.unlink()
            _remove_empty(place.parent, root)
        else:
            kept.append(path)
    return kept


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _make_folder(root: Path, path: str) -> None:
    place = place_in(root, path)
    if place.is_symlink() or (place.exists() and not place.is_dir()):
        raise LumbungError(
            "%(path)s is a folder in the donated tree, and the application made a file of that name.", path=path
        )
    place.mkdir(exist_ok=True, mode=0o755)


def _folders(folder: Path) -> Iterator[str]:
    for where, names, _files_there in os.walk(folder):
        names[:] = sorted(name for name in names if name not in LEFT_OUT and not Path(where, name).is_symlink())
        for name in names:
            yield str(Path(where, name).relative_to(folder))


def _files(folder: Path, *, strict: bool = True) -> Iterator[str]:
    """Yield the files of a tree; ``strict`` refuses a link that leads out of it, otherwise links are left out."""
    for where, names, files in os.walk(folder):
        links = [name for name in names if Path(where, name).is_symlink()]
        names[:] = sorted(name for name in names if name not in LEFT_OUT and name not in links)
        for name in sorted([*files, *links]):
            place = Path(where, name)
            path = str(place.relative_to(folder))
            if place.is_symlink():
                if strict:
                    raise LumbungError("%(path)s is a link; a donated tree holds files and folders.", path=path)
            elif stat.S_ISREG(place.lstat().st_mode):
                yield path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _list(instance: Instance) -> Path:
    return instance.folder / "source.json"


def _read(instance: Instance) -> _Noted:
    try:
        kept: dict[str, Any] = json.loads(_list(instance).read_text())
        return _Noted(dict(kept["files"]), dict(kept["coming"]), str(kept["origin"]))
    except FileNotFoundError:
        return _Noted()
    except (OSError, ValueError, KeyError, TypeError):
        raise LumbungError(
            "%(path)s is damaged; remove it, and files that the application changed are kept.", path=_list(instance)
        ) from None


def _write(instance: Instance, noted: _Noted) -> None:
    text = json.dumps({"origin": noted.origin, "files": noted.files, "coming": noted.coming})
    write_file(_list(instance), text.encode(), 0o600)
