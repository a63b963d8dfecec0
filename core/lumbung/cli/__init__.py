"""The command line. Every command works without questions: exit code 0 done, 1 refused in one sentence, 2 usage."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import NoReturn

import click
from sqlalchemy.exc import SQLAlchemyError

import lumbung
from lumbung.database.engine import first_line
from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.settings import load_settings

# Imported only when used: `lumbung plugin list` need not load the web server.
_COMMANDS = {
    "adopt": "lumbung.cli.adopt",
    "audit": "lumbung.cli.audit",
    "boundary": "lumbung.cli.boundary",
    "db": "lumbung.cli.db",
    "demo": "lumbung.cli.serving",
    "deploy": "lumbung.cli.deploy",
    "doctor": "lumbung.cli.doctor",
    "holiday": "lumbung.cli.holiday",
    "init": "lumbung.cli.db",
    "keeper": "lumbung.cli.keeper",
    "keys": "lumbung.cli.keys",
    "mail": "lumbung.cli.mail",
    "openid": "lumbung.cli.openid",
    "plugin": "lumbung.cli.plugin",
    "privacy": "lumbung.cli.privacy",
    "routes": "lumbung.cli.routes",
    "serve": "lumbung.cli.serving",
    "tenant": "lumbung.cli.tenant",
    "upstream": "lumbung.cli.upstream",
    "user": "lumbung.cli.user",
    "worker": "lumbung.cli.serving",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(_COMMANDS[cmd_name]), cmd_name)
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(lumbung.__version__, prog_name="lumbung")
def cli() -> None:
    """Lumbung, the granary: donated applications for a regional government.

    The data folder is LUMBUNG_HOME (./.lumbung unless set); other settings are in docs/operating/settings.md.
    """


@contextmanager
def open_kernel() -> Iterator[Kernel]:
    """Open this site as a command does: with the migrator's key, on a database whose schema is there.

    A database that was never used is brought up. Raises `LumbungError` when its schema is older than the code.
    """
    from lumbung.site import bring_up, open_database, refuse_old_schema

    settings = load_settings()
    with open_database(settings) as urls:
        if refuse_old_schema(urls, settings):
            bring_up(urls, settings)
        kernel = Kernel(settings, urls.app, migrator_url=urls.migrator)
        try:
            yield kernel
        finally:
            kernel.close()


def main() -> None:
    """Run the command line; a `LumbungError` is printed as one sentence, with exit code 1."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except LumbungError as error:
        _refuse(str(error))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except UnicodeError:
        _refuse("An argument is not text in UTF-8.")
    except OSError as error:
        _refuse(f"{error.filename or 'The system'}: {error.strerror or error}.")
    except SQLAlchemyError as error:
        _refuse(f"The database refused: {first_line(error)}.")


def _refuse(sentence: str) -> NoReturn:
    click.echo(f"lumbung: {' '.join(sentence.split())}", err=True)
    sys.exit(1)
