"""Personal data in the database of an application that nobody here wrote: handed out, erased and counted.

Such an application has no hooks. Its manifest names two files of SQL instead, which are run as a database user of
their own that may read, change and delete rows of the tables it lists. The process need not run. What comes of it has
the shape that hooks give, so that every page shows it as it shows the others. `docs/writing-plugins/foreign.md` says
how the files are written.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from lokal import normalize_phone
from sqlalchemy import select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

from lumbung.bilingual import Bilingual
from lumbung.context import Scope, current_tenant
from lumbung.errors import LumbungError
from lumbung.hooks import DataSection, DataSubject, Erased, Plain
from lumbung.identity.models import PersonRow
from lumbung.instances import running_sql
from lumbung.instances.accounts import username_of
from lumbung.instances.databases import own_database
from lumbung.instances.instance import Instance, instance_of
from lumbung.instances.models import SHARED, InstanceRow
from lumbung.instances.rows import row_of
from lumbung.instances.running_sql import Result
from lumbung.instances.statements import BadStatement, Statement
from lumbung.registry.caller import Answers
from lumbung.registry.discovery import describe_error
from lumbung.registry.faults import record_fault
from lumbung.registry.foreign import DataAdapter
from lumbung.registry.state import InstalledPlugin

logger = logging.getLogger(__name__)

FINDING = frozenset(["email", "phone", "phone_local", "nik", "username"])  # each of them is one person's alone
VALUES = FINDING | {"name", "tenant"}
READING = frozenset(["SELECT"])
ERASING = frozenset(["DELETE", "UPDATE", "SELECT"])
WHY = "why:"
_DIALECTS = {"postgresql": postgresql.dialect, "mysql": mysql.dialect, "sqlite": sqlite.dialect}


class NotKept(LumbungError):
    """A database did not keep what was erased in it; ``plugin`` is whose it is."""

    def __init__(self, plugin: str, error: Exception) -> None:
        self.plugin = plugin
        super().__init__(
            "Plugin %(plugin)s: its database did not keep the change: %(reason)s",
            plugin=plugin,
            reason=describe_error(error),
        )


def takes_the_place_of_hooks(plugin: InstalledPlugin) -> bool:
    """Whether a plugin's personal data are reached by SQL and not by hooks."""
    return plugin.manifest.is_foreign and plugin.manifest.data_adapter is not None


def check(plugin: InstalledPlugin, scope: Scope) -> None:
    """Raise `LumbungError` when the SQL of a plugin cannot be used, in a sentence for its author."""
    instance = instance_of(scope.kernel.settings, plugin, scope.tenant)
    adapter = _adapter_of(plugin)
    _statements(instance, adapter.export, READING)
    for statement in _statements(instance, adapter.erase, ERASING):
        _why(statement, adapter.erase)


def has_database(scope: Scope, plugin: str) -> bool:
    """Whether there is a database of an application for the current tenant: on or off, even uninstalled."""
    made = select(InstanceRow.plugin).where(
        InstanceRow.plugin == plugin,
        InstanceRow.tenant.in_([current_tenant().id, SHARED]),
        InstanceRow.made_at.is_not(None),
        InstanceRow.state != "removed",
    )
    return scope.session.execute(made).first() is not None


def export(scope: Scope, plugins: Iterable[InstalledPlugin], subject: DataSubject, language: str) -> Answers:
    """Return what these applications hold of somebody, as `Caller.ask_these` returns what hooks say."""
    return _each(plugins, "export_person", lambda plugin: _export(scope, plugin, subject, language))


def erase(scope: Scope, plugins: Iterable[InstalledPlugin], subject: DataSubject, until: ExitStack) -> Answers:
    """Erase somebody in these applications, and return what was done as `Caller.ask_these` does.

    Nothing is kept until the block of ``until`` ends well: each database has its transaction open as long. Then one
    that fails raises `NotKept`, and those after it are undone; what went before is gone, and erasing again is harmless.
    """
    return _each(plugins, "erase_person", lambda plugin: _erase(scope, plugin, subject, until))


