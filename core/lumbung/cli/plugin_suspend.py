"""``lumbung plugin suspend`` and ``resume``: close a plugin for everyone, and open it again."""

from __future__ import annotations

import click

from lumbung.cli import open_kernel
from lumbung.errors import LumbungError
from lumbung.lifecycle import suspending
from lumbung.site import system_actor


@click.command("suspend")
@click.argument("name")
@click.option("--reason", required=True, help="Why; whoever opens it again reads this.")
def suspend(name: str, reason: str) -> None:
    """Close the plugin NAME for everyone; citizens see a polite page, its data stays."""
    with open_kernel() as kernel:
        done = suspending.suspend(kernel, name, reason, by=system_actor())
    click.echo(
        f"{name} is {'now' if done else 'already'} suspended; open it again with 'lumbung plugin resume {name}'."
    )


@click.command("resume")
@click.argument("name")
def resume(name: str) -> None:
    """Open the suspended plugin NAME again, with a new error budget."""
    with open_kernel() as kernel:
        if name not in kernel.snapshot().plugins:
            raise LumbungError(f"Plugin {name} is not installed.")
        happened = suspending.what_happened(kernel, name, limit=3)
        done = suspending.resume(kernel, name, by=system_actor())
    click.echo(f"{name} is {'open again' if done else 'not suspended'}.")
    for one in happened if done else ():
        click.echo(f"  before: {one.count} x {one.place}: {one.message}")


COMMANDS = (suspend, resume)
