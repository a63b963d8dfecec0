"""PostgreSQL: a database and a role for each instance, on the server that the platform itself uses.

The role owns its database and may connect to no other one of the platform's; nobody else may connect to that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from lumbung.database.embedded import EmbeddedPostgres
from lumbung.database.engine import first_line
from lumbung.database.roles import connect, normalise
from lumbung.errors import LumbungError
from lumbung.instances.databases import Facts, Tell, adapter_of, name_of
from lumbung.instances.databases.postgresql_dump import load_into
from lumbung.instances.instance import Instance
from lumbung.kernel import Kernel
from lumbung.settings import Settings

LONGEST = 63 - len("_adapter")  # bytes of a name in PostgreSQL, with room for the adapter's
CONNECTIONS = 40  # of one instance: the platform needs some too
_LOCK = 5_204_006  # pg_advisory_lock key: rights are changed by one at a time
_ROLE = (
    "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT "
    "CONNECTION LIMIT {} PASSWORD {}"
)
_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"


def create(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> Facts:
    """Make role and database unless they are there, close the database to everybody else, return where it is."""
    admin, name = admin_url(kernel.settings), name_of(kernel, instance, longest=LONGEST)
    with _as_admin(admin) as connection:
        _make_role(connection, name, secret["database_password"])
        if not _there(connection, "pg_database", "datname", name):
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(name)))
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(name), sql.Identifier(name)
                )
            )
        connection.execute(sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY, CREATE ON DATABASE {} TO {}").format(
                sql.Identifier(name), sql.Identifier(name)
            )
        )
        version = connection.info.parameter_status("server_version") or ""
    socket = str(admin.query.get("host") or "")
    host = socket or admin.host or "localhost"
    facts = {"engine": "postgresql", "name": name, "user": name, "host": host, "port": str(admin.port or 5432)}
    return {**facts, **({"socket": socket} if socket.startswith("/") else {}), "version": version.partition(" ")[0]}


def load(kernel: Kernel, instance: Instance, secret: Mapping[str, str], dump: Path, tell: Tell) -> None:
    """Load a plain dump as the application's role, in one transaction: it is loaded wholly or not at all."""
    with _connected(kernel, instance, secret["database_password"]) as connection:
        load_into(connection, dump, tell)


def drop(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> None:
    """Remove the database, whoever is connected to it, and its two roles."""
    name = name_of(kernel, instance, longest=LONGEST)
    with _as_admin(admin_url(kernel.settings)) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        for role in (adapter_of(name), name):
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def dump(kernel: Kernel, instance: Instance, secret: Mapping[str, str], to: Path) -> Path:
    """Write the database with ``pg_dump`` as plain SQL; raises `LumbungError` when there is none that fits."""
    made = to / f"{instance.name}.sql"
    url = _url(kernel, instance)
    command = [str(_pg_dump(kernel.settings)), "--no-owner", "--no-privileges", "--file", str(made)]
    environment = {
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        "PGHOST": str(url.query.get("host") or url.host or "localhost"),
        "PGPORT": str(url.port or 5432),
        "PGUSER": url.username or "",
        "PGDATABASE": url.database or "",
        "PGPASSWORD": secret["database_password"],
    }
    made.touch(mode=0o600)
    ran = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if ran.returncode != 0:
        made.unlink(missing_ok=True)
        raise LumbungError(
            "The database of %(instance)s cannot be written out: %(reason)s",
            instance=instance.label,
            reason=(ran.stderr.strip().splitlines() or ["pg_dump"])[-1],
        )
    return made


def tables(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> int:
    """Return how many tables the database holds; 0 where there is no database."""
    with _as_admin(admin_url(kernel.settings)) as connection:
        if not _there(connection, "pg_database", "datname", name_of(kernel, instance, longest=LONGEST)):
            return 0
    with _connected(kernel, instance, secret["database_password"]) as connection:
        found: Any = connection.execute(_TABLES).fetchone()
    return int(found[0])


def allow_adapter(kernel: Kernel, instance: Instance, secret: Mapping[str, str], tables: Sequence[str]) -> None:
    """Make the adapter's role, with the rights to read, change and delete in these tables and no others."""
    name = name_of(kernel, instance, longest=LONGEST)
    role = sql.Identifier(adapter_of(name))
    with _as_admin(admin_url(kernel.settings)) as connection:
        _make_role(connection, adapter_of(name), secret["adapter_password"])
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), role))
    with _connected(kernel, instance, secret["database_password"]) as connection:
        connection.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(role))
        for table in tables:
            parts = sql.SQL(".").join(map(sql.Identifier, table.split(".")))
            try:
                connection.execute(sql.SQL("GRANT SELECT, UPDATE, DELETE ON {} TO {}").format(parts, role))
            except psycopg.errors.UndefinedTable:
                raise LumbungError(
                    "Plugin %(plugin)s lets its adapter into tables that are not in its database: %(tables)s.",
                    plugin=instance.name,
                    tables=[table],
                ) from None


