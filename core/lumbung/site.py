"""A site as a command or the job worker opens it: settings, a running database, and a key for each role."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine

from lumbung.database.embedded import embedded_postgres
from lumbung.database.roles import DatabaseUrls, normalise, prepare, urls_made_by_hand, withhold
from lumbung.errors import ConfigurationError, LumbungError
from lumbung.migrate import core_component, current_revision, head_of, upgrade
from lumbung.settings import Settings

DATABASE = "lumbung"


@contextmanager
def open_database(settings: Settings) -> Iterator[DatabaseUrls]:
    """Yield how each role connects, starting the embedded server when the settings name no other.

    Roles that are missing are made. An embedded server that this process was the last to use is stopped.
    Raises `DatabaseUnavailable` or `ConfigurationError` in one sentence.
    """
    by_hand = urls_made_by_hand(settings)
    if by_hand:
        yield by_hand
    elif settings.database_url:
        yield prepare(settings.database_url, settings)
    else:
        with embedded_postgres(settings.home) as server:
            yield prepare(server.url(), settings, database=DATABASE)


def bring_up(urls: DatabaseUrls, settings: Settings) -> str | None:
    """Bring the core's schema to its newest revision and return that revision."""
    revision = upgrade(
        urls.migrator, core_component(), by=system_actor(), lock_timeout_ms=settings.lock_timeout_ms
    )
    withhold(urls)
    return revision


def refuse_old_schema(urls: DatabaseUrls) -> bool:
    """Return True when the database was never used; raise `LumbungError` when its schema is not this code's."""
    engine = create_engine(urls.migrator, connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            at, code = current_revision(connection, core_component()), head_of(core_component())
    finally:
        engine.dispose()
    if at is not None and at != code:
        raise LumbungError(
            f"The schema of the database is at {at}, this Lumbung needs {code}; run 'lumbung db upgrade'."
        )
    return at is None


def running_app_url(settings: Settings) -> str:
    """Return the app role's URL for a web process: it starts no server and holds no other role's key.

    The supervisor passes it as ``LUMBUNG_DATABASE_APP_URL``. Raises `ConfigurationError` when it is missing.
    """
    if settings.database_app_url:
        return normalise(settings.database_app_url)
    raise ConfigurationError(
        "A web process needs LUMBUNG_DATABASE_APP_URL; start the site with 'lumbung serve', which sets it."
    )


def system_actor() -> str:
    """Return who acts when a command is typed: the name of the operating system's user."""
    try:
        return f"{getpass.getuser()}@console"
    except (KeyError, OSError):
        return "console"
