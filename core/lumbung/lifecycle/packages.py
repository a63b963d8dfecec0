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
from lumbung.registry.discovery import forget

CURRENT = "current"
KEEP = 3  # generations that stay on disk, the current one included


def put_in(root: Path, *wheels: InspectedWheel) -> None:
    """Unpack inspected wheels into the next generation and switch to it. Older versions of them are replaced."""
    with unpacked(root, *wheels):
        pass


@contextmanager
def unpacked(root: Path, *wheels: InspectedWheel) -> Iterator[Path]:
    """As `put_in`, but yield the next generation's folder first: when the block raises, nothing is switched."""
    with _changing(root) as draft:
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
        yield draft


def take_out(root: Path, distribution: str) -> bool:
    """Remove a distribution from the next generation and switch to it; False when it is not there."""
    if distribution_in(root, distribution) is None:
        return False
    with _changing(root) as draft:
        _take_out(draft, distribution)
    return True


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
def _changing(root: Path) -> Iterator[Path]:
    """Yield a copy of the current generation; switch to it when the block ends well, drop it otherwise."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        current = root / CURRENT
        number = 1 + max((int(path.name) for path in root.iterdir() if path.name.isdigit()), default=0)
        draft = root / f".draft-{number}"
        _sweep(root)
        if current.exists():
            shutil.copytree(current, draft, copy_function=os.link)
        else:
            draft.mkdir()
        try:
            yield draft
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        draft.rename(root / str(number))
        _switch(root, number)
    forget()


def _switch(root: Path, number: int) -> None:
    link = root / ".next"
    link.unlink(missing_ok=True)
    link.symlink_to(str(number))
    link.replace(root / CURRENT)
    generations = sorted(int(path.name) for path in root.iterdir() if path.name.isdigit())
    for old in generations[:-KEEP]:
        shutil.rmtree(root / str(old), ignore_errors=True)


def _sweep(root: Path) -> None:
    """Remove what a killed change left behind."""
    for draft in root.glob(".draft-*"):
        with suppress(OSError):
            shutil.rmtree(draft)