@contextmanager
def connect_as_app(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> Iterator[Any]:
    """Yield a connection of the application's own role; committed when the block ends well."""
    with _connected(kernel, instance, secret["database_password"]) as connection:
        yield connection


@contextmanager
def connect_as_adapter(kernel: Kernel, instance: Instance, secret: Mapping[str, str]) -> Iterator[Any]:
    """Yield a connection of the adapter's role; committed when the block ends well."""
    with _connected(kernel, instance, secret["adapter_password"], adapter=True) as connection:
        yield connection


def admin_url(settings: Settings) -> URL:
    """Return how a user connects who may make roles and databases; raises `LumbungError` where there is none."""
    if settings.database_url:
        return make_url(normalise(settings.database_url))
    if settings.database_migrator_url or not (settings.home / "secrets" / "postgres.json").exists():
        raise LumbungError(
            "The roles of this site's database were made by hand, so that no database can be made for an application: "
            "set LUMBUNG_DATABASE_URL to a user who may make roles and databases."
        )
    return make_url(EmbeddedPostgres(settings.home).address.url())


@contextmanager
def _as_admin(url: URL) -> Iterator[psycopg.Connection[Any]]:
    with connect(url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            yield connection
        except psycopg.errors.InsufficientPrivilege as error:
            raise LumbungError(
                "The database user %(user)s may not do this for an application: %(reason)s",
                user=connection.info.user,
                reason=first_line(error),
            ) from None


def _make_role(connection: psycopg.Connection[Any], name: str, password: str) -> None:
    role, word = sql.Identifier(name), sql.Literal(password)
    if _there(connection, "pg_roles", "rolname", name):
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, word))
    else:
        connection.execute(sql.SQL(_ROLE).format(role, sql.Literal(CONNECTIONS), word))


def _there(connection: psycopg.Connection[Any], table: str, column: str, value: str) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(sql.Identifier(table), sql.Identifier(column))
    return connection.execute(query, [value]).fetchone() is not None


def _url(kernel: Kernel, instance: Instance, *, adapter: bool = False) -> URL:
    name = name_of(kernel, instance, longest=LONGEST)
    try:
        url = admin_url(kernel.settings)
    except LumbungError:  # web processes do not know the administrator; the server is the platform's own
        url = make_url(kernel.database.url)
    return url.set(username=adapter_of(name) if adapter else name, password="", database=name)


@contextmanager
def _connected(
    kernel: Kernel, instance: Instance, password: str, *, adapter: bool = False
) -> Iterator[psycopg.Connection[Any]]:
    url = _url(kernel, instance, adapter=adapter).set(password=password, drivername="postgresql")
    try:
        connection = psycopg.connect(url.render_as_string(hide_password=False), connect_timeout=5)
    except psycopg.OperationalError as error:
        raise LumbungError(
            "The database of %(instance)s cannot be reached: %(reason)s",
            instance=instance.label,
            reason=str(error).strip().splitlines()[-1],
        ) from None
    with connection:
        yield connection


def _pg_dump(settings: Settings) -> Path:
    """Return the newest ``pg_dump`` there is, which reads every server that is not newer than itself."""
    with suppress(LumbungError):
        return EmbeddedPostgres(settings.home).program("pg_dump")
    found = shutil.which("pg_dump")
    if found is None:
        raise LumbungError(
            "pg_dump is not on this machine; install it (Debian: postgresql-client), as new as the server at least."
        )
    return Path(found)
