"""Running the statements of an application's own files against its database, whether its process runs or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lumbung.errors import LumbungError
from lumbung.instances.databases import engine_of, own_database
from lumbung.instances.instance import Instance
from lumbung.instances.rows import secrets_of
from lumbung.instances.statements import Statement, read_statements
from lumbung.kernel import Kernel
from lumbung.registry.discovery import find_plugin

MOST_ROWS = 50_000  # of one statement: what is handed out is held in memory


class StatementFailed(LumbungError):
    """A database refused a statement; the message holds none of the values that were bound."""


@dataclass(frozen=True)
class Result:
    """What a statement gave: the names of its columns and its rows, and how many rows it touched."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    count: int


def statements_of(instance: Instance, file: str, *, known: frozenset[str]) -> list[Statement]:
    """Return the statements of a file of the installed package; raises `LumbungError` as `read_statements` does."""
    found = find_plugin(instance.name)
    if found is None:
        raise LumbungError("The package of plugin %(plugin)s is not there.", plugin=instance.name)
    return read_statements(found.folder / file, engine=own_database(instance).engine, known=known)


@contextmanager
def connected(kernel: Kernel, instance: Instance, *, as_adapter: bool) -> Iterator[Any]:
    """Yield a connection to an instance's database, as its own user or as the adapter's; raises `LumbungError`."""
    engine, secret = engine_of(instance.process), secrets_of(kernel, instance)
    connect = engine.connect_as_adapter if as_adapter else engine.connect_as_app
    with connect(kernel, instance, secret) as connection:
        yield connection


def run(connection: Any, instance: Instance, statement: Statement, values: Mapping[str, Any]) -> Result:
    """Run one statement with its values bound by the driver; raises `StatementFailed`."""
    words, given = statement.bound(values, engine=own_database(instance).engine)
    try:
        cursor = connection.cursor()
        try:
            cursor.execute(words, given) if given else _as_it_is(cursor, words, instance)
            if cursor.description is None:
                return Result((), (), max(cursor.rowcount, 0))
            rows = cursor.fetchmany(MOST_ROWS + 1)
            columns = [column[0] for column in cursor.description]
        finally:
            cursor.close()
    except Exception as error:  # each driver has a family of errors of its own
        raise StatementFailed(
            "line %(line)s: %(reason)s", line=statement.line, reason=_without(values, error)
        ) from None
    if len(rows) > MOST_ROWS:
        raise StatementFailed("line %(line)s: more than %(most)s rows", line=statement.line, most=MOST_ROWS)
    return Result(columns, [tuple(row) for row in rows], len(rows))


def _as_it_is(cursor: Any, words: str, instance: Instance) -> None:
    """Run a statement without values: only with values does a driver read doubled percent signs as one."""
    cursor.execute(words if own_database(instance).engine == "sqlite" else words.replace("%%", "%"))


def _without(values: Mapping[str, Any], error: Exception) -> str:
    """Return the first words of a driver's error; a value of somebody that stands in it is replaced by its name."""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    said = primary or (str(error.args[-1]) if error.args else type(error).__name__)
    words = (said.strip().splitlines() or [type(error).__name__])[0]
    for name, value in sorted(values.items(), key=lambda one: -len(str(one[1] or ""))):
        if value not in (None, ""):
            words = words.replace(str(value), f":{name}")
    return words[:300]
