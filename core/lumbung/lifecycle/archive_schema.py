"""A plugin's tables as SQL that an empty PostgreSQL understands, without this platform.

The words are PostgreSQL's own (``format_type``, ``pg_get_constraintdef``, ``pg_get_indexdef``), so that a type, an
operator class or a condition that no library here knows comes along as it is. Three files: ``schema.sql`` makes the
tables, ``load.sql`` fills them (a script for psql), ``rules.sql`` adds what reading does not need: references between
the tables, views, triggers and the rules of who sees which rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from lumbung.database.ownership import owned
from lumbung.lifecycle.archive_file import table_member
from lumbung.lifecycle.tables import tables_of


@dataclass(frozen=True)
class Column:
    """A column as the archive needs it. ``written`` is false for one whose values PostgreSQL works out itself."""

    name: str
    type: str
    definition: str
    written: bool


@dataclass(frozen=True)
class ArchivedTable:
    """A table: its columns in order, and what its rows are sorted by, so that the same rows give the same bytes."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def written(self) -> tuple[str, ...]:
        """The columns that are in the CSV."""
        return tuple(column.name for column in self.columns if column.written)


_COLUMNS = text(
    """
    SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS filled,
           a.attidentity AS identity, a.attgenerated AS generated, pg_get_expr(d.adbin, d.adrelid) AS value,
           CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = to_regclass(:table) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
    """
)
_KEY = text(
    """
    SELECT a.attname FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = to_regclass(:table) AND i.indisprimary ORDER BY k.place
    """
)
_CONSTRAINTS = text(
    """
    SELECT k.conname AS name, k.contype AS kind, pg_get_constraintdef(k.oid) AS definition,
           k.confrelid::regclass::text AS target
    FROM pg_constraint k WHERE k.conrelid = to_regclass(:table) AND k.contype IN ('p', 'u', 'x', 'c', 'f')
    ORDER BY k.contype <> 'p', k.conname
    """
)
_INDEXES = text(
    """
    SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = to_regclass(:table)
      AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
    ORDER BY c.relname
    """
)
_COMMENTS = text(
    """
    SELECT a.attname AS name, d.description AS words FROM pg_description d
    LEFT JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
    WHERE d.classoid = 'pg_class'::regclass AND d.objoid = to_regclass(:table) ORDER BY d.objsubid
    """
)
_TYPES = text(
    """
    WITH RECURSIVE used AS (
        SELECT DISTINCT CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN t.typelem ELSE t.oid END AS oid
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = ANY (SELECT to_regclass(name) FROM unnest(CAST(:tables AS text[])) AS name) AND a.attnum > 0
        UNION
        SELECT t.typbasetype FROM used JOIN pg_type t ON t.oid = used.oid WHERE t.typtype = 'd'
    )
    SELECT t.oid::regtype::text AS name, t.typtype AS kind, t.typnotnull AS filled, t.typdefault AS value,
           format_type(t.typbasetype, t.typtypmod) AS base,
           ARRAY(SELECT quote_literal(e.enumlabel) FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)
               AS labels,
           ARRAY(SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k WHERE k.contypid = t.oid ORDER BY k.conname)
               AS checks
    FROM used JOIN pg_type t ON t.oid = used.oid JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd') AND n.nspname = 'public' ORDER BY t.typtype = 'd', t.typname
    """
)
_SEQUENCES = text(
    """
    SELECT DISTINCT s.oid::regclass::text FROM pg_class s
    JOIN pg_depend d ON d.refobjid = s.oid AND d.refclassid = 'pg_class'::regclass
         AND d.classid = 'pg_attrdef'::regclass
    JOIN pg_attrdef e ON e.oid = d.objid
    WHERE s.relkind = 'S' AND e.adrelid = ANY (SELECT to_regclass(name) FROM unnest(CAST(:tables AS text[])) AS name)
    """
)
_FUNCTIONS = text(
    f"""
    SELECT pg_get_functiondef(p.oid) AS definition,
           EXISTS (SELECT 1 FROM pg_type t WHERE t.oid = ANY (p.proargtypes || p.prorettype) AND t.typrelid <> 0)
               AS of_tables
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'public' AND p.prokind IN ('f', 'p') AND {owned("p.proname")}
    ORDER BY p.proname, p.oid
    """  # noqa: S608  (no value in it)
)
_VIEWS = text(
    f"""
    SELECT c.oid::regclass::text AS name, rtrim(pg_get_viewdef(c.oid), ';') AS query
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'v' AND {owned("c.relname")}
    ORDER BY c.oid
    """  # noqa: S608  (no value in it)
)
_TRIGGERS = text(
    """
    SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t
    WHERE t.tgrelid = to_regclass(:table) AND NOT t.tgisinternal ORDER BY t.tgname
    """
)
_POLICIES = text(
    """
    SELECT p.polname AS name, p.polcmd AS command, p.polpermissive AS permissive,
           pg_get_expr(p.polqual, p.polrelid) AS sees, pg_get_expr(p.polwithcheck, p.polrelid) AS writes
    FROM pg_policy p WHERE p.polrelid = to_regclass(:table) AND 0 = ANY (p.polroles) ORDER BY p.polname
    """
)
_COMMANDS = {"*": "ALL", "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}


def archived_tables(connection: Connection, plugin: str) -> list[ArchivedTable]:
    """Return a plugin's tables. Parts of a partitioned table are left out: their rows come with the whole."""
    parts = set(connection.execute(text("SELECT relname FROM pg_class WHERE relispartition")).scalars())
    return [_table(connection, name) for name in tables_of(connection, plugin) if name not in parts]


def schema_sql(
    connection: Connection, plugin: str, tables: Sequence[ArchivedTable], opened: Collection[tuple[str, str]] = ()
) -> str:
    """Return what makes the tables. ``opened`` are encrypted columns, as (table, column), that are archived as text."""
    names = [f"public.{_quote(connection, table.name)}" for table in tables]
    functions = connection.execute(_FUNCTIONS, {"prefix": f"{plugin}_"}).all()
    parts = ["SET check_function_bodies = off;"]
    parts += [_type(one) for one in connection.execute(_TYPES, {"tables": names})]
    parts += [f"CREATE SEQUENCE {name};" for name in connection.execute(_SEQUENCES, {"tables": names}).scalars()]
    parts += [f"{one.definition.rstrip()};" for one in functions if not one.of_tables]
    for table, name in zip(tables, names, strict=True):
        parts.append(_create(connection, table, name, {column for of, column in opened if of == table.name}))
        parts += [f"{one};" for one in connection.execute(_INDEXES, {"table": name}).scalars()]
        parts += _comments(connection, table, name, opened)
    parts += [f"{one.definition.rstrip()};" for one in functions if one.of_tables]
    return "\n\n".join(parts) + "\n"


def load_sql(connection: Connection, tables: Sequence[ArchivedTable]) -> str:
    """Return a script for psql, run in the folder of the archive, that fills the tables from their CSV."""
    lines = ["SET client_encoding = 'UTF8';"]
    for table in tables:
        name = _quote(connection, table.name)
        columns = ", ".join(_quote(connection, column) for column in table.written)
        lines.append(f"\\copy {name} ({columns}) FROM '{table_member(table.name)}' WITH (FORMAT csv, HEADER)")
    for table in tables:
        name = _quote(connection, table.name)
        for column in (one for one in table.columns if _counts(one)):
            quoted = _quote(connection, column.name)
            lines.append(
                f"SELECT setval(pg_get_serial_sequence({_text(name)}, {_text(column.name)}), max({quoted})) "  # noqa: S608
                f"FROM {name} HAVING max({quoted}) IS NOT NULL;"
            )
    return "\n".join(lines) + "\n"


def rules_sql(connection: Connection, plugin: str, tables: Sequence[ArchivedTable]) -> str:
    """Return what the tables obeyed on the site. What points outside of the archive is there as a remark."""
    names = {f"public.{_quote(connection, table.name)}": table for table in tables}
    inside = {_quote(connection, table.name) for table in tables}
    parts: list[str] = []
    for name in names:
        for one in connection.execute(_CONSTRAINTS, {"table": name}):
            if one.kind == "f":
                line = f"ALTER TABLE {name} ADD CONSTRAINT {_quote(connection, one.name)} {one.definition};"
                parts.append(line if one.target in inside else f"-- {one.target} is not in this archive: {line}")
    parts += [
        f"CREATE VIEW {one.name} WITH (security_invoker = true) AS {one.query};"
        for one in connection.execute(_VIEWS, {"prefix": f"{plugin}_"})
    ]
    for name in names:
        parts += [f"{one};" for one in connection.execute(_TRIGGERS, {"table": name}).scalars()]
        policies = connection.execute(_POLICIES, {"table": name}).all()
        if policies:
            parts.append(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;")
        for one in policies:
            parts.append(
                f"CREATE POLICY {_quote(connection, one.name)} ON {name} "
                f"{'' if one.permissive else 'AS RESTRICTIVE '}FOR {_COMMANDS[one.command]}"
                f"{f' USING ({one.sees})' if one.sees else ''}{f' WITH CHECK ({one.writes})' if one.writes else ''};"
            )
    return "\n".join(parts) + "\n"


def _table(connection: Connection, name: str) -> ArchivedTable:
    where = {"table": f"public.{_quote(connection, name)}"}
    columns = [
        Column(one.name, one.type, _definition(one), written=not one.generated)
        for one in connection.execute(_COLUMNS, where)
    ]
    key = tuple(connection.execute(_KEY, where).scalars())
    return ArchivedTable(name, tuple(columns), key)


def _definition(one: Any) -> str:
    collation = f" COLLATE {one.collation}" if one.collation else ""
    return f"{collation}{_value(one)}{' NOT NULL' if one.filled else ''}"


def _value(one: Any) -> str:
    if one.identity:
        return f" GENERATED {'ALWAYS' if one.identity == 'a' else 'BY DEFAULT'} AS IDENTITY"
    if one.generated:
        kind = "VIRTUAL" if one.generated == "v" else "STORED"
        return f" GENERATED ALWAYS AS ({one.value}) {kind}"
    return f" DEFAULT {one.value}" if one.value is not None else ""


def _create(connection: Connection, table: ArchivedTable, name: str, opened: Collection[str]) -> str:
    lines = [
        f"{_quote(connection, one.name)} {'text' if one.name in opened else one.type}{one.definition}"
        for one in table.columns
    ]
    for one in connection.execute(_CONSTRAINTS, {"table": name}):
        if one.kind != "f":
            lines.append(f"CONSTRAINT {_quote(connection, one.name)} {one.definition}")
    inner = ",\n    ".join(lines)
    return f"CREATE TABLE {name} (\n    {inner}\n);"


def _comments(
    connection: Connection, table: ArchivedTable, name: str, opened: Collection[tuple[str, str]]
) -> list[str]:
    lines = []
    for one in connection.execute(_COMMENTS, {"table": name}):
        on = f"COLUMN {name}.{_quote(connection, one.name)}" if one.name else f"TABLE {name}"
        words = "opened from lumbung:encrypted" if (table.name, one.name) in opened else one.words
        lines.append(f"COMMENT ON {on} IS {_text(words)};")
    return lines


def _type(one: Any) -> str:
    if one.kind == "e":
        return f"CREATE TYPE {one.name} AS ENUM ({', '.join(one.labels)});"
    value = f" DEFAULT {one.value}" if one.value is not None else ""
    checks = "".join(f" {check}" for check in one.checks)
    filled = " NOT NULL" if one.filled and "NOT NULL" not in checks else ""
    return f"CREATE DOMAIN {one.name} AS {one.base}{value}{filled}{checks};"


def _counts(column: Column) -> bool:
    return "AS IDENTITY" in column.definition or "DEFAULT nextval(" in column.definition


def _text(words: str) -> str:
    escaped = words.replace("'", "''")
    return f"'{escaped}'"


def _quote(connection: Connection, name: str) -> str:
    return str(connection.dialect.identifier_preparer.quote(name))
