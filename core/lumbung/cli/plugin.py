"""``lumbung plugin``: the same functions as the administrator's page."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from lumbung.cli import open_kernel
from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle import enable as switching
from lumbung.lifecycle import operations as installing
from lumbung.lifecycle.overview import overview
from lumbung.site import system_actor

_STEPS = {
    "inspect": "looking into the wheel",
    "unpack": "unpacking",
    "migrate": "making tables",
    "register": "registering",
    "disable": "switching off for every tenant",
    "remove": "removing the package",
}


@click.group()
def plugin() -> None:
    """Install, list, enable, disable and uninstall donated applications."""


@plugin.command("install")
@click.argument("what", metavar="FILE.whl|NAME")
def install(what: str) -> None:
    """Install a plugin from a wheel, or one whose package is already here by its NAME."""
    with open_kernel() as kernel:
        if "/" in what or "." in what or Path(what).exists():
            manifest = installing.install_wheel(kernel, Path(what), by=system_actor(), tell=_say)
        else:
            manifest = installing.install_found(kernel, what, by=system_actor(), tell=_say)
    click.echo(
        f"{manifest.name} {manifest.version} is installed. Switch it on with "
        f"'lumbung plugin enable {manifest.name} --tenant SLUG'."
    )


@plugin.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_plugins(as_json: bool) -> None:
    """List the plugins that are here, installed or not, and for whom they are switched on."""
    with open_kernel() as kernel:
        rows = [row.as_json() for row in overview(kernel)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo("No plugin yet; install one with 'lumbung plugin install FILE.whl'.")
    for row in rows:
        click.echo(_line(row))


@plugin.command("enable")
@click.argument("name")
@click.option("--tenant", "slug", required=True, help="Slug of the tenant.")
@click.option("--unit", "unit", help="Code of the unit that runs the service there, as citizens see it.")
def enable(name: str, slug: str, unit: str | None) -> None:
    """Switch the plugin NAME on for a tenant."""
    with open_kernel() as kernel:
        changed = switching.enable(kernel, name, kernel.tenant(slug), by=system_actor(), unit=unit)
    run_by = f", run by {unit.strip().upper()}" if unit else ""
    click.echo(f"{name} is {'now' if changed else 'already'} on for {slug}{run_by}.")


@plugin.command("disable")
@click.argument("name")
@click.option("--tenant", "slug", required=True, help="Slug of the tenant.")
def disable(name: str, slug: str) -> None:
    """Switch the plugin NAME off for a tenant; its data stays."""
    with open_kernel() as kernel:
        _refuse_unknown(kernel, name)
        changed = switching.disable(kernel, name, kernel.tenant(slug), by=system_actor())
    click.echo(f"{name} is {'now' if changed else 'already'} off for {slug}.")


@plugin.command("uninstall")
@click.argument("name")
def uninstall(name: str) -> None:
    """Take the plugin NAME off this site; its tables and data stay."""
    with open_kernel() as kernel:
        installing.uninstall(kernel, name, by=system_actor(), tell=_say)
    click.echo(f"{name} is uninstalled; its data is kept.")


def _say(step: str) -> None:
    if sys.stderr.isatty():  # a script hears the outcome alone
        click.echo(f"  {_STEPS.get(step, step)} ...", err=True)


def _line(row: dict[str, Any]) -> str:
    tenants = ", ".join(row["tenants"]) or "-"
    problem = f"\t! {row['problem']}" if row["problem"] else ""
    return f"{row['name']}\t{row['version'] or '-'}\t{row['state']}\ton for: {tenants}{problem}"


def _refuse_unknown(kernel: Kernel, name: str) -> None:
    if name not in kernel.snapshot().plugins:
        raise LumbungError(f"Plugin {name} is not installed.")
