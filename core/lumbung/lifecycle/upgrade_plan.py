"""What an upgrade would do, worked out before anything is done: shown by a command and on the operation's page."""

from __future__ import annotations

import ast
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import create_engine

from lumbung.database.roles import urls_made_by_hand
from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle import plugin_files
from lumbung.lifecycle.inspection import InspectedWheel
from lumbung.lifecycle.machine import migrator_url
from lumbung.lifecycle.tables import measured
from lumbung.migrate import Component, current_revision
from lumbung.registry.models import PluginRow
from lumbung.settings import Settings

COPIES = 3  # of the tables, at the same time: the one to return to, the trial's, and what a migration may rewrite
SPARE = 64 * 2**20  # bytes that stay free besides


@dataclass(frozen=True)
class Revision:
    """A revision that would run. ``words`` is the first line of its docstring, ``file`` its name in the folder."""

    id: str
    words: str
    file: str


@dataclass(frozen=True)
class UpgradePlan:
    """What would be done: sizes in bytes, ``free`` empty where the database is on another machine."""

    plugin: str
    title: str
    version_before: str | None
    version: str
    revision_before: str | None
    revisions: tuple[Revision, ...]
    tables: tuple[dict[str, Any], ...]
    files: int
    needed: int
    free: int
    database_here: bool
    needs: tuple[dict[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data: for the facts of an operation and ``lumbung plugin plan --json``."""
        return asdict(self)


def plan_upgrade(kernel: Kernel, wheel: InspectedWheel) -> UpgradePlan:
    """Work out what installing ``wheel`` would do here. Runs none of its code and changes nothing.

    Raises `LumbungError` when the database is newer than the wheel, its revisions have two ends or cannot be read, or
    there is no room for the copies.
    """
    name, settings = wheel.manifest.name, kernel.settings
    with kernel.database.new_session(None) as session:
        row = session.get(PluginRow, name)
    engine = create_engine(migrator_url(kernel))
    try:
        with engine.connect() as connection:
            current = current_revision(connection, Component(name, wheel.version, Path()))
            tables = measured(connection, name)
    finally:
        engine.dispose()
    revisions = to_run(_sources(wheel), current, name)
    files = plugin_files.size(settings, name)
    here = not settings.database_url and not urls_made_by_hand(settings)
    needed = files + _unpacked(wheel) + SPARE + (COPIES * sum(one.size for one in tables) if here else 0)
    made = UpgradePlan(
        plugin=name,
        title=wheel.manifest.title.id,
        version_before=row.version if row is not None and row.state in ("installed", "upgrading") else None,
        version=wheel.version,
        revision_before=current,
        revisions=tuple(revisions),
        tables=tuple({"name": one.name, "rows": one.rows, "size": one.size} for one in tables),
        files=files,
        needed=needed,
        free=free_space(settings),
        database_here=here,
        needs=tuple(_needs(kernel, wheel)),
    )
    refuse_without_room(made)
    return made


def refuse_without_room(plan: UpgradePlan) -> None:
    """Raise `LumbungError` when the copies would not fit on the disk."""
    if plan.free < plan.needed:
        raise LumbungError(
            "There is no room for the copies that an upgrade can return to: %(needed)s MB are needed, %(free)s MB are "
            "free. Free some space, then try again.",
            needed=-(-plan.needed // 2**20),
            free=plan.free // 2**20,
        )


def free_space(settings: Settings) -> int:
    """Return how many bytes are free where the data folder is."""
    where = settings.home
    while not where.exists():
        where = where.parent
    return shutil.disk_usage(where).free


def to_run(sources: Mapping[str, str], current: str | None, plugin: str) -> list[Revision]:
    """Return the revisions after ``current``, in the order in which they run, from the texts of their files.

    Raises `LumbungError` when a file cannot be read, when they have two ends, or when ``current`` is none of them: the
    database is then newer than this code, and is never taken back by itself.
    """
    known: dict[str, tuple[tuple[str, ...], Revision]] = {}
    for file, source in sources.items():
        if (read := _read(file, source, plugin)) is not None:
            known[read[1].id] = read
    if current is not None and current not in known:
        raise LumbungError(
            "The tables of %(plugin)s are at revision %(revision)s, which this version does not know: they are newer "
            "than its code. Install a newer version; the tables are never taken back by themselves.",
            plugin=plugin,
            revision=current,
        )
    below = {one for downs, _ in known.values() for one in downs}
    heads = sorted(set(known) - below)
    if len(heads) > 1:
        raise LumbungError(
            "The revisions of %(plugin)s have more than one end: %(heads)s. Its makers must join them.",
            plugin=plugin,
            heads=heads,
        )
    return _between(known, current, heads[0]) if heads else []


def _between(known: Mapping[str, tuple[tuple[str, ...], Revision]], current: str | None, head: str) -> list[Revision]:
    done: set[str] = set()
    _add_all_below(known, current, done)
    ordered: list[Revision] = []
    waiting = [head]
    while waiting:
        one = waiting[-1]
        downs = [down for down in known[one][0] if down in known and down not in done] if one in known else []
        if downs:
            waiting += sorted(downs, reverse=True)
            continue
        waiting.pop()
        if one in known and one not in done:
            done.add(one)
            ordered.append(known[one][1])
    return ordered


def _add_all_below(known: Mapping[str, tuple[tuple[str, ...], Revision]], revision: str | None, done: set[str]) -> None:
    waiting = [revision] if revision else []
    while waiting:
        one = waiting.pop()
        if one not in done and one in known:
            done.add(one)
            waiting += known[one][0]


def _read(file: str, source: str, plugin: str) -> tuple[tuple[str, ...], Revision] | None:
    """Read a revision's names and words without running it; None for a file that is no revision."""
    try:
        tree = ast.parse(source)
        said: dict[str, Any] = {}
        for statement in tree.body:
            for target, value in _assigned(statement):
                if target in ("revision", "down_revision"):
                    said[target] = ast.literal_eval(value)
    except (SyntaxError, ValueError) as error:
        raise LumbungError(
            "The revisions of %(component)s cannot be read: %(reason)s",
            component=plugin,
            reason=f"{PurePosixPath(file).name}: {error}",
        ) from None
    if not isinstance(said.get("revision"), str):
        return None
    down = said.get("down_revision") or ()
    downs = (down,) if isinstance(down, str) else tuple(str(one) for one in down)
    words = (ast.get_docstring(tree) or "").strip().splitlines()
    return downs, Revision(said["revision"], words[0].strip() if words else "", file)


def _assigned(statement: ast.stmt) -> list[tuple[str, ast.expr]]:
    if isinstance(statement, ast.Assign):
        return [(target.id, statement.value) for target in statement.targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        return [(statement.target.id, statement.value)]
    return []


def _sources(wheel: InspectedWheel) -> dict[str, str]:
    """Return the revision files in a wheel by their name."""
    folder = f"{wheel.module}/migrations/"
    with zipfile.ZipFile(wheel.path) as archive:
        return {
            name.removeprefix(folder): archive.read(name).decode("utf-8", "replace")
            for name in sorted(archive.namelist())
            if name.startswith(folder) and name.endswith(".py") and "/" not in name.removeprefix(folder)
        }


def _unpacked(wheel: InspectedWheel) -> int:
    with zipfile.ZipFile(wheel.path) as archive:
        return sum(member.file_size for member in archive.infolist())


def _needs(kernel: Kernel, wheel: InspectedWheel) -> list[dict[str, Any]]:
    installed = kernel.snapshot().plugins
    return [
        {"plugin": name, "wanted": wanted, "installed": installed[name].version if name in installed else None}
        for name, wanted in wheel.manifest.dependencies.items()
    ]