def rows_in(scope: Scope, plugin: InstalledPlugin, tables: Sequence[str]) -> int:
    """Count the rows in those of ``tables`` that the adapter may read; 0 when its database cannot be asked."""
    instance = _instance(scope, plugin)
    if not _is_made(scope, instance):
        return 0
    known = [table for table in tables if table in _adapter_of(plugin).tables]
    quote, counted = _DIALECTS[own_database(instance).engine]().identifier_preparer.quote_identifier, 0
    try:
        with running_sql.connected(scope.kernel, instance, as_adapter=True) as connection:
            for table in known:
                statement = Statement((f"SELECT count(*) FROM {quote(table)}",), (), 1, "SELECT")  # noqa: S608
                counted += int(running_sql.run(connection, instance, statement, {}).rows[0][0])
    except LumbungError:
        return 0
    return counted


def _each(plugins: Iterable[InstalledPlugin], hook: str, ask: Any) -> Answers:
    values: dict[str, Any] = {}
    failures: dict[str, str] = {}
    for plugin in plugins:
        try:
            values[plugin.name] = ask(plugin)
        except Exception as error:
            failures[plugin.name] = describe_error(error)
            logger.error("the data adapter of plugin %s failed: %s", plugin.name, describe_error(error))
            record_fault(plugin.name, f"hook {hook}", describe_error(error), kind="hook")
    return Answers(values, failures)


def _export(scope: Scope, plugin: InstalledPlugin, subject: DataSubject, language: str) -> list[DataSection]:
    instance, adapter = _instance(scope, plugin), _adapter_of(plugin)
    statements = _statements(instance, adapter.export, READING)
    if not _is_made(scope, instance):
        return []
    values = _values(scope.session, plugin, subject)
    sections: list[DataSection] = []
    with running_sql.connected(scope.kernel, instance, as_adapter=True) as connection:
        _read_only(connection, instance)
        for statement in statements:
            result = running_sql.run(connection, instance, statement, values)
            if result.rows:
                title = _heading(statement, adapter.export)
                sections.append(_section(title, result, language, taken=[one.name for one in sections]))
    return sections


def _erase(scope: Scope, plugin: InstalledPlugin, subject: DataSubject, until: ExitStack) -> list[Erased]:
    if plugin.held:
        raise LumbungError("Plugin %(plugin)s is being upgraded; try again in a moment.", plugin=plugin.name)
    instance, adapter = _instance(scope, plugin), _adapter_of(plugin)
    statements = _statements(instance, adapter.erase, ERASING)
    if not _is_made(scope, instance):
        return []
    values, done = _values(scope.session, plugin, subject), []
    connection = until.enter_context(_kept_at_the_end(scope, instance))
    for statement in statements:
        result = running_sql.run(connection, instance, statement, values)
        how = {"DELETE": "deleted", "UPDATE": "anonymised"}.get(statement.verb, "kept")
        why = _why(statement, adapter.erase)
        done.append(Erased(_heading(statement, adapter.erase), _counted(result), how, why))  # type: ignore[arg-type]
    return done


@contextmanager
def _kept_at_the_end(scope: Scope, instance: Instance) -> Iterator[Any]:
    went_well = False
    try:
        with running_sql.connected(scope.kernel, instance, as_adapter=True) as connection:
            yield connection
            went_well = True
    except Exception as error:
        if went_well:
            raise NotKept(instance.name, error) from None
        raise


def _read_only(connection: Any, instance: Instance) -> None:
    """Have the server itself refuse to write: a SELECT may call functions. SQLite has none that write."""
    if own_database(instance).engine != "sqlite":
        running_sql.run(connection, instance, Statement(("SET TRANSACTION READ ONLY",), (), 1, "SET"), {})


