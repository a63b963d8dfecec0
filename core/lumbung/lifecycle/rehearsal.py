"""An upgrade tried out before the live tables are touched: the copy is restored elsewhere and migrated there.

It proves two things on the real rows: that the copy is good (what it restores is the live tables, word for word and row
for row), and that the new revisions run on them. Revisions that name a schema of their own cannot be tried out, since
they would reach past the trial; then the first proof stands alone, and the note says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from lumbung.errors import LumbungError, Sentence
from lumbung.lifecycle import snapshots
from lumbung.lifecycle.layout import layout_of
from lumbung.lifecycle.machine import Work, migrator_url
from lumbung.lifecycle.snapshots import draft_of, trial_of
from lumbung.migrate import Component, as_migrator, try_revisions

# A schema written out, in SQL (public.contoh_note) or as an argument (schema="public").
_NAMES_A_SCHEMA = re.compile(r"""\bpublic\s*["']?\s*\.|\bschema\s*=|\bsearch_path\b|\bversion_table_schema\b""")


def rehearse(work: Work, component: Component, kept: Mapping[str, Any]) -> None:
    """Restore the copy of ``work``'s plugin into a scratch schema, compare, migrate it there, and drop it again.

    ``kept`` are the digests of the copy. Raises `LumbungError` when the copy is not the live tables, or what the new
    revisions said; nothing is left of the trial, nor was anything live changed.
    """
    plugin, trial = work.name, trial_of(work.name)
    try:
        with work.connection() as connection:
            _restore(connection, plugin, trial, kept)
        _check_keys(work, trial)
        named = named_schemas(component.folder, work.facts["plan"]["revisions"])
        if named:
            work.note(
                Sentence(
                    "The restore was tried out. The migration was not: %(files)s names a schema and would have reached "
                    "the live tables.",
                    files=named,
                )
            )
        else:
            reached = _migrate(work, component, trial)
            if reached:
                work.note(
                    Sentence("The trial of the migration also wrote to %(tables)s, and took it back.", tables=reached)
                )
    finally:
        clear(work)


def clear(work: Work) -> None:
    """Drop what is left of a trial; also the undoing of a rehearsal that was killed."""
    with work.connection() as connection:
        snapshots.discard(connection, trial_of(work.name))


def named_schemas(folder: Path, revisions: list[dict[str, str]]) -> list[str]:
    """Return the files of these revisions that write a schema's name."""
    files = [folder / one["file"] for one in revisions]
    return [path.name for path in files if _NAMES_A_SCHEMA.search(path.read_text(encoding="utf-8", errors="replace"))]


def _restore(connection: Connection, plugin: str, trial: str, kept: Mapping[str, Any]) -> None:
    """Make the copy of the copy, and hold both against the live tables."""
    snapshots.copy(connection, plugin, draft_of(plugin), trial)
    live = layout_of(connection, plugin)
    different = live.differences(layout_of(connection, plugin, trial), outer=False)
    if different or set(live.outer) != set(snapshots.kept_keys(connection, trial)):
        raise LumbungError(
            "What was restored from the copy is not like the live tables: %(difference)s",
            difference=(different or ["FOREIGN KEY"])[0][:200],
        )
    restored, now = snapshots.digests(connection, plugin, trial), snapshots.digests(connection, plugin)
    for table, digest in now.items():
        if restored.get(table) != digest or kept.get(table) != digest:
            raise LumbungError(
                "The rows of %(table)s changed while the upgrade was prepared, or the copy is not good; try again.",
                table=table,
            )


def _check_keys(work: Work, trial: str) -> None:
    """Make the foreign keys to the core in the trial and check them: in short transactions, since they hold locks."""
    with work.connection() as connection:
        _give_up_early(connection, work)
        snapshots.add_kept_keys(connection, trial)
    with work.connection() as connection:
        for key in snapshots.kept_keys(connection, trial):
            if not key.definition.endswith("NOT VALID"):
                table = f"{connection.dialect.identifier_preparer.quote(trial)}.{key.table}"
                snapshots.check_key(connection, table, key.name)


def _migrate(work: Work, component: Component, trial: str) -> list[str]:
    """Run the new revisions in the trial and roll back; return the tables outside of it that they wrote to."""
    with as_migrator(migrator_url(work.kernel)) as engine, engine.connect() as connection:
        quote = connection.dialect.identifier_preparer.quote
        # For the connection, not the transaction: a revision that commits would be among the live tables otherwise.
        connection.exec_driver_sql(f"SET search_path = {quote(trial)}, public")
        connection.commit()
        _give_up_early(connection, work)
        try:
            try_revisions(connection, component, trial)
            return _written_outside(connection)
        finally:
            if connection.in_transaction():
                connection.rollback()


def _written_outside(connection: Connection) -> list[str]:
    """Return the tables of the live schema that this transaction changed, or has the right to."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
            "WHERE l.pid = pg_backend_pid() AND l.mode IN ('RowExclusiveLock', 'AccessExclusiveLock') "
            "AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname"
        )
    )
    return [str(name) for name in rows.scalars()]


def _give_up_early(connection: Connection, work: Work) -> None:
    timeout = str(work.kernel.settings.lock_timeout_ms)
    connection.execute(text("SELECT set_config('lock_timeout', :timeout, true)"), {"timeout": timeout})
