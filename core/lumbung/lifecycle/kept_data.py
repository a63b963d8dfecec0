"""The data of a plugin that is off, read without any of its code: which tables hold what, row by row.

Read as the app role, bound to one tenant, so that row-level security answers for whose rows they are. What is
encrypted stays closed: its key is the house's, its meaning the plugin's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, column, func, literal_column, select, table, text
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Session

from lumbung.database.encrypted import COMMENT
from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle.tables import tables_of
from lumbung.registry.discovery import find_plugins
from lumbung.registry.manifest import Manifest, manifest_of
from lumbung.registry.models import PluginRow

LONGEST_CELL = 8_000  # letters of a text in a file; the archive of an uninstalled plugin has all of it
AT_A_TIME = 500

Kind = Literal["plain", "text", "bytes", "closed"]

_CALENDAR = ("date", "timestamp without time zone", "timestamp with time zone")

_COLUMNS = text(
    """
    SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, t.typcategory AS category,
           split_part(coalesce(col_description(a.attrelid, a.attnum), ''), ' ', 1) = :encrypted AS closed,
           EXISTS (
               SELECT 1 FROM pg_constraint k
               WHERE k.conrelid = a.attrelid AND k.contype = 'f' AND a.attnum = ANY (k.conkey)
                 AND k.confrelid = 'lumbung_person'::regclass AND a.attname <> 'tenant_id'
           ) AS of_person,
           coalesce((SELECT a.attnum = ANY (i.indkey) FROM pg_index i
                     WHERE i.indrelid = a.attrelid AND i.indisprimary), false) AS is_key
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE n.nspname = 'public' AND c.relname = :table AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
    """
)


@dataclass(frozen=True)
class KeptColumn:
    """A column as the database knows it. ``kind`` says how a cell of it is shown; ``of_person`` that it names whose."""

    name: str
    type: str
    kind: Kind
    of_person: bool
    is_key: bool


@dataclass(frozen=True)
class KeptTable:
    """A table of a plugin; ``shared`` when it belongs to no tenant, being the same for all."""

    name: str
    columns: tuple[KeptColumn, ...]
    shared: bool
    holds: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[KeptColumn, ...]:
        """The columns that people see, ids last. Whose tenant's it is they know."""
        return tuple(
            sorted((one for one in self.columns if one.name != "tenant_id"), key=lambda one: one.type == "uuid")
        )


@dataclass(frozen=True)
class KeptPlugin:
    """A plugin that was here at some time. ``why_off`` is empty while the tenant can use it."""

    name: str
    manifest: Manifest | None
    why_off: Literal["", "disabled", "suspended", "uninstalled", "purged", "broken"]


def kept_plugin(kernel: Kernel, session: Session, name: str, tenant_id: int) -> KeptPlugin | None:
    """Return a plugin by its name with why a tenant cannot use it now; None when there never was one."""
    row = session.get(PluginRow, name)
    if row is None:
        return None
    try:
        manifest = manifest_of(row.manifest, name)
    except LumbungError:
        manifest = None
    return KeptPlugin(name, manifest, _why_off(kernel, row, manifest, tenant_id))


def every_kept(kernel: Kernel, session: Session, tenant_id: int) -> list[KeptPlugin]:
    """Return the plugins that a tenant cannot use and whose data are still here, by name."""
    names = session.scalars(select(PluginRow.name).where(PluginRow.state != "purged").order_by(PluginRow.name)).all()
    plugins = [kept_plugin(kernel, session, name, tenant_id) for name in names]
    return [one for one in plugins if one and one.why_off and tables_of(session.connection(), one.name)]


def _why_off(kernel: Kernel, row: PluginRow, manifest: Manifest | None, tenant_id: int) -> Any:
    if row.state in ("uninstalled", "purged"):
        return row.state
    kernel.state.forget()
    snapshot = kernel.snapshot()
    if manifest is None or row.name not in find_plugins():
        return "broken"
    if row.name in snapshot.suspended:
        return "suspended"
    return "" if snapshot.is_enabled(row.name, tenant_id) else "disabled"


