"""The keeper where there is nothing to keep: a small process that waits until there is.

It is run as a file, in the place of the keeper and with its process id, and becomes the keeper again when somebody
asks it something or an application that runs as a process is installed. It needs a third of the keeper's memory,
for it knows of the platform no more than two queries.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys

import psycopg

LOOK_EVERY = 1.0
GENERATION = "SELECT value FROM lumbung_generation WHERE id = 1"
ANYTHING = (
    "SELECT EXISTS (SELECT FROM lumbung_plugin WHERE state IN ('installed', 'upgrading')"
    " AND (isolated OR manifest ->> 'runtime' = 'process'))"
)


class Look:
    """Looks whether there is something to keep, with one connection that is made again when it breaks."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None
        self._generation: object = None

    def finds_something(self) -> bool:
        """Ask the database; False while it is away."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._url, autocommit=True, connect_timeout=3, application_name="lumbung-keeper"
                )
            generation = self._ask(GENERATION)
            if generation == self._generation:
                return False
            self._generation = generation
            return bool(self._ask(ANYTHING))
        except psycopg.Error:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return False

    def _ask(self, query: str) -> object:
        assert self._connection is not None  # noqa: S101  (its caller made it)
        row = self._connection.execute(query.encode(), prepare=True).fetchone()
        return row[0] if row else None


def main() -> None:
    """Wait, and become the keeper. Standard input says how the database is reached, the argument where we listen."""
    door = int(sys.argv[1])
    with os.fdopen(0, "rb", closefd=False) as line:
        told = json.load(line)
    look = Look(told["database"])
    while not look.finds_something():
        with contextlib.suppress(InterruptedError):
            if select.select([door], [], [], LOOK_EVERY)[0]:
                break
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.execve(  # noqa: S606  (no shell: that is the point)
        sys.executable, [sys.executable, *told["keeper"]], os.environ | {told["door"]: str(door)}
    )


if __name__ == "__main__":
    main()
