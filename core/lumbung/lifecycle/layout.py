"""What a plugin has in a schema, as statements: the same ones make a copy of it, compare two, and describe one.

PostgreSQL writes each definition itself, as seen from the schema (``search_path``), so that names of the plugin's own
things carry no schema. Carried out from another schema, they make the same things there; read back from there, they
must say the same, word for word. A copy that pointed at the live tables would say so and be refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, text

from lumbung.errors import LumbungError
from lumbung.lifecycle import layout_queries as queries

# Texts of values must not depend on who asks: two digests are made in two sessions.
_SAME_FOR_ALL = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "check_function_bodies": "off",
}


@dataclass(frozen=True)
class OuterKey:
    """A foreign key from one of the plugin's tables to a table that is not the plugin's."""

    table: str
    name: str
    definition: str


@dataclass(frozen=True)
class Layout:
    """A plugin's things in a schema.

    ``objects`` in the order in which they can be made (types, functions, sequences, tables, views); ``keys`` once the
    rows are in; ``inner`` are foreign keys among its tables, ``outer`` those to tables of others; ``rest`` is what
    hangs on all this: triggers, row-level security, rights, comments. ``movable`` names what can be moved to another
    schema or dropped, with its kind (``TABLE contoh_note``); all else goes along.
    """

    tables: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # those that take values
    sequences: tuple[str, ...] = ()
    movable: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    outer: tuple[OuterKey, ...] = ()
    rest: tuple[str, ...] = ()

    def statements(self, *, outer: bool = True) -> list[str]:
        """Return all of it in the order in which it can be carried out; the rows go in after ``objects``."""
        keys = [f"ALTER TABLE {one.table} ADD CONSTRAINT {one.name} {one.definition}" for one in self.outer]
        return [*self.objects, *self.keys, *self.inner, *(keys if outer else ()), *self.rest]

    def differences(self, other: Layout, *, outer: bool = True) -> list[str]:
        """Return what only one of the two says, in order of the alphabet."""
        return sorted(set(self.statements(outer=outer)) ^ set(other.statements(outer=outer)))


@contextmanager
def seen_from(connection: Connection, *schemas: str) -> Iterator[None]:
    """Have names without a schema mean these schemas, in their order, for the length of a block."""
    before = str(connection.execute(text("SELECT current_setting('search_path')")).scalar_one())
    quote = connection.dialect.identifier_preparer.quote
    path = ", ".join(quote(one) for one in schemas)
    connection.execute(text("SELECT set_config('search_path', :path, true)"), {"path": path})
    for name, value in _SAME_FOR_ALL.items():
        connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})
    yield
    connection.execute(text("SELECT set_config('search_path', :path, true)"), {"path": before})


def layout_of(connection: Connection, plugin: str, schema: str = "public") -> Layout:
    """Read what ``plugin`` has in ``schema``.

    Raises `LumbungError` for what cannot be copied faithfully: tables in partitions, types that are no enumerations
    or domains, things that need one another in a circle.
    """
    with seen_from(connection, schema, "public"):
        return _Reader(connection, plugin, schema).layout()


def tables_in(connection: Connection, plugin: str, schema: str = "public") -> list[str]:
    """Return the names of a plugin's tables in ``schema``, its version table among them."""
    values = {"prefix": f"{plugin}_", "schema": schema, "version": f"lumbung_version_{plugin}"}
    return [str(name) for name in connection.execute(text(queries.TABLES), values).scalars()]


