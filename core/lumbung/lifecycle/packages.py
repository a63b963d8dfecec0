"""Where plugins' packages live: one folder per generation, switched by renaming a link.

``$LUMBUNG_HOME/plugins/current`` leads to the generation that is imported. A change builds the next one beside
it (unchanged files are hard links) and switches at the end: killed half-way, nothing changed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import Distribution, distributions
from pathlib import Path

from installer import install
from installer.destinations import SchemeDictionaryDestination
from installer.sources import WheelFile
from packaging.utils import canonicalize_name

from lumbung.lifecycle.inspection import InspectedWheel
from lumbung.registry.discovery import forget, is_kept

CURRENT = "current"
KEEP = 3  # generations that stay on disk, the current one and those that a process imported from not counted


def put_in(root: Path, *wheels: InspectedWheel) -> None:
    """Unpack inspected wheels into the next generation and switch to it. Older versions of them are replaced."""
    switch_to(root, prepare(root, *wheels))


def prepare(root: Path, *wheels: InspectedWheel) -> int:
    """Make the next generation with these wheels in it, and return its number; `switch_to` puts it to use."""
    with _next(root) as (draft, number):
        for wheel in wheels:
            _take_out(draft, wheel.distribution)
            destination = SchemeDictionaryDestination(
                {scheme: str(draft) for scheme in ("purelib", "platlib", "scripts", "data", "headers")},
                interpreter="python3",
                script_kind="posix",
                bytecode_optimization_levels=(0,),
            )
            with WheelFile.open(wheel.path) as source:
                install(source, destination, additional_metadata={"INSTALLER": b"lumbung\n"})
    return number


def prepare_without(root: Path, distribution: str) -> int:
    """Make the next generation without a distribution, and return its number; `switch_to` puts it to use."""
    with _next(root) as (draft, number):
        _take_out(draft, distribution)
    return number


def take_out(root: Path, distribution: str) -> bool:
    """Remove a distribution from the next generation and switch to it; False when it is not there."""
    if distribution_in(root, distribution) is None:
        return False
    with _next(root) as (draft, number):
        _take_out(draft, distribution)
    switch_to(root, number)
    return True


def folder_of(root: Path, number: int) -> Path:
    """Return the folder of a generation."""
    return root / str(number)


def current_number(root: Path) -> int | None:
    """Return the number of the generation that is imported, None when there is none yet."""
    with suppress(OSError, ValueError):
        return int((root / CURRENT).readlink().name)
    return None


def switch_to(root: Path, number: int) -> None:
    """Have a generation imported from now on; those before the newest few are removed."""
    with _locked(root):
        link = root / ".next"
        link.unlink(missing_ok=True)
        link.symlink_to(str(number))
        link.replace(root / CURRENT)
        for old in [one for one in _numbers(root) if one != number][: 1 - KEEP]:
            if not is_kept(root / str(old)):
                shutil.rmtree(root / str(old), ignore_errors=True)
    forget()


def drop(root: Path, number: int) -> None:
    """Throw a generation away that is not imported."""
    with _locked(root):
        if current_number(root) != number:
            shutil.rmtree(root / str(number), ignore_errors=True)


def distribution_in(root: Path, distribution: str) -> Distribution | None:
    """Return a distribution that was unpacked here, None when there is none of that name."""
    return _find(root / CURRENT, distribution)


def _find(folder: Path, distribution: str) -> Distribution | None:
    wanted = canonicalize_name(distribution)
    for found in distributions(path=[str(folder)]):
        if canonicalize_name(found.metadata["Name"]) == wanted:
            return found
    return None


def _take_out(folder: Path, distribution: str) -> None:
    found = _find(folder, distribution)
    if found is None:
        return
    tops = {Path(str(file)).parts[0] for file in found.files or []}
    for top in tops - {".."}:
        target = folder / top
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)


@contextmanager
def _next(root: Path) -> Iterator[tuple[Path, int]]:
    """Yield a copy of the current generation and its number; it is kept when the block ends well."""
    with _locked(root):
        current, number = root / CURRENT, 1 + max(_numbers(root), default=0)
        draft = root / f".draft-{number}"
        _sweep(root)
        if current.exists():
            shutil.copytree(current, draft, copy_function=os.link)
        else:
            draft.mkdir()
        try:
            yield draft, number
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        draft.rename(root / str(number))


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _numbers(root: Path) -> list[int]:
    return sorted(int(path.name) for path in root.iterdir() if path.name.isdigit())


def _sweep(root: Path) -> None:
    """Remove what a killed change left behind."""
    for draft in root.glob(".draft-*"):
        with suppress(OSError):
            shutil.rmtree(draft)