def kept_tables(session: Session, plugin: KeptPlugin) -> list[KeptTable]:
    """Return the tables of a plugin in which the session's tenant may look, by name."""
    connection = session.connection()
    shared = plugin.manifest.shared_tables if plugin.manifest else ()
    found = []
    for name in tables_of(connection, plugin.name):
        columns = _columns(session, name)
        of_tenants = any(one.name == "tenant_id" for one in columns)
        if of_tenants or name in shared:
            found.append(KeptTable(name, columns, not of_tenants, _held_in(plugin.manifest, name)))
    return found


def count(session: Session, kept: KeptTable, tenant_id: int) -> int:
    """Return how many rows of a table are the tenant's."""
    return session.scalar(_of_tenant(select(func.count()), kept, tenant_id)) or 0


def page(session: Session, kept: KeptTable, tenant_id: int, *, number: int, size: int, longest: int) -> Sequence[Any]:
    """Return the rows of one page, counted from 1: texts cut to ``longest`` letters, bytes as their number."""
    query = _rows(kept, tenant_id, longest).limit(size).offset((max(number, 1) - 1) * size)
    return session.execute(query).all()


def every_row(session: Session, kept: KeptTable, tenant_id: int, *, most: int) -> Iterator[Any]:
    """Yield up to ``most`` rows for a file, a few hundred at a time."""
    query = _rows(kept, tenant_id, LONGEST_CELL).limit(most)
    yield from session.execute(query.execution_options(yield_per=AT_A_TIME))


def subjects(kept: KeptTable, rows: Sequence[Any]) -> set[UUID]:
    """Return the ids of the people whom rows are about."""
    named = [place for place, one in enumerate(kept.shown) if one.of_person]
    return {row[place] for row in rows for place in named if row[place] is not None}


def _rows(kept: KeptTable, tenant_id: int, longest: int) -> Select[Any]:
    keys: list[ColumnElement[Any]] = [
        column(one.name) for one in kept.columns if one.is_key and one.name != "tenant_id"
    ]
    return _of_tenant(select(*(_cell(one, longest) for one in kept.shown)), kept, tenant_id).order_by(*keys)


def _of_tenant(query: Select[Any], kept: KeptTable, tenant_id: int) -> Select[Any]:
    """Row-level security does this too; said here as well, it uses the index, and is seen by who reads this."""
    query = query.select_from(table(kept.name))
    return query if kept.shared else query.where(column("tenant_id") == tenant_id)


def _cell(one: KeptColumn, longest: int) -> ColumnElement[Any]:
    if one.kind == "closed":
        return (column(one.name).is_not(None)).label(one.name)
    if one.kind == "bytes":
        return func.octet_length(column(one.name)).label(one.name)
    if one.kind == "text":
        return func.left(column(one.name).cast(SqlText), literal_column(str(longest + 1))).label(one.name)
    if one.type in _CALENDAR:  # further than Python counts, infinity too: shown as nothing
        last: ColumnElement[Any] = literal_column("'9999-12-31'")
        return case((column(one.name).between(literal_column("'0001-01-02'"), last), column(one.name))).label(one.name)
    return column(one.name)


def _columns(session: Session, name: str) -> tuple[KeptColumn, ...]:
    rows = session.execute(_COLUMNS, {"table": name, "encrypted": COMMENT})
    return tuple(KeptColumn(row.name, row.type, _kind(row), row.of_person, row.is_key) for row in rows)


def _kind(row: Any) -> Kind:
    if row.closed:
        return "closed"
    if row.type == "bytea":
        return "bytes"
    plain = row.category in ("B", "N", "D") or row.type == "uuid"  # yes or no, numbers, dates and times
    return "plain" if plain else "text"


def _held_in(manifest: Manifest | None, name: str) -> tuple[str, ...]:
    """Return the columns of a table that the manifest declares to hold personal data."""
    wheres = [one.where for one in manifest.personal_data] if manifest else []
    parts = [part.strip() for where in wheres for part in where.split(",")]
    return tuple(part.partition(".")[2] for part in parts if part.partition(".")[0] == name)