def _values(session: Session, plugin: InstalledPlugin, subject: DataSubject) -> dict[str, str | None]:
    """Return what somebody is found by; what is not known or not proven to be theirs is NULL, which equals nothing."""
    row = session.get(PersonRow, (current_tenant().id, subject.id)) if subject.id else None
    proven = row is None or row.email_verified_at is not None
    phone = normalize_phone(subject.phone) if subject.phone else None
    username = username_of(session, plugin.name, subject.id) if subject.id else None
    return {
        "email": subject.email if subject.email and proven else None,
        "phone": phone or subject.phone or None,
        "phone_local": f"0{phone[3:]}" if phone and phone.startswith("+62") else subject.phone or None,
        "nik": subject.nik or None,
        "username": username,
        "name": subject.name or None,
        "tenant": current_tenant().slug,
    }


def _statements(instance: Instance, file: str, verbs: frozenset[str]) -> list[Statement]:
    """Return the statements of one of the two files; raises `BadStatement` for one that finds nobody in particular."""
    found = running_sql.statements_of(instance, file, known=VALUES)
    for statement in found:
        if statement.verb not in verbs:
            raise BadStatement(
                "%(file)s, line %(line)s: a statement begins with one of %(verbs)s.",
                file=file,
                line=statement.line,
                verbs=sorted(verbs),
            )
        if not FINDING.intersection(statement.names):
            raise BadStatement(
                "%(file)s, line %(line)s: the statement asks for nobody in particular; it needs one of %(values)s.",
                file=file,
                line=statement.line,
                values=[f":{name}" for name in sorted(FINDING)],
            )
        _heading(statement, file)
    return found


def _heading(statement: Statement, file: str) -> Bilingual:
    """Return what the comment above a statement calls its rows: ``-- Nomor antrean | Queue numbers``."""
    words = [line for line in statement.comments if not line.startswith(WHY)]
    if not words:
        raise BadStatement(
            "%(file)s, line %(line)s: a comment above the statement has to say what it is, such as "
            "'-- Nomor antrean | Queue numbers'.",
            file=file,
            line=statement.line,
        )
    return _both(words[-1])


def _why(statement: Statement, file: str) -> Bilingual | None:
    if statement.verb == "DELETE":
        return None
    words = [line for line in statement.comments if line.startswith(WHY)]
    if not words:
        raise BadStatement(
            "%(file)s, line %(line)s: a comment such as '-- why: UU 43/2009 | Law 43/2009' has to say which law asks "
            "for what is not deleted.",
            file=file,
            line=statement.line,
        )
    return _both(words[-1].removeprefix(WHY))


def _both(words: str) -> Bilingual:
    indonesian, _, english = (part.strip() for part in words.partition(" | "))
    return Bilingual(indonesian, english or indonesian)


def _section(title: Bilingual, result: Result, language: str, taken: Sequence[str]) -> DataSection:
    name = _slug(title.en)
    name = f"{name}_{len(taken) + 1}" if name in taken else name
    keys: dict[str, str] = {}
    for number, column in enumerate(result.columns, 1):
        key = _slug(str(column))
        keys[f"{key}_{number}" if key in keys else key] = str(column).replace("_", " ")
    rows = [dict(zip(keys, map(_plain, row), strict=True)) for row in result.rows]
    return DataSection(name, title(language), keys, rows)


def _slug(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_") or "data"


def _plain(value: Any) -> Plain:
    if value is None or isinstance(value, str | int | float | bool | datetime | date | time):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(bytes(value))} B)"
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def _counted(result: Result) -> int:
    """Return how many rows a statement touched; a ``SELECT count(*)`` says it in its only cell."""
    if len(result.rows) == 1 and len(result.columns) == 1 and isinstance(result.rows[0][0], int):
        return result.rows[0][0]
    return result.count


def _adapter_of(plugin: InstalledPlugin) -> DataAdapter:
    adapter = plugin.manifest.data_adapter
    if adapter is None or plugin.manifest.process is None or plugin.manifest.process.database is None:
        raise LumbungError("Plugin %(plugin)s has no database here that an adapter could reach.", plugin=plugin.name)
    return adapter


def _instance(scope: Scope, plugin: InstalledPlugin) -> Instance:
    return instance_of(scope.kernel.settings, plugin, scope.tenant)


def _is_made(scope: Scope, instance: Instance) -> bool:
    row: InstanceRow | None = row_of(scope.session, instance)
    return row is not None and row.made_at is not None and row.state != "removed"
