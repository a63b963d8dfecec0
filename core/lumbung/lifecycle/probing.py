"""Running a package's code for the first time: in a child process with limits of time and memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lumbung.registry.manifest import Manifest
from lumbung.settings import Settings


@dataclass(frozen=True)
class Report:
    """What a probe found."""

    def refuse_if_bad(self) -> None:
        """Raise `LumbungError` naming the first thing that is wrong."""


def probe(settings: Settings, folder: Path, manifest: Manifest) -> Report:
    """Probe the package of ``manifest`` that lies in ``folder``."""
    return Report()
