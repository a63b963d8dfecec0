"""``lumbung holiday``: the days off of a tenant, by which working days are counted."""

from __future__ import annotations

import json
from datetime import datetime

import click

from lumbung.cli import open_kernel
from lumbung.site import system_actor
from lumbung.working_days import services
from lumbung.working_days.national import KINDS, LOCAL

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def holiday() -> None:
    """Look after the days off of a tenant."""


@holiday.command("list")
@click.argument("tenant")
@click.option(
    "--year",
    type=click.IntRange(services.FIRST_YEAR, services.LAST_YEAR),
    default=None,
    help="This year's unless given.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_days(tenant: str, year: int | None, as_json: bool) -> None:
    """List the days off of TENANT, and those of the national list that it works on."""
    with open_kernel() as kernel:
        found = kernel.tenant(tenant)
        with kernel.scope(found) as scope:
            lines = services.days_of(scope.session, year or found.today().year)
    if as_json:
        rows = [
            {"day": line.day.isoformat(), "name": line.name, "kind": line.kind, "state": line.state} for line in lines
        ]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for line in lines:
        click.echo(f"{line.day.isoformat()}  {line.kind:<8}  {line.state:<7}  {line.name}")
    if not lines:
        click.echo(f"No day off of {tenant} is known in that year.")


@holiday.command("add")
@click.argument("tenant")
@click.argument("day", type=_DAY)
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), default=LOCAL, show_default=True, help="Whose day it is.")
def add(tenant: str, day: datetime, name: str, kind: str) -> None:
    """Make DAY (2026-01-22) a day off of TENANT, called NAME."""
    with open_kernel() as kernel, kernel.scope(kernel.tenant(tenant), actor=system_actor()) as scope:
        line = services.add(scope.session, day.date(), name, kind, by=system_actor())
    click.echo(f"{day.date()} is a day off of {tenant}: {line.name}.")


@holiday.command("remove")
@click.argument("tenant")
@click.argument("day", type=_DAY)
def remove(tenant: str, day: datetime) -> None:
    """Make DAY a working day of TENANT, though the national list may have it off."""
    with open_kernel() as kernel, kernel.scope(kernel.tenant(tenant), actor=system_actor()) as scope:
        services.remove(scope.session, day.date(), by=system_actor())
    click.echo(f"{day.date()} is no day off of {tenant} any more.")
