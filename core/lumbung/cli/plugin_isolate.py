"""``lumbung plugin isolate`` and ``join``: an inline plugin in a process of its own, and back again."""

from __future__ import annotations

import click

from lumbung.cli import open_kernel
from lumbung.cli._terminal import Terminal
from lumbung.lifecycle.operations import run
from lumbung.site import system_actor


@click.command("isolate")
@click.argument("name")
def isolate(name: str) -> None:
    """Move the plugin NAME out into a process of its own: what it does there, nothing else feels."""
    with open_kernel() as kernel:
        run(kernel, "isolate", plugin=name, by=system_actor(), tell=Terminal())
    click.echo(f"{name} runs in a process of its own; take it back with 'lumbung plugin join {name}'.")


@click.command("join")
@click.argument("name")
def join(name: str) -> None:
    """Have the isolated plugin NAME run within the platform's processes again."""
    with open_kernel() as kernel:
        run(kernel, "join", plugin=name, by=system_actor(), tell=Terminal())
    click.echo(f"{name} runs within the platform's processes.")


COMMANDS = (isolate, join)
