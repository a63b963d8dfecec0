"""What a plugin's revision did to tables that are not its own: nothing, or it is refused.

Revisions run as the owner of every table. So what they may not do is looked for afterwards, in the same transaction:
the shape of other tables before and after, rows written there, and references that would tie two plugins together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from lumbung.database.model import PUBLIC_CORE_TABLES
from lumbung.database.ownership import owned
from lumbung.errors import LumbungError

REFERABLE = ("lumbung_tenant", *PUBLIC_CORE_TABLES)

_OWN = f"(c.relname = :version OR {owned('c.relname')})"

_SHAPES = text(
    f"""
    SELECT c.relname, md5(concat_ws('|',
        c.relrowsecurity, c.relforcerowsecurity, c.relacl,
        (SELECT string_agg(concat_ws(',', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull,
                pg_get_expr(d.adbin, d.adrelid)), ';' ORDER BY a.attnum)
         FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        (SELECT string_agg(pg_get_constraintdef(k.oid), ';' ORDER BY k.conname) FROM pg_constraint k
         WHERE k.conrelid = c.oid),
        (SELECT string_agg(pg_get_triggerdef(t.oid) || t.tgenabled::text, ';' ORDER BY t.tgname) FROM pg_trigger t
         WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
        (SELECT string_agg(pg_get_indexdef(i.indexrelid), ';' ORDER BY i.indexrelid) FROM pg_index i
         WHERE i.indrelid = c.oid),
        (SELECT string_agg(concat_ws(',', p.polname, p.polcmd, p.polroles,
                pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)), ';' ORDER BY p.polname)
         FROM pg_policy p WHERE p.polrelid = c.oid)))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT (:schema = 'public' AND {_OWN})
    """  # noqa: S608  (no value in it)
)

_WRITTEN = text(
    f"""
    SELECT c.relname, s.n_tup_ins + s.n_tup_upd + s.n_tup_del
    FROM pg_stat_xact_user_tables s JOIN pg_class c ON c.oid = s.relid
    WHERE s.schemaname = 'public' AND s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0
      AND NOT (:schema = 'public' AND {_OWN})
    """  # noqa: S608  (no value in it)
)

_REFERENCES = text(
    f"""
    SELECT k.conname, c.relname, target.relname
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class target ON target.oid = k.confrelid
    WHERE k.contype = 'f' AND n.nspname = :schema AND {_OWN} AND NOT target.relname = ANY (:referable)
      AND NOT {owned("target.relname")}
    ORDER BY k.conname
    """  # noqa: S608  (no value in it)
)


@dataclass(frozen=True)
class Elsewhere:
    """The tables that are not a plugin's: how each is made, as a hash, and what this transaction wrote there."""

    shapes: Mapping[str, str]
    written: Mapping[str, int]


def look(connection: Connection, plugin: str, schema: str = "public") -> Elsewhere:
    """Return how it is elsewhere now. In a ``schema`` of copies all of the live tables are elsewhere."""
    values = _values(plugin, schema)
    shapes = {str(name): str(shape) for name, shape in connection.execute(_SHAPES, values)}
    return Elsewhere(shapes, {str(name): int(rows) for name, rows in connection.execute(_WRITTEN, values)})


def refuse_changes(connection: Connection, plugin: str, before: Elsewhere, schema: str = "public") -> None:
    """Refuse what a migration of ``plugin`` did elsewhere since `look` returned ``before``.

    Call it in the migration's transaction, before anything else is written in it. Raises `LumbungError`.
    """
    after = look(connection, plugin, schema)
    for table in sorted(before.shapes):
        if before.shapes[table] != after.shapes.get(table):
            raise LumbungError(
                "The migration of %(plugin)s changes the table %(table)s, which is not its own: a plugin changes the "
                "tables called %(plugin)s_... only.",
                plugin=plugin,
                table=table,
            )
    for table in sorted(after.written):
        if after.written[table] != before.written.get(table, 0):
            raise LumbungError(
                "The migration of %(plugin)s writes into the table %(table)s, which is not its own: a plugin changes "
                "the tables called %(plugin)s_... only.",
                plugin=plugin,
                table=table,
            )
    values = {**_values(plugin, schema), "referable": list(REFERABLE)}
    for constraint, table, target in connection.execute(_REFERENCES, values):
        raise LumbungError(
            "Constraint %(constraint)s on table %(table)s of %(plugin)s points at %(target)s: a plugin's tables may "
            "point at its own and at %(allowed)s. Keep the other's id without a foreign key.",
            constraint=constraint,
            table=table,
            plugin=plugin,
            target=target,
            allowed=list(REFERABLE),
        )


def _values(plugin: str, schema: str) -> dict[str, str]:
    return {"prefix": f"{plugin}_", "version": f"lumbung_version_{plugin}", "schema": schema}
