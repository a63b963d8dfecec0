"""Copies of a plugin's tables in schemas of their own: made, compared, put in the place of the live ones, dropped.

Four schemas, each named after the plugin: ``lumbung_draft_`` holds the copy that an upgrade under way would return to,
``lumbung_back_`` the one kept after it, ``lumbung_try_`` a rehearsal, ``lumbung_away_`` tables that were replaced until
their rows are saved. No role but their owner may look into them. A copy holds everything but the foreign keys to
tables of others: those would keep the core from deleting a row for as long as the copy is kept. They are written into
the schema's comment, and made when the copy takes the place of the live tables.
"""

# ruff: noqa: S608  (names of schemas and tables are quoted by the database's own rules)
from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, text

from lumbung.database.operations import things_in
from lumbung.errors import LumbungError
from lumbung.lifecycle import layout_queries as queries
from lumbung.lifecycle.layout import Layout, OuterKey, layout_of, seen_from, tables_in
from lumbung.lifecycle.tables import quoted

Digests = dict[str, dict[str, Any]]
Progress = Callable[[int, int], None]


def draft_of(plugin: str) -> str:
    """Return the schema of the copy that an upgrade under way would return to."""
    return f"lumbung_draft_{plugin}"


def back_of(plugin: str) -> str:
    """Return the schema of the copy that is kept after an upgrade."""
    return f"lumbung_back_{plugin}"


def away_of(plugin: str) -> str:
    """Return the schema of tables that a copy has taken the place of."""
    return f"lumbung_away_{plugin}"


def trial_of(plugin: str) -> str:
    """Return the schema in which an upgrade is rehearsed."""
    return f"lumbung_try_{plugin}"


def exists(connection: Connection, schema: str) -> bool:
    """Whether there is such a schema."""
    return connection.execute(text("SELECT to_regnamespace(:schema)"), {"schema": schema}).scalar() is not None


def lock(connection: Connection, plugin: str, mode: str = "SHARE") -> None:
    """Lock a plugin's live tables for the rest of the transaction: ``SHARE`` lets others read and not write."""
    tables = tables_in(connection, plugin)
    if tables:
        names = ", ".join(quoted(connection, one) for one in tables)
        connection.exec_driver_sql(_escaped(f"LOCK TABLE {names} IN {mode} MODE"))


def digests(connection: Connection, plugin: str, schema: str = "public") -> Digests:
    """Return, for each table, how many rows it has and a number that any other set of rows changes.

    The order of rows does not matter. It guards against mistakes, not against somebody who forges rows.
    """
    found: Digests = {}
    with seen_from(connection, schema, "public"):
        for table in tables_in(connection, plugin, schema):
            asked = (
                "SELECT count(*), coalesce(sum(hashtextextended(lumbung_row::text, 0)::numeric), 0)::text, "
                "coalesce(sum(hashtextextended(lumbung_row::text, 1)::numeric), 0)::text "
                f"FROM {quoted(connection, table, schema)} AS lumbung_row"
            )
            rows, first, second = connection.exec_driver_sql(_escaped(asked)).one()
            found[table] = {"rows": rows, "digest": f"{first}/{second}"}
    return found


def take(connection: Connection, plugin: str, schema: str, *, progress: Progress = lambda done, total: None) -> Digests:
    """Copy a plugin's live tables into ``schema``, made anew, and return the digests of the copy.

    Nobody can write the tables until the transaction ends.
    """
    lock(connection, plugin)
    copy(connection, plugin, "public", schema, progress=progress)
    return digests(connection, plugin, schema)


def copy(
    connection: Connection,
    plugin: str,
    source: str,
    target: str,
    *,
    progress: Progress = lambda done, total: None,
) -> None:
    """Make in ``target``, a schema that is made anew, all that ``plugin`` has in ``source``, with its rows.

    Raises `LumbungError` when the copy does not say the same as what it was made of.
    """
    layout = layout_of(connection, plugin, source)
    outer = layout.outer if source == "public" else kept_keys(connection, source)
    discard(connection, target)
    connection.execute(text(f"CREATE SCHEMA {_name(connection, target)}"))
    _keep_keys(connection, target, outer)
    with seen_from(connection, target, "public"):
        for statement in layout.objects:
            connection.exec_driver_sql(_escaped(statement))
        for number, table in enumerate(layout.tables):
            progress(number, len(layout.tables))
            _copy_rows(connection, layout, table, source, target)
        for sequence in layout.sequences:
            _copy_position(connection, sequence, source, target)
        for statement in (*layout.keys, *layout.inner, *layout.rest):
            connection.exec_driver_sql(_escaped(statement))
    progress(len(layout.tables), len(layout.tables))
    _refuse_unlike(layout, layout_of(connection, plugin, target))


