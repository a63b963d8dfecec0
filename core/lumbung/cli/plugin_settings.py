"""``lumbung plugin settings``, ``set`` and ``unset``: the same functions as the administrator's page."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from lumbung.cli import open_kernel
from lumbung.context import current_scope
from lumbung.errors import LumbungError
from lumbung.plugin_settings import services
from lumbung.plugin_settings.reading import find
from lumbung.plugin_settings.services import INHERIT, Line
from lumbung.plugin_settings.stored import Found, Place
from lumbung.registry.manifest import Manifest
from lumbung.registry.parts import Unfit
from lumbung.registry.plugin_setting import PluginSetting
from lumbung.registry.setting_values import parse
from lumbung.site import system_actor
from lumbung.tenancy.services import find_unit

_TENANT = click.option("--tenant", "slug", help="Slug of the tenant; without it, the whole platform.")
_UNIT = click.option("--unit", "unit", help="Code of a unit of the tenant.")


@click.command("settings")
@click.argument("name")
@_TENANT
@_UNIT
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def settings(name: str, slug: str | None, unit: str | None, as_json: bool) -> None:
    """List the settings of the plugin NAME: what holds, and where it was set. Secrets are masked."""
    with _opened(name, slug, unit) as (manifest, place):
        values = services.values_of(name)
        rows = [_row(line) for line in services.lines(manifest, place, values)]
        rows += [_left_over(one) for one in services.left_over(manifest, place, values)]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo(f"{name} has nothing to set here.")
    for row in rows:
        problem = f"\t! {row['problem']}" if row["problem"] else ""
        click.echo(f"{row['name']}\t{row['shown']}\t{row['from']}{problem}")


@click.command("set")
@click.argument("name")
@click.argument("key")
@click.argument("value")
@_TENANT
@_UNIT
def set_value(name: str, key: str, value: str, slug: str | None, unit: str | None) -> None:
    """Set KEY of the plugin NAME to VALUE, or with - to what is typed in: a secret is never an argument."""
    with _opened(name, slug, unit) as (manifest, place):
        setting = find(manifest, key)
        if setting.type == "secret" and value != "-":
            raise LumbungError(
                "%(key)s is a secret: write - in its place and type it in, so that no history of commands holds it.",
                key=key,
            )
        given = sys.stdin.read().rstrip("\r\n") if value == "-" else value
        changed = services.change(manifest, place, {key: _plain(setting, given)}, by=system_actor())
    click.echo(f"{key} of {name} is {'now' if changed else 'already'} set{_where(slug, unit)}.")


@click.command("unset")
@click.argument("name")
@click.argument("key")
@_TENANT
@_UNIT
def unset(name: str, key: str, slug: str | None, unit: str | None) -> None:
    """Take away what was set of KEY here, so that what holds above it holds again."""
    with _opened(name, slug, unit) as (manifest, place):
        changed = services.change(manifest, place, {key: INHERIT}, by=system_actor())
    click.echo(f"{key} of {name} is {'no longer' if changed else 'not'} set{_where(slug, unit)}.")


COMMANDS = (settings, set_value, unset)


@contextmanager
def _opened(name: str, slug: str | None, code: str | None) -> Iterator[tuple[Manifest, Place]]:
    """Run a block on behalf of the tenant, if there is one; yield the plugin's manifest and the place."""
    if code and not slug:
        raise LumbungError("A unit is one of a tenant's: give --tenant too.")
    with open_kernel() as kernel:
        plugin = kernel.snapshot().plugins.get(name)
        if plugin is None:
            raise LumbungError("Plugin %(plugin)s is not installed.", plugin=name)
        tenant = kernel.tenant(slug) if slug else None
        with kernel.scope(tenant, actor=system_actor()) as scope:
            place = Place("tenant" if tenant else "platform")
            if code:
                unit = find_unit(scope.session, code)
                if unit is None:
                    raise LumbungError("%(tenant)s has no unit with the code %(code)r.", tenant=slug, code=code)
                place = Place("unit", unit.id)
            yield plugin.manifest, place


def _plain(setting: PluginSetting, typed: str) -> Any:
    """Return the plain value that was typed; of a unit its code is typed."""
    try:
        if setting.type == "unit" and typed.strip():
            return _unit_of(typed)
        return parse(setting, typed)
    except Unfit as error:
        raise LumbungError("%(setting)s: %(reason)s.", setting=setting.name, reason=error) from None


def _unit_of(code: str) -> str:
    unit = find_unit(current_scope().session, code)
    if unit is None:
        raise Unfit("there is no such unit")
    return str(unit.id)


def _row(line: Line) -> dict[str, Any]:
    setting = line.setting
    secret = setting.type == "secret"
    return {
        "name": setting.name,
        "type": setting.type,
        "value": None if secret else line.plain,
        "shown": (services.shown(setting, line.plain) if line.is_set else "") or "-",
        "set": line.is_set,
        "from": _origin(line.found),
        "set_here": line.own is not None,
        "problem": str(line.problem) if line.problem else None,
    }


def _left_over(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": None,
        "value": None,
        "shown": "-",
        "set": False,
        "from": "",
        "set_here": True,
        "problem": "this version does not know it; 'lumbung plugin unset' removes it",
    }


def _origin(found: Found) -> str:
    return found.place.scope if found.place else "default"


def _where(slug: str | None, unit: str | None) -> str:
    if unit:
        return f" for {unit} of {slug}"
    return f" for {slug}" if slug else " for the whole platform"
