"""What a revision file may say beyond Alembic: ``op.create_tenant_table``. And the check that nobody forgot it.

A revision file of a plugin imports only ``alembic`` and ``sqlalchemy``::

    op.create_tenant_table(
        "antrean_counter",
        sa.Column("name", sa.String(80), nullable=False),
        references={"location_id": "antrean_location"},
        unique=[("location_id", "name")],
    )

makes the composite primary key, the composite foreign keys, unique constraints that start with the tenant, and
row-level security that binds the owner too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic.operations import MigrateOperation, Operations
from sqlalchemy import Connection, text

from lumbung.database.model import CURRENT_TENANT
from lumbung.errors import LumbungError


@Operations.register_operation("create_tenant_table")
class CreateTenantTable(MigrateOperation):
    """The operation behind ``op.create_tenant_table``."""

    def __init__(
        self,
        name: str,
        columns: Sequence[Any],
        references: Mapping[str, str],
        cascades: Sequence[str],
        unique: Sequence[tuple[str, ...]],
        index: Sequence[tuple[str, ...]],
    ) -> None:
        self.name = name
        self.columns = columns
        self.references = references
        self.cascades = cascades
        self.unique = unique
        self.index = index

    @classmethod
    def create_tenant_table(
        cls,
        operations: Operations,
        name: str,
        *columns: Any,
        references: Mapping[str, str] | None = None,
        cascades: Sequence[str] = (),
        unique: Sequence[tuple[str, ...]] = (),
        index: Sequence[tuple[str, ...]] = (),
    ) -> None:
        """Create a table that belongs to tenants.

        ``references`` maps a column to the table it points at (the column is made here, nullable when its name
        ends in ``?``); those also in ``cascades`` go when their target goes. ``unique`` and ``index`` are tuples
        of column names; the tenant is put in front of each.
        """
        operations.invoke(cls(name, columns, references or {}, cascades, unique, index))


@Operations.implementation_for(CreateTenantTable)
def _create_tenant_table(operations: Operations, made: CreateTenantTable) -> None:
    links = {column.rstrip("?"): (target, column.endswith("?")) for column, target in made.references.items()}
    operations.create_table(
        made.name,
        sa.Column(
            "tenant_id",
            sa.Integer,
            sa.ForeignKey("lumbung_tenant.id", ondelete="RESTRICT"),
            server_default=text(CURRENT_TENANT),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid, server_default=text("gen_random_uuid()"), nullable=False),
        *(sa.Column(column, sa.Uuid, nullable=optional) for column, (_, optional) in links.items()),
        *made.columns,
        sa.PrimaryKeyConstraint("tenant_id", "id"),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column],
                [f"{target}.tenant_id", f"{target}.id"],
                name=f"fk_{made.name}_{column}"[:63],
                ondelete="CASCADE" if column in made.cascades else "RESTRICT",
            )
            for column, (target, _) in links.items()
        ),
        *(
            sa.UniqueConstraint("tenant_id", *columns, name=f"uq_{made.name}_{'_'.join(columns)}"[:63])
            for columns in made.unique
        ),
    )
    indexed = {columns[0] for columns in made.unique}
    for columns in (*made.index, *((column,) for column in links if column not in indexed)):
        operations.create_index(f"ix_{made.name}_{'_'.join(columns)}"[:63], made.name, ["tenant_id", *columns])
    enclose(operations.get_bind(), made.name)


def enclose(connection: Connection, table: str) -> None:
    """Put row-level security on ``table``: rows of the current tenant only, for everyone but the migrator."""
    quoted = connection.dialect.identifier_preparer.quote(table)
    for statement in (
        f"ALTER TABLE {quoted} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {quoted} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS tenant ON {quoted}",
        f"CREATE POLICY tenant ON {quoted} USING (tenant_id = {CURRENT_TENANT}) "
        f"WITH CHECK (tenant_id = {CURRENT_TENANT})",
        f"DROP POLICY IF EXISTS migrator ON {quoted}",
        f"CREATE POLICY migrator ON {quoted} TO CURRENT_USER USING (true) WITH CHECK (true)",
    ):
        connection.execute(text(statement))


_OPEN_TABLES = text(
    """
    SELECT c.relname,
           NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
               AS shared,
           c.relrowsecurity AND c.relforcerowsecurity
               AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant')
               AS enclosed,
           ARRAY(
               SELECT k.conname::text FROM pg_constraint k
               WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f')
                 AND NOT (SELECT a.attnum FROM pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') = ANY (k.conkey)
           ) AS loose
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND starts_with(c.relname, :prefix)
    ORDER BY c.relname
    """
)


def check_tables(connection: Connection, plugin: str, shared: Sequence[str] = ()) -> None:
    """Refuse the tables of ``plugin`` unless each belongs to tenants all the way.

    ``shared`` names the tables that the manifest declares to be reference data without a tenant. Raises
    `LumbungError` naming the first table and what is missing; called inside the migration's transaction, so that
    a refusal leaves nothing behind.
    """
    for table, without_tenant, enclosed, loose in connection.execute(
        _OPEN_TABLES, {"prefix": f"{plugin}_"}
    ).all():
        if without_tenant:
            if table not in shared:
                raise LumbungError(
                    f"Table {table} of {plugin} has no tenant_id: make it with op.create_tenant_table, or list it "
                    "under shared_tables in plugin.toml if it holds no tenant's data."
                )
        elif not enclosed:
            raise LumbungError(
                f"Table {table} of {plugin} has no row-level security: make it with op.create_tenant_table."
            )
        elif loose:
            raise LumbungError(
                f"Constraint {loose[0]} on table {table} of {plugin} does not include tenant_id: a row could "
                "point at, or collide with, another tenant's."
            )
