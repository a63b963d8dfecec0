"""Which tables are a plugin's, and what is in them, as the owner of the tables sees it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from lumbung.database.ownership import owned

_TABLES = text(
    f"""
    SELECT c.relname, pg_total_relation_size(c.oid) AS size
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND {owned("c.relname")}
    ORDER BY c.relname
    """  # noqa: S608  (no value in it)
)


@dataclass(frozen=True)
class PluginTable:
    """A table of a plugin: its name, how many rows it has, and the bytes it takes, indexes included."""

    name: str
    rows: int
    size: int


def tables_of(connection: Connection, plugin: str) -> list[str]:
    """Return the names of a plugin's tables in the live schema, its version table aside."""
    return [str(name) for name, _ in connection.execute(_TABLES, {"prefix": f"{plugin}_"})]


def measured(connection: Connection, plugin: str) -> list[PluginTable]:
    """Return a plugin's tables with their rows counted."""
    found = connection.execute(_TABLES, {"prefix": f"{plugin}_"}).all()
    return [PluginTable(name, count_rows(connection, name), size) for name, size in found]


def count_rows(connection: Connection, table: str, schema: str = "public") -> int:
    """Return how many rows a table has."""
    return int(connection.execute(text(f"SELECT count(*) FROM {quoted(connection, table, schema)}")).scalar_one())  # noqa: S608


def quoted(connection: Connection, table: str, schema: str = "public") -> str:
    """Return a table's full name as SQL writes it."""
    quote = connection.dialect.identifier_preparer.quote
    return f"{quote(schema)}.{quote(table)}"


def drop_all(connection: Connection, plugin: str) -> list[str]:
    """Drop a plugin's tables, views, functions and version table, and return the names of the tables."""
    names = tables_of(connection, plugin)
    for name in names:
        connection.execute(text(f"DROP TABLE IF EXISTS {quoted(connection, name)} CASCADE"))
    _drop_rest(connection, plugin)
    connection.execute(text(f"DROP TABLE IF EXISTS {quoted(connection, f'lumbung_version_{plugin}')}"))
    return names


_FUNCTIONS = text(
    f"""
    SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'public' AND p.prokind IN ('f', 'p') AND {owned("p.proname")}
    """  # noqa: S608  (no value in it)
)


_LEFT = text(
    f"""
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'VIEW' END AS kind, c.oid::regclass::text AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('v', 'S') AND {owned("c.relname")}
    UNION ALL
    SELECT CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, t.oid::regtype::text
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE n.nspname = 'public' AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c') AND {owned("t.typname")}
    """  # noqa: S608  (no value in it)
)


def _drop_rest(connection: Connection, plugin: str) -> None:
    """Most views went with their tables; what no table owns is named after the plugin too."""
    for signature in connection.execute(_FUNCTIONS, {"prefix": f"{plugin}_"}).scalars().all():
        connection.execute(text(f"DROP ROUTINE IF EXISTS {signature} CASCADE"))
    for kind, name in connection.execute(_LEFT, {"prefix": f"{plugin}_"}).all():
        connection.execute(text(f"DROP {kind} IF EXISTS {name} CASCADE"))
