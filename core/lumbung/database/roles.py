"""The three database roles: migrator (owns the tables), app (pages; no DDL, no bypass), reader (read only).

`prepare` makes them on a server where it may, keeps their passwords in the data folder, and is harmless to
repeat. A site whose database administrator makes roles by hand sets the three URLs instead; the statements to
run are in `docs/operating/database.md`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from lumbung.database.engine import describe
from lumbung.errors import ConfigurationError, DatabaseUnavailable
from lumbung.settings import Settings, keep_secrets

ROLES = ("migrator", "app", "reader")
_PREPARE_LOCK = 5_204_002  # pg_advisory_lock key: two processes that start together take turns


@dataclass(frozen=True)
class DatabaseUrls:
    """Where each role connects: SQLAlchemy URLs with passwords. Never log one; use `engine.describe`."""

    migrator: str
    app: str
    reader: str


# What default privileges give the app role and these tables take back: history is append-only, and only the
# job worker, as the migrator, says which packages are installed.
WITHHELD = {
    "UPDATE, DELETE": ("lumbung_audit", "lumbung_event", "lumbung_fault"),
    "INSERT, UPDATE, DELETE": ("lumbung_ledger", "lumbung_plugin"),
}


def urls_made_by_hand(settings: Settings) -> DatabaseUrls | None:
    """Return the URLs when the settings name all three roles, None when they name none.

    Raises `ConfigurationError` when only some are named.
    """
    named = (settings.database_migrator_url, settings.database_app_url, settings.database_reader_url)
    if all(named):
        return DatabaseUrls(*(normalise(url) for url in named if url))
    if any(named):
        raise ConfigurationError(
            "Set all of LUMBUNG_DATABASE_MIGRATOR_URL, LUMBUNG_DATABASE_APP_URL and LUMBUNG_DATABASE_READER_URL, "
            "or none of them."
        )
    return None


def normalise(url: str) -> str:
    """Return ``url`` with the driver we use; ``postgres://`` and ``postgresql://`` are both accepted."""
    try:
        parts = make_url(url)
    except Exception:
        raise ConfigurationError("LUMBUNG_DATABASE_URL is not a database address.") from None
    if parts.get_backend_name() not in ("postgresql", "postgres"):
        raise ConfigurationError(
            f"LUMBUNG_DATABASE_URL names {parts.get_backend_name()}; Lumbung needs PostgreSQL 15 or newer."
        )
    return parts.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def prepare(admin_url: str, settings: Settings, *, database: str | None = None) -> DatabaseUrls:
    """Make the roles (and ``database``, when named) and return how each connects. Safe to repeat.

    ``admin_url`` is a user that may create roles. Raises `DatabaseUnavailable` when the server does not
    answer, `ConfigurationError` when it is too old or the user may not create roles.
    """
    admin = make_url(normalise(admin_url))
    name = database or admin.database or "lumbung"
    passwords = keep_secrets(
        settings.secrets_folder / f"database-{name}.json",
        lambda: {role: secrets.token_urlsafe(24) for role in ROLES},
    )
    with connect(admin) as connection:
        _refuse_old_server(connection, admin)
        connection.execute("SELECT pg_advisory_lock(%s)", [_PREPARE_LOCK])
        _make_roles(connection, name, passwords)
        if database and not _exists(connection, "pg_database", "datname", name):
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(name), sql.Identifier(f"{name}_migrator")
                )
            )
    target = admin.set(database=name)
    with connect(target) as connection:
        _grant(connection, name)
    return DatabaseUrls(*(_url(target, name, role, passwords[role]) for role in ROLES))


def connect(url: URL) -> psycopg.Connection[tuple[object, ...]]:
    """Open one autocommitting connection, or raise `DatabaseUnavailable` in one sentence."""
    text = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return psycopg.connect(text, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise DatabaseUnavailable(f"The database at {describe(text)} cannot be reached: {reason}") from None


def _url(target: URL, database: str, role: str, password: str) -> str:
    url = target.set(username=f"{database}_{role}", password=password)
    return url.render_as_string(hide_password=False)


def _refuse_old_server(connection: psycopg.Connection[tuple[object, ...]], url: URL) -> None:
    if connection.info.server_version < 150000:
        raise ConfigurationError(
            f"The server at {describe(str(url))} is PostgreSQL {connection.info.server_version // 10000}; "
            "Lumbung needs 15 or newer."
        )


def _exists(connection: psycopg.Connection[tuple[object, ...]], table: str, column: str, value: str) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(sql.Identifier(table), sql.Identifier(column))
    return connection.execute(query, [value]).fetchone() is not None


def _make_roles(
    connection: psycopg.Connection[tuple[object, ...]], database: str, passwords: dict[str, str]
) -> None:
    for role in ROLES:
        name = f"{database}_{role}"
        action = "ALTER" if _exists(connection, "pg_roles", "rolname", name) else "CREATE"
        try:
            connection.execute(
                sql.SQL(
                    "{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {}"
                ).format(sql.SQL(action), sql.Identifier(name), sql.Literal(passwords[role]))
            )
        except psycopg.errors.InsufficientPrivilege:
            raise ConfigurationError(
                f"The database user {connection.info.user} may not create the role {name}; give it CREATEROLE, "
                "or make the roles by hand (docs/operating/database.md) and set the three LUMBUNG_DATABASE_*_URL."
            ) from None


def _grant(connection: psycopg.Connection[tuple[object, ...]], database: str) -> None:
    migrator, app, reader = (sql.Identifier(f"{database}_{role}") for role in ROLES)
    connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(migrator))
    statements = [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {database} TO {migrator}",
        "GRANT CONNECT ON DATABASE {database} TO {app}, {reader}",
        "GRANT USAGE, CREATE ON SCHEMA public TO {migrator}",
        "GRANT USAGE ON SCHEMA public TO {app}, {reader}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {migrator} IN SCHEMA public "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {migrator} IN SCHEMA public GRANT SELECT ON TABLES TO {reader}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {migrator} IN SCHEMA public GRANT USAGE ON SEQUENCES TO {app}",
    ]
    for statement in statements:
        connection.execute(
            sql.SQL(statement).format(
                database=sql.Identifier(database), migrator=migrator, app=app, reader=reader
            )
        )


def withhold(urls: DatabaseUrls) -> None:
    """Take from the app role what it must not do to the core's own tables (see `WITHHELD`)."""
    app = sql.Identifier(make_url(urls.app).username or "")
    with connect(make_url(urls.migrator)) as connection:
        for rights, tables in WITHHELD.items():
            connection.execute(
                sql.SQL("REVOKE {} ON {} FROM {}").format(
                    sql.SQL(rights), sql.SQL(", ").join(map(sql.Identifier, tables)), app
                )
            )
