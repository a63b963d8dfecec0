"""A site as a command or the job worker opens it: settings, a running database, and a key for each role."""

from __future__ import annotations

import getpass
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from lumbung.database.embedded import embedded_postgres
from lumbung.database.roles import DatabaseUrls, prepare, refuse_powerful_app_role, urls_made_by_hand, withhold
from lumbung.errors import LumbungError
from lumbung.migrate import as_migrator, core_component, upgrade
from lumbung.registry.discovery import add_plugin_folder, find_plugins
from lumbung.registry.revisions import behind, newest_revision
from lumbung.settings import Settings

logger = logging.getLogger(__name__)

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


def refuse_old_schema(urls: DatabaseUrls, settings: Settings) -> bool:
    """Return True when the database was never used; raise `LumbungError` when its schema is not this code's.

    A plugin whose package was changed behind the platform's back is told in the log: the rest of the site is served.
    """
    add_plugin_folder(settings.plugin_folder / "current")
    core = newest_revision(core_component().folder)
    packages = {name: found.version for name, found in find_plugins().items()}
    with as_migrator(urls.migrator) as engine, engine.connect() as connection:
        found = behind(connection, core, packages)
    for one in found or ():
        if one.name == "core":
            raise LumbungError(
                f"The schema of the database is at {one.at}, this Lumbung needs {one.needs}; run 'lumbung db upgrade'."
            )
        logger.warning("the tables of plugin %s are those of %s, its package is %s", one.name, one.at, one.needs)
    return found is None


def system_actor() -> str:
    """Return who acts when a command is typed: the name of the operating system's user."""
    try:
        return f"{getpass.getuser()}@console"
    except (KeyError, OSError):
        return "console"
