"""Files of plugins: ``$LUMBUNG_HOME/files/<plugin>``. An upgrade copies the folder, an archive takes it along.

No part of the SDK hands it out yet. Whatever will, keeps to this place; a plugin without one has no folder.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from lumbung.settings import Settings


def folder_of(settings: Settings, plugin: str) -> Path:
    """Return where a plugin's files are, whether or not there are any."""
    return settings.home / "files" / plugin


def kept_of(settings: Settings, schema: str) -> Path:
    """Return where the copy of files is that belongs to the copy of tables in ``schema``."""
    return settings.home / "back" / schema


def size(settings: Settings, plugin: str) -> int:
    """Return how many bytes a plugin's files take."""
    total = 0
    for path in folder_of(settings, plugin).rglob("*"):
        with suppress(OSError):
            total += 0 if path.is_symlink() or not path.is_file() else path.stat().st_size
    return total


def copy(settings: Settings, plugin: str, schema: str) -> None:
    """Copy a plugin's files beside the copy of its tables; real copies, since a file may be written in its place.

    The copy is an empty folder where there are no files: that it exists says that it was not put back yet.
    """
    source, target = folder_of(settings, plugin), kept_of(settings, schema)
    drop(settings, schema)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_name(f".{target.name}")
    shutil.rmtree(draft, ignore_errors=True)
    if source.is_dir():
        shutil.copytree(source, draft, symlinks=True)
    else:
        draft.mkdir(mode=0o700)
    draft.rename(target)


def exchange(settings: Settings, plugin: str, schema: str, away: str) -> None:
    """Put the copied files in the place of the live ones, which go to ``away``'s; harmless to do again."""
    live, kept, gone = folder_of(settings, plugin), kept_of(settings, schema), kept_of(settings, away)
    if not kept.is_dir():
        return
    if live.is_dir():
        shutil.rmtree(gone, ignore_errors=True)
        live.rename(gone)
    else:
        gone.mkdir(exist_ok=True, mode=0o700)
    live.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept.rename(live)
    with suppress(OSError):
        live.rmdir()  # only when it is empty


def rename(settings: Settings, schema: str, to: str) -> None:
    """Follow a schema that is given another name."""
    drop(settings, to)
    if kept_of(settings, schema).exists():
        kept_of(settings, schema).rename(kept_of(settings, to))


def drop(settings: Settings, schema: str) -> None:
    """Throw a copy of files away."""
    shutil.rmtree(kept_of(settings, schema), ignore_errors=True)
    with suppress(OSError):
        (settings.home / "back").rmdir()  # only when it is empty
