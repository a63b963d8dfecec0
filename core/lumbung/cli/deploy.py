"""``lumbung deploy``: the configuration of nginx, systemd and php-fpm for a production site."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from lumbung.cli import open_kernel
from lumbung.deploy.php import Pool, pool_of, why_no_pool
from lumbung.deploy.rendering import File, files_of, write_all
from lumbung.deploy.site import App, site_of
from lumbung.errors import LumbungError

_SAID = {"unchanged": "as it was", "kept": "kept: it was edited by hand; --force replaces it"}


@click.group()
def deploy() -> None:
    """Write the configuration of nginx, systemd and php-fpm for a production site."""


@deploy.command("render")
@click.option("--to", type=click.Path(path_type=Path), help="Folder to write into; 'deploy' in the data folder.")
@click.option("--domain", "domains", multiple=True, help="Only host names that are this one or below it; may repeat.")
@click.option(
    "--php",
    "php",
    type=click.Choice(["keeper", "fpm"]),
    default="keeper",
    show_default=True,
    help="Who runs PHP applications that nginx goes to directly.",
)
@click.option("--user", default="lumbung", show_default=True, help="Account that the site runs as.")
@click.option("--web-group", default="www-data", show_default=True, help="Group that nginx runs as.")
@click.option("--force", is_flag=True, help="Replace files that were edited by hand, too.")
def render(to: Path | None, domains: tuple[str, ...], php: str, user: str, web_group: str, force: bool) -> None:
    """Write the files and print the commands that put them in place; nothing of the machine is changed."""
    with open_kernel() as kernel:
        settings = kernel.settings
        site = site_of(kernel, user=user, web_group=web_group, domains=domains)
        reasons = {app: why_no_pool(kernel, app) if php == "fpm" else app.why_not for app in site.apps}
        with_pool = _each_once([app for app in site.apps if php == "fpm" and not reasons[app]])
        pools = [pool_of(kernel, app) for app in with_pool]
    folder = (to or settings.home / "deploy").absolute()
    files = files_of(site, pools, _find_fpm() if pools else "")
    click.echo(f"Written into {folder}:")
    for name, outcome in write_all(folder, files, force=force):
        said = "belongs to nothing any more: take it out of its place" if outcome == "left over" else ""
        click.echo(f"  {name}{f' ({said or _SAID[outcome]})' if outcome != 'written' else ''}")
    _say_who_serves(site.apps, reasons, pools)
    if not settings.trusted_proxies:
        click.echo("\nSet LUMBUNG_TRUSTED_PROXIES=1, or the gate answers nobody.", err=True)
    if not site.tls:
        click.echo("\nWithout LUMBUNG_SECURE_COOKIES=true this is for http alone, with no certificate.", err=True)
    click.echo("\nTo put them in place, as root:")
    for command in _commands(folder, files, pools, user, web_group):
        click.echo(f"  {command}")


def _say_who_serves(apps: tuple[App, ...], reasons: dict[App, str], pools: list[Pool]) -> None:
    with_pool = {pool.app.instance.key for pool in pools}
    for app in apps:
        if app.instance.key in with_pool:
            way = "php-fpm"
        elif app.direct:
            way = f"nginx, directly{f' (no pool: {reasons[app]})' if reasons[app] else ''}"
        else:
            way = f"through the platform: {app.why_not}"
        click.echo(f"  {', '.join(app.hosts)}: {way}")


def _commands(folder: Path, files: list[File], pools: list[Pool], user: str, web_group: str) -> list[str]:
    places = [f"install -D -m {file.mode:04o} {folder / file.path} {file.target}" for file in files]
    if pools:
        places += [f"chgrp {user} /etc/lumbung/php/*.conf"]
    passing = []
    for pool in pools:
        own = Path(pool.own_folder)
        through = " ".join(str(place) for place in (*reversed(own.parents[:3]), own))
        passing += [f"setfacl -m g:{web_group}:x {through}", f"setfacl -R -m g:{web_group}:rX {own / 'source'}"]
    units = ["lumbung.service", *(f"lumbung-php-{pool.app.unit}.service" for pool in pools)]
    return [
        *places,
        "systemd-tmpfiles --create",
        *passing,
        "systemctl daemon-reload",
        f"systemctl enable --now {' '.join(units)}",
        "nginx -t && systemctl reload nginx",
    ]


def _each_once(apps: list[App]) -> list[App]:
    """Return one application for each instance, with the hosts of all tenants that share it."""
    found: dict[tuple[str, int], App] = {}
    for app in apps:
        known = found.get(app.instance.key)
        hosts = app.hosts if known is None else known.hosts + app.hosts
        found[app.instance.key] = App(app.instance, hosts, app.header, app.why_not)
    return list(found.values())


def _find_fpm() -> str:
    """Return php-fpm as it is called on this machine."""
    for folder in (Path("/usr/sbin"), Path("/usr/local/sbin")):
        if found := sorted(folder.glob("php-fpm*")):
            return str(found[-1])
    if found_elsewhere := shutil.which("php-fpm"):
        return found_elsewhere
    raise LumbungError("There is no php-fpm on this machine; install it (Debian: php-fpm).")
