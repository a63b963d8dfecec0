"""Tables that a copy has taken the place of: the rows that were written in them are saved before they go."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from psycopg import Connection as Driver
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from lumbung.clock import utc_now
from lumbung.database.engine import first_line
from lumbung.errors import LumbungError, Sentence
from lumbung.lifecycle import plugin_files, snapshots
from lumbung.lifecycle.layout import layout_of, seen_from
from lumbung.lifecycle.machine import Work
from lumbung.lifecycle.snapshots import away_of
from lumbung.lifecycle.tables import quoted


def save_rows(work: Work, left: Mapping[str, Any] | None) -> None:
    """Write every table that was replaced into a CSV file, unless none was written since ``left`` was taken.

    The files lie in ``$LUMBUNG_HOME/returned/<plugin>-<time>``, for their owner alone; the operation names the folder.
    """
    with work.connection() as connection:
        if not snapshots.exists(connection, away_of(work.name)):
            return
        now = snapshots.digests(connection, work.name, away_of(work.name))
        changed = {table for table, digest in now.items() if left is None or left.get(table) != digest}
        changed = {table for table in changed if now[table]["rows"] and not table.startswith("lumbung_version_")}
        folder = _folder(work) if changed else None
        for number, table in enumerate(sorted(changed)):
            work.progress(number, len(changed))
            _write(connection, work.name, table, folder / f"{table}.csv")  # type: ignore[operator]
    if folder is not None:
        work.note(Sentence("Rows written since the upgrade are saved in %(folder)s.", folder=folder))


def drop_away(work: Work) -> None:
    """Drop the tables and files that were replaced."""
    with work.connection() as connection:
        snapshots.discard(connection, away_of(work.name))
    plugin_files.drop(work.kernel.settings, away_of(work.name))


def check_keys(work: Work) -> None:
    """Check the foreign keys that were made again. One that does not hold is left unchecked, and said."""
    with work.connection() as connection:
        keys = snapshots.unchecked_keys(connection, work.name)
    for table, name in keys:
        try:
            with work.connection() as connection, seen_from(connection, "public"):
                snapshots.check_key(connection, table, name)
        except (DBAPIError, LumbungError) as error:
            work.note(
                Sentence(
                    "The rows of %(table)s point at something that is gone since: %(reason)s",
                    table=table,
                    reason=first_line(error.__cause__ or error),
                )
            )


def _folder(work: Work) -> Path:
    """Return where the rows go; the same folder when it is done again after a kill."""
    if (kept := work.facts.get("returned")) is None:
        kept = str(work.kernel.settings.home / "returned" / f"{work.name}-{utc_now():%Y%m%d-%H%M%S}")
        work.keep(returned=kept)
    folder = Path(kept)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(OSError):
        folder.parent.chmod(0o700)
    return folder


def _write(connection: Connection, plugin: str, table: str, path: Path) -> None:
    raw = connection.connection.driver_connection
    assert isinstance(raw, Driver)  # noqa: S101  (the only driver there is)
    columns = ", ".join(layout_of(connection, plugin, away_of(plugin)).columns[table])
    source = f"SELECT {columns} FROM {quoted(connection, table, away_of(plugin))}"  # noqa: S608
    with (
        os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
        raw.cursor() as cursor,
        cursor.copy(f"COPY ({source}) TO STDOUT WITH (FORMAT csv, HEADER)".encode()) as copied,
    ):
        for block in copied:
            file.write(block)