class _Reader:
    """Asks the catalogue, one kind of thing after the other."""

    def __init__(self, connection: Connection, plugin: str, schema: str) -> None:
        self._connection = connection
        self._values = {"prefix": f"{plugin}_", "schema": schema, "version": f"lumbung_version_{plugin}"}
        self.plugin = plugin
        self.names: dict[int, str] = {}  # quoted names of tables, views and sequences by oid
        self.kinds: dict[int, str] = {}  # as GRANT calls them
        self.nodes: dict[int, str] = {}  # the statement that makes a thing, by oid
        self.movable: list[str] = []

    def layout(self) -> Layout:
        relations = self._ask(queries.RELATIONS)
        self._refuse_odd(relations)
        self.names = {one.oid: one.quoted for one in relations}
        self.kinds = {one.oid: "SEQUENCE" if one.relkind == "S" else "TABLE" for one in relations}
        tables = [one.oid for one in relations if one.relkind == "r"]
        columns = self._tables(relations, tables)
        sequences = self._sequences(relations)
        self._views(relations)
        functions = self._functions()
        types = self._types(tables)
        keys, inner, outer = self._constraints(tables)
        return Layout(
            tables=tuple(one.relname for one in relations if one.relkind == "r"),
            columns=columns,
            sequences=tuple(one.relname for one in relations if one.relkind == "S"),
            movable=tuple(self.movable),
            objects=tuple(self._in_order()),
            keys=(*keys, *self._indexes(tables)),
            inner=tuple(inner),
            outer=tuple(outer),
            rest=(*sequences, *self._rest(tables), *self._rights([*self.names], functions, types)),
        )

    def _ask(self, statement: str, **values: object) -> Sequence[Row[Any]]:
        given = {**self._values, **values}
        wanted = {name: value for name, value in given.items() if f":{name}" in statement}
        return self._connection.execute(text(statement), wanted).all()

    def _refuse_odd(self, relations: Sequence[Row[Any]]) -> None:
        for one in relations:
            if one.relkind not in ("r", "v", "S") or one.relispartition or one.child:
                raise LumbungError(
                    "%(thing)s of %(plugin)s is of a kind that the platform cannot copy and bring back (partitioned, "
                    "inherited, materialized or foreign); the upgrade is not begun.",
                    thing=one.relname,
                    plugin=self.plugin,
                )

    def _tables(self, relations: Sequence[Row[Any]], tables: list[int]) -> dict[str, tuple[str, ...]]:
        lines: dict[int, list[str]] = {oid: [] for oid in tables}
        taking: dict[int, list[str]] = {oid: [] for oid in tables}
        for one in self._ask(queries.COLUMNS, tables=tables):
            lines[one.attrelid].append(_column(one))
            if not one.attgenerated:
                taking[one.attrelid].append(one.quoted)
        for one in relations:
            if one.relkind == "r":
                unlogged = "UNLOGGED " if one.relpersistence == "u" else ""
                options = f" WITH ({', '.join(one.reloptions)})" if one.reloptions else ""
                self.nodes[one.oid] = f"CREATE {unlogged}TABLE {one.quoted} ({', '.join(lines[one.oid])}){options}"
                self.movable.append(f"TABLE {one.quoted}")
        return {one.relname: tuple(taking[one.oid]) for one in relations if one.relkind == "r"}

    def _views(self, relations: Sequence[Row[Any]]) -> None:
        for one in relations:
            if one.relkind == "v":
                options = f" WITH ({', '.join(one.reloptions)})" if one.reloptions else ""
                self.nodes[one.oid] = f"CREATE VIEW {one.quoted}{options} AS {one.viewdef.rstrip().rstrip(';')}"
                self.movable.append(f"VIEW {one.quoted}")

    def _sequences(self, relations: Sequence[Row[Any]]) -> list[str]:
        """Sequences that stand alone or serve a column by its default; identity columns bring their own."""
        owned = []
        for one in self._ask(queries.SEQUENCES, oids=[row.oid for row in relations if row.relkind == "S"]):
            if one.deptype == "i":
                continue
            self.nodes[one.oid] = f"CREATE SEQUENCE {one.quoted} AS {one.type} {_numbers(one)}"
            if one.owner:
                owned.append(f"ALTER SEQUENCE {one.quoted} OWNED BY {one.owner}")
            else:
                self.movable.append(f"SEQUENCE {one.quoted}")
        return owned

    def _functions(self) -> dict[int, str]:
        found = {}
        for one in self._ask(queries.FUNCTIONS):
            self.nodes[one.oid] = one.definition.replace(f" {one.full_name}(", f" {one.name}(", 1).rstrip()
            found[one.oid] = one.signature
            self.movable.append(f"ROUTINE {one.signature}")
        return found

    def _types(self, tables: list[int]) -> dict[int, str]:
        found = {}
        for one in self._ask(queries.TYPES, tables=tables):
            if one.typtype == "e":
                self.nodes[one.oid] = f"CREATE TYPE {one.quoted} AS ENUM ({one.labels})"
            elif one.typtype == "d":
                default = f" DEFAULT {one.typdefault}" if one.typdefault is not None else ""
                null = " NOT NULL" if one.typnotnull else ""
                self.nodes[one.oid] = f"CREATE DOMAIN {one.quoted} AS {one.base}{default}{null}{one.checks or ''}"
            else:
                raise LumbungError(
                    "The type %(type)s of %(plugin)s is of a kind that the platform cannot copy and bring back; the "
                    "upgrade is not begun.",
                    type=one.quoted,
                    plugin=self.plugin,
                )
            found[one.oid] = one.quoted
            self.movable.append(f"{'TYPE' if one.typtype == 'e' else 'DOMAIN'} {one.quoted}")
        return found

    def _constraints(self, tables: list[int]) -> tuple[list[str], list[str], list[OuterKey]]:
        keys: list[str] = []
        inner: list[str] = []
        outer: list[OuterKey] = []
        for one in self._ask(queries.CONSTRAINTS, tables=tables):
            table = self.names[one.conrelid]
            added = f"ALTER TABLE {table} ADD CONSTRAINT {one.quoted} {one.definition}"
            if one.contype != "f":
                keys.append(added)
            elif one.confrelid in self.names:
                inner.append(added)
            else:
                outer.append(OuterKey(table, one.quoted, one.definition))
        return keys, inner, outer

    def _indexes(self, tables: list[int]) -> list[str]:
        return [one.definition for one in self._ask(queries.INDEXES, tables=tables)]

    def _rest(self, tables: list[int]) -> Iterator[str]:
        for one in self._ask(queries.COLUMNS, tables=tables):
            for what in ("storage", "compression"):
                if value := getattr(one, what):
                    yield f"ALTER TABLE {self.names[one.attrelid]} ALTER COLUMN {one.quoted} SET {what.upper()} {value}"
        for one in self._ask(queries.TRIGGERS, tables=tables):
            yield one.definition
            if one.tgenabled != "O":
                state = {"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}[one.tgenabled]
                yield f"ALTER TABLE {self.names[one.tgrelid]} {state} TRIGGER {one.quoted}"
        for one in self._ask(queries.SECURITY, tables=tables):
            if one.relrowsecurity:
                yield f"ALTER TABLE {self.names[one.oid]} ENABLE ROW LEVEL SECURITY"
            if one.relforcerowsecurity:
                yield f"ALTER TABLE {self.names[one.oid]} FORCE ROW LEVEL SECURITY"
        for one in self._ask(queries.POLICIES, tables=tables):
            command = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE", "*": "ALL"}[one.polcmd]
            using = f" USING ({one.using})" if one.using else ""
            check = f" WITH CHECK ({one.check})" if one.check else ""
            kind = "PERMISSIVE" if one.polpermissive else "RESTRICTIVE"
            yield (
                f"CREATE POLICY {one.quoted} ON {self.names[one.polrelid]} AS {kind} FOR {command} "
                f"TO {one.roles}{using}{check}"
            )
        for one in self._ask(queries.COMMENTS, oids=[*self.names]):
            thing = self.names[one.objoid]
            yield f"COMMENT ON {f'COLUMN {thing}.{one.column}' if one.column else f'{one.kind} {thing}'} IS {one.words}"

    def _rights(self, relations: list[int], functions: dict[int, str], types: dict[int, str]) -> Iterator[str]:
        parts: tuple[tuple[list[int], str, str, dict[int, str]], ...] = (
            (relations, queries.TABLE_RIGHTS, "", self.names),
            ([*functions], queries.FUNCTION_RIGHTS, "ROUTINE", functions),
            ([*types], queries.TYPE_RIGHTS, "TYPE", types),
        )
        for oids, statement, kind, names in parts:
            closed: set[int] = set()
            given = self._ask(statement, oids=oids)
            for one, rights in groupby(given, lambda one: (one.oid, one.columns, one.grantee, _may_give(one))):
                oid, columns, grantee, may_give = one
                thing = f"{kind or self.kinds[oid]} {names[oid]}"
                if kind and oid not in closed:
                    closed.add(oid)
                    yield f"REVOKE ALL ON {thing} FROM PUBLIC"
                listed = ", ".join(f"{right.privilege}{columns or ''}" for right in rights)
                yield f"GRANT {listed} ON {thing} TO {grantee}{' WITH GRANT OPTION' if may_give else ''}"

    def _in_order(self) -> list[str]:
        """Sort what is made by what it needs; where that leaves a choice, by the statement."""
        needs: dict[int, set[int]] = {oid: set() for oid in self.nodes}
        for one in self._ask(queries.NEEDS, oids=[*self.nodes]):
            if one.needs in needs and one.oid in needs and one.oid != one.needs:
                needs[one.oid].add(one.needs)
        sorter = TopologicalSorter(needs)
        try:
            sorter.prepare()
        except CycleError:
            raise LumbungError(
                "Tables and functions of %(plugin)s need one another in a circle; the platform cannot copy and bring "
                "them back. The upgrade is not begun.",
                plugin=self.plugin,
            ) from None
        ordered = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=lambda oid: self.nodes[oid])
            ordered += [self.nodes[oid] for oid in ready]
            sorter.done(*ready)
        return ordered


def _may_give(one: Row[Any]) -> bool:
    return bool(one.is_grantable and not one.owner)


def _column(one: Row[Any]) -> str:
    words = [f"{one.quoted} {one.type}"]
    if one.collation:
        words.append(f"COLLATE {one.collation}")
    if one.attgenerated:
        words.append(f"GENERATED ALWAYS AS ({one.value}) {'VIRTUAL' if one.attgenerated == 'v' else 'STORED'}")
    elif one.attidentity:
        when = "ALWAYS" if one.attidentity == "a" else "BY DEFAULT"
        words.append(f"GENERATED {when} AS IDENTITY (SEQUENCE NAME {one.identity} {_numbers(one)})")
    elif one.value is not None:
        words.append(f"DEFAULT {one.value}")
    if one.attnotnull:
        words.append("NOT NULL")
    return " ".join(words)


def _numbers(one: Row[Any]) -> str:
    cycle = "CYCLE" if one.seqcycle else "NO CYCLE"
    return (
        f"START WITH {one.seqstart} INCREMENT BY {one.seqincrement} MINVALUE {one.seqmin} MAXVALUE {one.seqmax} "
        f"CACHE {one.seqcache} {cycle}"
    )