def unlike(connection: Connection, plugin: str, schema: str, kept: Mapping[str, Any]) -> bool:
    """Whether the live tables differ from the copy in ``schema``, in what they are or in the rows they hold."""
    live = layout_of(connection, plugin)
    if set(live.outer) != set(kept_keys(connection, schema)):
        return True
    if live.differences(layout_of(connection, plugin, schema), outer=False):
        return True
    return digests(connection, plugin) != dict(kept)


def exchange(connection: Connection, plugin: str, schema: str, away: str) -> None:
    """Put the copy in ``schema`` in the place of the live tables, which go into ``away``, a schema made anew.

    Nothing is copied and no row is lost: doing it the other way round takes it back. Foreign keys to and from tables
    of others are made again, unchecked; `check_keys` checks them in a transaction of its own. Raises `LumbungError`
    when something that is not the plugin's would be lost, and whatever the database says.
    """
    others = _of_others(connection, plugin)
    lock(connection, plugin, "ACCESS EXCLUSIVE")
    outside = _drop_outside_keys(connection, plugin)
    live = layout_of(connection, plugin)
    for key in live.outer:
        connection.exec_driver_sql(_escaped(f"ALTER TABLE public.{key.table} DROP CONSTRAINT {key.name}"))
    discard(connection, away)
    connection.execute(text(f"CREATE SCHEMA {_name(connection, away)}"))
    _keep_keys(connection, away, live.outer)
    _move(connection, live, "public", away)
    coming = layout_of(connection, plugin, schema)
    _move(connection, coming, schema, "public")
    with seen_from(connection, "public"):
        for table, name, definition in (
            *((k.table, k.name, k.definition) for k in kept_keys(connection, schema)),
            *outside,
        ):
            unchecked = definition if definition.endswith("NOT VALID") else f"{definition} NOT VALID"
            connection.exec_driver_sql(_escaped(f"ALTER TABLE {table} ADD CONSTRAINT {name} {unchecked}"))
    connection.execute(text(f"DROP SCHEMA {_name(connection, schema)}"))
    if _of_others(connection, plugin) != others:
        raise LumbungError("Things of others hang on the tables of %(plugin)s and would be lost.", plugin=plugin)


def unchecked_keys(connection: Connection, plugin: str) -> list[tuple[str, str]]:
    """Return the foreign keys of, and to, a plugin's live tables whose rows nobody checked: (table, name)."""
    tables = [quoted(connection, one) for one in tables_in(connection, plugin)]
    rows = connection.execute(
        text(
            "SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint WHERE contype = 'f' "
            "AND NOT convalidated AND (conrelid = ANY(CAST(:tables AS regclass[])) "
            "OR confrelid = ANY(CAST(:tables AS regclass[]))) ORDER BY 1, 2"
        ),
        {"tables": tables},
    )
    return [(str(table), str(name)) for table, name in rows]


