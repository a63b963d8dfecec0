"""``lumbung plugin``: the same functions as the administrator's page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lumbung.cli import (
    archives,
    open_kernel,
    plugin_check,
    plugin_isolate,
    plugin_process,
    plugin_settings,
    plugin_suspend,
    plugin_upgrade,
)
from lumbung.cli._terminal import Terminal
from lumbung.errors import LumbungError
from lumbung.kernel import Kernel
from lumbung.lifecycle import enable as switching
from lumbung.lifecycle import operations as installing
from lumbung.lifecycle.history import history
from lumbung.lifecycle.overview import overview
from lumbung.site import system_actor


@click.group()
def plugin() -> None:
    """Install, list, enable, disable and uninstall donated applications."""


@plugin.command("install")
@click.argument("what", metavar="FILE.whl|NAME")
def install(what: str) -> None:
    """Install a plugin from a wheel, or one whose package is already here by its NAME."""
    with open_kernel() as kernel:
        on_before = {one for names in kernel.snapshot().enabled.values() for one in names}
        if "/" in what or "." in what or Path(what).exists():
            manifest = installing.install_wheel(kernel, Path(what), by=system_actor(), tell=Terminal())
        else:
            manifest = installing.install_found(kernel, what, by=system_actor(), tell=Terminal())
    how_to_go_on = f" Switch it on with 'lumbung plugin enable {manifest.name} --tenant SLUG'."
    click.echo(f"{manifest.name} {manifest.version} is installed.{'' if manifest.name in on_before else how_to_go_on}")


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
@click.option("--with-needed", is_flag=True, help="Switch on what it needs too.")
def enable(name: str, slug: str, unit: str | None, with_needed: bool) -> None:
    """Switch the plugin NAME on for a tenant."""
    with open_kernel() as kernel:
        tenant = kernel.tenant(slug)
        changed = switching.enable(kernel, name, tenant, by=system_actor(), unit=unit, with_needed=with_needed)
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
@click.option("--keep-until", metavar="DATE", help="Keep its archive until this day (2031-12-31) at least.")
def uninstall(name: str, keep_until: str | None) -> None:
    """Archive the plugin NAME and take it off this site; its tables and data stay."""
    with open_kernel() as kernel:
        installing.uninstall(kernel, name, by=system_actor(), keep_until=keep_until, tell=Terminal())
    click.echo(f"{name} is uninstalled; its data is kept, and archived: 'lumbung plugin archives'.")


@plugin.command("operations")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--last", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many.")
def operations(as_json: bool, last: int) -> None:
    """List what was done to plugins, the latest first, and go on with what was left behind."""
    with open_kernel() as kernel:
        if taken_up := installing.resume(kernel):
            click.echo(f"{taken_up} operation(s) had been left behind and were taken up again.", err=True)
        rows = history(kernel, last)
        tenants = {tenant.id: tenant.slug for tenant in kernel.snapshot().tenants.values()}
    if as_json:
        click.echo(json.dumps([row.as_json() for row in rows], indent=2))
        return
    if not rows:
        click.echo("Nothing was done to any plugin yet.")
    for row in rows:
        where = f" for {tenants.get(row.tenant_id, row.tenant_id)}" if row.tenant_id else ""
        reason = f"\t! {row.reason}" if row.reason else ""
        click.echo(
            f"{row.asked_at:%Y-%m-%d %H:%M}\t{row.kind} {row.plugin or '-'}{where}\t{row.state}\t{row.by}{reason}"
        )


for command in (
    *archives.COMMANDS,
    *plugin_check.COMMANDS,
    *plugin_isolate.COMMANDS,
    *plugin_process.COMMANDS,
    *plugin_settings.COMMANDS,
    *plugin_suspend.COMMANDS,
    *plugin_upgrade.COMMANDS,
):
    plugin.add_command(command)


def _line(row: dict[str, Any]) -> str:
    tenants = ", ".join(row["tenants"]) or "-"
    problem = f"\t! {row['problem']}" if row["problem"] else ""
    return f"{row['name']}\t{row['version'] or '-'}\t{row['state']}\ton for: {tenants}{problem}"


def _refuse_unknown(kernel: Kernel, name: str) -> None:
    if name not in kernel.snapshot().plugins:
        raise LumbungError(f"Plugin {name} is not installed.")
