"""``lumbung serve``, ``demo`` and ``worker``: the site runs in the foreground until it is told to stop."""

from __future__ import annotations

import os

import click

from lumbung.database.roles import DatabaseUrls
from lumbung.errors import LumbungError
from lumbung.presence import START_ANEW
from lumbung.settings import Settings, load_settings
from lumbung.site import bring_up, open_database, refuse_old_schema


@click.command()
@click.option("--safe-mode", is_flag=True, help="Start without any plugin, to look after the site.")
def serve(safe_mode: bool) -> None:
    """Serve the site: the embedded database unless another is named, the web server and the job worker."""
    from lumbung.serving.supervisor import serve as run

    if safe_mode:
        os.environ["LUMBUNG_SAFE_MODE"] = "true"  # the web server and the job worker read it too
    settings = load_settings()

    def prepare(urls: DatabaseUrls) -> None:
        if refuse_old_schema(urls, settings):
            bring_up(urls, settings)

    run(settings, on_ready=lambda: click.echo(_where(settings)), prepare=prepare)


@click.command()
@click.option("--load-only", is_flag=True, help="Load the demo regency and stop.")
def demo(load_only: bool) -> None:
    """Load the demo (Kabupaten Sumbawa and Sumbawa Barat, every bundled plugin) and serve it."""
    from lumbung.demo.load import load_demo, report, write_accounts
    from lumbung.serving.supervisor import serve as run

    settings = load_settings()
    accounts = settings.home / "demo.json"
    accounts.unlink(missing_ok=True)

    def prepare(urls: DatabaseUrls) -> None:
        bring_up(urls, settings)
        load_demo(settings, urls, tell=lambda step: click.echo(f"  {step} ...", err=True))

    def announce() -> None:
        written = write_accounts(settings)
        click.echo(report(settings, written))

    if load_only:
        with open_database(settings) as urls:
            prepare(urls)
        return
    run(settings, on_ready=announce, prepare=prepare)


@click.command()
def worker() -> None:
    """Do background jobs; ``lumbung serve`` starts this by itself."""
    from lumbung.kernel import Kernel
    from lumbung.serving.logs import configure_logging
    from lumbung.worker import run_worker

    settings = load_settings()
    configure_logging(settings)
    with open_database(settings) as urls:
        if refuse_old_schema(urls, settings):
            raise LumbungError("The database has no tables yet; run 'lumbung init' first.")
        kernel = Kernel(settings, urls.app, migrator_url=urls.migrator)
        try:
            anew = run_worker(kernel)
        finally:
            kernel.close()
    if anew:
        raise SystemExit(START_ANEW)


def _where(settings: Settings) -> str:
    return f"Lumbung answers on http://{settings.bind}:{settings.port}/ for the host names of its tenants."
