"""``lumbung tenant``: the regional governments served here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lumbung.cli import open_kernel
from lumbung.site import system_actor
from lumbung.tenancy import services


@click.group()
def tenant() -> None:
    """Add and list the regional governments served here."""


@tenant.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="Official name, such as 'Kabupaten Sumbawa'.")
@click.option("--host", "hosts", multiple=True, required=True, help="Host name; repeat it for more.")
@click.option("--region", default=None, help="Kemendagri code, such as 52.04.")
@click.option("--time-zone", default="Asia/Makassar", show_default=True, help="IANA time zone.")
@click.option("--language", "languages", multiple=True, default=("id", "en"), help="Languages offered, in order.")
@click.option("--logo", type=click.Path(path_type=Path), default=None, help="A PNG or JPEG file.")
def add(
    slug: str,
    name: str,
    hosts: tuple[str, ...],
    region: str | None,
    time_zone: str,
    languages: tuple[str, ...],
    logo: Path | None,
) -> None:
    """Register a tenant under the short name SLUG."""
    with open_kernel() as kernel, kernel.scope(actor=system_actor()) as scope:
        row = services.add_tenant(
            scope.session,
            slug=slug,
            name=name,
            hosts=hosts,
            region_code=region,
            time_zone=time_zone,
            languages=languages,
        )
        if logo is not None:
            services.set_logo(scope.session, row, _read(logo))
    click.echo(f"{slug} is registered; it answers at {', '.join(hosts)}.")


@tenant.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_tenants(as_json: bool) -> None:
    """List the tenants with their hosts."""
    with open_kernel() as kernel, kernel.scope() as scope:
        rows: list[dict[str, Any]] = [
            {
                "slug": row.slug,
                "name": row.name,
                "region_code": row.region_code,
                "hosts": [host.host for host in row.hosts],
                "time_zone": row.time_zone,
                "languages": row.languages,
            }
            for row in services.all_tenants(scope.session)
        ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif not rows:
        click.echo("No tenant yet; add one with 'lumbung tenant add'.")
    for row in rows if not as_json else ():
        click.echo(f"{row['slug']}\t{row['name']}\t{', '.join(row['hosts'])}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise services.TenancyError("logo", f"{path} cannot be read: {error.strerror}.") from None
