"""A site as a command or the job worker opens it: settings, a running database, and a key for each role."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from lumbung.database.embedded import embedded_postgres
from lumbung.database.roles import DatabaseUrls, prepare, refuse_powerful_app_role, urls_made_by_hand, withhold
from lumbung.errors import LumbungError
from lumbung.migrate import as_migrator, core_component, current_revision, head_of, upgrade
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
        refuse_powerful_app_role(by_hand)
        yield by_hand
    elif settings.database_url:
        yield prepare(settings.database_url, settings)
    else:
        with embedded_postgres(settings.home) as server:
            yield prepare(server.url(), settings, database=DATABASE)


def bring_up(urls: DatabaseUrls, settings: Settings) -> str | None:
    """Bring the core's schema to its newest revision and return that revision."""
    revision = upgrade(urls.migrator, core_component(), by=system_actor(), lock_timeout_ms=settings.lock_timeout_ms)
    withhold(urls)
    return revision


def refuse_old_schema(urls: DatabaseUrls) -> bool:
    """Return True when the database was never used; raise `LumbungError` when its schema is not this code's."""
    with as_migrator(urls.migrator) as engine, engine.connect() as connection:
        at, code = current_revision(connection, core_component()), head_of(core_component())
    if at is not None and at != code:
        raise LumbungError(
            f"The schema of the database is at {at}, this Lumbung needs {code}; run 'lumbung db upgrade'."
        )
    return at is None


def system_actor() -> str:
    """Return who acts when a command is typed: the name of the operating system's user."""
    try:
        return f"{getpass.getuser()}@console"
    except (KeyError, OSError):
        return "console"
