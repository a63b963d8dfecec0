"""Whether the database is that of the code, asked at every start: one query, and no revision file is read.

What a package's tables need is known by its version: it was migrated to its newest revision before that version was
written down (`lumbung.lifecycle.install`). So the version kept is compared with that of the package on the import
path. ``lumbung doctor`` looks closer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from lumbung.migrate import core_component, current_revision

_KEPT = text(
    "SELECT 'core' AS name, (SELECT version_num FROM lumbung_version_core) AS kept "
    "UNION ALL SELECT name, version FROM lumbung_plugin WHERE state = 'installed'"
)


@dataclass(frozen=True)
class Behind:
    """A component whose tables are not those of its code: the core at a revision, a plugin at a version."""

    name: str
    at: str | None
    needs: str


def behind(connection: Connection, core: str, packages: Mapping[str, str]) -> list[Behind] | None:
    """Return what does not fit, the core first; None when the database was never used.

    ``core`` is the newest revision of the code, ``packages`` maps the plugins on the import path to their versions. A
    plugin whose package is gone is not behind: nothing of it runs.
    """
    try:
        kept = {str(row.name): row.kept for row in connection.execute(_KEPT)}
    except ProgrammingError:  # never used, or so old that it has no such tables
        connection.rollback()
        at = current_revision(connection, core_component())
        return None if at is None else [Behind("core", at, core)]
    if kept["core"] is None:
        return None
    needs = {"core": core, **packages}
    return [Behind(name, at, needs[name]) for name, at in kept.items() if name in needs and at != needs[name]]


def newest_revision(folder: Path) -> str:
    """Return the core's newest revision by the names of its files, such as 0012 for ``0012_lifecycle.py``."""
    return max(path.name.partition("_")[0] for path in folder.glob("[0-9]*_*.py"))
