"""``lumbung init`` and ``lumbung db``: the schema."""

from __future__ import annotations

import json

import click

from lumbung.database.roles import DatabaseUrls
from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle.install import component_of
from lumbung.migrate import Component, as_migrator, core_component, current_revision, head_of, upgrade
from lumbung.registry.discovery import find_plugins
from lumbung.settings import Settings, load_settings
from lumbung.site import bring_up, open_database, system_actor


@click.command()
def init() -> None:
    """Make the data folder, the database, its roles and its tables. Harmless to repeat."""
    settings = load_settings()
    with open_database(settings) as urls:
        revision = bring_up(urls, settings)
    click.echo(f"{settings.home} is ready; the schema is at {revision}.")


@click.group()
def db() -> None:
    """Bring the schema up, or look where it stands."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the core and every installed plugin to their newest revision."""
    settings = load_settings()
    with open_database(settings) as urls:
        click.echo(f"core: {bring_up(urls, settings)}")
        kernel = Kernel(settings, urls.app, migrator_url=urls.migrator)
        try:
            failed = [component.name for component in _installed(kernel) if not _brought_up(urls, settings, component)]
        finally:
            kernel.close()
    if failed:
        raise LumbungError(f"All others are at their newest revision; these are not: {', '.join(failed)}.")


def _brought_up(urls: DatabaseUrls, settings: Settings, component: Component) -> bool:
    """Migrate one plugin; one that fails keeps none of the others from it."""
    try:
        revision = upgrade(urls.migrator, component, by=system_actor(), lock_timeout_ms=settings.lock_timeout_ms)
    except LumbungError as error:
        click.echo(f"{component.name}: {error}", err=True)
        return False
    click.echo(f"{component.name}: {revision or 'no tables'}")
    return True


@db.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def db_status(as_json: bool) -> None:
    """Show, for the core and each installed plugin, the revision of the database and of the code."""
    settings = load_settings()
    with open_database(settings) as urls:
        kernel = Kernel(settings, urls.app, migrator_url=urls.migrator)
        try:
            rows = []
            with as_migrator(urls.migrator) as engine, engine.connect() as connection:
                core = core_component()
                installed = _installed(kernel) if current_revision(connection, core) else []
                for component in [core, *installed]:
                    rows.append(
                        {
                            "component": component.name,
                            "database": current_revision(connection, component),
                            "code": head_of(component),
                        }
                    )
        finally:
            kernel.close()
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        state = "up to date" if row["database"] == row["code"] else "run 'lumbung db upgrade'"
        click.echo(f"{row['component']}: database {row['database']}, code {row['code']} ({state})")


def _installed(kernel: Kernel) -> list[Component]:
    found = find_plugins()
    return [component_of(found[name]) for name in kernel.snapshot().plugins if name in found]
