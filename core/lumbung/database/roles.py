"""The three database roles: migrator (owns the tables), app (pages; no DDL, no bypass), reader (read only).

`prepare` makes them on a server where it may, keeps their passwords in the data folder, and is harmless to
repeat. A site whose database administrator makes roles by hand sets the three URLs instead; the statements to
run are in `docs/operating/database.md`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

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

    migrator: str = field(repr=False)
    app: str = field(repr=False)
    reader: str = field(repr=False)


# What default privileges give the app role and these tables take back: history is append-only, and only the
# job worker, as the migrator, says which packages are installed.
WITHHELD = {
    "UPDATE, DELETE": (
        "lumbung_audit",
        "lumbung_event",
        "lumbung_fault",
        "lumbung_consent_text",
        "lumbung_access",
        "lumbung_minutes_signature",
    ),
    "DELETE": ("lumbung_instance", "lumbung_consent", "lumbung_minutes", "lumbung_suspension", "lumbung_operation"),
    "INSERT, UPDATE, DELETE": (
        "lumbung_ledger",
        "lumbung_plugin",
        "lumbung_audit_head",
        "lumbung_way_back",
        "lumbung_archive",
    ),
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


def running_app_url(settings: Settings) -> str:
    """Return the app role's URL for a web process: it starts no server and holds no other role's key.

    The supervisor passes it as ``LUMBUNG_DATABASE_APP_URL``. Raises `ConfigurationError` when it is missing.
    """
    if settings.database_app_url:
        return normalise(settings.database_app_url)
    raise ConfigurationError(
        "A web process needs LUMBUNG_DATABASE_APP_URL; start the site with 'lumbung serve', which sets it."
    )


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


def _make_roles(connection: psycopg.Connection[tuple[object, ...]], database: str, passwords: dict[str, str]) -> None:
    for role in ROLES:
        name = f"{database}_{role}"
        # A role that is there keeps its attributes: before PostgreSQL 16 only a superuser may even name them.
        statement = (
            "ALTER ROLE {} PASSWORD {}"
            if _exists(connection, "pg_roles", "rolname", name)
            else "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {}"
        )
        try:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Literal(passwords[role])))
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
        "REVOKE CONNECT, TEMPORARY ON DATABASE {database} FROM PUBLIC",  # applications have roles on this server too
        "GRANT USAGE, CREATE ON SCHEMA public TO {migrator}",
        "GRANT USAGE ON SCHEMA public TO {app}, {reader}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {migrator} IN SCHEMA public "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {migrator} IN SCHEMA public GRANT SELECT ON TABLES TO {reader}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {migrator} IN SCHEMA public GRANT USAGE ON SEQUENCES TO {app}",
    ]
    for statement in statements:
        connection.execute(
            sql.SQL(statement).format(database=sql.Identifier(database), migrator=migrator, app=app, reader=reader)
        )


def refuse_powerful_app_role(urls: DatabaseUrls) -> None:
    """Raise `ConfigurationError` when the pages' role could step over row-level security."""
    url = make_url(urls.app)
    with connect(url) as connection:
        powerful = connection.execute(
            "SELECT rolsuper OR rolbypassrls OR EXISTS (SELECT 1 FROM pg_tables "
            "WHERE tablename = 'lumbung_person' AND pg_has_role(current_user, tableowner, 'USAGE')) "
            "FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    if powerful and powerful[0]:
        raise ConfigurationError(
            f"The database role {url.username} is a superuser, owns the tables or bypasses row-level security; "
            "the web pages need one that does none of these (docs/operating/database.md)."
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