def check_key(connection: Connection, table: str, name: str) -> None:
    """Check the rows of one foreign key; writers of the tables are not held up."""
    connection.exec_driver_sql(_escaped(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"))


def discard(connection: Connection, schema: str) -> None:
    """Drop a schema of ours with all that is in it; one that is not there is no obstacle."""
    connection.execute(text(f"DROP SCHEMA IF EXISTS {_name(connection, schema)} CASCADE"))


def rename(connection: Connection, schema: str, to: str) -> None:
    """Give a schema of ours another name; one that has that name already is dropped."""
    discard(connection, to)
    connection.execute(text(f"ALTER SCHEMA {_name(connection, schema)} RENAME TO {_name(connection, to)}"))


def kept_keys(connection: Connection, schema: str) -> list[OuterKey]:
    """Return the foreign keys to tables of others that a copy will have once it is live."""
    written = connection.execute(
        text("SELECT obj_description(to_regnamespace(:schema), 'pg_namespace')"), {"schema": schema}
    ).scalar()
    return [OuterKey(*key) for key in json.loads(written or "[]")]


def add_kept_keys(connection: Connection, schema: str) -> None:
    """Make those foreign keys within the copy itself, unchecked: for a rehearsal."""
    with seen_from(connection, schema, "public"):
        for key in kept_keys(connection, schema):
            unchecked = key.definition if key.definition.endswith("NOT VALID") else f"{key.definition} NOT VALID"
            connection.exec_driver_sql(_escaped(f"ALTER TABLE {key.table} ADD CONSTRAINT {key.name} {unchecked}"))


def _keep_keys(connection: Connection, schema: str, keys: tuple[OuterKey, ...] | list[OuterKey]) -> None:
    written = json.dumps([(key.table, key.name, key.definition) for key in keys])
    literal = connection.execute(text("SELECT quote_literal(:written)"), {"written": written}).scalar_one()
    connection.exec_driver_sql(_escaped(f"COMMENT ON SCHEMA {_name(connection, schema)} IS {literal}"))


def _copy_rows(connection: Connection, layout: Layout, table: str, source: str, target: str) -> None:
    columns = ", ".join(layout.columns[table])
    if columns:
        connection.exec_driver_sql(
            _escaped(
                f"INSERT INTO {quoted(connection, table, target)} ({columns}) OVERRIDING SYSTEM VALUE "
                f"SELECT {_cast(connection, layout, table, target)} FROM {quoted(connection, table, source)}"
            )
        )


def _cast(connection: Connection, layout: Layout, table: str, target: str) -> str:
    """Return the columns to select; one of a type that was copied with the tables goes through its text."""
    rows = connection.execute(
        text(
            "SELECT quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), n.nspname = :target "
            "FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid "
            "LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A' "
            "JOIN pg_namespace n ON n.oid = coalesce(e.typnamespace, t.typnamespace) "
            "WHERE a.attrelid = CAST(:table AS regclass) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
        ),
        {"target": target, "table": quoted(connection, table, target)},
    )
    ours = {name: type_ for name, type_, copied in rows if copied}
    return ", ".join(f"{one}::text::{ours[one]}" if one in ours else one for one in layout.columns[table])


def _copy_position(connection: Connection, sequence: str, source: str, target: str) -> None:
    position = f"SELECT last_value, is_called FROM {quoted(connection, sequence, source)}"
    last, called = connection.exec_driver_sql(_escaped(position)).one()
    connection.execute(
        text("SELECT setval(CAST(:sequence AS regclass), :last, :called)"),
        {"sequence": quoted(connection, sequence, target), "last": last, "called": called},
    )


def _move(connection: Connection, layout: Layout, source: str, target: str) -> None:
    with seen_from(connection, source, "public"):
        for thing in layout.movable:
            connection.exec_driver_sql(_escaped(f"ALTER {thing} SET SCHEMA {_name(connection, target)}"))


def _drop_outside_keys(connection: Connection, plugin: str) -> list[tuple[str, str, str]]:
    """Drop the foreign keys of others that lead to the plugin's tables, and return them."""
    tables = [quoted(connection, one) for one in tables_in(connection, plugin)]
    statement = queries.OUTSIDE_KEYS.replace(":tables", "CAST(:tables AS regclass[])")
    with seen_from(connection, "public"):
        keys = [tuple(row) for row in connection.execute(text(statement), {"tables": tables})]
        for table, name, _ in keys:
            connection.exec_driver_sql(_escaped(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
    return keys


def _of_others(connection: Connection, plugin: str) -> set[str]:
    ours = (f"{plugin}_", f"lumbung_version_{plugin}")
    return {thing for thing, name in things_in(connection).items() if not name.startswith(ours)}


def _refuse_unlike(made_of: Layout, made: Layout) -> None:
    different = made_of.differences(made, outer=False)
    if different or made.outer:
        raise LumbungError(
            "The copy of the tables is not like them, so there would be no way back: %(difference)s",
            difference=(different or [made.outer[0].definition])[0][:200],
        )


def _name(connection: Connection, schema: str) -> str:
    return connection.dialect.identifier_preparer.quote(schema)


def _escaped(statement: str) -> str:
    """Statements of the database's own making may hold a per cent sign, which the driver would take for a value's."""
    return statement.replace("%", "%%")
