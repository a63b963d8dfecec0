"""Bringing the schema up: one Alembic environment for everybody, one version table per component.

A component is ``core`` or the name of a plugin. A plugin ships revision files only; the environment
(``migrations/env.py``) is the core's. Every run writes a line into ``lumbung_ledger``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError

import lumbung
from lumbung.database import elsewhere
from lumbung.database.engine import describe, first_line
from lumbung.database.operations import check_tables, things_in
from lumbung.errors import DatabaseUnavailable, LumbungError

_MIGRATION_LOCK = 5_204_001  # pg_advisory_lock key: one migration at a time on a database


@dataclass(frozen=True)
class Component:
    """What can be migrated: its name, the version of its package and the folder of its revision files."""

    name: str
    version: str
    folder: Path
    shared_tables: tuple[str, ...] = ()

    @property
    def version_table(self) -> str:
        """The table in which Alembic keeps this component's revision."""
        return f"lumbung_version_{self.name}"


def environment_folder() -> Path:
    """Return the folder that holds ``env.py``: in a wheel beside the package, in a checkout at its root."""
    packaged = Path(str(resources.files("lumbung"))) / "_migrations"
    return packaged if packaged.is_dir() else Path(lumbung.__file__).resolve().parents[2] / "migrations"


def core_component() -> Component:
    """Return the core's own component."""
    return Component("core", lumbung.__version__, environment_folder() / "versions")


def upgrade(
    migrator_url: str,
    component: Component,
    *,
    by: str,
    lock_timeout_ms: int = 5000,
    first: Callable[[Connection], None] = lambda connection: None,
) -> str | None:
    """Bring ``component`` to its newest revision, in one transaction, and return that revision.

    ``first`` is called in that transaction before any revision. Returns None when the component ships no revision.
    Raises `LumbungError` with one sentence when a revision fails or makes a table that does not belong to tenants; the
    database is then as it was.
    """
    with _migrating(migrator_url, lock_timeout_ms) as connection:
        first(connection)
        before = current_revision(connection, component)
        head = try_revisions(connection, component)
        _keep_to_the_owner(connection, component.version_table)
        if head != before:
            connection.execute(
                text(
                    "INSERT INTO lumbung_ledger (component, package_version, revision, by) "
                    "VALUES (:component, :version, :revision, :by)"
                ),
                {"component": component.name, "version": component.version, "revision": head, "by": by},
            )
    return head


def try_revisions(connection: Connection, component: Component, schema: str = "public") -> str | None:
    """Run what is left of a component's revisions and check what they made; return the newest.

    ``schema`` comes first in the connection's ``search_path``. Raises `LumbungError`; whoever calls then rolls back.
    """
    if component.name == "core":
        return _run_contained(connection, component)
    others, outside = things_in(connection, schema), elsewhere.look(connection, component.name, schema)
    head = _run_contained(connection, component)
    check_tables(connection, component.name, component.shared_tables, before=others, schema=schema)
    elsewhere.refuse_changes(connection, component.name, outside, schema)
    return head


def _run_contained(connection: Connection, component: Component) -> str | None:
    try:
        return _run(connection, component)
    except LumbungError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a revision file is donated code: it may raise anything, SystemExit too
        raise LumbungError(
            "The migration of %(component)s failed and was undone: %(reason)s",
            component=component.name,
            reason=first_line(error),
        ) from error


def head_of(component: Component) -> str | None:
    """Return the newest revision in the component's folder, None when it has none.

    Raises `LumbungError` when the folder has two heads.
    """
    if not component.folder.is_dir():
        return None
    try:
        return ScriptDirectory.from_config(_configuration(component)).get_current_head()
    except Exception as error:  # reading revisions runs them
        raise LumbungError(
            "The revisions of %(component)s cannot be read: %(reason)s",
            component=component.name,
            reason=first_line(error),
        ) from None


def current_revision(connection: Connection, component: Component) -> str | None:
    """Return the revision the database is at for this component, None when it was never migrated."""
    known = connection.execute(
        text("SELECT to_regclass(:table)"), {"table": f"public.{component.version_table}"}
    ).scalar()
    if known is None:
        return None
    quoted = connection.dialect.identifier_preparer.quote(component.version_table)
    return connection.execute(text(f"SELECT version_num FROM {quoted}")).scalar()  # noqa: S608


def _run(connection: Connection, component: Component) -> str | None:
    head = head_of(component)
    if head is not None:
        configuration = _configuration(component)
        configuration.attributes["connection"] = connection
        configuration.attributes["component"] = component
        command.upgrade(configuration, "head")
    return head


def _keep_to_the_owner(connection: Connection, table: str) -> None:
    """Take from the pages' role what default privileges gave it: which revision stands is not theirs to say."""
    grantees = connection.execute(
        text(
            "SELECT DISTINCT grantee FROM information_schema.role_table_grants WHERE table_schema = 'public' "
            "AND table_name = :table AND privilege_type <> 'SELECT' AND grantee <> current_user"
        ),
        {"table": table},
    ).scalars()
    quote = connection.dialect.identifier_preparer.quote
    for grantee in grantees.all():
        connection.execute(text(f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {quote(table)} FROM {quote(grantee)}"))


def _configuration(component: Component) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(environment_folder()).replace("%", "%%"))
    configuration.set_main_option("version_locations", str(component.folder).replace("%", "%%"))
    configuration.set_main_option("path_separator", "newline")
    return configuration


@contextmanager
def _migrating(url: str, lock_timeout_ms: int) -> Iterator[Connection]:
    """One transaction as the migrator, alone: a second migration waits for its turn."""
    with as_migrator(url) as engine, engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        connection.execute(text("SELECT set_config('lock_timeout', :timeout, true)"), {"timeout": str(lock_timeout_ms)})
        yield connection


@contextmanager
def as_migrator(url: str) -> Iterator[Engine]:
    """Yield an engine of the migrator's; raises `DatabaseUnavailable` when the server cannot be reached."""
    engine = create_engine(url, pool_size=1, connect_args={"connect_timeout": 5})
    try:
        yield engine
    except OperationalError as error:
        raise DatabaseUnavailable(
            "The database at %(address)s does not answer: %(reason)s", address=describe(url), reason=first_line(error)
        ) from error
    finally:
        engine.dispose()
