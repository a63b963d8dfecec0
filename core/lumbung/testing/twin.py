"""A second tenant that holds what the first does, under other ids, each text of it marked: bait for the prober."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, MetaData, String, Table, Uuid, create_engine, delete, inspect, select, text
from sqlalchemy.exc import DBAPIError

MARK = "qzx7"

# What decides how the gate treats a tenant is copied elsewhere, or is not anybody's data.
_LEFT_OUT = re.compile(r"^(lumbung_(tenant_host|enabled|fault|rate|form_sent|version_.*)|procrastinate_.*)$")

# A first group of an id that no id of the first tenant has: every copied id begins with it.
_TWIN = "f0f0f0f0"


@dataclass
class Bait:
    """What a tenant holds, as somebody who must not see it would ask for it.

    ``ids`` and ``codes`` are by table; ``codes`` has the values of short text columns by (table, column).
    """

    ids: dict[str, list[UUID]] = field(default_factory=dict)
    codes: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def ids_for(self, argument: str, prefixes: Iterable[str]) -> list[UUID]:
        """Return one id of each table that an argument called ``person_id`` or ``thing_id`` may mean."""
        stem = argument.removesuffix("_id")
        meant = [table for table in self.ids if table.endswith(f"_{stem}")]
        tables = meant or [table for table in self.ids if table.startswith(tuple(prefixes))]
        return [self.ids[table][0] for table in tables]

    def codes_for(self, argument: str) -> list[str]:
        """Return one value of each column that an argument called ``code`` or ``key`` may mean."""
        return [
            values[0]
            for (_, column), values in self.codes.items()
            if column == argument or column.endswith(f"_{argument}")
        ]


def make_twin(migrator_url: str, original: int, twin: int) -> None:
    """Make tenant ``twin`` hold what tenant ``original`` holds, with other ids, every text marked with `MARK`.

    What ``twin`` held before is gone. Its hosts and what is on for it stay.
    """
    engine = create_engine(migrator_url)
    try:
        with engine.begin() as connection:
            for table in reversed(_tables(connection)):
                connection.execute(delete(table).where(table.c.tenant_id == twin))
            for table in _tables(connection):
                _copy(connection, table, original, twin)
            for table in _tables(connection):
                _mark(connection, table, twin)
    finally:
        engine.dispose()


def bait_of(migrator_url: str, tenant: int) -> Bait:
    """Return the ids and codes that a tenant's rows have."""
    bait = Bait()
    engine = create_engine(migrator_url)
    try:
        with engine.connect() as connection:
            for table in _tables(connection):
                rows = (
                    connection.execute(
                        select(table).where(table.c.tenant_id == tenant).order_by(*table.primary_key).limit(20)
                    )
                    .mappings()
                    .all()
                )
                if not rows:
                    continue
                if "id" in table.c:
                    bait.ids[table.name] = [row["id"] for row in rows]
                for column in _short_texts(table):
                    if values := [row[column] for row in rows if row[column]]:
                        bait.codes[table.name, column] = values
    finally:
        engine.dispose()
    return bait


def fingerprint(migrator_url: str, tenant: int) -> dict[str, str]:
    """Return a hash of a tenant's rows by table: to show that nothing was changed."""
    engine = create_engine(migrator_url)
    try:
        with engine.connect() as connection:
            return {
                table.name: connection.execute(
                    text(
                        f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) "  # noqa: S608
                        f'FROM "{table.name}" t WHERE tenant_id = :tenant'
                    ),
                    {"tenant": tenant},
                ).scalar_one()
                for table in _tables(connection)
            }
    finally:
        engine.dispose()


def _tables(connection: Connection) -> list[Table]:
    """The tables of tenants, those that others point at first."""
    metadata = MetaData()
    names = [name for name in inspect(connection).get_table_names() if not _LEFT_OUT.match(name)]
    metadata.reflect(connection, only=names, resolve_fks=False)
    return [table for table in metadata.sorted_tables if "tenant_id" in table.c and table.name in names]


def _copy(connection: Connection, table: Table, original: int, twin: int) -> None:
    columns, values = [], []
    for column in table.c:
        if column.computed is not None or (column.identity is not None and column.identity.always):
            continue
        name = f'"{column.name}"'
        columns.append(name)
        if column.name == "tenant_id":
            values.append(":twin")
        elif isinstance(column.type, Uuid):
            values.append(f"('{_TWIN}' || substr({name}::text, 9))::uuid")
        else:
            values.append(name)
    connection.execute(text("SELECT set_config('lumbung.tenant', :twin, true)"), {"twin": str(twin)})
    connection.execute(
        text(
            f'INSERT INTO "{table.name}" ({", ".join(columns)}) '  # noqa: S608  (names out of the catalogue)
            f'SELECT {", ".join(values)} FROM "{table.name}" WHERE tenant_id = :original ON CONFLICT DO NOTHING'
        ),
        {"twin": twin, "original": original},
    )


def _mark(connection: Connection, table: Table, tenant: int) -> None:
    """Put the mark behind each text that has room for it; what a rule of the table refuses stays as it was."""
    for column in table.c:
        if not isinstance(column.type, String):
            continue
        room = column.type.length or 10_000
        mark = (
            f'UPDATE "{table.name}" SET "{column.name}" = "{column.name}" || :mark '  # noqa: S608
            f'WHERE tenant_id = :tenant AND length("{column.name}") BETWEEN 1 AND :room'
        )
        try:
            with connection.begin_nested():
                connection.execute(text(mark), {"mark": MARK, "tenant": tenant, "room": room - len(MARK)})
        except DBAPIError:
            continue


def _short_texts(table: Table) -> list[str]:
    return [column.name for column in table.c if isinstance(column.type, String) and (column.type.length or 999) <= 64]
