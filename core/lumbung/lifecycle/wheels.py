"""The wheels of this site, kept as they came: an upgrade returns to one, an archive takes one along."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from lumbung.settings import Settings


def folder(settings: Settings) -> Path:
    """Return where wheels are kept, each in a folder named by its SHA-256."""
    return settings.home / "wheels"


def keep(settings: Settings, wheel: Path, sha256: str) -> Path:
    """Copy a wheel into the store and return where; one that is there already stays."""
    target = folder(settings) / sha256 / wheel.name
    if target.is_file() and _sha256(target) == sha256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_name(f".{os.getpid()}.{target.name}")
    shutil.copyfile(wheel, draft)
    draft.replace(target)
    return target


def find(settings: Settings, sha256: str | None) -> Path | None:
    """Return a kept wheel by its SHA-256, None when it is not here or not what it was."""
    if not sha256:
        return None
    with suppress(OSError):
        for path in (folder(settings) / sha256).glob("*.whl"):
            if _sha256(path) == sha256:
                return path
    return None


def keep_only(settings: Settings, wanted: Collection[str]) -> None:
    """Remove every wheel that is not among these SHA-256."""
    with suppress(OSError):
        for path in folder(settings).iterdir():
            if path.name not in wanted:
                shutil.rmtree(path, ignore_errors=True)
        if not wanted:
            folder(settings).rmdir()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
