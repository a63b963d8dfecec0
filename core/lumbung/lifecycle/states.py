"""The states of a plugin here, and the moves between them. The database refuses every other move (migration 0012)."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.orm import Session

from lumbung.errors import LumbungError
from lumbung.registry.models import PluginRow
from lumbung.registry.state import bump

State = Literal["installed", "upgrading", "uninstalled", "purged"]

# installed: served where it is enabled. upgrading: as installed, and nothing of it may be written. uninstalled: its
# package is gone, its tables stay and an archive of them was made. purged: its tables are gone too.
MOVES: dict[State, frozenset[State]] = {
    "installed": frozenset(("upgrading", "uninstalled")),
    "upgrading": frozenset(("installed",)),
    "uninstalled": frozenset(("installed", "purged")),
    "purged": frozenset(("installed",)),
}
SERVED: tuple[State, ...] = ("installed", "upgrading")


def move(session: Session, row: PluginRow, to: State) -> None:
    """Move a plugin to another state and let every process know; staying where it is changes nothing.

    Raises `LumbungError` when there is no such move.
    """
    if row.state == to:
        return
    if to not in MOVES[row.state]:  # type: ignore[index]
        raise LumbungError(
            "Plugin %(plugin)s is %(state)s and cannot become %(to)s.", plugin=row.name, state=row.state, to=to
        )
    row.state = to
    session.flush()
    bump(session)
