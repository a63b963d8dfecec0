"""``lumbung upstream``: the providers of identities that tenants trust, and whether they answer."""

from __future__ import annotations

import click

from lumbung.cli import open_kernel
from lumbung.errors import LumbungError
from lumbung.openid.upstream import services
from lumbung.settings import load_settings
from lumbung.site import system_actor


@click.group()
def upstream() -> None:
    """Look after identities from elsewhere."""


@upstream.command("list")
def listed() -> None:
    """List the providers of every tenant."""
    with open_kernel() as kernel:
        for tenant in kernel.snapshot().tenants.values():
            with kernel.scope(tenant, actor=system_actor()) as scope:
                for row, people in services.every(scope.session):
                    state = "on" if row.active else "off"
                    click.echo(f"{tenant.slug}  {row.code}  {row.issuer}  {state}  {people} people")


@upstream.command("try")
@click.argument("issuer")
def try_it(issuer: str) -> None:
    """Ask the provider at ISSUER what it can do, from this machine, and say what is wrong."""
    found, keys = services.look_at(load_settings(), issuer)
    click.echo(f"{found.issuer} answers as it should: {keys} keys, signs with {', '.join(found.algorithms)}.")


@upstream.command("off")
@click.argument("tenant")
@click.argument("code")
def off(tenant: str, code: str) -> None:
    """Let nobody come to TENANT from its provider CODE any more; who is signed in stays so."""
    with open_kernel() as kernel, kernel.scope(kernel.tenant(tenant), actor=system_actor()) as scope:
        row = next((row for row, _people in services.every(scope.session) if row.code == code), None)
        if row is None:
            raise LumbungError("%(tenant)s has no provider %(code)r.", tenant=tenant, code=code)
        services.switch(scope.session, row, on=False)
    click.echo(f"Nobody comes to {tenant} from {code} any more.")
