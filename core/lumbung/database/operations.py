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
from lumbung.database.ownership import owned
from lumbung.errors import LumbungError, Sentence


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
    f"""
    SELECT c.relname,
           NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
               AS shared,
           c.relrowsecurity AND c.relforcerowsecurity
               AND ARRAY(
                   SELECT p.polname || coalesce(pg_get_expr(p.polqual, p.polrelid), '')
                          || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') || (0 = ANY (p.polroles))
                   FROM pg_policy p WHERE p.polrelid = c.oid ORDER BY p.polname
               ) = ARRAY(
                   SELECT p.polname || coalesce(pg_get_expr(p.polqual, p.polrelid), '')
                          || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') || (0 = ANY (p.polroles))
                   FROM pg_policy p WHERE p.polrelid = 'lumbung_unit'::regclass ORDER BY p.polname
               ) AS enclosed,
           ARRAY(
               SELECT k.conname::text FROM pg_constraint k
               WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f', 'x')
                 AND NOT (SELECT a.attnum FROM pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') = ANY (k.conkey)
               UNION
               SELECT i.indexrelid::regclass::text FROM pg_index i
               WHERE i.indrelid = c.oid AND i.indisunique
                 AND NOT (SELECT a.attnum FROM pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') = ANY (i.indkey)
           ) AS loose
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND c.relkind IN ('r', 'p') AND {owned("c.relname")}
    ORDER BY c.relname
    """  # noqa: S608  (no value in it)
)

# A view reads with its owner's eyes unless it says otherwise, and the owner sees every tenant's rows.
_OPEN_VIEWS = text(
    f"""
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND {owned("c.relname")} AND (
        c.relkind IN ('m', 'f')
        OR c.relkind = 'v' AND NOT coalesce(
            c.reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false
        )
    )
    ORDER BY c.relname
    """  # noqa: S608  (no value in it)
)

_THINGS = text(
    """
    SELECT 'Table ' || c.relname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    UNION ALL
    SELECT 'Function ' || p.proname || CASE WHEN p.prosecdef THEN ' (security definer)' ELSE '' END,
           CASE WHEN p.prosecdef THEN '' ELSE p.proname END
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = :schema
    """
)


_LONGER_NAMES = text("SELECT DISTINCT component FROM lumbung_ledger WHERE starts_with(component, :prefix)")


def things_in(connection: Connection, schema: str = "public") -> dict[str, str]:
    """Return what is in a schema, each with the name that tells whose it is: to compare before and after."""
    return {str(thing): str(name) for thing, name in connection.execute(_THINGS, {"schema": schema})}


def check_tables(
    connection: Connection,
    plugin: str,
    shared: Sequence[str] = (),
    *,
    before: Mapping[str, str] | None = None,
    schema: str = "public",
) -> None:
    """Refuse the tables of ``plugin`` unless each belongs to tenants all the way.

    ``shared`` names the tables that the manifest declares to be reference data without a tenant; ``before`` is
    what `things_in` said before the migration, ``schema`` where to look. Raises `LumbungError` naming the first thing
    that is wrong and why; called inside the migration's transaction, so that a refusal leaves nothing behind.
    """
    prefix = {"prefix": f"{plugin}_"}
    if before is not None:
        _refuse_names_of_others(connection, plugin, things_in(connection, schema), before)
    for view in connection.execute(_OPEN_VIEWS, {**prefix, "schema": schema}).scalars():
        raise LumbungError(
            "View %(view)s of %(plugin)s would show every tenant's rows: make it WITH (security_invoker = true), and "
            "not materialized.",
            view=view,
            plugin=plugin,
        )
    for table, without_tenant, enclosed, loose in connection.execute(_OPEN_TABLES, {**prefix, "schema": schema}).all():
        if without_tenant:
            if table not in shared:
                raise LumbungError(
                    "Table %(table)s of %(plugin)s has no tenant_id: make it with op.create_tenant_table, or list it "
                    "under shared_tables in plugin.toml if it holds no tenant's data.",
                    table=table,
                    plugin=plugin,
                )
        elif not enclosed:
            raise LumbungError(
                "Table %(table)s of %(plugin)s has no row-level security, or another than the house's: make it with "
                "op.create_tenant_table.",
                table=table,
                plugin=plugin,
            )
        elif loose:
            raise LumbungError(
                "Constraint %(constraint)s on table %(table)s of %(plugin)s does not include tenant_id: a row could "
                "point at, or collide with, another tenant's.",
                constraint=loose[0],
                table=table,
                plugin=plugin,
            )


def _refuse_names_of_others(
    connection: Connection, plugin: str, now: Mapping[str, str], before: Mapping[str, str]
) -> None:
    longer = connection.execute(_LONGER_NAMES, {"prefix": f"{plugin}_"}).scalars().all()
    for thing, name in now.items():
        if thing in before:
            continue
        said = Sentence.heard(thing, ("Table %(name)s", "Function %(name)s"))
        if not name.startswith((f"{plugin}_", "lumbung_version_")):
            raise LumbungError(
                "%(thing)s was made by %(plugin)s: what a plugin makes is called %(plugin)s_..., and runs with the "
                "rights of who asks.",
                thing=said,
                plugin=plugin,
            )
        for other in longer:
            if name.startswith(f"{other}_"):
                raise LumbungError(
                    "%(thing)s was made by %(plugin)s, but its name is that of the plugin %(other)s.",
                    thing=said,
                    plugin=plugin,
                    other=other,
                )
