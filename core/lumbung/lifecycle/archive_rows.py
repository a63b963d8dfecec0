"""The rows of a table on their way out: CSV as PostgreSQL writes it, a row at a time, always in the same order."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, text

from lumbung.database.encrypted import unseal
from lumbung.database.keyring import Keyring
from lumbung.database.rotation import EncryptedColumn
from lumbung.kernel import Kernel
from lumbung.lifecycle.archive_schema import ArchivedTable
from lumbung.lifecycle.machine import migrator_url
from lumbung.migrate import as_migrator

FETCHED = 500  # rows at once where values are opened
# One way to write each value, whatever the server's own settings are.
_PLAINLY = (
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL intervalstyle = 'iso_8601'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL client_encoding = 'UTF8'",
    "SET LOCAL search_path = public",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)


@contextmanager
def one_moment(kernel: Kernel) -> Iterator[Connection]:
    """Yield a connection of the owner of the tables that sees them as of one moment, whoever writes meanwhile."""
    with as_migrator(migrator_url(kernel)) as engine, engine.connect() as connection:
        connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            connection.execute(text("SET TRANSACTION READ ONLY"))
            write_plainly(connection)
            yield connection


def write_plainly(connection: Connection) -> None:
    """Have this transaction write values as archives do."""
    for setting in _PLAINLY:
        connection.execute(text(setting))


def table_csv(connection: Connection, table: ArchivedTable) -> Iterator[bytes]:
    """Yield a table as CSV: a heading, then a row at a time, by its primary key."""
    columns = sql.SQL(", ").join(map(sql.Identifier, table.written))
    order = _sorted_by(table.key) if table.key else sql.SQL("(t.*)::text")
    return query_csv(
        connection,
        sql.SQL("SELECT {columns} FROM public.{table} t ORDER BY {order}").format(
            columns=columns, table=sql.Identifier(table.name), order=order
        ),
    )


def query_csv(connection: Connection, query: sql.Composable) -> Iterator[bytes]:
    """Yield what a query finds as CSV: a heading, then a row at a time."""
    driver: Any = connection.connection.driver_connection
    statement = sql.SQL("COPY ({}) TO STDOUT WITH (FORMAT csv, HEADER)").format(query)
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in copy:
            yield bytes(row)


def digest_of(connection: Connection, table: ArchivedTable) -> tuple[int, str]:
    """Return how many rows a table has now, and the SHA-256 of its CSV."""
    digest, rows = hashlib.sha256(), -1
    for row in table_csv(connection, table):
        digest.update(row)
        rows += 1
    return max(0, rows), digest.hexdigest()


def opened_csv(
    connection: Connection, table: ArchivedTable, columns: Sequence[EncryptedColumn], keyring: Keyring
) -> Iterator[bytes]:
    """Yield a table as CSV with its encrypted columns opened. Raises `Unreadable` when a value does not open."""
    places = {column.name: column.place for column in columns}
    yield _line(table.written)
    fields = [
        sql.Identifier(name) if name in places else sql.SQL("CAST({} AS text)").format(sql.Identifier(name))
        for name in table.written
    ]
    statement = sql.SQL("SELECT tenant_id, {fields} FROM public.{table} t ORDER BY {key}").format(
        fields=sql.SQL(", ").join(fields),
        table=sql.Identifier(table.name),
        key=_sorted_by(table.key or ("tenant_id",)),
    )
    driver: Any = connection.connection.driver_connection
    with driver.cursor(name="lumbung_archive") as cursor:
        cursor.itersize = FETCHED
        for tenant_id, *values in cursor.execute(statement):
            yield _line(_opened(table.written, values, places, keyring, tenant_id))


def keys_in(connection: Connection, columns: Collection[EncryptedColumn]) -> dict[str, list[str]]:
    """Return the names of the keys that the values of encrypted columns stand under, by ``table.column``."""
    found = {}
    for column in columns:
        query = sql.SQL("SELECT DISTINCT encode(substring({name} FROM 2 FOR 4), 'hex') FROM public.{table}").format(
            name=sql.Identifier(column.name), table=sql.Identifier(column.table)
        )
        driver: Any = connection.connection.driver_connection
        found[str(column)] = sorted(key for (key,) in driver.execute(query) if key)
    return found


def _sorted_by(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier("t", column) for column in columns)


def _opened(
    names: Sequence[str], values: Sequence[Any], places: Mapping[str, str], keyring: Keyring, tenant_id: int
) -> Iterator[str | None]:
    for name, value in zip(names, values, strict=True):
        if name in places and value is not None:
            yield unseal(value, keyring, tenant_id=tenant_id, place=places[name])
        else:
            yield value


def _line(values: Iterable[str | None]) -> bytes:
    cells = [_cell(value) for value in values]
    return (('"\\."' if cells == ["\\."] else ",".join(cells)) + "\n").encode("utf-8")


def _cell(value: str | None) -> str:
    """Write a value as PostgreSQL does: nothing at all for NULL, two quotes for an empty text."""
    if value is None:
        return ""
    if not value or any(one in value for one in ',"\n\r'):
        return '"' + value.replace('"', '""') + '"'
    return value
