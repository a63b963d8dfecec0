"""``lumbung openid``: the keys that sign ID tokens."""

from __future__ import annotations

import click

from lumbung.cli import open_kernel
from lumbung.openid import keys
from lumbung.site import system_actor


@click.group()
def openid() -> None:
    """Look after the OpenID provider."""


@openid.command("rotate-keys")
@click.option("--tenant", "slug", default=None, help="Slug of the tenant; none: every tenant.")
def rotate_keys(slug: str | None) -> None:
    """Sign ID tokens with the next key from now on, and make the one after it."""
    with open_kernel() as kernel:
        tenants = [kernel.tenant(slug)] if slug else list(kernel.snapshot().tenants.values())
        for tenant in tenants:
            with kernel.scope(tenant, actor=system_actor()) as scope:
                kid = keys.rotate(scope.session)
            click.echo(f"{tenant.slug} signs with {kid}.")
