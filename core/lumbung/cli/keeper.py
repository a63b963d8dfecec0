"""``lumbung keeper``: runs the instances of foreign applications; ``lumbung serve`` starts it by itself."""

from __future__ import annotations

import click

from lumbung.errors import LumbungError
from lumbung.presence import is_served
from lumbung.settings import load_settings
from lumbung.site import open_database, refuse_old_schema


@click.command()
def keeper() -> None:
    """Run the processes of foreign applications until SIGTERM; ``lumbung serve`` starts this by itself."""
    from lumbung.keeper.running import doze, run_keeper
    from lumbung.kernel import Kernel
    from lumbung.serving.logs import configure_logging

    settings = load_settings()
    configure_logging(settings)
    with open_database(settings) as urls:
        if refuse_old_schema(urls, settings):
            raise LumbungError("The database has no tables yet; run 'lumbung init' first.")
        kernel = Kernel(settings, urls.app, migrator_url=urls.migrator)
        try:
            # without `lumbung serve` it is we who hold on to an embedded database, which a dozing keeper does not
            door = run_keeper(kernel, may_doze=settings.database_url is not None or is_served(settings.home))
        finally:
            kernel.close()
    if door is not None:
        doze(door, urls.app)
